import { LabIcon } from '@jupyterlab/ui-components';

/** Two runs that come to the same point. */
export const reprobookIcon = new LabIcon({
  name: 'reprobook:icon',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="none" stroke="#616161" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
    <path d="M4 5c6 0 6 7 12 7"/><path d="M4 19c6 0 6-7 12-7"/>
  </g>
  <circle class="jp-icon3" cx="18.5" cy="12" r="2.5" fill="#616161"/>
</svg>`
});

/** The same as a picture in a card of the launcher, in the colour of the other notebooks there. */
export const launcherIcon = `data:image/svg+xml,${encodeURIComponent(
  reprobookIcon.svgstr.replace(/#616161/g, '#f37726')
)}`;
