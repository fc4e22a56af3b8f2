import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import type { Contents } from '@jupyterlab/services';
import { told } from '../actions';
import { createApi } from '../api';
import { askExperiment } from '../forms/experiment';
import { launcherIcon, reprobookIcon } from '../icon';
import { CommandIds } from '../tokens';

/** The card of the launcher: a notebook from a template, recorded from its first cell on. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'reprobook-labextension:launcher',
  description: 'New experiment notebook.',
  autoStart: true,
  requires: [IDocumentManager],
  optional: [IDefaultFileBrowser, ILauncher, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentManager,
    browser: IDefaultFileBrowser | null,
    launcher: ILauncher | null,
    palette: ICommandPalette | null
  ) => {
    const { contents, serverSettings } = app.serviceManager;
    const api = createApi(serverSettings);
    app.commands.addCommand(CommandIds.create, {
      label: args => (args['isLauncher'] ? 'Experiment' : 'New Experiment Notebook…'),
      caption: 'Begin a recorded notebook from a template',
      icon: reprobookIcon,
      execute: args =>
        told(async () => {
          const folder = String(args['cwd'] ?? browser?.model.path ?? '');
          const { templates } = await api.templates();
          const listed: Contents.IModel = await contents.get(folder);
          const taken = (listed.content as Contents.IModel[]).map(each => each.name);
          const asked = await askExperiment(templates, taken);
          if (asked) {
            const { notebook } = await api.begin({ ...asked, folder: contents.localPath(folder) });
            return documents.openOrReveal(notebook);
          }
        })
    });
    launcher?.add({
      command: CommandIds.create,
      category: 'Notebook',
      rank: 100,
      kernelIconUrl: launcherIcon,
      args: { isLauncher: true }
    });
    palette?.addItem({ command: CommandIds.create, category: 'Reprobook' });
  }
};

export default plugin;
