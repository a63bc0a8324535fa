/** `npm run fuzz -- transcripts`: broken conversations by the thousand, judged by code that shares nothing with the library. */
import { parseArgs } from 'node:util';
import { fuzzFormats } from './formats.js';
import { fuzz } from './run.js';

const USAGE = `Usage: npm run fuzz -- transcripts [--n 3000] [--seed N] [--format openai-chat] [--json]

Breaks valid transcripts at random, and compares what the library says of them with an oracle per provider.

  --n        how many per format (default 3000)
  --seed     which ones; the same seed gives the same transcripts (default 1)
  --format   only this one (${fuzzFormats.map(({ format }) => format).join(', ')})
  --json     one JSON object on standard output, nothing else

Exit code: 0 nothing was found, 1 otherwise, 2 usage.`;

/** Of the invalid ones, at least so many must be valid after a repair. */
const REPAIRED_SHARE = 0.99;

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      n: { type: 'string', default: '3000' },
      seed: { type: 'string', default: '1' },
      format: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [n, seed] = [Number(values.n), Number(values.seed)];
  const formats = fuzzFormats.filter(({ format }) => values.format === undefined || values.format === format);
  if (
    positionals[0] !== 'transcripts' ||
    positionals.length > 1 ||
    !(Number.isInteger(n) && n > 0 && Number.isInteger(seed)) ||
    formats.length === 0
  ) {
    console.error(USAGE);
    return 2;
  }
  const runs = formats.map((format) => fuzz(format, n, seed));
  const findings = runs.flatMap((run) => run.findings);
  const tooFew = runs.filter(({ counts }) => counts.repaired < counts.invalid * REPAIRED_SHARE);
  if (values.json)
    console.log(
      JSON.stringify({ n, seed, formats: runs.map(({ counts }) => counts), findings: findings.slice(0, 20) }),
    );
  else {
    for (const { counts } of runs)
      console.log(
        Object.entries(counts)
          .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
          .join(', '),
      );
    for (const { counter, format, mutator, seed: at, what } of findings.slice(0, 20)) {
      console.log(`${format} ${counter} (${mutator}, ${at}): ${what}`);
    }
  }
  return findings.length === 0 && tooFew.length === 0 ? 0 : 1;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 2;
}
