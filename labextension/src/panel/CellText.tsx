import React from 'react';
import { ordinal, pieces } from '../models/cells';

/** The notebook that cell numbers are about; in an output there is none to lead to. */
export interface ICells {
  /** Scroll to a code cell. */
  reveal(cell: number): void;
  /** Its number in Jupyter's brackets and its first line. */
  describe(cell: number): string;
}

export const Cells = React.createContext<ICells | null>(null);

/** A text in which every cell is a link to it. */
export function CellText(props: { children: string }): JSX.Element {
  return (
    <>
      {pieces(props.children).map((piece, index) =>
        piece.cell === null ? piece.text : <CellLink key={index} cell={piece.cell} />
      )}
    </>
  );
}

export function CellLink(props: { cell: number; label?: string; hint?: string }): JSX.Element {
  const { cell, label = `cell ${cell}`, hint = '' } = props;
  const cells = React.useContext(Cells);
  const title = `cell ${cell}, ${ordinal(cell)}${hint && `: ${hint}`}`;
  if (!cells) {
    return <span title={title}>{label}</span>;
  }
  return (
    <button
      className="rb-Link"
      title={[title, cells.describe(cell)].filter(Boolean).join('\n')}
      onClick={() => cells.reveal(cell)}
    >
      {label}
    </button>
  );
}

/** How a cell looks in the notebook: Jupyter's number of its execution, and its first line. */
export function CellLine(props: { cell: number }): JSX.Element | null {
  const line = React.useContext(Cells)?.describe(props.cell);
  return line ? (
    <div className="rb-CellLine" title={line}>
      {line}
    </div>
  ) : null;
}
