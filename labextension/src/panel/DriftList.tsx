import React from 'react';
import { plainCells } from '../models/cells';
import type { IDrift, IStanding } from '../types';
import { CellLine, CellText } from './CellText';

/** What is not as it was frozen, each line with its fix. */
export function DriftList(props: { standing: IStanding }): JSX.Element {
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
          <span className="rb-Key">{told(each.key, each)}</span>{' '}
          {isDigest(each.frozen ?? each.now) ? null : (
            <span className="rb-Value">
              {each.frozen ?? 'absent'} → {each.now ?? 'gone'}
            </span>
          )}
          {each.cell === null ? null : <CellLine cell={each.cell} />}
          <div className="rb-Fix">{told(each.fix, each)}</div>
        </li>
      ))}
    </ul>
  );
}

/** A cell that is there leads to it; one that was removed has the number that it had. */
function told(text: string, drift: IDrift): React.ReactNode {
  if (drift.section !== 'code') {
    return text;
  }
  return drift.cell === null ? plainCells(text) : <CellText>{text}</CellText>;
}

/** The beginning of a digest says nothing to people. */
function isDigest(value: string | null): boolean {
  return value?.endsWith('…') ?? false;
}
