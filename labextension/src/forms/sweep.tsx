import React from 'react';
import type { ISweepForm } from '../models/jobs';
import { declared, sweepRequest } from '../models/jobs';
import type { IParameter } from '../types';
import type { Asked, IFormProps } from './dialog';
import { askForm, Line } from './dialog';

/** Ask for a sweep; declared spaces are filled in, others are written as on the command line. */
export async function askSweep(
  path: string,
  parameters: readonly IParameter[],
  metrics: readonly string[]
): Promise<Asked> {
  const Form = (props: IFormProps<ISweepForm>) => (
    <SweepForm {...props} parameters={parameters} metrics={metrics} />
  );
  const empty: ISweepForm = {
    spaces: {},
    metric: metrics[0] ?? '',
    direction: 'max',
    sampler: 'tpe',
    trials: '',
    jobs: '1'
  };
  const form = await askForm(`Sweep ${path.split('/').pop() ?? path}`, 'Start', empty, Form);
  return form && sweepRequest(form);
}

function SweepForm(
  props: IFormProps<ISweepForm> & { parameters: readonly IParameter[]; metrics: readonly string[] }
): JSX.Element {
  const { value, onChange, parameters, metrics } = props;
  const set = (changed: Partial<ISweepForm>) => onChange({ ...value, ...changed });
  const text = (name: 'metric' | 'trials' | 'jobs', type: string) => (
    <input
      className="jp-mod-styled"
      type={type}
      min={1}
      required={name === 'metric'}
      list={name === 'metric' ? 'rb-metrics' : undefined}
      value={value[name]}
      onChange={event => set({ [name]: event.target.value })}
    />
  );
  const pick = (name: 'direction' | 'sampler', options: string[]) => (
    <select
      className="jp-mod-styled"
      value={value[name]}
      onChange={event => set({ [name]: event.target.value })}
    >
      {options.map(option => (
        <option key={option}>{option}</option>
      ))}
    </select>
  );
  return (
    <>
      <p className="rb-Empty">
        A space is written <code>log:1e-5:1e-1</code>, <code>uniform:0:0.5</code>, <code>int:1:8</code> or{' '}
        <code>choice:16,32</code>. What is declared need not be.
      </p>
      {parameters.map(each => (
        <Line key={each.name} label={each.name} hint={each.space ? 'declared in the notebook' : each.type}>
          <input
            className="jp-mod-styled"
            type="text"
            placeholder={declared(each) || 'not varied'}
            value={value.spaces[each.name] ?? ''}
            onChange={event => set({ spaces: { ...value.spaces, [each.name]: event.target.value } })}
          />
        </Line>
      ))}
      <Line label="metric">{text('metric', 'text')}</Line>
      <datalist id="rb-metrics">
        {metrics.map(name => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Line label="better">{pick('direction', ['max', 'min'])}</Line>
      <Line label="sampler">{pick('sampler', ['tpe', 'random', 'grid'])}</Line>
      <Line label="trials" hint="empty: the whole grid, else 20">
        {text('trials', 'number')}
      </Line>
      <Line label="at once">{text('jobs', 'number')}</Line>
    </>
  );
}
