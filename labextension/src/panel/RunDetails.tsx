import { UseSignal } from '@jupyterlab/ui-components';
import React from 'react';
import { number, text } from '../models/format';
import type { NotebookModel } from '../models/notebook';
import { RequestError } from '../request';
import type { IRun, IRunDetails } from '../types';
import { CellLink } from './CellText';
import { HeaderTree } from './HeaderTree';
import { VerificationReport } from './VerificationReport';

/** What can be done with a run. */
export interface IRunActions {
  openExecuted(runId: string): Promise<unknown>;
  verify(runId: string, diagnose: boolean): Promise<unknown>;
  promote(runId: string): Promise<unknown>;
  restore(runId: string): Promise<unknown>;
  remove(runIds: readonly string[]): Promise<unknown>;
}

/** One run: its actions, results, last verification and header. */
export function RunDetails(props: { id: string; model: NotebookModel; actions: IRunActions }): JSX.Element {
  const { id, model, actions } = props;
  const [found, setFound] = React.useState<IRunDetails | null>(null);
  const [problem, setProblem] = React.useState('');
  const load = () => {
    model.api.run(model.path, id).then(setFound, (error: Error) => {
      setFound(null);
      setProblem(
        error instanceof RequestError && error.status === 404 ? 'This run was deleted.' : error.message
      );
    });
  };
  React.useEffect(() => {
    load();
    model.changed.connect(load);
    return () => void model.changed.disconnect(load);
  }, [id, model]);
  if (!found) {
    return <p className="rb-Empty">{problem || '…'}</p>;
  }
  const ended = found.run.status !== 'running' && found.run.status !== 'pending';
  return (
    <section className="rb-Details" aria-label={`Run ${id}`}>
      <h3 title={id}>{found.run.name ?? id}</h3>
      <div className="rb-Actions" role="toolbar" aria-label="Actions on the run">
        <Action label="Open executed" enabled={ended} onClick={() => actions.openExecuted(id)} />
        <Action label="Verify" enabled onClick={() => actions.verify(id, false)} />
        <Action label="Diagnose" enabled onClick={() => actions.verify(id, true)} />
        <Action label="Promote…" enabled={ended} onClick={() => actions.promote(id)} />
        <Action label="Restore parameters" enabled onClick={() => actions.restore(id)} />
        <Action label="Delete…" enabled={ended} danger onClick={() => actions.remove([id])} />
      </div>
      {found.problem ? (
        <p className="rb-Alert" role="alert">
          {found.problem}
        </p>
      ) : null}
      {found.run.error ? (
        <p className="rb-Alert">
          {found.run.error.cell === null ? null : (
            <>
              <CellLink cell={found.run.error.cell} />:{' '}
            </>
          )}
          {found.run.error.ename}: {found.run.error.evalue} {found.run.error.hint}
        </p>
      ) : null}
      <UseSignal signal={model.runs.changed}>{() => <Numbers found={found} model={model} />}</UseSignal>
      {found.verification ? <VerificationReport found={found.verification} /> : null}
      {found.header ? (
        <details>
          <summary>Header of this run</summary>
          <HeaderTree header={found.header} />
        </details>
      ) : null}
    </section>
  );
}

function Numbers(props: { found: IRunDetails; model: NotebookModel }): JSX.Element {
  // The row is pushed while the run goes on.
  const run = props.model.runs.find(props.found.run.run_id) ?? props.found.run;
  const facts: [string, string][] = [
    ['run', run.run_id],
    ['status', status(run)],
    ['recipe', run.recipe_digest ? `rb1-${run.recipe_digest.slice(0, 8)}` : '—'],
    ...Object.entries(run.parameters).map(([name, value]): [string, string] => [name, text(value)]),
    ...Object.entries(run.metrics).map(([name, value]): [string, string] => [name, number(value)]),
    ...props.found.artifacts.map((path): [string, string] => ['artifact', path])
  ];
  return (
    <dl className="rb-Facts">
      {facts.map(([label, value], index) => (
        <React.Fragment key={index}>
          <dt title={label}>{label}</dt>
          <dd>{value}</dd>
        </React.Fragment>
      ))}
    </dl>
  );
}

function status({ kind, status, progress }: IRun): string {
  if (!progress) {
    return status;
  }
  const { cell, total } = progress;
  return kind === 'live'
    ? `${status} in the kernel; %reprotrain end seals it`
    : `${status}, ${cell} of ${total} cells done`;
}

function Action(props: {
  label: string;
  enabled: boolean;
  danger?: boolean;
  onClick: () => Promise<unknown>;
}): JSX.Element {
  return (
    <button
      className={`jp-mod-styled rb-Action ${props.danger ? 'jp-mod-warn' : ''}`}
      disabled={!props.enabled}
      onClick={() => void props.onClick()}
    >
      {props.label}
    </button>
  );
}
