import { isTagged, readable } from './values';

/** A header as lines to search in, or a tree to unfold. */

export interface INode {
  label: string;
  /** The value of a leaf. */
  value: string | null;
  children: INode[];
}

export interface ILine {
  path: string;
  value: string;
}

/** Turn JSON into a tree; an entry of a list that has a name is called by it. */
export function treeOf(label: string, value: unknown): INode {
  if (Array.isArray(value)) {
    return { label, value: null, children: value.map((item, index) => entry(item, index)) };
  }
  if (isTagged(value)) {
    return { label, value: readable(value), children: [] };
  }
  if (isRecord(value)) {
    return { label, value: null, children: Object.keys(value).map(key => treeOf(key, value[key])) };
  }
  return { label, value: value === null ? '—' : String(value), children: [] };
}

/** Return the leaves whose path or value contains all words of a query. */
export function search(node: INode, query: string, most: number): { lines: ILine[]; more: number } {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const lines = leaves(node, '').filter(line => {
    const place = `${line.path} ${line.value}`.toLowerCase();
    return words.every(word => place.includes(word));
  });
  return { lines: lines.slice(0, most), more: Math.max(0, lines.length - most) };
}

function leaves(node: INode, path: string): ILine[] {
  return node.value !== null
    ? [{ path, value: node.value }]
    : node.children.flatMap(child => leaves(child, path ? `${path}.${child.label}` : child.label));
}

function entry(item: unknown, index: number): INode {
  if (isRecord(item) && typeof item.name === 'string') {
    const { name, ...rest } = item;
    const node = treeOf(name, rest);
    // A distribution is its name and version first of all.
    return typeof item.version === 'string' ? { ...node, label: `${name} ${item.version}` } : node;
  }
  return treeOf(`[${index}]`, item);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
