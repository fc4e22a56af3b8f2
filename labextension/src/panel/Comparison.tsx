import React from 'react';
import { mainMetric } from '../models/columns';
import { number } from '../models/format';
import type { NotebookModel } from '../models/notebook';
import type { IComparison, IFact, IRun } from '../types';

export interface IComparisonProps {
  model: NotebookModel;
  ids: readonly string[];
  onClear: () => void;
  onDelete: () => void;
}

/** Two or more runs beside each other: what is not the same in all of them, and what the metric proves. */
export function Comparison(props: IComparisonProps): JSX.Element {
  const { model, ids } = props;
  const [found, setFound] = React.useState<IComparison | null>(null);
  const [problem, setProblem] = React.useState('');
  const runs = ids.map(id => model.runs.find(id)).filter((run): run is IRun => run !== undefined);
  const [metric, setMetric] = React.useState<string | null>(null);
  const names = [...new Set(runs.flatMap(run => Object.keys(run.metrics)))];
  const chosen = metric ?? mainMetric(runs) ?? '';
  const key = ids.join();
  React.useEffect(() => {
    let wanted = true;
    const show = (set: () => void) => wanted && set();
    model.api.compare(model.path, [...ids], chosen).then(
      comparison => show(() => (setFound(comparison), setProblem(''))),
      (error: Error) => show(() => setProblem(error.message))
    );
    return () => void (wanted = false);
  }, [model, key, chosen]);
  return (
    <section className="rb-Comparison" aria-label="Comparison">
      <div className="rb-Actions">
        <b>Compare {ids.length} runs</b>
        <select
          className="jp-mod-styled rb-Select"
          aria-label="Metric of the comparison"
          value={chosen}
          onChange={event => setMetric(event.target.value)}
        >
          {names.map(name => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <button className="jp-mod-styled rb-Action" onClick={props.onClear}>
          Clear
        </button>
        <button className="jp-mod-styled jp-mod-warn rb-Action" onClick={props.onDelete}>
          Delete…
        </button>
      </div>
      {problem ? <p className="rb-Alert">{problem}</p> : null}
      {found?.sentences.map(sentence => (
        <p key={sentence}>{sentence}</p>
      ))}
      {found ? <Facts found={found} /> : null}
    </section>
  );
}

function Facts(props: { found: IComparison }): JSX.Element {
  const { runs, facts } = props.found;
  if (facts.length === 0) {
    return <p className="rb-Empty">Nothing differs: the same recipe, and the same results.</p>;
  }
  const sections = [...new Set(facts.map(fact => fact.section))];
  return (
    <div className="rb-Scroll">
      <table className="rb-Sides">
        <thead>
          <tr>
            <th />
            {runs.map(id => (
              <th key={id} title={id}>
                {id.slice(-4)}
              </th>
            ))}
          </tr>
        </thead>
        {sections.map(section => (
          <tbody key={section}>
            <tr>
              <th colSpan={runs.length + 1}>{section}</th>
            </tr>
            {facts
              .filter(fact => fact.section === section)
              .map(fact => (
                <Fact key={fact.key} fact={fact} />
              ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function Fact(props: { fact: IFact }): JSX.Element {
  const { key, values } = props.fact;
  return (
    <tr>
      <td title={key}>{key}</td>
      {values.map((value, index) => (
        <td key={index} title={value ?? 'absent'}>
          {value === null ? '—' : short(value)}
        </td>
      ))}
    </tr>
  );
}

/** A long fraction in six digits; the title has all of them. */
function short(value: string): string {
  return /^-?\d+\.\d{6,}$/.test(value) ? number(Number(value)) : value;
}
