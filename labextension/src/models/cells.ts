/** A piece of text, and the code cell that it names, if it does. */
export interface IPiece {
  text: string;
  cell: number | null;
}

/**
 * Split a text where it names a cell. Cells are counted from 0 among the code cells, as on the command line; they are
 * written without brackets, which are Jupyter's own numbers: those of executions.
 */
export function pieces(text: string): IPiece[] {
  const found: IPiece[] = [];
  let end = 0;
  for (const match of text.matchAll(/\bcell (?:\[(\d+)\]|(\d+)\b)/g)) {
    found.push({ text: text.slice(end, match.index), cell: null });
    const number = match[1] ?? match[2] ?? '';
    found.push({ text: `cell ${number}`, cell: Number(number) });
    end = match.index + match[0].length;
  }
  return [...found, { text: text.slice(end), cell: null }].filter(piece => piece.text);
}

/** The same text, with cells written alike. */
export function plainCells(text: string): string {
  return pieces(text)
    .map(piece => piece.text)
    .join('');
}

/** Which cell of the notebook a number means, in words. */
export function ordinal(cell: number): string {
  const place = cell + 1;
  const teens = place % 100 > 10 && place % 100 < 14;
  const ending = (!teens && ['th', 'st', 'nd', 'rd'][place % 10]) || 'th';
  return `the ${place}${ending} code cell`;
}
