import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IEdits } from './types';

/** Put new sources into the open notebook, as one step of undo a cell; return how many cells were changed. */
export function applyEdits(panel: NotebookPanel, edits: IEdits): number {
  const cells = Array.from(panel.content.model?.cells ?? []).filter(cell => cell.type === 'code');
  let changed = 0;
  for (const edit of edits.cells) {
    const cell = cells.find(each => each.id === edit.id) ?? cells[edit.cell];
    // Never over what was typed since the server read the file.
    if (cell && cell.sharedModel.getSource() === edit.old) {
      cell.sharedModel.setSource(edit.new);
      changed += 1;
    }
  }
  return changed;
}

/** Save the notebook if it is not saved: the server reads the file. */
export async function saved(panel: NotebookPanel): Promise<void> {
  if (panel.context.model.dirty) {
    await panel.context.save();
  }
}
