import type { GuardConfig } from '../config/loader/config.js';
import { spellings } from '../config/loader/names.js';
import { CONFIG_NAMES, type ReadConfig, readConfig } from '../config/loader/read-config.js';
import { type Audit, auditOf } from '../config/runtime/audit.js';
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

/** The same with whoever signs its receipts, for commands that settle calls. @throws ConfigError also for its key */
export async function signingConfig(
  options: CommonOptions,
): Promise<{ readonly read: ReadConfig; readonly audit: Audit | undefined }> {
  const read = usableConfig(options);
  const audit = await auditOf(read);
  if (read.issues.errors) throw read.issues.error();
  return { read, audit };
}

/** A configuration, where without a file there is nothing to speak of. */
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
