import React from 'react';
import { since } from '../models/format';
import type { IJob } from '../types';
import { CellText } from './CellText';

const MOST = 5;

/** The newest jobs: how far they are, or what came of them. */
export function JobList(props: {
  jobs: readonly IJob[];
  onCancel: (id: string) => void;
}): JSX.Element | null {
  const running = props.jobs.filter(job => job.state === 'running');
  const shown = [...running, ...props.jobs.filter(job => job.state !== 'running')].slice(
    0,
    Math.max(MOST, running.length)
  );
  return (
    <ul className="rb-Jobs">
      {shown.map(job => (
        <li key={job.job_id}>
          {job.state === 'running' ? <span className="rb-Spinner" /> : null}
          <b>{job.action}</b> <span className="rb-Dim">{since(job.created, Date.now())}</span>{' '}
          <span className={job.state === 'failed' ? 'rb-Bad' : ''}>
            <CellText>{outcome(job)}</CellText>
          </span>
          {job.state === 'running' ? (
            <button
              className="rb-Link"
              onClick={() => props.onCancel(job.job_id)}
              aria-label={`Cancel ${job.action}`}
            >
              cancel
            </button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

function outcome(job: IJob): string {
  if (job.state === 'running') {
    return job.progress;
  }
  if (job.state === 'cancelled') {
    return job.state;
  }
  const { result } = job;
  const error = result?.error as { message?: unknown; hint?: unknown } | null | undefined;
  if (job.state === 'failed') {
    return error ? `${String(error.message)} ${String(error.hint ?? '')}` : job.progress;
  }
  if (typeof result?.script === 'string') {
    return `${result.script.split('/').slice(-2).join('/')}, equivalent: ${String(result.equivalent)}`;
  }
  return String(result?.verdict ?? result?.status ?? job.state);
}
