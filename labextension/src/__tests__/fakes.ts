import { Signal } from '@lumino/signaling';
import type { IApi } from '../api';
import type { IEvents } from '../events';
import type { Event, IDescription, IRun, IStanding } from '../types';

export function run(id: string, fields: Partial<IRun> = {}): IRun {
  return {
    run_id: id,
    kind: 'run',
    status: 'succeeded',
    name: null,
    created: '2026-11-21T00:00:00+00:00',
    seed: null,
    duration_s: 1,
    parameters: {},
    metrics: {},
    recipe_digest: '',
    result_digest: null,
    error: null,
    ...fields
  };
}

export function standing(fields: Partial<IStanding> = {}): IStanding {
  return {
    state: 'unrecorded',
    text: 'not recorded',
    run_id: null,
    recipe: null,
    drift: [],
    verification: null,
    problem: '',
    hint: '',
    ...fields
  };
}

export function description(fields: Partial<IDescription> = {}): IDescription {
  return { standing: standing(), header: null, parameters: [], cells: [], hazards: [], store: '', ...fields };
}

/** A server that knows these runs, and counts what it was asked. */
export class Server {
  asked: string[] = [];
  runs: IRun[] = [];
  description = description();
  events: FakeEvents[] = [];

  readonly connect = (path: string): IEvents => {
    this.asked.push(`connect ${path}`);
    this.events.push(new FakeEvents());
    return this.events[this.events.length - 1] as FakeEvents;
  };

  send(event: Event): void {
    this.events.forEach(each => each.isDisposed || each.received.emit(event));
  }

  readonly api = {
    describe: async (path: string) => {
      this.asked.push(`describe ${path}`);
      return this.description;
    },
    runs: async (_: string, query: { offset: number; limit: number; where: string; sort: string }) => {
      this.asked.push(`runs ${query.where}|${query.sort}|${query.offset}`);
      const { offset, limit } = query;
      return { total: this.runs.length, offset, runs: this.runs.slice(offset, offset + limit) };
    },
    series: async (_: string, metric: string, ids: string[]) => {
      this.asked.push(`series ${metric} ${ids.join()}`);
      return Object.fromEntries(ids.map(id => [id, [1, 2, 3]]));
    },
    jobs: async () => ({ jobs: [] })
  } as unknown as IApi;
}

export class FakeEvents implements IEvents {
  readonly received = new Signal<this, Event>(this);
  readonly connected = new Signal<this, void>(this);
  isDisposed = false;

  dispose(): void {
    this.isDisposed = true;
    Signal.clearData(this);
  }
}

/** Let every promise that is ready go on. */
export async function settle(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve));
}
