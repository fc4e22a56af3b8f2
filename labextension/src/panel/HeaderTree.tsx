import React from 'react';
import type { INode } from '../models/tree';
import { search, treeOf } from '../models/tree';
import type { Header } from '../types';

const MOST = 200;

/** A header as a tree to unfold, or as the lines that a search finds. */
export function HeaderTree(props: { header: Header }): JSX.Element {
  const [query, setQuery] = React.useState('');
  const root = React.useMemo(() => treeOf('header', props.header), [props.header]);
  return (
    <div className="rb-Tree">
      <input
        type="search"
        className="jp-mod-styled rb-Search"
        placeholder="Search the header: numpy, seed, cuda …"
        aria-label="Search the header"
        value={query}
        onChange={event => setQuery(event.target.value)}
      />
      {query.trim() ? (
        <Found root={root} query={query} />
      ) : (
        root.children.map(node => <Node key={node.label} node={node} />)
      )}
    </div>
  );
}

function Found(props: { root: INode; query: string }): JSX.Element {
  const { lines, more } = search(props.root, props.query, MOST);
  return (
    <div role="list" aria-live="polite">
      {lines.map(line => (
        <div role="listitem" className="rb-Leaf" key={line.path}>
          <span className="rb-Key">{line.path}</span> <span className="rb-Value">{line.value}</span>
        </div>
      ))}
      {lines.length === 0 ? <p className="rb-Empty">Nothing in the header matches.</p> : null}
      {more > 0 ? <p className="rb-Empty">{more} more; search for more words.</p> : null}
    </div>
  );
}

function Node(props: { node: INode }): JSX.Element {
  const { label, value, children } = props.node;
  const [open, setOpen] = React.useState(false);
  if (value !== null || children.length === 0) {
    return (
      <div className="rb-Leaf">
        <span className="rb-Key">{label}</span> <span className="rb-Value">{value ?? '—'}</span>
      </div>
    );
  }
  return (
    <details open={open} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="rb-Key">{label}</span> <span className="rb-Count">{children.length}</span>
      </summary>
      {open ? children.map((child, index) => <Node key={`${index} ${child.label}`} node={child} />) : null}
    </details>
  );
}
