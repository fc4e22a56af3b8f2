import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ReactWidget } from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import React from 'react';
import { HeaderCard } from '../panel/HeaderCard';
import { VerificationReport } from '../panel/VerificationReport';
import type { Header, IVerification } from '../types';
import { HEADER } from './mirror';

const VERIFICATION = 'application/vnd.reprobook.verification+json';
// Before HTML, which other front ends show.
const RANK = 10;

/** Shows headers and verifications as outputs of a notebook; their texts are only ever text. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'reprobook-labextension:renderer',
  description: 'Shows headers and verification reports in outputs.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate: (_: JupyterFrontEnd, registry: IRenderMimeRegistry) => {
    registry.addFactory(
      factory(HEADER, data => <HeaderCard header={data as Header} />),
      RANK
    );
    registry.addFactory(
      factory(VERIFICATION, data => <VerificationReport found={data as IVerification} />),
      RANK
    );
  }
};

function factory(mimeType: string, show: (data: unknown) => JSX.Element): IRenderMime.IRendererFactory {
  return { safe: true, mimeTypes: [mimeType], createRenderer: () => new Renderer(mimeType, show) };
}

export class Renderer extends ReactWidget implements IRenderMime.IRenderer {
  constructor(
    private readonly _mimeType: string,
    private readonly _show: (data: unknown) => JSX.Element
  ) {
    super();
    this.addClass('rb-Output');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._data = model.data[this._mimeType];
    this.update();
    await this.renderPromise;
  }

  protected override render(): JSX.Element | null {
    if (this._data === undefined) {
      return null;
    }
    return <Guard>{this._show(this._data)}</Guard>;
  }

  private _data: unknown = undefined;
}

/** A notebook is a file that anyone may edit: data of another form must not take the page down. */
class Guard extends React.Component<React.PropsWithChildren, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): React.ReactNode {
    return this.state.failed
      ? 'reprobook: this output is not readable; run the cell again.'
      : this.props.children;
  }
}

export default plugin;
