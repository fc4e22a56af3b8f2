import type { MetricValue } from '../types';
import { readable } from './values';

/** A metric as people read it: six digits. */
export function number(value: MetricValue | null | undefined): string {
  if (value === undefined || value === null) {
    return '';
  }
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : value;
}

/** Any value as text on one line. */
export function text(value: unknown): string {
  return value === undefined ? '' : readable(value);
}

const STEPS: [number, string][] = [
  [60, 's'],
  [60, 'min'],
  [24, 'h'],
  [Infinity, 'd']
];

/** How long ago a moment was. */
export function since(moment: string, now: number): string {
  let left = Math.max(0, (now - Date.parse(moment)) / 1000);
  for (const [size, unit] of STEPS) {
    if (left < size) {
      return `${Math.floor(left)} ${unit} ago`;
    }
    left /= size;
  }
  return '';
}

/** The points of a polyline through these values in a box; a flat course lies in its middle. */
export function polyline(values: readonly number[], width: number, height: number): string {
  const low = Math.min(...values);
  const range = Math.max(...values) - low;
  return values
    .map((value, index) => {
      const x = values.length > 1 ? (index / (values.length - 1)) * width : width;
      const y = range > 0 ? height - ((value - low) / range) * height : height / 2;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}
