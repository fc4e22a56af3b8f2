import React from 'react';
import { polyline } from '../models/format';

const WIDTH = 64;
const HEIGHT = 16;

/** The course of a metric, as small as a word. */
export const Sparkline = React.memo(function Sparkline(props: { values: readonly number[]; label: string }) {
  if (props.values.length < 2) {
    return <span className="rb-Sparkline" />;
  }
  const points = polyline(props.values, WIDTH - 2, HEIGHT - 4);
  return (
    <svg className="rb-Sparkline" width={WIDTH} height={HEIGHT} role="img" aria-label={props.label}>
      <polyline points={points} transform="translate(1,2)" fill="none" />
    </svg>
  );
});
