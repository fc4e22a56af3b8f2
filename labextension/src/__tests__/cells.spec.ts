import { ordinal, pieces, plainCells } from '../models/cells';

describe('texts that name cells', () => {
  it('are split where they do, with or without brackets', () => {
    expect(pieces('run cell [5] and cell 12, then [3]')).toEqual([
      { text: 'run ', cell: null },
      { text: 'cell 5', cell: 5 },
      { text: ' and ', cell: null },
      { text: 'cell 12', cell: 12 },
      { text: ', then [3]', cell: null }
    ]);
    expect(pieces('cell 7')).toEqual([{ text: 'cell 7', cell: 7 }]);
    expect(pieces('')).toEqual([]);
  });

  it('leave alone what only looks like it', () => {
    for (const text of ['excell 5', 'cell 5a', 'cell [x]', '<b>cells</b>']) {
      expect(pieces(text)).toEqual([{ text, cell: null }]);
    }
  });

  it('keep brackets for the numbers of executions', () => {
    expect(plainCells('cell [1] edited, ran as [4]')).toBe('cell 1 edited, ran as [4]');
  });

  it('say which of the code cells is meant', () => {
    expect([0, 1, 2, 3, 10, 11, 12, 20, 110].map(ordinal)).toEqual(
      ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '111th'].map(
        each => `the ${each} code cell`
      )
    );
  });
});
