import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { Actions } from './actions';
import { askPromote } from './forms/promote';
import type { IPanelActions } from './panel/Panel';
import type { IReprobook } from './tokens';

/** The actions of an open notebook, for the panel. */
export function actionsOf(
  app: JupyterFrontEnd,
  reprobook: IReprobook,
  documents: IDocumentManager
): (panel: NotebookPanel) => IPanelActions {
  return panel => {
    const model = reprobook.modelOf(panel);
    const actions = new Actions(panel, model, app.serviceManager.contents);
    return {
      openExecuted: async runId => {
        const path = await actions.openExecuted(runId);
        if (path) {
          documents.openOrReveal(path);
        }
      },
      verify: (runId, diagnose) => actions.verify(runId, diagnose),
      promote: async runId => {
        const job = await askPromote(model.path, runId);
        return job && actions.start(job);
      },
      restore: runId => actions.restore(runId),
      remove: runIds => actions.remove(runIds),
      cancel: jobId => actions.cancel(jobId)
    };
  };
}
