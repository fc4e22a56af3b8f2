import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { NotebookModel } from './models/notebook';

/** The open notebooks and what reprobook knows of them. */
export interface IReprobook {
  /** The notebook in front; null where there is none. */
  readonly current: NotebookPanel | null;
  readonly currentChanged: ISignal<IReprobook, void>;
  /** The model of an open notebook; it is disposed together with the panel. */
  modelOf(panel: NotebookPanel): NotebookModel;
}

export const IReprobook = new Token<IReprobook>(
  'reprobook-labextension:IReprobook',
  'The open notebooks and what reprobook knows of them.'
);

export namespace CommandIds {
  export const open = 'reprobook:open-panel';
  export const create = 'reprobook:new-experiment';
  export const initialise = 'reprobook:initialise';
  export const freeze = 'reprobook:freeze';
  export const check = 'reprobook:check';
  export const fix = 'reprobook:fix';
  export const run = 'reprobook:run-headless';
  export const sweep = 'reprobook:sweep';
  export const verify = 'reprobook:verify';
  export const diagnose = 'reprobook:diagnose';
  export const promote = 'reprobook:promote';
}

export const SETTINGS = 'reprobook-labextension:commands';
