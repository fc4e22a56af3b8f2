import { ReactWidget } from '@jupyterlab/apputils';
import type { ICodeCellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import type { NotebookModel } from '../models/notebook';
import type { IReprobook } from '../tokens';
import { CommandIds } from '../tokens';
import type { IStanding } from '../types';
import type { ICells } from './CellText';
import { Cells, CellText } from './CellText';
import { DriftList } from './DriftList';
import { HeaderTree } from './HeaderTree';
import { JobList } from './JobList';
import type { IRunActions } from './RunDetails';
import { RunSection } from './RunSection';
import { VerificationReport } from './VerificationReport';

export interface IPanelActions extends IRunActions {
  cancel(jobId: string): Promise<unknown>;
}

export interface IPanelOptions {
  reprobook: IReprobook;
  actionsOf: (panel: NotebookPanel) => IPanelActions;
  commands: CommandRegistry;
}

/** The side panel: everything about the notebook in front. */
export class Panel extends ReactWidget {
  constructor(private readonly _options: IPanelOptions) {
    super();
    this.addClass('rb-Panel');
  }

  protected override render(): JSX.Element {
    const { reprobook } = this._options;
    return <UseSignal signal={reprobook.currentChanged}>{() => this._content(reprobook.current)}</UseSignal>;
  }

  private _content(panel: NotebookPanel | null): JSX.Element {
    if (!panel) {
      return (
        <div className="rb-Content">
          <h2>reprobook</h2>
          <p className="rb-Empty">
            Open a notebook: its header, its runs and what has drifted since are shown here. Or begin with{' '}
            <button
              className="rb-Link"
              onClick={() => void this._options.commands.execute(CommandIds.create)}
            >
              a new experiment
            </button>
            .
          </p>
        </div>
      );
    }
    const model = this._options.reprobook.modelOf(panel);
    return (
      <UseSignal key={panel.id} signal={model.changed}>
        {() => (
          <Cells.Provider value={cellsOf(panel)}>
            <Content
              model={model}
              actions={this._options.actionsOf(panel)}
              commands={this._options.commands}
            />
          </Cells.Provider>
        )}
      </UseSignal>
    );
  }
}

interface IContentProps {
  model: NotebookModel;
  actions: IPanelActions;
  commands: CommandRegistry;
}

function Content(props: IContentProps): JSX.Element {
  const { model, actions, commands } = props;
  const { description, problem } = model;
  const standing = description?.standing;
  const button = (label: string, command: string) => (
    <button
      className="jp-mod-styled rb-Action"
      title={commands.caption(command)}
      onClick={() => void commands.execute(command)}
    >
      {label}
    </button>
  );
  return (
    <div className="rb-Content">
      <h2 title={model.path}>{model.path.split('/').pop()}</h2>
      {problem ? (
        <p className="rb-Alert" role="alert">
          {problem}
        </p>
      ) : null}
      <p className={`rb-Standing rb-mod-${standing?.state ?? 'unknown'}`}>
        <CellText>{words(standing)}</CellText>
      </p>
      <div className="rb-Actions" role="toolbar" aria-label="Actions on the notebook">
        {button('Run headless…', CommandIds.run)}
        {button('Sweep…', CommandIds.sweep)}
        {button('Verify', CommandIds.verify)}
        {button('Diagnose', CommandIds.diagnose)}
        {button('Promote…', CommandIds.promote)}
        {button('Check', CommandIds.check)}
        {standing?.run_id ? button('Freeze', CommandIds.freeze) : button('Initialise', CommandIds.initialise)}
      </div>
      {model.jobs.length > 0 ? (
        <Section title="Jobs" open>
          <JobList jobs={model.jobs} onCancel={id => void actions.cancel(id)} />
        </Section>
      ) : null}
      {standing && standing.state !== 'unrecorded' ? (
        <Section title={`Drift${standing.drift.length ? `: ${standing.drift.length}` : ''}`} open>
          <DriftList standing={standing} />
        </Section>
      ) : null}
      {standing?.verification ? (
        <Section key={standing.state} title="Last verification" open={standing.state === 'diverged'}>
          <VerificationReport found={standing.verification} />
        </Section>
      ) : null}
      <Section title="Runs" open>
        <RunSection key={model.path} model={model} actions={actions} />
      </Section>
      <Section title="Header" open={false}>
        {description?.header ? (
          <HeaderTree header={description.header} />
        ) : (
          <p className="rb-Empty">
            No header yet: it is frozen when a recorded run begins, and holds code, parameters, seeds,
            packages, hardware and data. <b>Initialise</b> puts <code>%reprotrain init</code> into the first
            cell.
          </p>
        )}
      </Section>
    </div>
  );
}

function Section(props: React.PropsWithChildren<{ title: string; open: boolean }>): JSX.Element {
  const [open, setOpen] = React.useState(props.open);
  return (
    <details className="rb-Section" open={open} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{props.title}</summary>
      {open ? props.children : null}
    </details>
  );
}

/** What the chip says, but with a cell that one can go to. */
function words(standing: IStanding | undefined): string {
  const cell = standing?.state === 'diverged' ? standing.verification?.first?.cell : undefined;
  return typeof cell === 'number' ? `diverged at cell ${cell}` : (standing?.text ?? '…');
}

/** The code cells of a notebook, by their numbers. */
function cellsOf(panel: NotebookPanel): ICells {
  const notebook = panel.content;
  const find = (cell: number) => notebook.widgets.filter(each => each.model.type === 'code')[cell];
  return {
    reveal: cell => {
      const widget = find(cell);
      if (widget) {
        notebook.activeCellIndex = notebook.widgets.indexOf(widget);
        notebook.deselectAll();
        void notebook.scrollToCell(widget);
      }
    },
    describe: cell => {
      const model = find(cell)?.model as ICodeCellModel | undefined;
      const count = model?.executionCount ? `[${model.executionCount}] ` : '';
      return model ? `${count}${model.sharedModel.getSource().split('\n')[0] ?? ''}` : '';
    }
  };
}
