import { initSource } from './session';

const PARAMETERS = `from reprobook import Choice, Float, Int

lr: Float(1e-4, 1.0, log=True) = 0.1  # learning rate
batch_size: Choice(16, 32, 64) = 32
epochs: Int(1, 50, lite=2) = 10  # lite: the value of the laptop mode`;

const TRAINING = `import random

import reprobook as rb

for epoch in range(epochs):
    loss = 1 / (1 + lr * epoch) + random.random() / batch_size  # your training step
    rb.log(loss=loss, step=epoch)`;

/** The content of a new experiment notebook. */
export function experiment(name: string): object {
  const code = (source: string, tags: string[] = []) => ({
    cell_type: 'code',
    execution_count: null,
    metadata: tags.length ? { tags } : {},
    outputs: [],
    source
  });
  const about = `# ${name}\n\nRun the first cell: it freezes the recipe. Results are what \`rb.log\` and \`rb.save\` are given.`;
  return {
    cells: [
      { cell_type: 'markdown', metadata: {}, source: about },
      code(initSource(name, 42)),
      code(PARAMETERS, ['parameters']),
      code(TRAINING)
    ],
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
    nbformat: 4,
    nbformat_minor: 4
  };
}
