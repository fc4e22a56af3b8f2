import React from 'react';
import type { IStanding } from '../types';

/** What is not as it was frozen, each line with its fix. */
export function DriftList(props: { standing: IStanding; onCell: (cell: number) => void }): JSX.Element {
  const { standing } = props;
  if (standing.state === 'tampered') {
    return (
      <div className="rb-Alert" role="alert">
        {standing.problem}
        <div className="rb-Fix">{standing.hint}</div>
      </div>
    );
  }
  if (standing.drift.length === 0) {
    return (
      <p className="rb-Empty">Nothing has drifted since the freeze, as far as files and packages tell.</p>
    );
  }
  return (
    <ul className="rb-Drift">
      {standing.drift.map(each => (
        <li key={`${each.section} ${each.key}`}>
          {each.cell === null ? (
            <span className="rb-Key">{each.key}</span>
          ) : (
            <button className="rb-Link" onClick={() => props.onCell(each.cell ?? 0)}>
              {each.key}
            </button>
          )}{' '}
          {isDigest(each.frozen ?? each.now) ? null : (
            <span className="rb-Value">
              {each.frozen ?? 'absent'} → {each.now ?? 'gone'}
            </span>
          )}
          <div className="rb-Fix">{each.fix}</div>
        </li>
      ))}
    </ul>
  );
}

/** The beginning of a digest says nothing to people. */
function isDigest(value: string | null): boolean {
  return value?.endsWith('…') ?? false;
}
