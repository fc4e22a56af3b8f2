import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** The server said no; `hint` says what to do about it. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint = ''
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

export interface IRequestOptions {
  method?: 'GET' | 'POST' | 'DELETE';
  query?: Record<string, string>;
  body?: unknown;
}

/** The one way to the server: authenticated as JupyterLab is, JSON both ways, errors with their hint. */
export async function request<T>(
  settings: ServerConnection.ISettings,
  place: string,
  options: IRequestOptions = {}
): Promise<T> {
  const query = options.query ? `?${new URLSearchParams(options.query).toString()}` : '';
  const init: RequestInit = { method: options.method ?? 'GET' };
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
    init.headers = { 'Content-Type': 'application/json' };
  }
  const url = URLExt.join(settings.baseUrl, 'reprobook', place) + query;
  const response = await ServerConnection.makeRequest(url, init, settings);
  const text = await response.text();
  if (!response.ok) {
    throw refusal(response.status, text);
  }
  return JSON.parse(text) as T;
}

function refusal(status: number, text: string): RequestError {
  try {
    const { message, hint } = JSON.parse(text) as { message?: unknown; hint?: unknown };
    return new RequestError(status, String(message ?? text), typeof hint === 'string' ? hint : '');
  } catch {
    return new RequestError(status, text.slice(0, 200) || `HTTP ${status}`);
  }
}
