import React from 'react';
import { text } from '../models/format';
import type { Header } from '../types';
import { HeaderTree } from './HeaderTree';

/** A header as the output of the cell that froze it: the same lines as in any other front end, and the whole tree. */
export function HeaderCard(props: { header: Header }): JSX.Element {
  const { header } = props;
  return (
    <div className="rb-Card">
      <b>reprobook</b> · {header.name ?? 'run'} frozen
      <dl className="rb-Facts">
        {lines(header).map(([label, value]) => (
          <React.Fragment key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </React.Fragment>
        ))}
      </dl>
      {warnings(header).map(warning => (
        <div className="rb-Warning" key={warning}>
          ⚠ {warning}
        </div>
      ))}
      <details>
        <summary>The whole header</summary>
        <HeaderTree header={header} />
      </details>
    </div>
  );
}

function lines(header: Header): [string, string][] {
  const { environment, hardware, seeds, git } = header;
  const parameters = Object.entries(header.parameters).map(([name, value]) => `${name}=${text(value)}`);
  const found: [string, string | null][] = [
    ['recipe', `rb1-${header.recipe_digest.slice(0, 8)}  (sha256 ${header.recipe_digest.slice(0, 16)}…)`],
    [
      'seed',
      seeds.seed === null ? null : `${seeds.seed}${seeds.deterministic ? ', deterministic kernels' : ''}`
    ],
    ['parameters', parameters.join(', ') || null],
    [
      'environment',
      environment && `Python ${environment.python}, ${environment.distributions.length} packages locked`
    ],
    [
      'hardware',
      hardware &&
        [hardware.machine, `${hardware.cpu_count} CPUs`, ...hardware.gpus.map(gpu => gpu.name)].join(', ')
    ],
    ['git', git?.commit ? `${git.commit.slice(0, 10)}${git.dirty ? ' + changes' : ''}` : null]
  ];
  return found.filter((line): line is [string, string] => line[1] !== null);
}

function warnings(header: Header): string[] {
  return [
    ...Object.entries(header.seeds.ineffective).map(
      ([name, reason]) => `${name} is not effective: ${reason}`
    ),
    ...Object.entries(header.missing).map(
      ([section, reason]) => `${section} could not be captured: ${reason}`
    )
  ];
}
