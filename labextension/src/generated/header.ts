// Made from reprobook/header/schema.json by `jlpm types`: edit the Python model, not this file.

export type Cells = string[];
export type Language = string;
export type Name = string;
export type Path = string | null;
export type Sha256 = string;
export type Size = number | null;
export type Data = DataSource[];
export type Content = string | null;
export type DirectUrl = string | null;
export type Name1 = string;
export type Record = string | null;
export type Version = string;
export type Distributions = Distribution[];
export type Implementation = string;
export type Locale = string | null;
export type Python = string;
export type Timezone = string | null;
export type Branch = string | null;
export type Commit = string | null;
export type Dirty = string | null;
export type Remote = string | null;
export type Cpu = string | null;
export type CpuCount = number | null;
export type Cuda = string | null;
export type Cudnn = string | null;
export type Driver = string | null;
export type Capability = string | null;
export type Memory = number | null;
export type Name2 = string;
export type Gpus = Gpu[];
export type InstructionSets = string[];
export type Machine = string;
export type Memory1 = number | null;
export type HeaderDigest = string;
export type Name3 = string | null;
export type Created = string;
export type Folder = string | null;
export type Host = string | null;
export type Notebook = string | null;
export type Reprobook = string | null;
export type User = string | null;
export type RecipeDigest = string;
export type Schema = 'reprobook.header/1';
export type Deterministic = boolean;
export type Device = string;
export type Seed = number | null;
export type Spec = string | null;

/**
 * The recipe of a run.
 *
 * ``recipe_digest`` covers the identity fields (same digest, same result expected); ``header_digest`` covers
 * every field but itself (any edit shows). Both are SHA-256 over canonical JSON. ``parameters`` holds values
 * encoded by ``canonical.encode``.
 */
export interface Header {
  code: Code;
  data: Data;
  environment: Environment | null;
  git: Git | null;
  hardware: Hardware | null;
  header_digest: HeaderDigest;
  missing: Missing;
  name: Name3;
  origin: Origin;
  parameters: Parameters;
  recipe_digest: RecipeDigest;
  schema: Schema;
  seeds: Seeds;
  spec?: Spec;
}
/**
 * The notebook's code: one SHA-256 a code cell, over the source as written, in notebook order.
 */
export interface Code {
  cells: Cells;
  language: Language;
}
/**
 * One declared data source: SHA-256 of its bytes, and where it is known its size in bytes.
 */
export interface DataSource {
  name: Name;
  path: Path;
  sha256: Sha256;
  size: Size;
}
/**
 * Interpreter, distributions, local modules and the settings that decide results.
 */
export interface Environment {
  distributions: Distributions;
  flags: Flags;
  implementation: Implementation;
  local_modules: LocalModules;
  locale: Locale;
  python: Python;
  timezone: Timezone;
  variables: Variables;
}
/**
 * One installed distribution.
 *
 * ``record`` is the SHA-256 of its RECORD file, ``direct_url`` its PEP 610 origin without credentials,
 * ``content`` the digest of its files where they can be edited in place (an editable install).
 */
export interface Distribution {
  content: Content;
  direct_url: DirectUrl;
  name: Name1;
  record: Record;
  version: Version;
}
export interface Flags {
  [k: string]: number | string | boolean;
}
export interface LocalModules {
  [k: string]: string;
}
export interface Variables {
  [k: string]: string;
}
/**
 * State of the repository; ``dirty`` is the digest of the uncommitted difference, or None.
 */
export interface Git {
  branch: Branch;
  commit: Commit;
  dirty: Dirty;
  remote: Remote;
}
/**
 * Traits of the machine that change floating-point results, and, record-only, what it is.
 */
export interface Hardware {
  cpu: Cpu;
  cpu_count: CpuCount;
  cuda: Cuda;
  cudnn: Cudnn;
  driver: Driver;
  gpus: Gpus;
  instruction_sets: InstructionSets;
  machine: Machine;
  memory: Memory1;
  threads: Threads;
}
/**
 * One GPU, as the driver names it; memory in bytes.
 */
export interface Gpu {
  capability: Capability;
  memory: Memory;
  name: Name2;
}
export interface Threads {
  [k: string]: number;
}
export interface Missing {
  [k: string]: string;
}
/**
 * When, where and by whom the header was frozen; none of it decides the recipe.
 */
export interface Origin {
  created: Created;
  folder: Folder;
  host: Host;
  notebook: Notebook;
  reprobook: Reprobook;
  user: User;
}
export interface Parameters {
  [k: string]: unknown;
}
/**
 * Seed and determinism settings, as requested and, apart from that, as they took effect.
 *
 * ``effective`` and ``ineffective`` say per setting what happened; an ineffective one carries the fix.
 */
export interface Seeds {
  deterministic: Deterministic;
  device: Device;
  effective: Effective;
  ineffective: Ineffective;
  positions: Positions;
  seed: Seed;
}
export interface Effective {
  [k: string]: string;
}
export interface Ineffective {
  [k: string]: string;
}
export interface Positions {
  [k: string]: string;
}
