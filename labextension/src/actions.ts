import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { Contents } from '@jupyterlab/services';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { PathExt } from '@jupyterlab/coreutils';
import { applyEdits, saved } from './edits';
import type { NotebookModel } from './models/notebook';
import { RequestError } from './request';
import type { IJob, JobRequest } from './types';

/** What can be done with a notebook and its runs; the widgets and commands only call these. */
export class Actions {
  constructor(
    private readonly _panel: NotebookPanel,
    private readonly _model: NotebookModel,
    private readonly _contents: Contents.IManager
  ) {}

  /** Start a job on the notebook as it is on the screen. */
  start(job: JobRequest): Promise<IJob | undefined> {
    return told(async () => {
      await saved(this._panel);
      return this._model.start(job);
    });
  }

  verify(runId: string | null, diagnose: boolean): Promise<IJob | undefined> {
    return this.start({ action: 'verify', run_id: runId, diagnose });
  }

  /** Put a copy of the executed notebook beside the notebook, and return its path; it is not trusted. */
  openExecuted(runId: string): Promise<string | undefined> {
    return told(async () => {
      const content = await this._model.api.executed(this._model.path, runId);
      const { localPath, name } = this._paths();
      const path = PathExt.join(
        PathExt.dirname(localPath),
        `${PathExt.basename(name, '.ipynb')}.${runId}.ipynb`
      );
      await this._contents.save(path, { type: 'notebook', format: 'json', content });
      return path;
    });
  }

  restore(runId: string): Promise<void> {
    return told(async () => {
      await saved(this._panel);
      const edits = await this._model.api.restore(this._model.path, runId);
      const changed = applyEdits(this._panel, edits);
      const unknown = edits.unknown?.length
        ? ` Not in the notebook any more: ${edits.unknown.join(', ')}.`
        : '';
      Notification.info(
        changed
          ? `The parameters of ${runId} are in the notebook.${unknown}`
          : `The parameters are the same.${unknown}`,
        { autoClose: 5000 }
      );
    });
  }

  /** Mend what `check --fix` can, in one cell or in all. */
  fix(cell: number | null): Promise<void> {
    return told(async () => {
      await saved(this._panel);
      const changed = applyEdits(this._panel, await this._model.api.fix(this._model.path, cell));
      if (changed) {
        await saved(this._panel);
      }
      Notification.info(
        changed ? `Mended ${changed} ${changed === 1 ? 'cell' : 'cells'}; undo works.` : 'Nothing to mend.',
        {
          autoClose: 5000
        }
      );
      await this._model.refresh();
    });
  }

  remove(runIds: readonly string[]): Promise<void> {
    return told(async () => {
      const what = runIds.length === 1 ? `Delete run ${runIds[0]}` : `Delete ${runIds.length} runs`;
      const result = await showDialog({
        title: `${what}?`,
        body: 'Its header, results and artifacts are removed from the disk. This cannot be undone.',
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Delete' })],
        // Enter does not delete.
        defaultButton: 0
      });
      if (result.button.accept) {
        for (const id of runIds) {
          await this._model.api.remove(this._model.path, id);
        }
      }
    });
  }

  cancel(jobId: string): Promise<void> {
    return told(() => this._model.cancel(jobId));
  }

  private _paths(): { localPath: string; name: string } {
    const { path } = this._panel.context;
    return { localPath: path, name: PathExt.basename(this._contents.localPath(path)) };
  }
}

/** Do something; where it fails, tell the user with the hint. */
export async function told<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const hint = error instanceof RequestError && error.hint ? ` ${error.hint}` : '';
    Notification.error(`${error instanceof Error ? error.message : String(error)}.${hint}`, {
      autoClose: 10_000
    });
  }
}
