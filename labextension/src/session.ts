import { Notification } from '@jupyterlab/apputils';
import type { CodeCell, ICodeCellModel } from '@jupyterlab/cells';
import { isCodeCellModel } from '@jupyterlab/cells';
import type { IOutput } from '@jupyterlab/nbformat';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import { KernelMessage } from '@jupyterlab/services';

const INIT = /^\s*%reprotrain\s+init\b/m;

/** The source of the cell that begins a recorded session. */
export function initSource(name: string, seed: number): string {
  const word = name.replace(/[^\w.-]+/g, '-').replace(/^-+|-+$/g, '') || 'experiment';
  return `%load_ext reprobook\n%reprotrain init --name ${word} --seed ${seed}`;
}

/** Put the init cell on top, unless there is one, and run it. */
export async function initialise(panel: NotebookPanel, seed: number): Promise<void> {
  const { content, sessionContext, context } = panel;
  let index = content.widgets.findIndex(cell => INIT.test(cell.model.sharedModel.getSource()));
  if (index < 0) {
    const name =
      context.path
        .split('/')
        .pop()
        ?.replace(/\.ipynb$/, '') ?? '';
    content.model?.sharedModel.insertCell(0, {
      cell_type: 'code',
      source: initSource(name, seed),
      metadata: {}
    });
    index = 0;
  }
  // Frozen is what is saved.
  await context.save();
  content.activeCellIndex = index;
  content.deselectAll();
  await NotebookActions.run(content, sessionContext);
  await context.save();
}

/** Freeze again in the kernel, and show the new header where the first one is. */
export async function freeze(panel: NotebookPanel): Promise<void> {
  const cell = panel.content.widgets.find(each => INIT.test(each.model.sharedModel.getSource()));
  const kernel = panel.sessionContext.session?.kernel;
  if (!cell || !kernel || !isCodeCellModel(cell.model)) {
    Notification.warning('Nothing is recorded in this notebook yet: Initialise first.', { autoClose: 6000 });
    return;
  }
  await panel.context.save();
  const outputs: IOutput[] = [];
  const future = kernel.requestExecute({ code: '%reprotrain freeze', store_history: false });
  future.onIOPub = message => {
    if (
      KernelMessage.isDisplayDataMsg(message) ||
      KernelMessage.isErrorMsg(message) ||
      KernelMessage.isStreamMsg(message)
    ) {
      outputs.push({ output_type: message.header.msg_type, ...message.content } as IOutput);
    }
  };
  await future.done;
  show((cell as CodeCell).model, outputs);
  await panel.context.save();
}

function show(model: ICodeCellModel, outputs: IOutput[]): void {
  model.outputs.clear();
  outputs.forEach(({ transient: _, ...output }) => model.outputs.add(output as IOutput));
}
