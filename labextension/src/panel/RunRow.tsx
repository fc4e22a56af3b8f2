import { UseSignal } from '@jupyterlab/ui-components';
import React from 'react';
import type { IColumn } from '../models/columns';
import type { SeriesModel } from '../models/series';
import type { IRun } from '../types';
import { Sparkline } from './Sparkline';

const SIGNS = { pending: '·', running: '▶', succeeded: '✓', failed: '✗', interrupted: '■' };

export interface IRunRowProps {
  run: IRun;
  index: number;
  columns: readonly IColumn[];
  template: string;
  series: SeriesModel | null;
  active: boolean;
  selected: boolean;
  onActivate: (run: IRun) => void;
  onSelect: (run: IRun) => void;
}

/** One run; of one that goes on, how far it is. */
export function RunRow(props: IRunRowProps): JSX.Element {
  const { run, series } = props;
  // A live session has no end to be on the way to.
  const progress = run.kind === 'live' ? undefined : run.progress;
  return (
    <div
      role="row"
      aria-rowindex={props.index + 2}
      aria-selected={props.active}
      className={`rb-Row rb-mod-${run.status}${props.active ? ' rb-mod-active' : ''}`}
      style={{ gridTemplateColumns: props.template }}
      onClick={() => props.onActivate(run)}
    >
      <span role="gridcell">
        <input
          type="checkbox"
          aria-label={`Select ${run.run_id} for comparison`}
          checked={props.selected}
          onClick={event => event.stopPropagation()}
          onChange={() => props.onSelect(run)}
        />
        <span
          title={run.status}
          role="img"
          aria-label={run.status}
          className={`rb-Status rb-mod-${run.status}`}
        >
          {SIGNS[run.status]}
        </span>
      </span>
      {series === null ? null : (
        <span role="gridcell">
          <UseSignal signal={series.changed}>
            {() => <Sparkline values={series.of(run.run_id)} label={`course of ${series.metric}`} />}
          </UseSignal>
        </span>
      )}
      {props.columns.map(column => {
        const value = column.value(run);
        return (
          <span
            role="gridcell"
            key={column.key}
            title={value}
            className={column.numeric ? 'rb-mod-numeric' : ''}
          >
            {column.key === 'name' && progress ? <Progress {...progress} /> : value}
          </span>
        );
      })}
    </div>
  );
}

function Progress(props: { cell: number; total: number }): JSX.Element {
  const { cell, total } = props;
  return (
    <progress
      max={total || 1}
      value={cell}
      title={`${cell} of ${total} cells done`}
      aria-label={`${cell} of ${total} cells done`}
    />
  );
}
