import type { IParameter, JobRequest } from '../types';

export interface IRunForm {
  parameters: Record<string, string>;
  seed: string;
  lite: boolean;
  device: string;
  name: string;
}

export interface ISweepForm {
  spaces: Record<string, string>;
  metric: string;
  direction: string;
  sampler: string;
  trials: string;
  jobs: string;
}

/** Only what was changed is sent: the rest is as the notebook says. */
export function runRequest(form: IRunForm): JobRequest {
  return {
    action: 'run',
    parameters: form.parameters,
    lite: form.lite,
    device: form.device,
    ...whole('seed', form.seed),
    ...(form.name.trim() ? { name: form.name.trim() } : {})
  };
}

export function sweepRequest(form: ISweepForm): JobRequest {
  const spaces = Object.entries(form.spaces).filter(([, space]) => space.trim() !== '');
  return {
    action: 'sweep',
    spaces: Object.fromEntries(spaces),
    metric: form.metric,
    direction: form.direction,
    sampler: form.sampler,
    ...whole('trials', form.trials),
    ...whole('jobs', form.jobs)
  };
}

/** The space that a parameter declares, as the command line would write it. */
export function declared(parameter: IParameter): string {
  const { space, type } = parameter;
  if (space?.kind === 'choice') {
    return `choice:${space.options.join(',')}`;
  }
  if (space?.kind === 'range') {
    const kind = space.log ? 'log' : type === 'int' ? 'int' : 'uniform';
    return `${kind}:${space.low}:${space.high}`;
  }
  return '';
}

/** A whole number where one was filled in. */
function whole(name: string, text: string): Record<string, number> {
  const value = Number.parseInt(text, 10);
  return Number.isNaN(value) ? {} : { [name]: value };
}
