import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { told } from '../actions';
import { experiment } from '../experiment';
import { reprobookIcon } from '../icon';
import { CommandIds } from '../tokens';

/** The card of the launcher: a notebook that is recorded from its first cell on. */
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
    const { contents } = app.serviceManager;
    app.commands.addCommand(CommandIds.create, {
      label: args => (args['isPalette'] ? 'New Experiment Notebook' : 'Experiment'),
      caption: 'A notebook with parameters and a seed, recorded from its first cell on',
      icon: reprobookIcon,
      execute: args =>
        told(async () => {
          const folder = String(args['cwd'] ?? browser?.model.path ?? '');
          const made = await contents.newUntitled({ path: folder, type: 'notebook' });
          const name = PathExt.basename(made.name, '.ipynb');
          await contents.save(made.path, { type: 'notebook', format: 'json', content: experiment(name) });
          return documents.openOrReveal(made.path);
        })
    });
    launcher?.add({ command: CommandIds.create, category: 'Notebook', rank: 100 });
    palette?.addItem({ command: CommandIds.create, category: 'Reprobook', args: { isPalette: true } });
  }
};

export default plugin;
