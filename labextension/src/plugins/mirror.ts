import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { ICodeCellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { PartialJSONObject } from '@lumino/coreutils';
import { DisposableDelegate } from '@lumino/disposable';
import type { IDisposable } from '@lumino/disposable';
import { SETTINGS } from '../tokens';

export const HEADER = 'application/vnd.reprobook.header+json';

/** Mirrors the newest header that a notebook shows into its metadata, whenever it is saved. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'reprobook-labextension:mirror',
  description: 'Mirrors the header into the metadata of the notebook.',
  autoStart: true,
  optional: [ISettingRegistry],
  activate: async (app: JupyterFrontEnd, registry: ISettingRegistry | null) => {
    const settings = registry ? await registry.load(SETTINGS).catch(() => null) : null;
    const wanted = () => settings?.get('mirrorHeader').composite !== false;
    app.docRegistry.addWidgetExtension('Notebook', new MirrorExtension(wanted));
  }
};

class MirrorExtension implements DocumentRegistry.IWidgetExtension<NotebookPanel, INotebookModel> {
  constructor(private readonly _wanted: () => boolean) {}

  createNew(panel: NotebookPanel, context: DocumentRegistry.IContext<INotebookModel>): IDisposable {
    const onSave = (_: unknown, state: DocumentRegistry.SaveState) => {
      if (state === 'started' && this._wanted()) {
        mirror(context.model);
      }
    };
    context.saveState.connect(onSave);
    return new DisposableDelegate(() => context.saveState.disconnect(onSave));
  }
}

/** Copy the header and its run's id; a notebook that shows no header is left as it is. */
export function mirror(model: INotebookModel): void {
  const found = newest(model);
  if (found && JSON.stringify(model.getMetadata('reprobook')) !== JSON.stringify(found)) {
    model.setMetadata('reprobook', found);
  }
}

/** The header that was shown last: that of the session that began last. */
function newest(model: INotebookModel): PartialJSONObject | null {
  let found: PartialJSONObject | null = null;
  let latest = '';
  for (const cell of model.cells) {
    for (const output of cell.type === 'code' ? (cell as ICodeCellModel).outputs.toJSON() : []) {
      const { data, metadata } = output as { data?: PartialJSONObject; metadata?: PartialJSONObject };
      const header = data?.[HEADER] as PartialJSONObject | undefined;
      const runId = (metadata?.reprobook as PartialJSONObject | undefined)?.run_id;
      // Ids begin with the time.
      if (header && typeof runId === 'string' && runId >= latest) {
        latest = runId;
        found = { run_id: runId, header };
      }
    }
  }
  return found;
}

export default plugin;
