/** `npm run corpus`: writes the generated part of the corpus anew. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { casesOf } from './cases.js';
import { corpusFormats } from './formats.js';
import { linesOf } from './lines.js';

const folder = join('test', 'transcripts', 'generated');

mkdirSync(folder, { recursive: true });
for (const format of corpusFormats) {
  const cases = casesOf(format);
  const text = linesOf(cases);
  writeFileSync(join(folder, `${format.format}.jsonl`), text);
  console.log(`${format.format}: ${cases.length} cases, ${Math.ceil(Buffer.byteLength(text) / 1024)} kB`);
}
