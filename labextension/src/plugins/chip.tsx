import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ReactWidget } from '@jupyterlab/apputils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import { UseSignal } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import React from 'react';
import { ordinal } from '../models/cells';
import type { NotebookModel } from '../models/notebook';
import { CommandIds, IReprobook } from '../tokens';

/** The chip in the toolbar of a notebook: how it stands, in two words. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'reprobook-labextension:chip',
  description: 'The chip in the notebook toolbar.',
  autoStart: true,
  requires: [IReprobook],
  activate: (app: JupyterFrontEnd, reprobook: IReprobook) => {
    const open = () => void app.commands.execute(CommandIds.open);
    app.docRegistry.addWidgetExtension('Notebook', new ChipExtension(reprobook, open));
  }
};

class ChipExtension implements DocumentRegistry.IWidgetExtension<NotebookPanel, INotebookModel> {
  constructor(
    private readonly _reprobook: IReprobook,
    private readonly _open: () => void
  ) {}

  createNew(panel: NotebookPanel): IDisposable {
    const chip = new ChipWidget(this._reprobook.modelOf(panel), this._open);
    panel.toolbar.insertItem(11, 'reprobook', chip);
    return chip;
  }
}

export class ChipWidget extends ReactWidget {
  constructor(
    private readonly _model: NotebookModel,
    private readonly _open: () => void
  ) {
    super();
    this.addClass('rb-ChipItem');
  }

  protected override render(): JSX.Element {
    return (
      <UseSignal signal={this._model.changed}>
        {() => <Chip model={this._model} onClick={this._open} />}
      </UseSignal>
    );
  }
}

export function Chip(props: { model: NotebookModel; onClick: () => void }): JSX.Element {
  const { description, problem, jobs } = props.model;
  const standing = description?.standing;
  const job = jobs.find(each => each.state === 'running');
  const state = problem ? 'unknown' : (standing?.state ?? 'unknown');
  const label = standing?.text ?? (problem ? 'reprobook: no answer' : 'reprobook …');
  const cell = standing?.state === 'diverged' ? standing.verification?.first?.cell : null;
  const title = [
    standing?.run_id
      ? `Run ${standing.run_id}, recipe ${standing.recipe ?? ''}`
      : 'No run of this notebook is recorded.',
    cell === undefined || cell === null ? '' : `Cell ${cell} is ${ordinal(cell)}.`,
    standing?.problem,
    problem,
    job ? `${job.action}: ${job.progress}` : '',
    'Click for the panel.'
  ];
  return (
    <button
      className={`rb-Chip rb-mod-${state}`}
      onClick={props.onClick}
      title={title.filter(Boolean).join('\n')}
      aria-label={`reprobook: ${label}`}
    >
      {job ? <span className="rb-Spinner" aria-label={`${job.action} is running`} /> : null}
      <span className="rb-Chip-label">{label}</span>
    </button>
  );
}

export default plugin;
