import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { ServiceManager } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { createApi } from '../api';
import { EventStream } from '../events';
import { NotebookModel } from '../models/notebook';
import { CommandIds, IReprobook } from '../tokens';
import type { IJob } from '../types';

/** Gives every open notebook its model. */
const plugin: JupyterFrontEndPlugin<IReprobook> = {
  id: 'reprobook-labextension:state',
  description: 'What reprobook knows of the open notebooks.',
  autoStart: true,
  provides: IReprobook,
  requires: [INotebookTracker],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker) =>
    new Reprobook(tracker, app.serviceManager, job => announce(app, job))
};

export class Reprobook implements IReprobook {
  constructor(
    private readonly _tracker: INotebookTracker,
    private readonly _services: ServiceManager.IManager,
    private readonly _onJobEnded: (job: IJob) => void
  ) {
    _tracker.currentChanged.connect(() => this._currentChanged.emit());
  }

  get current(): NotebookPanel | null {
    return this._tracker.currentWidget;
  }

  get currentChanged(): ISignal<this, void> {
    return this._currentChanged;
  }

  modelOf(panel: NotebookPanel): NotebookModel {
    return this._models.get(panel) ?? this._create(panel);
  }

  private _create(panel: NotebookPanel): NotebookModel {
    const { serverSettings, contents } = this._services;
    // Without the drive of collaborative editing: the server knows files only.
    const path = () => contents.localPath(panel.context.path);
    const connect = (notebook: string) => new EventStream(serverSettings, notebook);
    const model = new NotebookModel(createApi(serverSettings), path(), connect);
    this._models.set(panel, model);
    model.jobEnded.connect((_, job) => this._onJobEnded(job));
    panel.context.pathChanged.connect(() => (model.path = path()));
    panel.context.saveState.connect((_, state) => {
      if (state === 'completed') {
        void model.refresh();
      }
    });
    panel.disposed.connect(() => {
      this._models.delete(panel);
      model.dispose();
    });
    return model;
  }

  private _models = new Map<NotebookPanel, NotebookModel>();
  private _currentChanged = new Signal<this, void>(this);
}

/** Tell how a job ended, wherever the user is by now. */
function announce(app: JupyterFrontEnd, job: IJob): void {
  const actions = [{ label: 'Show', callback: () => void app.commands.execute(CommandIds.open) }];
  const outcome = job.result?.verdict ?? job.result?.status ?? (job.state === 'ended' ? 'done' : job.state);
  const message = `${job.action} of ${job.notebook}: ${String(outcome)}`;
  const well = ['reproduced', 'within_tolerance', 'succeeded', 'done'].includes(String(outcome));
  Notification.emit(message, well ? 'success' : job.state === 'cancelled' ? 'info' : 'warning', {
    autoClose: 8000,
    actions
  });
}

export default plugin;
