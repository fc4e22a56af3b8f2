import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import React from 'react';
import type { JobRequest } from '../types';

/** A form fills in what it is given, and says with `onChange` what it holds now. */
export interface IFormProps<T> {
  value: T;
  onChange: (value: T) => void;
}

/**
 * Show a form in a dialog until what it holds is valid; return that, or null where the user thought better of it.
 * What is valid, its fields say: `required`, `min`, `max`.
 */
export async function askForm<T>(
  title: string,
  label: string,
  value: T,
  Form: React.FC<IFormProps<T>>
): Promise<T | null> {
  for (;;) {
    const buttons = [Dialog.cancelButton(), Dialog.okButton({ label })];
    const { button, value: filled } = await showDialog({ title, body: new FormWidget(value, Form), buttons });
    if (!button.accept || !filled) {
      return null;
    }
    // Newer releases of JupyterLab do not let anybody accept what is invalid; older ones do.
    if (filled.valid) {
      return filled.form;
    }
    value = filled.form;
  }
}

class FormWidget<T> extends ReactWidget {
  constructor(
    private _value: T,
    private readonly _form: React.FC<IFormProps<T>>
  ) {
    super();
    this.addClass('rb-Form');
  }

  /** What was filled in; asked while the form is still shown. */
  getValue(): { form: T; valid: boolean } {
    return { form: this._value, valid: wrong(this.node) === '' };
  }

  protected override render(): JSX.Element {
    const Form = this._form;
    const onChange = (value: T) => {
      this._value = value;
      this.update();
    };
    return (
      <Checked node={this.node}>
        <Form value={this._value} onChange={onChange} />
      </Checked>
    );
  }
}

/** A form, and what is wrong with it. */
function Checked(props: React.PropsWithChildren<{ node: HTMLElement }>): JSX.Element {
  const [problem, setProblem] = React.useState('');
  React.useEffect(() => setProblem(wrong(props.node)));
  return (
    <>
      {props.children}
      <p className="rb-Bad rb-Problem" role="alert">
        {problem}
      </p>
    </>
  );
}

function wrong(node: HTMLElement): string {
  const field = node.querySelector<HTMLInputElement>('input:invalid');
  const label = field?.closest('.rb-Line')?.querySelector('.rb-Line-label')?.textContent ?? '';
  return field ? `${label}: ${field.validationMessage}` : '';
}

/** A labelled line of a form. */
export function Line(props: React.PropsWithChildren<{ label: string; hint?: string }>): JSX.Element {
  return (
    <label className="rb-Line">
      <span className="rb-Line-label">{props.label}</span>
      {props.children}
      {props.hint ? <span className="rb-Dim">{props.hint}</span> : null}
    </label>
  );
}

export type Asked = JobRequest | null;
