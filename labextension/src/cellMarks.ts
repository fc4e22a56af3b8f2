import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { Cell, ICodeCellModel } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { Signal } from '@lumino/signaling';
import { ordinal } from './models/cells';
import type { ICellState, IMark } from './models/marks';
import { marksOf } from './models/marks';
import type { NotebookModel } from './models/notebook';
import { explanation } from './markDialog';

// Marks may come late; typing may not.
const PAUSE_MS = 400;
const SIGNS: Record<IMark['kind'], string> = {
  diverged: '✗',
  edited: '✎',
  stale: '↻',
  order: '⇅',
  hazard: '⚠'
};

/** Puts a mark beside each cell of which there is something to say. */
export class CellMarks implements IDisposable {
  constructor(
    private readonly _notebook: Notebook,
    private readonly _model: NotebookModel,
    private readonly _fix: (cell: number) => void
  ) {
    this._soon = new Debouncer(() => this._draw(), PAUSE_MS);
    _model.changed.connect(this._later, this);
    _notebook.modelContentChanged.connect(this._later, this);
    NotebookActions.executed.connect(this._later, this);
    this._later();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  set enabled(enabled: boolean) {
    this._enabled = enabled;
    this._later();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._soon.dispose();
      Signal.clearData(this);
    }
  }

  private _later(): void {
    if (!this._isDisposed) {
      void this._soon.invoke().catch(() => undefined);
    }
  }

  private _draw(): void {
    if (this._isDisposed || this._notebook.isDisposed) {
      return;
    }
    const cells = this._notebook.widgets.filter(cell => cell.model.type === 'code');
    const marks = this._enabled
      ? marksOf(cells.map(stateOf), this._model.description)
      : new Map<string, IMark[]>();
    cells.forEach((cell, index) => this._mark(cell, index, marks.get(cell.model.id) ?? []));
  }

  private _mark(cell: Cell, index: number, marks: readonly IMark[]): void {
    const signature = JSON.stringify(marks);
    const button = cell.node.querySelector(':scope > .rb-Mark');
    if (button instanceof HTMLElement && button.dataset.signature === signature) {
      return;
    }
    button?.remove();
    const first = marks[0];
    if (first) {
      cell.node.appendChild(this._button(index, marks, first, signature));
    }
  }

  private _button(index: number, marks: readonly IMark[], first: IMark, signature: string): HTMLElement {
    const button = document.createElement('button');
    button.className = `rb-Mark rb-mod-${first.kind}`;
    button.dataset.signature = signature;
    button.textContent = SIGNS[first.kind] + (marks.length > 1 ? String(marks.length) : '');
    const told = marks.map(each => `${each.title}\n${each.cause}\nFix: ${each.fix}`).join('\n\n');
    button.title = `Cell ${index}. ${told}`;
    button.setAttribute('aria-label', `Cell ${index}: ${marks.map(each => each.title).join('; ')}`);
    button.onclick = () => void this._explain(index, marks);
    return button;
  }

  private async _explain(index: number, marks: readonly IMark[]): Promise<void> {
    const fixable = marks.some(each => each.fixable);
    const result = await showDialog({
      title: `Cell ${index}, ${ordinal(index)}`,
      body: explanation(marks),
      buttons: [
        Dialog.cancelButton({ label: 'Close' }),
        ...(fixable ? [Dialog.okButton({ label: 'Apply fix' })] : [])
      ]
    });
    if (fixable && result.button.accept) {
      this._fix(index);
    }
  }

  private readonly _soon: Debouncer;
  private _enabled = true;
  private _isDisposed = false;
}

function stateOf(cell: Cell): ICellState {
  const model = cell.model as ICodeCellModel;
  const count = model.executionCount;
  return { id: model.id, count: count ?? null, edited: typeof count === 'number' && model.isDirty };
}
