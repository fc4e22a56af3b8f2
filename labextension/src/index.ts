import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import chip from './plugins/chip';
import commands from './plugins/commands';
import launcher from './plugins/launcher';
import marks from './plugins/marks';
import mirror from './plugins/mirror';
import panel from './plugins/panel';
import renderer from './plugins/renderer';
import state from './plugins/state';

/** The plugins of this extension; each is a file of its own. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  state,
  chip,
  panel,
  marks,
  commands,
  launcher,
  renderer,
  mirror
];

export default plugins;
