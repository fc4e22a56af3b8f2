import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Actions } from '../actions';
import type { Asked } from '../forms/dialog';
import { askPromote } from '../forms/promote';
import { askRun } from '../forms/run';
import { askSweep } from '../forms/sweep';
import type { NotebookModel } from '../models/notebook';
import { freeze, initialise } from '../session';
import { CommandIds, IReprobook, SETTINGS } from '../tokens';

interface IContext {
  panel: NotebookPanel;
  model: NotebookModel;
  actions: Actions;
}

/** The commands on the notebook in front: in the palette, and in the menu that the settings describe. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: SETTINGS,
  description: 'The commands of reprobook.',
  autoStart: true,
  requires: [IReprobook],
  optional: [ICommandPalette, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    reprobook: IReprobook,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null
  ) => {
    const settings = registry?.load(SETTINGS).catch(() => null);
    const seed = async () => Number((await settings)?.get('seed').composite ?? 42);
    const add = (
      id: string,
      label: string,
      caption: string,
      execute: (context: IContext) => Promise<unknown>
    ) => {
      app.commands.addCommand(id, {
        label,
        caption,
        isEnabled: () => reprobook.current !== null,
        execute: async () => {
          const panel = reprobook.current;
          if (panel) {
            const model = reprobook.modelOf(panel);
            await execute({ panel, model, actions: new Actions(panel, model, app.serviceManager.contents) });
          }
        }
      });
      palette?.addItem({ command: id, category: 'Reprobook' });
    };
    add(
      CommandIds.initialise,
      'Initialise',
      'Record this notebook from its first cell on',
      async ({ panel }) => initialise(panel, await seed())
    );
    add(CommandIds.freeze, 'Freeze', 'Begin a new run with the recipe as it is now', ({ panel }) =>
      freeze(panel)
    );
    add(CommandIds.check, 'Check', 'Say what may make this notebook irreproducible', check);
    add(
      CommandIds.fix,
      'Fix What Can Be Mended',
      'Seed generators, sort listings …; undo works',
      ({ actions }) => actions.fix(null)
    );
    add(CommandIds.verify, 'Verify', 'Run it again and compare every variable of every cell', ({ actions }) =>
      actions.verify(null, false)
    );
    add(CommandIds.diagnose, 'Verify and Diagnose', 'Have the cause of a difference proven', ({ actions }) =>
      actions.verify(null, true)
    );
    add(CommandIds.run, 'Run Headless…', 'Run it in another process and record it', context =>
      start(context, async ({ model }) => askRun(model.path, await parameters(model)))
    );
    add(CommandIds.sweep, 'Sweep…', 'Search the space of its parameters', context =>
      start(context, async ({ model }) => askSweep(model.path, await parameters(model), metrics(model)))
    );
    add(CommandIds.promote, 'Promote…', 'Turn it into a script that proves itself', context =>
      start(context, ({ model }) => askPromote(model.path, null))
    );
  }
};

async function start(context: IContext, ask: (context: IContext) => Promise<Asked>): Promise<void> {
  const job = await ask(context);
  if (job) {
    await context.actions.start(job);
  }
}

async function parameters(model: NotebookModel) {
  if (!model.description) {
    await model.refresh();
  }
  return model.description?.parameters ?? [];
}

function metrics(model: NotebookModel): string[] {
  return [...new Set(model.runs.known.flatMap(run => Object.keys(run.metrics)))];
}

async function check({ panel, model }: IContext): Promise<void> {
  if (panel.context.model.dirty) {
    await panel.context.save();
  }
  await model.refresh();
  const hazards = model.description?.hazards ?? [];
  const certain = hazards.filter(each => each.certain);
  const fixable = certain.filter(each => each.fixable).length;
  const message = certain.length
    ? `${certain.length} ${certain.length === 1 ? 'hazard' : 'hazards'}, marked beside the cells; ${fixable} can be mended.`
    : `No hazard found${hazards.length ? `, ${hazards.length} hints` : ''}.`;
  Notification.emit(message, certain.length ? 'warning' : 'success', { autoClose: 6000 });
}

export default plugin;
