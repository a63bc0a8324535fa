/** `npm run fuzz -- transcripts`: broken conversations by the thousand, judged by code that shares nothing with the library. */
import { parseArgs } from 'node:util';
import { fuzzFormats } from './formats.js';
import { type FuzzCounts, type FuzzFinding, fuzz } from './run.js';

const FORMATS = fuzzFormats.map(({ format }) => format).join(', ');

/** Of the invalid ones, at least so many must be valid after a repair. */
const REPAIRED_SHARE = 0.99;

/** How many are told. */
const MOST_TOLD = 20;

/** What is counted, in a line each. */
const COUNTERS: Readonly<Record<Exclude<keyof FuzzCounts, 'format'>, string>> = {
  cases: 'transcripts that were judged',
  valid: 'of them, those that the oracle takes',
  invalid: 'of them, those that the oracle refuses',
  invalid_accepted: 'refused by the oracle, and check lets them pass',
  valid_rejected: 'taken by the oracle, and check does not',
  repaired: `invalid ones that both take after repair: at least ${REPAIRED_SHARE * 100} of 100`,
  repair_untrue: 'repair says that nothing remains, and the result is refused',
  texts_lost: 'a text, refusal or signature is gone after repair',
  not_idempotent: 'a second repair changes something',
  input_touched: 'the messages given were changed, or copied without need',
  misdetected: 'taken for another format',
  crashes: 'check or repair threw',
  remaining: 'why the rest was not repaired, by code',
};

const USAGE = `Usage: npm run fuzz -- transcripts [--n 3000] [--seed N] [--format openai-chat] [--json]

Breaks valid transcripts at random, and compares what the library says of them with an oracle per provider.

  --n        how many per format (default 3000)
  --seed     which ones; the same seed gives the same transcripts (default 1)
  --format   only this one (${FORMATS})
  --json     one JSON object on standard output, nothing else

What is counted, for each format; all but cases, valid, invalid, repaired and remaining should be 0:

${Object.entries(COUNTERS)
  .map(([name, meaning]) => `  ${name.padEnd(17)}${meaning}`)
  .join('\n')}

Exit code: 0 nothing was found, 1 otherwise, 2 usage.`;

/** What was asked is not to be had: told in a line, and the program ends with 2. */
class WrongUse extends Error {}

function main(): number {
  const { values, positionals } = optionsOf();
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [what, ...more] = positionals;
  if (what !== 'transcripts') throw new WrongUse(`${what ?? 'nothing was named'}: there are transcripts`);
  if (more.length > 0) throw new WrongUse(`${more.join(' ')}: nothing stands behind transcripts but options`);
  const n = whole('--n', values.n, 1);
  const seed = whole('--seed', values.seed, Number.MIN_SAFE_INTEGER);
  const formats = fuzzFormats.filter(({ format }) => values.format === undefined || values.format === format);
  if (formats.length === 0) throw new WrongUse(`--format ${values.format}: there are ${FORMATS}`);
  const runs = formats.map((format) => fuzz(format, n, seed));
  const findings = runs.flatMap((run) => run.findings);
  const tooFew = runs
    .map(({ counts }) => counts)
    .filter(({ repaired, invalid }) => repaired < invalid * REPAIRED_SHARE);
  if (values.json)
    console.log(
      JSON.stringify({ n, seed, formats: runs.map(({ counts }) => counts), findings: findings.slice(0, MOST_TOLD) }),
    );
  else
    tell(
      runs.map(({ counts }) => counts),
      findings,
      tooFew,
    );
  return findings.length === 0 && tooFew.length === 0 ? 0 : 1;
}

/** @throws WrongUse for what is no option. */
function optionsOf() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        n: { type: 'string', default: '3000' },
        seed: { type: 'string', default: '1' },
        format: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    });
  } catch (error) {
    throw new WrongUse(error instanceof Error ? error.message.split('\n')[0] : String(error));
  }
}

/** @throws WrongUse */
function whole(name: string, text: string, least: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new WrongUse(`${name} ${text}: give a whole number${least > 0 ? ` from ${least}` : ''}`);
}

/** For people: what was counted, what was found, and in the last line what came of it. */
function tell(
  all: readonly FuzzCounts[],
  findings: readonly FuzzFinding[],
  tooFew: readonly { readonly format: string }[],
): void {
  for (const counts of all)
    console.log(
      Object.entries(counts)
        .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
        .join(', '),
    );
  for (const { counter, format, mutator, seed, what } of findings.slice(0, MOST_TOLD))
    console.log(`${format} ${counter} (${mutator}, ${seed}): ${what}`);
  for (const { format } of tooFew) console.log(`${format}: too few were repaired`);
  const first = findings.length > MOST_TOLD ? ` (the first ${MOST_TOLD})` : '';
  const found = findings.length + tooFew.length;
  console.log(found === 0 ? 'Nothing was found.' : `${found} findings, see above${first}.`);
}

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof WrongUse)) throw error;
  console.error(`fuzz: ${error.message} (--help tells the options)`);
  process.exitCode = 2;
}
