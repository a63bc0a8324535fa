import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CONFIG_NAMES } from '../config/loader/read-config.js';
import { columns } from '../config/table.js';
import { CommandError, EXIT, type ExitCode } from './exit.js';
import { nextCommand, type Terminal } from './terminal.js';

/** What `init` is told. */
export interface InitOptions {
  readonly config?: string;
  readonly minimal?: boolean;
  readonly full?: boolean;
  readonly print?: boolean;
  readonly force?: boolean;
}

const NEXT = [
  ['check', 'whether it is right, and what it leaves open'],
  ['explain', 'what guards each tool, and where each value comes from'],
  ['ledger list --stuck', 'which calls wait for a person'],
] as const;

/** `mycelium init`: writes a configuration that works as it stands. */
export function init(options: InitOptions, terminal: Terminal): ExitCode {
  const template = options.full === true ? 'full' : options.minimal === true ? 'minimal' : 'mycelium';
  const text = readFileSync(new URL(`../../templates/${template}.yaml`, import.meta.url), 'utf8');
  if (options.print === true) {
    terminal.out(text.trimEnd());
    return EXIT.done;
  }
  const [first = 'mycelium.yaml', ...others] = CONFIG_NAMES;
  const name = options.config ?? first;
  const other = others.find((one) => options.config === undefined && existsSync(one));
  if (other !== undefined) throw refused(other);
  write(name, text, options.force === true);
  terminal.out(`Wrote ${name}. Put your own tools in place of its examples. Next:`);
  const next = NEXT.map(([words, why]) => [`  ${nextCommand(terminal, words, options.config)}`, why]);
  terminal.out(columns(next));
  if (isUnignored(dirname(resolve(name))))
    terminal.out('Add .mycelium/ to .gitignore: the arguments and results of calls are kept there.');
  return EXIT.done;
}

function refused(name: string): CommandError {
  return new CommandError(
    EXIT.findings,
    `${name} is there already, and was left as it is`,
    'Write another file with -c FILE, overwrite it with --force, or look at a template with --print.',
  );
}

/** @throws CommandError */
function write(name: string, text: string, force: boolean): void {
  const file = resolve(name);
  try {
    mkdirSync(dirname(file), { recursive: true });
    // Not asked first and written then: a file that appears in between would be lost.
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && syscall === 'open') throw refused(name);
    throw new CommandError(EXIT.usage, `${name} cannot be written: ${message}`, 'Name another file with -c FILE.');
  }
}

/** Whether the records would be committed: in a repository none of whose ignore files on the way speaks of them. */
function isUnignored(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (/^[^#\n]*\.mycelium/m.test(ignoresOf(at))) return false;
    if (existsSync(resolve(at, '.git'))) return true;
    if (at === dirname(at)) return false;
  }
}

function ignoresOf(folder: string): string {
  try {
    return readFileSync(resolve(folder, '.gitignore'), 'utf8');
  } catch {
    // None, or none that can be read: a hint too many does no harm.
    return '';
  }
}
