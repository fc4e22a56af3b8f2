import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { reprobookIcon } from '../icon';
import { actionsOf } from '../notebookActions';
import { Panel } from '../panel/Panel';
import { CommandIds, IReprobook } from '../tokens';

/** The side panel. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'reprobook-labextension:panel',
  description: 'The side panel: header, drift, runs.',
  autoStart: true,
  requires: [IReprobook, IDocumentManager],
  optional: [ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    reprobook: IReprobook,
    documents: IDocumentManager,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ) => {
    const { commands } = app;
    const panel = new Panel({ reprobook, actionsOf: actionsOf(app, reprobook, documents), commands });
    panel.id = 'reprobook-panel';
    panel.title.icon = reprobookIcon;
    panel.title.caption = 'reprobook: header, drift and runs of the notebook';
    app.shell.add(panel, 'right', { rank: 900 });
    restorer?.add(panel, 'reprobook-panel');
    commands.addCommand(CommandIds.open, {
      label: 'Show Header and Runs',
      caption: 'Header, drift and runs of the notebook in front',
      icon: reprobookIcon,
      execute: () => app.shell.activateById(panel.id)
    });
    palette?.addItem({ command: CommandIds.open, category: 'Reprobook' });
  }
};

export default plugin;
