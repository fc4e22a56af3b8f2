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
  let body = new FormWidget(value, '', Form);
  for (;;) {
    const buttons = [Dialog.cancelButton(), Dialog.okButton({ label })];
    const result = await showDialog({ title, body, buttons });
    if (!result.button.accept || !result.value) {
      return null;
    }
    if (!result.value.problem) {
      return result.value.form;
    }
    body = new FormWidget(result.value.form, result.value.problem, Form);
  }
}

class FormWidget<T> extends ReactWidget {
  constructor(
    private _value: T,
    private readonly _problem: string,
    private readonly _form: React.FC<IFormProps<T>>
  ) {
    super();
    this.addClass('rb-Form');
  }

  /** What was filled in, and what is wrong with it; asked as long as the form is shown. */
  getValue(): { form: T; problem: string } {
    return { form: this._value, problem: this._wrong() };
  }

  protected override render(): JSX.Element {
    const Form = this._form;
    const onChange = (value: T) => {
      this._value = value;
      this.update();
    };
    return (
      <>
        {this._problem ? (
          <p className="rb-Alert" role="alert">
            {this._problem}
          </p>
        ) : null}
        <Form value={this._value} onChange={onChange} />
      </>
    );
  }

  private _wrong(): string {
    const field = this.node.querySelector<HTMLInputElement>('input:invalid');
    const label = field?.closest('.rb-Line')?.querySelector('.rb-Line-label')?.textContent ?? '';
    return field ? `${label}: ${field.validationMessage}` : '';
  }
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
