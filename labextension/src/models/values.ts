const BRACKETS: Record<string, [string, string]> = {
  $tuple: ['(', ')'],
  $set: ['{', '}'],
  $frozenset: ['frozenset({', '})'],
  $items: ['{', '}']
};

/** What a header writes for values that JSON has not: an object with one key, the tag. */
export function isTagged(value: unknown): boolean {
  return tagged(value) !== null;
}

/** A value of a header in the words of Python, as far as it has them; a text in quotes, but for the outermost. */
export function readable(value: unknown, outer = true): string {
  if (typeof value === 'string') {
    return outer ? value : JSON.stringify(value);
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  if (value === null) {
    return 'None';
  }
  if (Array.isArray(value)) {
    return `[${value.map(item => readable(item, false)).join(', ')}]`;
  }
  const found = tagged(value);
  if (!found) {
    return JSON.stringify(value) ?? '';
  }
  const [tag, content] = found;
  const brackets = BRACKETS[tag];
  if (!brackets || !Array.isArray(content)) {
    return tag === '$bytes' ? `bytes ${String(content)}` : String(content);
  }
  const items = content.map(item =>
    tag === '$items' && Array.isArray(item)
      ? item.map(part => readable(part, false)).join(': ')
      : readable(item, false)
  );
  const [open, close] = brackets;
  return open + items.join(', ') + (tag === '$tuple' && items.length === 1 ? ',' : '') + close;
}

function tagged(value: unknown): [string, unknown] | null {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const [first] = entries;
  return entries.length === 1 && first?.[0].startsWith('$') ? first : null;
}
