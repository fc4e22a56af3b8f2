import React from 'react';
import type { Asked, IFormProps } from './dialog';
import { askForm, Line } from './dialog';

interface IPromoteForm {
  out: string;
  style: string;
  resume: boolean;
}

/** Ask where a script is to go, and how it is configured. */
export async function askPromote(path: string, runId: string | null): Promise<Asked> {
  const start = { out: path.replace(/\.ipynb$/, '') + '_job', style: 'plain', resume: false };
  const form = await askForm('Promote to a script that proves itself', 'Promote', start, PromoteForm);
  return form && { action: 'promote', run_id: runId, out: form.out, style: form.style, resume: form.resume };
}

function PromoteForm(props: IFormProps<IPromoteForm>): JSX.Element {
  const { value, onChange } = props;
  const set = (changed: Partial<IPromoteForm>) => onChange({ ...value, ...changed });
  return (
    <>
      <Line label="folder" hint="below the root of the server">
        <input
          className="jp-mod-styled"
          type="text"
          required
          value={value.out}
          onChange={event => set({ out: event.target.value })}
        />
      </Line>
      <Line label="style" hint="how the script is configured">
        <select
          className="jp-mod-styled"
          value={value.style}
          onChange={event => set({ style: event.target.value })}
        >
          {['plain', 'hydra', 'fabric'].map(style => (
            <option key={style}>{style}</option>
          ))}
        </select>
      </Line>
      <Line label="resumable" hint="checkpoints in training loops">
        <input
          type="checkbox"
          checked={value.resume}
          onChange={event => set({ resume: event.target.checked })}
        />
      </Line>
    </>
  );
}
