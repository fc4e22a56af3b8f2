import { ServerConnection } from '@jupyterlab/services';
import { createApi } from '../api';
import { EventStream } from '../events';
import { declared, runRequest, sweepRequest } from '../models/jobs';
import { request, RequestError } from '../request';
import type { IParameter } from '../types';

function serverThat(status: number, body: string) {
  const asked: Request[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost:8888/base/',
    wsUrl: 'ws://localhost:8888/base/',
    token: 'secret',
    appendToken: true,
    fetch: async (input: RequestInfo | URL) => {
      asked.push(input as Request);
      return new Response(body, { status });
    }
  });
  return { asked, settings };
}

describe('request', () => {
  it('asks below the base of the server, with the token, names escaped', async () => {
    const { asked, settings } = serverThat(200, '{"total": 0}');
    await createApi(settings).runs('a b&c.ipynb', { where: 'lr > 1', sort: '', offset: 0, limit: 5 });
    const url = new URL(asked[0]?.url ?? '');
    expect(url.pathname).toBe('/base/reprobook/runs');
    expect(url.searchParams.get('path')).toBe('a b&c.ipynb');
    expect(url.searchParams.get('where')).toBe('lr > 1');
    expect(asked[0]?.headers.get('Authorization')).toContain('secret');
  });

  it('sends JSON', async () => {
    const { asked, settings } = serverThat(201, '{}');
    await createApi(settings).start('nb.ipynb', { action: 'verify' });
    expect(asked[0]?.method).toBe('POST');
    expect(asked[0]?.headers.get('Content-Type')).toBe('application/json');
    expect(await asked[0]?.json()).toEqual({ action: 'verify', path: 'nb.ipynb' });
  });

  it('raises what the server said, with its hint', async () => {
    const { settings } = serverThat(400, '{"message": "no such field", "hint": "Did you mean lr?"}');
    const error = await request(settings, 'runs').catch((each: unknown) => each);
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ status: 400, message: 'no such field', hint: 'Did you mean lr?' });
  });

  it('survives an answer that is no JSON', async () => {
    const { settings } = serverThat(502, '<html>Bad gateway</html>');
    await expect(request(settings, 'runs')).rejects.toMatchObject({ status: 502, hint: '' });
  });
});

describe('EventStream', () => {
  class Socket {
    static made: Socket[] = [];
    onopen = () => undefined;
    onclose = () => undefined;
    onmessage = (_: { data: string }) => undefined;
    closed = false;

    constructor(readonly url: string) {
      Socket.made.push(this);
    }

    close(): void {
      this.closed = true;
      this.onclose();
    }
  }

  it('tells of events, connects again, and is silent when it is disposed', () => {
    jest.useFakeTimers();
    const { settings } = serverThat(200, '');
    const stream = new EventStream(
      { ...settings, WebSocket: Socket as unknown as typeof WebSocket },
      'a b.ipynb'
    );
    const received = jest.fn();
    stream.received.connect((_, event) => received(event));
    const [first] = Socket.made;
    expect(first?.url).toBe('ws://localhost:8888/base/reprobook/events?path=a+b.ipynb&token=secret');
    const connected = jest.fn();
    stream.connected.connect(() => connected());
    first?.onopen();
    expect(connected).not.toHaveBeenCalled();
    first?.onmessage({ data: '{"type": "ready"}' });
    expect(connected).toHaveBeenCalledTimes(1);
    first?.onmessage({ data: '{"type": "runs"}' });
    expect(received.mock.calls).toEqual([[{ type: 'runs' }]]);
    first?.onclose();
    jest.runOnlyPendingTimers();
    expect(Socket.made.length).toBe(2);
    stream.dispose();
    jest.runOnlyPendingTimers();
    expect([Socket.made.length, Socket.made[1]?.closed, stream.isDisposed]).toEqual([2, true, true]);
    jest.useRealTimers();
  });
});

describe('forms', () => {
  const parameter: IParameter = {
    name: 'lr',
    type: 'float',
    default: 0.1,
    text: '0.1',
    comment: '',
    lite: null,
    space: { kind: 'range', low: 1e-5, high: 0.1, log: true }
  };

  it('send only what was filled in', () => {
    const empty = { parameters: {}, seed: '', lite: false, device: 'auto', name: ' ' };
    expect(runRequest(empty)).toEqual({ action: 'run', parameters: {}, lite: false, device: 'auto' });
    expect(runRequest({ ...empty, seed: '7', name: 'x' })).toMatchObject({ seed: 7, name: 'x' });
    const sweep = {
      spaces: { lr: ' ', n: 'int:1:3' },
      metric: 'm',
      direction: 'max',
      sampler: 'tpe',
      trials: '5',
      jobs: '2'
    };
    expect(sweepRequest(sweep)).toMatchObject({ spaces: { n: 'int:1:3' }, trials: 5, jobs: 2 });
    expect(sweepRequest({ ...sweep, trials: '' })).not.toHaveProperty('trials');
  });

  it('write declared spaces as the command line does', () => {
    expect(declared(parameter)).toBe('log:0.00001:0.1');
    expect(
      declared({ ...parameter, type: 'int', space: { kind: 'range', low: 1, high: 8, log: false } })
    ).toBe('int:1:8');
    expect(declared({ ...parameter, space: { kind: 'choice', options: ['16', '32'] } })).toBe('choice:16,32');
    expect(declared({ ...parameter, space: null })).toBe('');
  });
});
