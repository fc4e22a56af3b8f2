// The header as TypeScript sees it, from the JSON Schema that the Python model exports.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compile } from 'json-schema-to-typescript';

const here = path => fileURLToPath(new URL(path, import.meta.url));
const schema = JSON.parse(await readFile(here('../../reprobook/header/schema.json'), 'utf8'));
const text = await compile(schema, 'Header', {
  additionalProperties: false,
  bannerComment: '// Made from reprobook/header/schema.json by `jlpm types`: edit the Python model, not this file.',
  style: { singleQuote: true }
});
const target = here('../src/generated/header.ts');
if (process.argv.includes('--check')) {
  if ((await readFile(target, 'utf8')) !== text) {
    console.error('src/generated/header.ts is not what the schema says: run `jlpm types`');
    process.exit(1);
  }
} else {
  await writeFile(target, text);
}
