import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

/** The plugins of this extension; each is a file of its own. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [];

export default plugins;
