import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import React from 'react';
import type { JobRequest } from '../types';

/** A form fills in what it is given, and says with `onChange` what it holds now. */
export interface IFormProps<T> {
  value: T;
  onChange: (value: T) => void;
}

/** Show a form in a dialog; return what it holds, or null where the user thought better of it. */
export async function askForm<T>(
  title: string,
  label: string,
  value: T,
  Form: React.FC<IFormProps<T>>
): Promise<T | null> {
  const body = new FormWidget(value, Form);
  const buttons = [Dialog.cancelButton(), Dialog.okButton({ label })];
  const result = await showDialog({ title, body, buttons });
  return result.button.accept ? body.getValue() : null;
}

class FormWidget<T> extends ReactWidget {
  constructor(
    private _value: T,
    private readonly _form: React.FC<IFormProps<T>>
  ) {
    super();
    this.addClass('rb-Form');
  }

  getValue(): T {
    return this._value;
  }

  protected override render(): JSX.Element {
    const Form = this._form;
    const onChange = (value: T) => {
      this._value = value;
      this.update();
    };
    return <Form value={this._value} onChange={onChange} />;
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
