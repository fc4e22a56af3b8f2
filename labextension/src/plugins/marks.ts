import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { DisposableDelegate } from '@lumino/disposable';
import type { IDisposable } from '@lumino/disposable';
import { Actions } from '../actions';
import { CellMarks } from '../cellMarks';
import { IReprobook, SETTINGS } from '../tokens';

/** The marks beside cells. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'reprobook-labextension:marks',
  description: 'Marks cells that are stale, out of order, edited, diverged, or may not be reproducible.',
  autoStart: true,
  requires: [IReprobook],
  optional: [ISettingRegistry],
  activate: async (app: JupyterFrontEnd, reprobook: IReprobook, registry: ISettingRegistry | null) => {
    const settings = registry ? await registry.load(SETTINGS).catch(() => null) : null;
    const extension = new MarksExtension(reprobook, app.serviceManager.contents, settings);
    app.docRegistry.addWidgetExtension('Notebook', extension);
  }
};

class MarksExtension implements DocumentRegistry.IWidgetExtension<NotebookPanel, INotebookModel> {
  constructor(
    private readonly _reprobook: IReprobook,
    private readonly _contents: Contents.IManager,
    private readonly _settings: ISettingRegistry.ISettings | null
  ) {}

  createNew(panel: NotebookPanel): IDisposable {
    const model = this._reprobook.modelOf(panel);
    const actions = new Actions(panel, model, this._contents);
    const marks = new CellMarks(panel.content, model, cell => void actions.fix(cell));
    const follow = () => (marks.enabled = this._settings?.get('marks').composite !== false);
    follow();
    this._settings?.changed.connect(follow);
    return new DisposableDelegate(() => {
      this._settings?.changed.disconnect(follow);
      marks.dispose();
    });
  }
}

export default plugin;
