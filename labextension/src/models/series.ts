import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IApi } from '../api';
import type { IRun } from '../types';

const MOST = 100;

/** The courses of one metric, asked for in batches; those of ended runs never change. */
export class SeriesModel implements IDisposable {
  constructor(
    private readonly _api: IApi,
    private readonly _path: string,
    readonly metric: string
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  of(runId: string): readonly number[] {
    return this._known.get(runId) ?? [];
  }

  /** Fetch the courses of these runs, as far as they are not known or may have gone on. */
  async want(runs: readonly IRun[]): Promise<void> {
    const wanted = runs.filter(run => this._stamps.get(run.run_id) !== stamp(run)).slice(0, MOST);
    if (wanted.length === 0) {
      return;
    }
    wanted.forEach(run => this._stamps.set(run.run_id, stamp(run)));
    const ids = wanted.map(run => run.run_id);
    try {
      const found = await this._api.series(this._path, this.metric, ids);
      Object.entries(found).forEach(([id, values]) => this._known.set(id, values));
    } catch {
      // A run was deleted meanwhile: the next question is without it.
      ids.forEach(id => this._stamps.delete(id));
      return;
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _known = new Map<string, number[]>();
  private _stamps = new Map<string, string>();
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

function stamp(run: IRun): string {
  return run.status === 'running' ? JSON.stringify([run.progress, run.metrics]) : run.status;
}
