import type { Notebook } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import { CellMarks } from '../cellMarks';
import { NotebookModel } from '../models/notebook';
import { Server } from './fakes';

function notebookOf(counts: readonly (number | null)[]) {
  const widgets = counts.map((executionCount, index) => ({
    node: document.createElement('div'),
    model: { type: 'code', id: String(index), executionCount, isDirty: false }
  }));
  const notebook = { widgets, isDisposed: false, modelContentChanged: new Signal<object, void>({}) };
  return { widgets, notebook: notebook as unknown as Notebook & typeof notebook };
}

describe('CellMarks', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const shown = (widgets: { node: HTMLElement }[]) => widgets.map(each => each.node.textContent);

  it('marks after a pause, takes marks away, and touches nothing when it is disposed', async () => {
    const server = new Server();
    const model = new NotebookModel(server.api, 'nb.ipynb', server.connect);
    const { widgets, notebook } = notebookOf([2, 1]);
    const marks = new CellMarks(notebook, model, () => undefined);
    expect(shown(widgets)).toEqual(['', '']);
    await jest.advanceTimersByTimeAsync(1000);
    expect(shown(widgets)).toEqual(['', '⇅']);
    const button = widgets[1]?.node.querySelector('button');
    expect(button?.title).toContain('Cell 1. Ran out of order');
    expect(button?.getAttribute('aria-label')).toBe('Cell 1: Ran out of order');

    marks.enabled = false;
    await jest.advanceTimersByTimeAsync(1000);
    expect(shown(widgets)).toEqual(['', '']);

    marks.enabled = true;
    marks.dispose();
    marks.dispose();
    notebook.modelContentChanged.emit();
    await jest.advanceTimersByTimeAsync(1000);
    expect(shown(widgets)).toEqual(['', '']);
    expect(marks.isDisposed).toBe(true);
    model.dispose();
  });
});
