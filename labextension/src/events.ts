import { URLExt } from '@jupyterlab/coreutils';
import type { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { Event } from './types';

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/** Where events come from; `connected` fires when a new connection tells of everything from then on. */
export interface IEvents extends IDisposable {
  readonly received: ISignal<IEvents, Event>;
  readonly connected: ISignal<IEvents, void>;
}

/** The events of a notebook's store, pushed by the server; a lost connection is made again. */
export class EventStream implements IEvents {
  constructor(
    private readonly _settings: ServerConnection.ISettings,
    private readonly _path: string
  ) {
    this._connect();
  }

  get received(): ISignal<this, Event> {
    return this._received;
  }

  get connected(): ISignal<this, void> {
    return this._connected;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._socket?.close();
    Signal.clearData(this);
  }

  private _connect(): void {
    const { wsUrl, token, appendToken, WebSocket } = this._settings;
    const query = new URLSearchParams({ path: this._path });
    if (appendToken && token) {
      query.set('token', token);
    }
    const socket = new WebSocket(`${URLExt.join(wsUrl, 'reprobook', 'events')}?${query.toString()}`);
    this._socket = socket;
    socket.onopen = () => {
      this._pause = FIRST_PAUSE;
    };
    socket.onmessage = message => {
      if (!this._isDisposed) {
        this._receive(JSON.parse(String(message.data)) as Event);
      }
    };
    socket.onclose = () => this._again();
  }

  private _receive(event: Event): void {
    if (event.type === 'ready') {
      this._connected.emit();
    } else {
      this._received.emit(event);
    }
  }

  private _again(): void {
    if (!this._isDisposed) {
      this._timer = setTimeout(() => this._connect(), this._pause);
      this._pause = Math.min(this._pause * 2, LONGEST_PAUSE);
    }
  }

  private _socket: WebSocket | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined = undefined;
  private _pause = FIRST_PAUSE;
  private _isDisposed = false;
  private _received = new Signal<this, Event>(this);
  private _connected = new Signal<this, void>(this);
}
