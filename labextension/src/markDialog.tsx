import { ReactWidget } from '@jupyterlab/apputils';
import React from 'react';
import type { IMark } from './models/marks';

/** What the marks of a cell mean, as the body of a dialog. */
export function explanation(marks: readonly IMark[]): ReactWidget {
  return ReactWidget.create(
    <div className="rb-Marks">
      {marks.map((mark, index) => (
        <div key={index}>
          <b>{mark.title}</b>
          <div>{mark.cause}</div>
          {mark.fix ? (
            <div>
              <b>Fix:</b> {mark.fix}
            </div>
          ) : null}
        </div>
      ))}
    </div>
  );
}
