import type { ServerConnection } from '@jupyterlab/services';
import { request } from './request';
import type {
  IBeginning,
  IComparison,
  IDescription,
  IEdits,
  IJob,
  IPage,
  IRunDetails,
  ITemplate,
  JobRequest
} from './types';

export interface IRunQuery {
  where: string;
  sort: string;
  offset: number;
  limit: number;
}

/** What the server can be asked, most of it of one notebook; every path is below the server's root. */
export interface IApi {
  describe(path: string): Promise<IDescription>;
  runs(path: string, query: IRunQuery): Promise<IPage>;
  run(path: string, id: string): Promise<IRunDetails>;
  executed(path: string, id: string): Promise<unknown>;
  remove(path: string, id: string): Promise<unknown>;
  series(path: string, metric: string, ids: string[]): Promise<Record<string, number[]>>;
  compare(path: string, ids: string[], metric: string): Promise<IComparison>;
  restore(path: string, id: string): Promise<IEdits>;
  fix(path: string, cell: number | null): Promise<IEdits>;
  jobs(path: string): Promise<{ jobs: IJob[] }>;
  start(path: string, job: JobRequest): Promise<IJob>;
  cancel(path: string, id: string): Promise<IJob>;
  templates(): Promise<{ templates: ITemplate[] }>;
  begin(beginning: IBeginning): Promise<{ notebook: string }>;
}

export function createApi(settings: ServerConnection.ISettings): IApi {
  const get = <T>(place: string, query: Record<string, string>) => request<T>(settings, place, { query });
  return {
    describe: path => get('notebook', { path }),
    runs: (path, { where, sort, offset, limit }) =>
      get('runs', { path, where, sort, offset: String(offset), limit: String(limit) }),
    run: (path, id) => get(`runs/${id}`, { path }),
    executed: (path, id) => get(`runs/${id}/executed`, { path }),
    remove: (path, id) => request(settings, `runs/${id}`, { method: 'DELETE', query: { path } }),
    series: (path, metric, ids) => get('series', { path, metric, runs: ids.join(',') }),
    compare: (path, ids, metric) => get('compare', { path, metric, runs: ids.join(',') }),
    restore: (path, id) => get('restore', { path, run: id }),
    fix: (path, cell) => get('fix', { path, cell: cell === null ? '' : String(cell) }),
    jobs: path => get('jobs', { path }),
    start: (path, job) => request(settings, 'jobs', { method: 'POST', body: { ...job, path } }),
    cancel: (path, id) => request(settings, `jobs/${id}`, { method: 'DELETE', query: { path } }),
    templates: () => get('templates', {}),
    begin: beginning => request(settings, 'templates', { method: 'POST', body: beginning })
  };
}
