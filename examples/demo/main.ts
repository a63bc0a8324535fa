/**
 * Pays the same invoices twice, with plain functions as tools and with guarded ones, kills workers in the
 * middle, and shows what the payment gateway has booked. `--yaml` takes the guards from a YAML file instead of from
 * code. `--json` prints one JSON object and nothing else.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { blockedText, books, paint, wrapped } from './books.js';
import { Processes } from './processes.js';
import { type Mode, readInvoices, WORKERS } from './story.js';
import { payAll } from './supervisor.js';
import { broken, type Tally, tally } from './tally.js';

const TIME_LIMIT_MS = 60_000;

/** The two ways of writing the guards. */
const FORMS = {
  code: {
    mode: 'guarded',
    title: 'the same tools inside ledger(...), the task inside taskLedger(...)',
    files: 'examples/demo/bare-tools.ts and examples/demo/guarded-tools.ts',
  },
  yaml: {
    mode: 'yaml',
    title: 'the same tools, as mycelium.yaml says',
    files: 'examples/demo/bare-tools.ts, examples/demo/mycelium.yaml and examples/demo/yaml-tools.ts',
  },
} as const;
type Form = keyof typeof FORMS;

const invoices = readInvoices();
const startedAt = performance.now();
const secondsSince = (instant: number): string => ((performance.now() - instant) / 1_000).toFixed(1);

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function bothRuns(form: Form, folder: string, processes: Processes, json: boolean): Promise<Tally> {
  const say = json ? () => undefined : print;
  const runOnce = async (mode: Mode, title: string) => {
    const beganAt = performance.now();
    say(`\n${paint('bold', title)}`);
    return payAll(mode, invoices, folder, processes, (invoiceId, what) => {
      say(`  ${paint('dim', `${secondsSince(beganAt).padStart(4)} s`)}  ${invoiceId}  ${what}`);
    });
  };
  say(
    wrapped(
      `An agent pays ${invoices.length} invoices with ${WORKERS} worker processes. The payment gateway is a process of its own: ` +
        'it books what it is asked to book, and dedupes nothing. Workers are killed with SIGKILL before the charge, ' +
        'between charge and record, and after the record. What nobody reported back is dispatched again.',
      '',
    ),
  );
  const bare = await runOnce('bare', 'Bare: the tools are plain async functions');
  const guarded = await runOnce(FORMS[form].mode, `Guarded: ${FORMS[form].title}`);
  return tally(invoices, bare, guarded);
}

function forPeople(result: Tally): string {
  const blocked = result.lines.filter((line) => line.blocked !== undefined);
  return [
    `\n${paint('bold', "The gateway's own books, side by side")}\n`,
    books(result),
    ...blocked.map((line) => `\n${blockedText(line)}`),
  ].join('\n');
}

/** What the YAML form guards, as its users would print it. */
async function guards(): Promise<string> {
  const { mycelium } = await import('./yaml-tools.js');
  return `\n${paint('bold', 'What is guarded, by mycelium.report()')}\n\n${mycelium.report()}`;
}

/** What was promised, once it has been checked. */
function summary(form: Form, { lines, bare, guarded }: Tally): string {
  const twice = lines.filter((line) => line.bare.length > 1).length;
  const tooMany = `${twice} of ${lines.length} invoices charged more than once, ${bare.duplicates} charges too many.`;
  const kills = `${bare.kills} bare, ${guarded.kills} guarded`;
  return [
    `\n${bare.kills + guarded.kills} workers killed: ${kills}. ${secondsSince(startedAt)} s.`,
    paint('red', `Bare:    ${tooMany}`),
    paint(
      'green',
      `Guarded: every invoice charged exactly once; ${guarded.blocked} of them waits for a person to confirm it.`,
    ),
    `\nThe code: ${FORMS[form].files}`,
  ].join('\n');
}

function forPrograms(form: Form, { lines, bare, guarded }: Tally): string {
  return JSON.stringify({
    form,
    invoices: lines.length,
    bare: { charges: bare.charges, duplicates: bare.duplicates, kills: bare.kills },
    guarded: {
      charges: guarded.charges,
      duplicates: guarded.duplicates,
      blocked: guarded.blocked,
      kills: guarded.kills,
    },
    perInvoice: lines.map((line) => ({ ...line, bare: line.bare.length, guarded: line.guarded.length })),
    seconds: Number(secondsSince(startedAt)),
  });
}

/** Never resolves. Rejects when somebody stops the demo, nobody reads it any more, or it takes too long. */
function stopped(): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (exitCode: number, why: string): void => {
      process.exitCode = exitCode;
      reject(new Error(why));
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => stop(128 + constants.signals[signal], `Stopped by ${signal}.`));
    }
    process.stdout.on('error', (error) => stop(1, `Nobody reads the output: ${error.message}.`));
    setTimeout(() => stop(1, `The demo did not finish within ${TIME_LIMIT_MS / 1_000} s.`), TIME_LIMIT_MS).unref();
  });
}

async function main(): Promise<void> {
  const flag = { type: 'boolean', default: false } as const;
  const { json, yaml } = parseArgs({ options: { json: flag, yaml: flag } }).values;
  const form = yaml ? 'yaml' : 'code';
  const folder = mkdtempSync(join(tmpdir(), 'mycelium-demo-'));
  process.env['DEMO_LEDGER'] = join(folder, 'ledger'); // for mycelium.yaml, here and in the workers
  const processes = new Processes();
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  try {
    const result = await Promise.race([bothRuns(form, folder, processes, json), stopped()]);
    print(json ? forPrograms(form, result) : forPeople(result));
    const problems = broken(result);
    if (problems.length > 0) throw new Error(`The demo did not show what it promises.\n  ${problems.join('\n  ')}`);
    if (json) return;
    if (yaml) print(await guards());
    print(summary(form, result));
  } finally {
    await processes.end();
  }
}

main().catch((error: unknown) => {
  process.exitCode ??= 1;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
});
