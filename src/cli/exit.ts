import { printable } from '../encoding/printable.js';
import { MyceliumError } from '../errors/mycelium-error.js';
import { ConfigError } from '../errors/usage.js';
import type { Terminal } from './terminal.js';

/** What the command line exits with. Printed in its help. */
export const EXIT = {
  done: 0,
  /** Something was found, or was refused by the state of things. */
  findings: 1,
  /** The words of the call, or the configuration, are off. */
  usage: 2,
  /** The store cannot be reached, or cannot be trusted. */
  store: 3,
  notFound: 4,
  /** A defect of the program itself. */
  internal: 70,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** By the code of an error: a table that a test pins. */
export const EXIT_OF: Readonly<Record<string, ExitCode>> = {
  CONFIG_INVALID: EXIT.usage,
  USAGE: EXIT.usage,
  CALL_NOT_FOUND: EXIT.notFound,
  STORE_NOT_FOUND: EXIT.notFound,
  RELEASE_REFUSED: EXIT.findings,
  STORE_UNAVAILABLE: EXIT.store,
  STORE_DAMAGED: EXIT.store,
  STORE_FORMAT: EXIT.store,
  STORE_LOST: EXIT.store,
  STORE_UNSAFE: EXIT.store,
  LEDGER_CLOSED: EXIT.store,
  RECEIPT_LOG_DAMAGED: EXIT.store,
  RECEIPT_NOT_PROVABLE: EXIT.notFound,
};

/** A command that cannot do what it was asked, in words of the command line. */
export class CommandError extends Error {
  readonly code: ExitCode;
  readonly remedy: string;

  constructor(code: ExitCode, message: string, remedy: string) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}

/** Tells an error, and what to exit with. @param json - the answer is read by a program, the error then too. */
export function tellError(error: unknown, terminal: Terminal, json: boolean): ExitCode {
  const { exit, facts, text } = described(error);
  if (json) terminal.out(JSON.stringify({ error: facts }, null, 2));
  else terminal.note(printable(text));
  return exit;
}

function described(error: unknown): { exit: ExitCode; facts: Readonly<Record<string, unknown>>; text: string } {
  if (error instanceof CommandError) {
    const { code: exit, message, remedy } = error;
    return { exit, facts: { code: 'COMMAND', message, remedy }, text: `mycelium: ${message}\n  ${remedy}` };
  }
  if (error instanceof MyceliumError) {
    const exit = EXIT_OF[error.code] ?? EXIT.findings;
    const { code, message, remedy, details } = error;
    const text = error instanceof ConfigError ? message : `mycelium: ${message}`;
    return { exit, facts: { code, message, remedy, details }, text };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = error instanceof Error ? error.message : String(error);
  return {
    exit: EXIT.internal,
    facts: { code: 'INTERNAL', message },
    text: `mycelium: this is a defect, please report it.\n${text}`,
  };
}
