import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IApi } from '../api';
import type { IEvents } from '../events';
import type { Event, IDescription, IJob, JobRequest } from '../types';
import { RunsModel } from './runs';

/** One open notebook: how it stands, its runs and its jobs. It knows no widget and no application. */
export class NotebookModel implements IDisposable {
  /**
   * @param api - the server
   * @param path - the notebook, below the server's root
   * @param connect - opens the events of a notebook
   */
  constructor(
    readonly api: IApi,
    path: string,
    private readonly _connect: (path: string) => IEvents
  ) {
    this._path = path;
    this.runs = new RunsModel(api, path);
    this._events = this._listen();
  }

  readonly runs: RunsModel;

  get path(): string {
    return this._path;
  }

  /** The file was renamed: other runs belong to it. */
  set path(path: string) {
    if (path !== this._path) {
      this._path = path;
      this.runs.path = path;
      this._events.dispose();
      this._events = this._listen();
      void this.refresh();
    }
  }

  get description(): IDescription | null {
    return this._description;
  }

  /** Why there is no description. */
  get problem(): string {
    return this._problem;
  }

  get jobs(): readonly IJob[] {
    return this._jobs;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** A job came to its end. */
  get jobEnded(): ISignal<this, IJob> {
    return this._jobEnded;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask the server again; several calls at once become one more question. */
  async refresh(): Promise<void> {
    this._wanted += 1;
    if (this._wanted > 1) {
      return this._running;
    }
    this._running = this._ask();
    return this._running;
  }

  async start(job: JobRequest): Promise<IJob> {
    const started = await this.api.start(this._path, job);
    this._note(started);
    return started;
  }

  async cancel(jobId: string): Promise<void> {
    this._note(await this.api.cancel(this._path, jobId));
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._events.dispose();
    this.runs.dispose();
    Signal.clearData(this);
  }

  private async _ask(): Promise<void> {
    while (this._wanted > 0 && !this._isDisposed) {
      const before = this._wanted;
      try {
        this._description = await this.api.describe(this._path);
        this._problem = '';
      } catch (error) {
        this._description = null;
        this._problem = error instanceof Error ? error.message : String(error);
      }
      this._wanted = this._wanted > before ? 1 : 0;
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private async _askJobs(): Promise<void> {
    try {
      this._jobs = (await this.api.jobs(this._path)).jobs;
      this._changed.emit();
    } catch {
      // The description says what is wrong; jobs follow when it is well again.
    }
  }

  private _listen(): IEvents {
    const events = this._connect(this._path);
    events.connected.connect(() => {
      void this.refresh();
      void this._askJobs();
      this.runs.reload();
    });
    events.received.connect((_, event) => this._receive(event));
    return events;
  }

  private _receive(event: Event): void {
    switch (event.type) {
      case 'standing':
        void this.refresh();
        break;
      case 'runs':
        this.runs.reload();
        void this.refresh();
        break;
      case 'run':
        this.runs.update(event.run);
        if (event.run.status !== 'running' && event.run.status !== 'pending') {
          void this.refresh();
        }
        break;
      case 'job':
        this._note(event.job);
        if (event.job.state !== 'running') {
          this._jobEnded.emit(event.job);
        }
    }
  }

  private _note(job: IJob): void {
    const known = this._jobs.some(each => each.job_id === job.job_id);
    this._jobs = known
      ? this._jobs.map(each => (each.job_id === job.job_id ? job : each))
      : [job, ...this._jobs];
    this._changed.emit();
  }

  private _path: string;
  private _events: IEvents;
  private _description: IDescription | null = null;
  private _problem = '';
  private _jobs: IJob[] = [];
  private _wanted = 0;
  private _running: Promise<void> = Promise.resolve();
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
  private _jobEnded = new Signal<this, IJob>(this);
}
