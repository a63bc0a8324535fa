import { readConfig } from '../config/loader/read-config.js';
import { type CommonOptions, requireFile } from './configuration.js';
import { EXIT, type ExitCode } from './exit.js';
import type { Terminal } from './terminal.js';

/** `mycelium check`: everything wrong with the file, and what it leaves open. Opens no store and no connection. */
export function check(options: CommonOptions, terminal: Terminal): ExitCode {
  const { issues, config, source } = requireFile(readConfig(options.config, process.cwd(), process.env));
  const { all } = issues;
  const errors = all.filter(({ severity }) => severity === 'error').length;
  const warnings = all.length - errors;
  if (options.json === true) {
    terminal.out(JSON.stringify({ file: source.name, errors, warnings, issues: all }, null, 2));
  } else if (all.length > 0) {
    terminal.out(`${issues.text(undefined, terminal.paint)}\n`);
    terminal.out([counted(errors, 'error'), counted(warnings, 'warning')].filter((text) => text !== '').join(', '));
  } else if (terminal.watched) {
    // In a script, silence is enough.
    const { guards } = config;
    const guarded = guards.filter(({ ledger }) => ledger !== undefined).length;
    terminal.note(`${source.name}: nothing to mend; ${guarded} of ${guards.length} tools and tasks are guarded`);
  }
  if (errors > 0) return EXIT.usage;
  return warnings > 0 ? EXIT.findings : EXIT.done;
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}
