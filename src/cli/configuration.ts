import type { GuardConfig } from '../config/loader/config.js';
import { spellings } from '../config/loader/names.js';
import { CONFIG_NAMES, type ReadConfig, readConfig } from '../config/loader/read-config.js';
import { CommandError, EXIT } from './exit.js';

/** What every command is told. */
export interface CommonOptions {
  /** The file named by `-c`. */
  readonly config?: string;
  readonly json?: boolean;
}

/** The configuration a command speaks of. @throws ConfigError for one that cannot be used. */
export function usableConfig(options: CommonOptions): ReadConfig {
  const read = readConfig(options.config, process.cwd(), process.env);
  if (read.issues.errors) throw read.issues.error();
  return read;
}

/** The same, where without a file there is nothing to speak of. */
export function requireFile(read: ReadConfig): ReadConfig {
  if (read.file !== undefined) return read;
  throw new CommandError(
    EXIT.usage,
    `there is no ${CONFIG_NAMES.join(' or ')} in ${process.cwd()}`,
    'Write one with mycelium init, or name one with -c FILE.',
  );
}

/** Whether people mean this tool: by its name in the file, or in code. */
export function isCalled({ name }: GuardConfig, said: string): boolean {
  return spellings(name).includes(said);
}
