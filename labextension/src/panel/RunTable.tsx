import React from 'react';
import type { IColumn } from '../models/columns';
import { columnsOf, mainMetric } from '../models/columns';
import type { RunsModel } from '../models/runs';
import type { SeriesModel } from '../models/series';
import type { IRun } from '../types';
import { RunRow } from './RunRow';

export const ROW = 24;
const SPARE = 10;
const FIRST_COLUMN = '52px';

export interface IRunTableProps {
  runs: RunsModel;
  seriesOf: (metric: string) => SeriesModel;
  active: string | null;
  selected: ReadonlySet<string>;
  onActivate: (run: IRun) => void;
  onSelect: (run: IRun) => void;
}

/** The runs of a notebook as a grid of which only what is in view is drawn; drawn anew when the model changes. */
export function RunTable(props: IRunTableProps): JSX.Element {
  const { runs } = props;
  const box = React.useRef<HTMLDivElement>(null);
  const [first, setFirst] = React.useState(0);
  const [height, setHeight] = React.useState(240);
  const total = runs.total ?? 0;
  const from = Math.max(0, first - SPARE);
  const to = Math.min(total, first + Math.ceil(height / ROW) + SPARE);

  React.useEffect(() => {
    const element = box.current;
    if (!element) {
      return;
    }
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  React.useEffect(() => void runs.show(from, Math.max(from, to - 1)), [runs, from, to]);

  // They follow from what was loaded, which changes once a page, not once a frame.
  const [columns, metric] = React.useMemo(() => {
    const { known } = runs;
    return [columnsOf(known), mainMetric(known)] as const;
  }, [runs, runs.revision]);
  const series = metric === null ? null : props.seriesOf(metric);
  const visible = range(from, to).map(index => [index, runs.at(index)] as const);
  const loaded = visible.flatMap(([, run]) => (run ? [run] : []));
  React.useEffect(() => void series?.want(loaded));

  const template = `${FIRST_COLUMN} ${metric === null ? '' : '66px '}${columns.map(each => `${each.width}px`).join(' ')}`;
  const focus = (index: number) => {
    const run = runs.at(index);
    if (run) {
      props.onActivate(run);
      box.current?.scrollTo({ top: reveal(index, box.current.scrollTop, box.current.clientHeight - ROW) });
    }
  };
  return (
    <div
      className="rb-Grid"
      ref={box}
      role="grid"
      aria-label="Runs"
      aria-rowcount={total + 1}
      tabIndex={0}
      onScroll={event => setFirst(Math.floor(event.currentTarget.scrollTop / ROW))}
      onKeyDown={event => onKey(event, props, focus)}
    >
      <div className="rb-Row rb-Head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
        <span role="columnheader" aria-label="Selected, status" />
        {metric === null ? null : (
          <span role="columnheader" title={`course of ${metric}`}>
            course
          </span>
        )}
        {columns.map(column => (
          <Heading key={column.key} column={column} sort={runs.sort} onSort={() => runs.sortBy(column.key)} />
        ))}
      </div>
      <div className="rb-Rows" style={{ height: total * ROW }}>
        {visible.map(([index, run]) => (
          <div key={index} className="rb-Place" style={{ top: index * ROW }}>
            {run ? (
              <RunRow
                run={run}
                index={index}
                columns={columns}
                template={template}
                series={series}
                active={run.run_id === props.active}
                selected={props.selected.has(run.run_id)}
                onActivate={props.onActivate}
                onSelect={props.onSelect}
              />
            ) : (
              <div className="rb-Row rb-mod-loading">…</div>
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

function Heading(props: { column: IColumn; sort: string; onSort: () => void }): JSX.Element {
  const { column, sort } = props;
  const order = sort === column.key ? 'ascending' : sort === `-${column.key}` ? 'descending' : 'none';
  return (
    <span role="columnheader" aria-sort={order} className={column.numeric ? 'rb-mod-numeric' : ''}>
      <button className="rb-Sort" onClick={props.onSort} title={`Sort by ${column.label}`}>
        {column.label}
        {order === 'none' ? '' : order === 'ascending' ? ' ▲' : ' ▼'}
      </button>
    </span>
  );
}

function onKey(event: React.KeyboardEvent, props: IRunTableProps, focus: (index: number) => void): void {
  const { runs, active } = props;
  const total = runs.total ?? 0;
  const at = range(0, total).find(index => runs.at(index)?.run_id === active) ?? -1;
  const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: total - 1 };
  const target = steps[event.key];
  if (target !== undefined) {
    focus(Math.min(Math.max(target, 0), total - 1));
    event.preventDefault();
  } else if (event.key === ' ' && event.target === event.currentTarget) {
    const run = runs.at(at);
    if (run) {
      props.onSelect(run);
    }
    event.preventDefault();
  }
}

function reveal(index: number, top: number, height: number): number {
  const place = index * ROW;
  return place < top ? place : place + ROW > top + height ? place + ROW - height : top;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, offset) => from + offset);
}
