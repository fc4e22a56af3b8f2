import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IApi } from '../api';
import { RequestError } from '../request';
import type { IRun } from '../types';

const PAGE = 200;

/** The runs of a notebook: sorted and filtered by the server, fetched page by page as they come into view. */
export class RunsModel implements IDisposable {
  constructor(
    private readonly _api: IApi,
    private _path: string
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  set path(path: string) {
    this._path = path;
    this.reload();
  }

  /** How many runs match; null as long as that is not known. */
  get total(): number | null {
    return this._total;
  }

  get sort(): string {
    return this._sort;
  }

  get where(): string {
    return this._where;
  }

  /** What is wrong with the filter. */
  get problem(): string {
    return this._problem;
  }

  /** Counts the changes of what is known. */
  get revision(): number {
    return this._revision;
  }

  /** The runs known so far, in order. */
  get known(): IRun[] {
    return [...this._pages.keys()].sort((a, b) => a - b).flatMap(page => this._pages.get(page) ?? []);
  }

  /** The run at a place of the order; undefined as long as its page is not there. */
  at(index: number): IRun | undefined {
    return this._pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  find(runId: string): IRun | undefined {
    return this.known.find(run => run.run_id === runId);
  }

  /** Sort by a field; the same field again turns the order around, and then back to newest first. */
  sortBy(field: string): void {
    this._sort = this._sort === `-${field}` ? field : this._sort === field ? '' : `-${field}`;
    this.reload();
  }

  filter(where: string): void {
    if (where !== this._where) {
      this._where = where;
      this.reload();
    }
  }

  /** Forget the pages, but show them until the new ones are there; only what is in view is fetched. */
  reload(): void {
    this._generation += 1;
    this._asked.clear();
    void this.show(this._first, this._last);
  }

  /** Fetch what is needed to show these places. */
  async show(first: number, last: number): Promise<void> {
    [this._first, this._last] = [first, last];
    const pages: number[] = [];
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(first, last) / PAGE); page++) {
      if (!this._asked.has(page)) {
        this._asked.add(page);
        pages.push(page);
      }
    }
    await Promise.all(pages.map(page => this._fetch(page)));
  }

  /** A run went on, or ended. */
  update(run: IRun): void {
    for (const runs of this._pages.values()) {
      const place = runs.findIndex(each => each.run_id === run.run_id);
      if (place >= 0) {
        runs[place] = run;
        this._revision += 1;
        this._changed.emit();
        return;
      }
    }
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private async _fetch(page: number): Promise<void> {
    const generation = this._generation;
    const query = { where: this._where, sort: this._sort, offset: page * PAGE, limit: PAGE };
    let problem = '';
    try {
      const found = await this._api.runs(this._path, query);
      if (generation !== this._generation || this._isDisposed) {
        return;
      }
      if (this._shown !== generation) {
        this._pages.clear();
        this._shown = generation;
      }
      this._pages.set(page, found.runs);
      this._total = found.total;
      this._revision += 1;
    } catch (error) {
      if (generation !== this._generation || this._isDisposed) {
        return;
      }
      this._asked.delete(page);
      // The command line names its option first.
      problem =
        error instanceof RequestError
          ? `${error.message}. ${error.hint}`.replace(/^--where: /, '')
          : String(error);
    }
    this._problem = problem;
    this._changed.emit();
  }

  private _pages = new Map<number, IRun[]>();
  private _asked = new Set<number>();
  private _generation = 0;
  private _revision = 0;
  private _shown = 0;
  private _first = 0;
  private _last = 0;
  private _total: number | null = null;
  private _sort = '';
  private _where = '';
  private _problem = '';
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
