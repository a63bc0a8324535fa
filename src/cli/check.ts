import { type ReadConfig, readConfig } from '../config/loader/read-config.js';
import { checkParts } from '../config/runtime/parts.js';
import { type CommonOptions, requireFile } from './configuration.js';
import type { Examined } from './examine.js';
import { EXIT, type ExitCode } from './exit.js';
import type { Terminal } from './terminal.js';
import { counted } from './wording.js';

/** `mycelium check`: everything wrong with the file, and what it leaves open. Opens no store and no connection. */
export async function check(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  return tell(await examined(options), undefined, options, terminal);
}

async function examined(options: CommonOptions): Promise<ReadConfig> {
  const read = requireFile(readConfig(options.config, process.cwd(), process.env));
  // Whether the signing key and the schemas are right is known when they are read.
  await checkParts(read);
  return read;
}

/** `mycelium check --connect`: also whether every store can be opened, and is safe. Creates none. */
export async function checkConnected(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const read = await examined(options);
  // What cannot be used names no stores.
  if (read.issues.errors) return tell(read, undefined, options, terminal);
  const [{ examine, exitFor, faultLines, isMissing }, { storesOf }] = await Promise.all([
    import('./examine.js'),
    import('./open-ledgers.js'),
  ]);
  const stores: Examined[] = [];
  for (const location of storesOf(read.config)) stores.push(await examine(location, false));
  const exit = tell(read, stores, options, terminal);
  if (options.json !== true) {
    const faults = stores.map((store) => faultLines(store, terminal)).filter((lines) => lines.length > 0);
    if (faults.length > 0) terminal.out(faults.map((lines) => lines.join('\n')).join('\n\n'));
  }
  // One that is not there yet can be reached, which is what was asked.
  return exitFor(stores.filter((store) => !isMissing(store))) || exit;
}

function tell(
  { issues, config, source }: ReadConfig,
  stores: readonly Examined[] | undefined,
  options: CommonOptions,
  terminal: Terminal,
): ExitCode {
  const { all } = issues;
  const errors = all.filter(({ severity }) => severity === 'error').length;
  const warnings = all.length - errors;
  if (options.json === true) {
    const connected = stores === undefined ? {} : { stores };
    terminal.out(JSON.stringify({ file: source.name, errors, warnings, issues: all, ...connected }, null, 2));
  } else if (all.length > 0) {
    terminal.out(`${issues.text(undefined, terminal.paint)}\n`);
    const counts = [
      [errors, 'error'],
      [warnings, 'warning'],
    ] as const;
    terminal.out(counts.flatMap(([count, what]) => (count === 0 ? [] : counted(count, what))).join(', '));
  } else if (terminal.watched) {
    // In a script, silence is enough.
    const { guards } = config;
    const guarded = guards.filter(({ ledger }) => ledger !== undefined).length;
    terminal.note(`${source.name}: nothing to mend; ${guarded} of ${guards.length} tools and tasks are guarded`);
  }
  if (errors > 0) return EXIT.usage;
  return warnings > 0 ? EXIT.findings : EXIT.done;
}
