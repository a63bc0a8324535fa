/** `npm run corpus`: writes the generated part of the corpus anew. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { casesOf } from './cases.js';
import { corpusFormats } from './formats.js';
import { linesOf } from './lines.js';

const FOLDER = 'test/transcripts/generated';

const USAGE = `Usage: npm run corpus

Makes the generated part of the corpus anew: ${FOLDER}/<format>.jsonl, one case a line. The cases are the same each time.

Exit code: 0 written, 2 usage.`;

function main(): number {
  const { values } = parseArgs({ options: { help: { type: 'boolean', default: false, short: 'h' } } });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  generate();
  return 0;
}

function generate(): void {
  mkdirSync(FOLDER, { recursive: true });
  let total = 0;
  for (const format of corpusFormats) {
    const cases = casesOf(format);
    const text = linesOf(cases);
    const file = `${FOLDER}/${format.format}.jsonl`;
    writeFileSync(file, text);
    total += cases.length;
    console.log(`wrote ${file}: ${cases.length} cases, ${Math.ceil(Buffer.byteLength(text) / 1024)} kB`);
  }
  console.log(
    `${corpusFormats.length} files, ${total} cases. What is written by hand lies beside them and was left alone.`,
  );
}

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))) throw error;
  console.error(`corpus: ${error.message.split('\n')[0]} (--help tells what it does)`);
  process.exitCode = 2;
}
