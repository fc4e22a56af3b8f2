import type { IRun } from '../types';
import { number, since, text } from './format';

export interface IColumn {
  /** What the server sorts by. */
  key: string;
  label: string;
  width: number;
  numeric: boolean;
  value(run: IRun): string;
}

const MOST = 12;

/**
 * The columns of a table of these runs: the main metric, when and name; then what lies to the right of a narrow panel,
 * the other metrics and the parameters that are not all alike.
 */
export function columnsOf(runs: readonly IRun[]): IColumn[] {
  const main = mainMetric(runs);
  const metrics = names(runs.map(run => run.metrics)).filter(name => name !== main);
  const parameters = names(runs.map(run => run.parameters)).filter(name => varies(runs, name));
  return [
    ...(main === null ? [] : [metricColumn(main)]),
    ...FIXED,
    ...metrics.slice(0, MOST - 1).map(metricColumn),
    ...parameters.slice(0, MOST).map(name => ({
      key: `parameters.${name}`,
      label: name,
      width: 76,
      numeric: true,
      value: (run: IRun) => text(run.parameters[name])
    })),
    ...LAST
  ];
}

function metricColumn(name: string): IColumn {
  return {
    key: `metrics.${name}`,
    label: name,
    width: 84,
    numeric: true,
    value: run => number(run.metrics[name])
  };
}

/** The metric that a sparkline shows: the one logged by most runs; of those the first. */
export function mainMetric(runs: readonly IRun[]): string | null {
  const counts = new Map<string, number>();
  runs.forEach(run =>
    Object.keys(run.metrics).forEach(name => counts.set(name, (counts.get(name) ?? 0) + 1))
  );
  let best: string | null = null;
  counts.forEach((count, name) => {
    best = best === null || count > (counts.get(best) ?? 0) ? name : best;
  });
  return best;
}

const FIXED: IColumn[] = [
  { key: 'created', label: 'when', width: 76, numeric: false, value: run => since(run.created, Date.now()) },
  { key: 'name', label: 'name', width: 90, numeric: false, value: run => run.name ?? run.kind }
];
const LAST: IColumn[] = [
  {
    key: 'seed',
    label: 'seed',
    width: 56,
    numeric: true,
    value: run => (run.seed === null ? '' : String(run.seed))
  },
  { key: 'duration_s', label: 's', width: 56, numeric: true, value: run => run.duration_s.toFixed(1) },
  { key: 'run_id', label: 'run', width: 160, numeric: false, value: run => run.run_id }
];

function names(records: Record<string, unknown>[]): string[] {
  return [...new Set(records.flatMap(record => Object.keys(record)))];
}

function varies(runs: readonly IRun[], name: string): boolean {
  const first = JSON.stringify(runs[0]?.parameters[name]);
  return runs.some(run => JSON.stringify(run.parameters[name]) !== first);
}
