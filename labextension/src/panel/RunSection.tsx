import { UseSignal } from '@jupyterlab/ui-components';
import React from 'react';
import type { NotebookModel } from '../models/notebook';
import { SeriesModel } from '../models/series';
import type { IRun } from '../types';
import { Comparison } from './Comparison';
import type { IRunActions } from './RunDetails';
import { RunDetails } from './RunDetails';
import { RunTable } from './RunTable';

const PAUSE_MS = 300;

/** The runs of a notebook: filter, table, comparison, and the run that was picked. */
export function RunSection(props: { model: NotebookModel; actions: IRunActions }): JSX.Element {
  const { runs, api, path } = props.model;
  const [active, setActive] = React.useState<string | null>(null);
  const [selected, setSelected] = React.useState<ReadonlySet<string>>(new Set());
  const series = React.useRef(new Map<string, SeriesModel>());
  React.useEffect(() => () => series.current.forEach(each => each.dispose()), []);
  const seriesOf = (metric: string) => {
    const known = series.current.get(metric) ?? new SeriesModel(api, path, metric);
    series.current.set(metric, known);
    return known;
  };
  const toggle = (run: IRun) => {
    const next = new Set(selected);
    if (!next.delete(run.run_id)) {
      next.add(run.run_id);
    }
    setSelected(next);
  };
  return (
    <>
      <Filter key={path} initial={runs.where} onFilter={where => runs.filter(where)} />
      <UseSignal signal={runs.changed}>{() => <Summary model={props.model} />}</UseSignal>
      <UseSignal signal={runs.changed}>
        {() =>
          runs.total === 0 ? null : (
            <RunTable
              runs={runs}
              seriesOf={seriesOf}
              active={active}
              selected={selected}
              onActivate={run => setActive(run.run_id)}
              onSelect={toggle}
            />
          )
        }
      </UseSignal>
      {selected.size >= 2 ? (
        <Comparison
          model={props.model}
          ids={[...selected]}
          onClear={() => setSelected(new Set())}
          onDelete={() => void props.actions.remove([...selected])}
        />
      ) : null}
      {active ? <RunDetails key={active} id={active} model={props.model} actions={props.actions} /> : null}
    </>
  );
}

function Filter(props: { initial: string; onFilter: (where: string) => void }): JSX.Element {
  const [where, setWhere] = React.useState(props.initial);
  React.useEffect(() => {
    const timer = setTimeout(() => props.onFilter(where), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [where]);
  return (
    <input
      type="search"
      className="jp-mod-styled rb-Search"
      placeholder="Filter: lr > 0.1 and seed == 1"
      aria-label="Filter the runs"
      value={where}
      onChange={event => setWhere(event.target.value)}
    />
  );
}

function Summary(props: { model: NotebookModel }): JSX.Element {
  const { runs } = props.model;
  if (runs.problem) {
    return (
      <p className="rb-Alert" role="alert">
        {runs.problem}
      </p>
    );
  }
  if (runs.total === 0 && !runs.where) {
    return (
      <p className="rb-Empty">
        No run yet. <b>Run headless…</b> records one without touching this notebook; <b>Initialise</b> records
        what you do in it. In a terminal: <code>reprobook run {props.model.path}</code>
      </p>
    );
  }
  const count = runs.total === null ? '…' : runs.total === 1 ? '1 run' : `${runs.total} runs`;
  return (
    <p className="rb-Dim" aria-live="polite">
      {count}
      {runs.where ? ' match' : ''}
    </p>
  );
}
