import type { ICellState } from '../models/marks';
import { marksOf } from '../models/marks';
import type { IDivergence, IHazard, IVerification } from '../types';
import { description, standing } from './fakes';

const cell = (id: string, count: number | null, edited = false): ICellState => ({ id, count, edited });
const names = [
  { id: 'a', reads: [], writes: ['x'] },
  { id: 'b', reads: ['x'], writes: ['y'] },
  { id: 'c', reads: ['z'], writes: [] }
];

function kinds(cells: ICellState[], known = description({ cells: names })): Record<string, string[]> {
  return Object.fromEntries(
    [...marksOf(cells, known)].map(([id, marks]) => [id, marks.map(each => each.kind)])
  );
}

describe('marksOf', () => {
  it('says nothing of a notebook run from top to bottom, or not at all', () => {
    expect(kinds([cell('a', 1), cell('b', 2), cell('c', 3)])).toEqual({});
    expect(kinds([cell('a', null), cell('b', null)])).toEqual({});
  });

  it('marks what was edited since it ran, and what depends on it', () => {
    expect(kinds([cell('a', 1, true), cell('b', 2), cell('c', 3)])).toEqual({ a: ['edited'], b: ['stale'] });
  });

  it('marks what read a name that was set again since', () => {
    expect(kinds([cell('a', 4), cell('b', 2), cell('c', 5)])).toEqual({ b: ['stale'] });
  });

  it('marks what ran before a cell above it, though no name tells why', () => {
    expect(kinds([cell('a', 1), cell('b', 3), cell('c', 2)])).toEqual({ c: ['order'] });
  });

  it('knows order without the server', () => {
    expect(Object.keys(kinds([cell('a', 2), cell('b', 1)], undefined))).toEqual(['b']);
  });

  it('marks what the last verification named, by id before number', () => {
    const first: IDivergence = {
      cell: 0,
      cell_id: 'b',
      names: ['y'],
      cause: 'unseeded_rng',
      evidence: 'drawn',
      confirmed: true,
      fix: 'seed it',
      values: []
    };
    const verification = { all: [first] } as unknown as IVerification;
    const hazard: IHazard = {
      cell: 1,
      cell_id: 'b',
      line: 3,
      cause: 'unseeded_rng',
      message: 'random.random()',
      fix: 'seed',
      certain: true,
      fixable: true
    };
    const known = description({
      standing: standing({ verification }),
      hazards: [hazard, { ...hazard, certain: false }]
    });
    const marks = marksOf([cell('a', null), cell('b', null)], known);
    expect([...marks.keys()]).toEqual(['b']);
    expect(marks.get('b')?.map(each => [each.kind, each.fixable])).toEqual([
      ['diverged', true],
      ['hazard', true]
    ]);
    expect(marks.get('b')?.[0]?.cause).toBe('unseeded_rng (proven): drawn');
  });

  it('takes less than a frame for 200 cells', () => {
    const cells = Array.from({ length: 200 }, (_, index) => cell(`c${index}`, index));
    const known = description({
      cells: cells.map((each, index) => ({
        id: each.id,
        reads: [`v${index - 1}`, 'v0'],
        writes: [`v${index}`]
      }))
    });
    const start = performance.now();
    for (let round = 0; round < 10; round++) {
      marksOf(cells, known);
    }
    // Generous: machines are shared, and it runs half a second after the last key anyway.
    expect((performance.now() - start) / 10).toBeLessThan(100);
  });
});
