import type { ICellNames, IDescription } from '../types';
import { plainCells } from './cells';

/** A code cell of the open notebook, as far as marks depend on it. */
export interface ICellState {
  id: string;
  /** The number in `In[ ]`; null if it did not run in this kernel. */
  count: number | null;
  /** Whether its source was edited since it ran. */
  edited: boolean;
}

export type MarkKind = 'diverged' | 'edited' | 'stale' | 'order' | 'hazard';

export interface IMark {
  kind: MarkKind;
  title: string;
  cause: string;
  fix: string;
  /** Whether `check --fix` can mend it. */
  fixable: boolean;
}

/** Return what is to be said of each code cell, by its id; the worst first. */
export function marksOf(
  cells: readonly ICellState[],
  description: IDescription | null
): Map<string, IMark[]> {
  const found = new Map<string, IMark[]>();
  const names = new Map<string, ICellNames>();
  description?.cells.forEach((each, index) => names.set(each.id ?? cells[index]?.id ?? '', each));
  cells.forEach((cell, index) => {
    const marks = [
      ...diagnosed(cell, index, description),
      ...executed(cell, index, cells, names),
      ...hazards(cell, index, description)
    ];
    if (marks.length > 0) {
      found.set(cell.id, marks);
    }
  });
  return found;
}

function diagnosed(cell: ICellState, index: number, description: IDescription | null): IMark[] {
  const standing = description?.standing;
  // A cell that was edited since is no longer the one that was verified.
  if (standing?.drift.some(each => each.cell === index)) {
    return [];
  }
  return (standing?.verification?.all ?? [])
    .filter(each => (each.cell_id ? each.cell_id === cell.id : each.cell === index))
    .map(each => ({
      kind: 'diverged',
      title: `Diverged: ${each.names.join(', ')}`,
      cause: plainCells(`${each.cause}${each.confirmed ? ' (proven)' : ''}: ${each.evidence}`),
      fix: plainCells(each.fix),
      fixable: fixable(cell, index, description)
    }));
}

/** What follows from the order in which cells were run and edited. */
function executed(
  cell: ICellState,
  index: number,
  cells: readonly ICellState[],
  names: ReadonlyMap<string, ICellNames>
): IMark[] {
  const count = cell.count;
  if (count === null) {
    return [];
  }
  if (cell.edited) {
    return [
      mark('edited', 'Edited since it ran', 'What it shows is not what it says.', 'Run the cell again.')
    ];
  }
  for (const name of names.get(cell.id)?.reads ?? []) {
    const writer = cells
      .slice(0, index)
      .reverse()
      .find(each => names.get(each.id)?.writes.includes(name));
    if (writer && (writer.edited || (writer.count !== null && writer.count > count))) {
      const why = writer.edited ? 'was edited' : 'ran again';
      const cause = `The cell above that sets ${name} ${why} after this one ran.`;
      return [mark('stale', 'Stale', cause, 'Run this cell again, or Run All Below the one above.')];
    }
  }
  const later = cells.slice(0, index).find(each => each.count !== null && each.count > count);
  return later
    ? [
        mark(
          'order',
          'Ran out of order',
          `It ran before [${later.count}], which stands above it.`,
          'Restart and run all.'
        )
      ]
    : [];
}

function hazards(cell: ICellState, index: number, description: IDescription | null): IMark[] {
  return ofCell(cell, index, description).map(each => ({
    kind: 'hazard',
    title: `${each.cause}, line ${each.line}`,
    cause: plainCells(each.message),
    fix: plainCells(each.fix),
    fixable: each.fixable
  }));
}

function fixable(cell: ICellState, index: number, description: IDescription | null): boolean {
  return ofCell(cell, index, description).some(each => each.fixable);
}

function ofCell(cell: ICellState, index: number, description: IDescription | null) {
  const all = description?.hazards ?? [];
  return all.filter(each => each.certain && (each.cell_id ? each.cell_id === cell.id : each.cell === index));
}

function mark(kind: MarkKind, title: string, cause: string, fix: string): IMark {
  return { kind, title, cause, fix, fixable: false };
}
