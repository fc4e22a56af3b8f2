import React from 'react';
import type { ITemplate } from '../types';
import type { IFormProps } from './dialog';
import { askForm, Line } from './dialog';

export interface IExperimentForm {
  template: string;
  /** Empty: as suggested. */
  name: string;
}

/** Ask for a template and a name; `taken` are names that are there already. */
export async function askExperiment(
  templates: readonly ITemplate[],
  taken: readonly string[]
): Promise<IExperimentForm | null> {
  const suggest = (template: string) => free(template, taken);
  const Form = (props: IFormProps<IExperimentForm>) => (
    <ExperimentForm {...props} templates={templates} suggest={suggest} />
  );
  const start = { template: templates[0]?.name ?? '', name: '' };
  const form = await askForm('New experiment notebook', 'Create', start, Form);
  return form && { ...form, name: form.name.trim() || suggest(form.template) };
}

function ExperimentForm(
  props: IFormProps<IExperimentForm> & {
    templates: readonly ITemplate[];
    suggest: (template: string) => string;
  }
): JSX.Element {
  const { value, onChange, templates, suggest } = props;
  return (
    <>
      <div role="radiogroup" aria-label="Template" className="rb-Choices">
        {templates.map(each => (
          <label key={each.name} className="rb-Choice">
            <input
              type="radio"
              name="rb-template"
              checked={value.template === each.name}
              onChange={() => onChange({ ...value, template: each.name })}
            />
            <span>
              <b>{each.title}</b>
              <div className="rb-Dim">{each.summary}</div>
            </span>
          </label>
        ))}
      </div>
      <Line label="name" hint="of a new folder, and of the notebook in it">
        <input
          className="jp-mod-styled"
          type="text"
          maxLength={100}
          placeholder={suggest(value.template)}
          value={value.name}
          onChange={event => onChange({ ...value, name: event.target.value })}
        />
      </Line>
    </>
  );
}

/** The name itself, or with the first number that is free. */
function free(name: string, taken: readonly string[]): string {
  let found = name;
  for (let number = 2; taken.includes(found); number++) {
    found = `${name}-${number}`;
  }
  return found;
}
