import React from 'react';
import type { IDivergence, IVerification } from '../types';
import { CellLine, CellLink, CellText } from './CellText';

const VERDICTS = {
  reproduced: '✓ reproduced, bit by bit',
  within_tolerance: '≈ reproduced within the tolerance',
  diverged: '✗ diverged',
  failed: '✗ the replay failed'
};

/** A verification: the cells as a strip, then where and why it went another way. */
export function VerificationReport(props: { found: IVerification }): JSX.Element {
  const { found } = props;
  const well = found.verdict === 'reproduced' || found.verdict === 'within_tolerance';
  return (
    <div className="rb-Card">
      <b className={well ? 'rb-Good' : 'rb-Bad'}>{VERDICTS[found.verdict]}</b>{' '}
      <span className="rb-Dim">{found.run_id}</span>
      <Strip found={found} />
      {found.pinned.map(pin => (
        <div className="rb-Dim" key={pin.setting}>
          {pin.setting} was restored to {pin.recorded} (found: {pin.found}): {pin.cause}
        </div>
      ))}
      {found.all.map((each, index) => (
        <Divergence key={index} each={each} />
      ))}
      {found.notes.map(note => (
        <div className="rb-Dim" key={note}>
          <CellText>{note}</CellText>
        </div>
      ))}
    </div>
  );
}

function Strip(props: { found: IVerification }): JSX.Element {
  const origins = new Set(props.found.all.map(each => each.cell));
  const differing = new Set(props.found.differing);
  return (
    <div className="rb-Strip" role="list" aria-label="Cells">
      {props.found.cells.map(cell => {
        const kind = origins.has(cell) ? 'origin' : differing.has(cell) ? 'consequence' : 'equal';
        const meaning = {
          origin: 'differs by itself',
          consequence: 'differs in consequence',
          equal: 'equal'
        }[kind];
        return (
          <span
            role="listitem"
            key={cell}
            className={`rb-Strip-cell rb-mod-${kind}`}
            aria-label={`cell ${cell}: ${meaning}`}
          >
            <CellLink cell={cell} label={String(cell)} hint={meaning} />
          </span>
        );
      })}
    </div>
  );
}

function Divergence(props: { each: IDivergence }): JSX.Element {
  const { each } = props;
  return (
    <div className="rb-Divergence">
      <b>{each.cell === null ? 'results' : <CellLink cell={each.cell} />}</b>{' '}
      <code>{each.names.join(', ')}</code>
      {each.cell === null ? null : <CellLine cell={each.cell} />}
      <div>
        <b>Cause:</b> {each.cause} ({each.confirmed ? 'proven by experiment' : 'not proven'})
      </div>
      <div>
        <b>Why:</b> <CellText>{each.evidence}</CellText>
      </div>
      {each.fix ? (
        <div>
          <b>Fix:</b> <CellText>{each.fix}</CellText>
        </div>
      ) : null}
      {each.values.length > 0 ? (
        <table className="rb-Sides">
          <thead>
            <tr>
              <th />
              <th>recorded</th>
              <th>again</th>
            </tr>
          </thead>
          <tbody>
            {each.values.map(change => (
              <tr key={change.name}>
                <td>
                  <code>{change.name}</code>
                </td>
                <td>{change.original}</td>
                <td>{change.replay}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </div>
  );
}
