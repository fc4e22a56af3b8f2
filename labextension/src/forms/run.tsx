import React from 'react';
import type { IRunForm } from '../models/jobs';
import { runRequest } from '../models/jobs';
import type { IParameter } from '../types';
import type { Asked, IFormProps } from './dialog';
import { askForm, Line } from './dialog';
import { ParameterField } from './ParameterField';

/** Ask how to run a notebook headless. */
export async function askRun(path: string, parameters: readonly IParameter[]): Promise<Asked> {
  const Form = (props: IFormProps<IRunForm>) => <RunForm {...props} parameters={parameters} />;
  const empty: IRunForm = { parameters: {}, seed: '', lite: false, device: 'auto', name: '' };
  const form = await askForm(`Run ${path.split('/').pop() ?? path} headless`, 'Run', empty, Form);
  return form && runRequest(form);
}

export function RunForm(props: IFormProps<IRunForm> & { parameters: readonly IParameter[] }): JSX.Element {
  const { value, onChange, parameters } = props;
  const set = (changed: Partial<IRunForm>) => onChange({ ...value, ...changed });
  return (
    <>
      {parameters.length === 0 ? (
        <p className="rb-Empty">
          No parameters: tag a cell with <code>parameters</code>, or assign plain values once at top level.
        </p>
      ) : null}
      {parameters.map(each => (
        <ParameterField
          key={each.name}
          parameter={each}
          value={value.parameters[each.name] ?? each.text}
          onChange={text => set({ parameters: withValue(value.parameters, each, text) })}
        />
      ))}
      <Line label="seed" hint="seeds every generator; empty: as the notebook does">
        <input
          className="jp-mod-styled"
          type="number"
          min={0}
          max={4294967295}
          value={value.seed}
          onChange={event => set({ seed: event.target.value })}
        />
      </Line>
      <Line label="lite" hint="the small values of the laptop mode">
        <input type="checkbox" checked={value.lite} onChange={event => set({ lite: event.target.checked })} />
      </Line>
      <Line label="device">
        <select
          className="jp-mod-styled"
          value={value.device}
          onChange={event => set({ device: event.target.value })}
        >
          {['auto', 'cpu', 'cuda', 'mps'].map(device => (
            <option key={device}>{device}</option>
          ))}
        </select>
      </Line>
      <Line label="experiment" hint="a name for the run">
        <input
          className="jp-mod-styled"
          type="text"
          maxLength={200}
          value={value.name}
          onChange={event => set({ name: event.target.value })}
        />
      </Line>
    </>
  );
}

function withValue(
  values: Record<string, string>,
  parameter: IParameter,
  text: string
): Record<string, string> {
  const { [parameter.name]: _, ...rest } = values;
  return text === parameter.text ? rest : { ...rest, [parameter.name]: text };
}
