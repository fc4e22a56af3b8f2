/** What the server says, as `reprobook/server` writes it. */
import type { Header } from './generated/header';

export type { Header };

export type State = 'unrecorded' | 'frozen' | 'drifted' | 'reproduced' | 'diverged' | 'tampered';

export interface IDrift {
  section: string;
  key: string;
  frozen: string | null;
  now: string | null;
  fix: string;
  cell: number | null;
}

export interface IDivergence {
  cell: number | null;
  cell_id: string | null;
  names: string[];
  cause: string;
  evidence: string;
  confirmed: boolean;
  fix: string;
  values: { name: string; original: string; replay: string }[];
}

export interface IVerification {
  run_id: string;
  replay_id: string | null;
  verdict: 'reproduced' | 'within_tolerance' | 'diverged' | 'failed';
  first: IDivergence | null;
  all: IDivergence[];
  pinned: { cause: string; setting: string; recorded: string; found: string }[];
  notes: string[];
  cells: number[];
  differing: number[];
}

export interface IStanding {
  state: State;
  text: string;
  run_id: string | null;
  recipe: string | null;
  drift: IDrift[];
  verification: IVerification | null;
  problem: string;
  hint: string;
}

export type Space =
  { kind: 'range'; low: number; high: number; log: boolean } | { kind: 'choice'; options: string[] };

export interface IParameter {
  name: string;
  type: string;
  default: unknown;
  text: string;
  comment: string;
  lite: string | null;
  space: Space | null;
}

export interface IHazard {
  cell: number;
  cell_id: string | null;
  line: number;
  cause: string;
  message: string;
  fix: string;
  certain: boolean;
  fixable: boolean;
}

/** The names that a cell needs and binds. */
export interface ICellNames {
  id: string | null;
  reads: string[];
  writes: string[];
}

export interface IDescription {
  standing: IStanding;
  header: Header | null;
  parameters: IParameter[];
  cells: ICellNames[];
  hazards: IHazard[];
  store: string;
}

/** A number, or `"NaN"`, `"Infinity"`, `"-Infinity"`, which JSON has not. */
export type MetricValue = number | string;

export interface IRun {
  run_id: string;
  kind: 'run' | 'replay' | 'live' | 'job';
  status: 'pending' | 'running' | 'succeeded' | 'failed' | 'interrupted';
  name: string | null;
  created: string;
  seed: number | null;
  duration_s: number;
  parameters: Record<string, unknown>;
  metrics: Record<string, MetricValue>;
  recipe_digest: string;
  result_digest: string | null;
  error: { cell: number | null; ename: string; evalue: string; hint: string } | null;
  progress?: { cell: number; total: number };
}

export interface IPage {
  total: number;
  offset: number;
  runs: IRun[];
}

export interface IRunDetails {
  run: IRun;
  header: Header | null;
  artifacts: string[];
  verification: IVerification | null;
  problem: string;
}

export interface IFact {
  section: string;
  key: string;
  values: (string | null)[];
}

export interface IComparison {
  runs: string[];
  facts: IFact[];
  sentences: string[];
}

export interface IEdits {
  cells: { cell: number; id: string | null; old: string; new: string }[];
  unknown?: string[];
}

export interface IJob {
  job_id: string;
  action: string;
  notebook: string;
  created: string;
  state: 'running' | 'ended' | 'failed' | 'cancelled';
  progress: string;
  result: Record<string, unknown> | null;
}

/** A notebook to begin from. */
export interface ITemplate {
  name: string;
  title: string;
  summary: string;
}

/** A template, and what the notebook and its new folder are called; `folder` is where. */
export interface IBeginning {
  template: string;
  folder: string;
  name: string;
}

export type Event =
  | { type: 'ready' }
  | { type: 'runs' }
  | { type: 'standing' }
  | { type: 'run'; run: IRun }
  | { type: 'job'; job: IJob };

/** A job to be started; the server checks it. */
export type JobRequest = { action: 'run' | 'verify' | 'promote' | 'sweep' } & Record<string, unknown>;
