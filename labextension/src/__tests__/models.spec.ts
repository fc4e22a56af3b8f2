import { columnsOf, mainMetric } from '../models/columns';
import { number, polyline, since, text } from '../models/format';
import { NotebookModel } from '../models/notebook';
import { RunsModel } from '../models/runs';
import { SeriesModel } from '../models/series';
import { search, treeOf } from '../models/tree';
import type { IJob } from '../types';
import { description, run, Server, settle, standing } from './fakes';

function many(count: number) {
  return Array.from({ length: count }, (_, index) => run(`run-${index}`, { metrics: { loss: index } }));
}

describe('RunsModel', () => {
  it('fetches the pages that come into view, each once', async () => {
    const server = new Server();
    server.runs = many(1000);
    const model = new RunsModel(server.api, 'nb.ipynb');
    await model.show(0, 30);
    await model.show(10, 40);
    await model.show(190, 220);
    expect(server.asked).toEqual(['runs ||0', 'runs ||200']);
    expect(model.total).toBe(1000);
    expect(model.at(399)?.run_id).toBe('run-399');
    expect(model.at(400)).toBeUndefined();
  });

  it('sorts descending, ascending, and then newest first again', async () => {
    const server = new Server();
    const model = new RunsModel(server.api, 'nb.ipynb');
    const orders = [1, 2, 3].map(() => (model.sortBy('metrics.loss'), model.sort));
    expect(orders).toEqual(['-metrics.loss', 'metrics.loss', '']);
  });

  it('shows the old pages until the new ones are there, and no answer that came too late', async () => {
    const server = new Server();
    server.runs = many(3);
    const model = new RunsModel(server.api, 'nb.ipynb');
    await model.show(0, 2);
    model.filter('lr > 1');
    expect(model.at(0)?.run_id).toBe('run-0');
    server.runs = [];
    model.filter('lr > 2');
    await settle();
    expect(server.asked).toEqual(['runs ||0', 'runs lr > 1||0', 'runs lr > 2||0']);
    expect([model.total, model.known]).toEqual([0, []]);
  });

  it('tells what is wrong with a filter, and forgets it when it is mended', async () => {
    const server = new Server();
    const model = new RunsModel(server.api, 'nb.ipynb');
    const { runs } = server.api;
    server.api.runs = async () => {
      throw new Error('no such field');
    };
    model.filter('x >');
    await settle();
    expect(model.problem).toContain('no such field');
    server.api.runs = runs;
    model.filter('');
    await settle();
    expect(model.problem).toBe('');
  });

  it('takes a run that went on in its place, and says nothing when it is disposed', async () => {
    const server = new Server();
    server.runs = many(2);
    const model = new RunsModel(server.api, 'nb.ipynb');
    await model.show(0, 1);
    const changed = jest.fn();
    model.changed.connect(changed);
    model.update(run('run-1', { status: 'running' }));
    expect(model.at(1)?.status).toBe('running');
    expect(changed).toHaveBeenCalledTimes(1);
    model.reload();
    model.dispose();
    await settle();
    expect(changed).toHaveBeenCalledTimes(1);
  });
});

describe('NotebookModel', () => {
  const job: IJob = {
    job_id: 'j',
    action: 'verify',
    notebook: 'nb.ipynb',
    created: '',
    state: 'running',
    progress: '',
    result: null
  };

  it('asks when it is connected and when something happened, never by itself', async () => {
    const server = new Server();
    const model = new NotebookModel(server.api, 'nb.ipynb', server.connect);
    expect(server.asked).toEqual(['connect nb.ipynb']);
    server.events[0]?.connected.emit();
    await settle();
    expect(server.asked).toContain('describe nb.ipynb');
    server.asked = [];
    server.send({ type: 'run', run: run('r', { status: 'running' }) });
    await settle();
    expect(server.asked).toEqual([]);
    server.send({ type: 'run', run: run('r') });
    server.send({ type: 'standing' });
    server.send({ type: 'standing' });
    await settle();
    // Three reasons at once are one question, and one more.
    expect(server.asked).toEqual(['describe nb.ipynb', 'describe nb.ipynb']);
    model.dispose();
  });

  it('tells of the end of a job once', () => {
    const server = new Server();
    const model = new NotebookModel(server.api, 'nb.ipynb', server.connect);
    const ended = jest.fn();
    model.jobEnded.connect(ended);
    server.send({ type: 'job', job });
    server.send({ type: 'job', job: { ...job, progress: 'cell 1 of 2' } });
    expect(model.jobs.map(each => each.progress)).toEqual(['cell 1 of 2']);
    server.send({ type: 'job', job: { ...job, state: 'ended' } });
    expect(ended).toHaveBeenCalledTimes(1);
    model.dispose();
  });

  it('keeps the reason where the server does not answer', async () => {
    const server = new Server();
    server.api.describe = async () => {
      throw new Error('no notebook is there');
    };
    const model = new NotebookModel(server.api, 'nb.ipynb', server.connect);
    await model.refresh();
    expect([model.description, model.problem]).toEqual([null, 'no notebook is there']);
    model.dispose();
  });

  it('follows a renamed file', async () => {
    const server = new Server();
    const model = new NotebookModel(server.api, 'a.ipynb', server.connect);
    model.path = 'b.ipynb';
    await settle();
    expect(server.events.map(each => each.isDisposed)).toEqual([true, false]);
    expect(server.asked).toContain('describe b.ipynb');
    model.dispose();
  });

  it('is silent after dispose', async () => {
    const server = new Server();
    server.description = description({ standing: standing({ state: 'frozen' }) });
    const model = new NotebookModel(server.api, 'nb.ipynb', server.connect);
    const changed = jest.fn();
    model.changed.connect(changed);
    void model.refresh();
    model.dispose();
    model.dispose();
    await settle();
    server.send({ type: 'job', job });
    expect(changed).not.toHaveBeenCalled();
    expect([model.isDisposed, model.runs.isDisposed, server.events[0]?.isDisposed]).toEqual([
      true,
      true,
      true
    ]);
  });
});

describe('SeriesModel', () => {
  it('asks in batches, of ended runs once, of running ones as they go on', async () => {
    const server = new Server();
    const model = new SeriesModel(server.api, 'nb.ipynb', 'loss');
    const running = run('b', { status: 'running', progress: { cell: 1, total: 3 } });
    await model.want([run('a'), running]);
    await model.want([run('a'), running]);
    await model.want([run('a'), { ...running, progress: { cell: 2, total: 3 } }]);
    expect(server.asked).toEqual(['series loss a,b', 'series loss b']);
    expect(model.of('a')).toEqual([1, 2, 3]);
    model.dispose();
    expect(model.isDisposed).toBe(true);
  });
});

describe('columns', () => {
  it('are metrics, and the parameters that are not all alike', () => {
    const runs = [
      run('a', { metrics: { loss: 1 }, parameters: { lr: 0.1, n: 3 } }),
      run('b', { metrics: { loss: 2, acc: 'NaN' }, parameters: { lr: 0.2, n: 3 } })
    ];
    const labels = columnsOf(runs).map(column => column.label);
    expect(labels).toEqual(['loss', 'when', 'name', 'acc', 'lr', 'seed', 's', 'run']);
    expect(mainMetric(runs)).toBe('loss');
    expect(mainMetric([])).toBeNull();
  });
});

describe('format', () => {
  it('shows numbers, texts and times as people read them', () => {
    expect([number(0.123456789), number('NaN'), number(undefined)]).toEqual(['0.123457', 'NaN', '']);
    expect([text('a'), text([1]), text(undefined)]).toEqual(['a', '[1]', '']);
    const now = Date.parse('2026-11-21T12:00:00Z');
    const moments = [
      '2026-11-21T11:59:30Z',
      '2026-11-21T11:00:00Z',
      '2026-11-11T12:00:00Z',
      '2027-01-01T00:00:00Z'
    ];
    expect(moments.map(moment => since(moment, now))).toEqual(['30 s ago', '1 h ago', '10 d ago', '0 s ago']);
  });

  it('shows the tags of a header as the values of Python that they stand for', () => {
    const nested = { $tuple: [1, { $float: '1.0' }, 'a', [{ $items: [['k', { $tuple: [2] }]] }]] };
    expect(text(nested)).toBe('(1, 1.0, "a", [{"k": (2,)}])');
    expect([true, null, { $float: 'nan' }, { $set: [1] }, { a: 1, b: 2 }].map(text)).toEqual([
      'True',
      'None',
      'nan',
      '{1}',
      '{"a":1,"b":2}'
    ]);
    expect(treeOf('header', { l2: { $float: '1.0' } }).children).toEqual([
      { label: 'l2', value: '1.0', children: [] }
    ]);
  });

  it('draws a course into its box', () => {
    expect(polyline([0, 1, 2], 10, 4)).toBe('0.0,4.0 5.0,2.0 10.0,0.0');
    expect(polyline([5, 5], 10, 4)).toBe('0.0,2.0 10.0,2.0');
  });
});

describe('tree', () => {
  const header = {
    seeds: { seed: 3 },
    environment: { distributions: [{ name: 'numpy', version: '2.0', record: 'ab' }] }
  };

  it('names packages by name and version, and finds leaves by all words', () => {
    const tree = treeOf('header', header);
    expect(tree.children[1]?.children[0]?.children[0]?.label).toBe('numpy 2.0');
    expect(search(tree, 'NUMPY record', 10).lines).toEqual([
      { path: 'environment.distributions.numpy 2.0.record', value: 'ab' }
    ]);
    expect(search(tree, 'seed', 10).lines).toEqual([{ path: 'seeds.seed', value: '3' }]);
    expect(search(tree, '', 1)).toEqual({ lines: [{ path: 'seeds.seed', value: '3' }], more: 2 });
  });
});
