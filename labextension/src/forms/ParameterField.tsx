import React from 'react';
import type { IParameter } from '../types';
import { Line } from './dialog';

/** A parameter in a form: a choice, a switch, a number within its range, or text. */
export function ParameterField(props: {
  parameter: IParameter;
  value: string;
  onChange: (value: string) => void;
}): JSX.Element {
  const { parameter } = props;
  return (
    <Line label={parameter.name} hint={hint(parameter)}>
      {control(props)}
    </Line>
  );
}

function control(props: {
  parameter: IParameter;
  value: string;
  onChange: (value: string) => void;
}): JSX.Element {
  const { parameter, value, onChange } = props;
  const { space, type } = parameter;
  if (space?.kind === 'choice' || type === 'bool') {
    const options = space?.kind === 'choice' ? space.options : ['True', 'False'];
    return (
      <select className="jp-mod-styled" value={value} onChange={event => onChange(event.target.value)}>
        {options.map(option => (
          <option key={option}>{option}</option>
        ))}
      </select>
    );
  }
  const common = {
    className: 'jp-mod-styled',
    value,
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => onChange(event.target.value)
  };
  // An infinity is a float too, but no number of HTML.
  if ((type === 'int' || type === 'float') && Number.isFinite(Number(parameter.text))) {
    const range = space?.kind === 'range' ? { min: space.low, max: space.high } : {};
    return <input type="number" required step={type === 'int' ? 1 : 'any'} {...range} {...common} />;
  }
  return <input type="text" {...common} />;
}

function hint(parameter: IParameter): string {
  const { space, type, comment } = parameter;
  const range =
    space?.kind === 'range' ? `${type} from ${space.low} to ${space.high}${space.log ? ', log' : ''}` : type;
  return comment ? `${range}: ${comment}` : range;
}
