import { MyceliumError } from '../../errors/mycelium-error.js';
import { StoreUnavailableError } from '../../errors/store.js';
import { judgeCode, type Verdict } from './sqlstate.js';

/** Facts about a statement that failed. */
export interface Failure {
  readonly store: string;
  readonly during: string;
  readonly error: unknown;
  /** What must not be read in a message. */
  readonly secrets: readonly string[];
}

/** No answer came in time. */
export class LateAnswer extends Error {
  constructor(milliseconds: number) {
    super(`no answer within ${Math.round(milliseconds)} ms`);
  }
}

/** The statement was given to no connection, and is not under way any more. */
export class NotConnected extends Error {}

/** The answer was to another statement. */
export class ForeignAnswer extends Error {
  constructor() {
    super('the driver gave the answer to another statement');
  }
}

/** The code of an error of the driver, the server or the operating system. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** What an error says about its statement. */
export function verdictOn(error: unknown): Verdict {
  if (error instanceof NotConnected) return { applied: 'no', next: 'connect' };
  const { severity, syscall } = (error ?? {}) as { severity?: unknown; syscall?: unknown };
  return judgeCode(codeOf(error), {
    severity: typeof severity === 'string' ? severity : undefined,
    syscall: typeof syscall === 'string' ? syscall : undefined,
  });
}

/** Whether a connection broke, as the driver or the operating system says. */
export function isBroken(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return /^(CONNECTION_(CLOSED|DESTROYED)|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code);
}

/** What an answer means for people, where Postgres's own words do not say what to do. */
const REMEDIES: Readonly<Record<string, string>> = {
  '25006': 'The server takes no writes: it is a standby, or set to read only. Name the primary in the URL.',
  '42501':
    'Grant USAGE on the schema and SELECT, INSERT, UPDATE, DELETE on its tables; `mycelium store migrate --print` prints the statements.',
  '42P01':
    'The tables of the store are gone. Restore them, or open the store anew: calls that ran before are then not known any more and may run again.',
  '53300': 'Raise max_connections, or lower the `connections` of the store.',
};

/**
 * The error that the store throws. What the driver threw does not come with it: it carries the parameters of the
 * statement, and the server's details quote rows.
 */
export function postgresError({ store, during, error, secrets }: Failure): MyceliumError {
  if (error instanceof MyceliumError) return error;
  const code = codeOf(error);
  const message = messageOf(error, secrets);
  const remedy = code === undefined || !Object.hasOwn(REMEDIES, code) ? undefined : REMEDIES[code];
  return new StoreUnavailableError({
    store,
    during,
    applied: verdictOn(error).applied,
    ...(remedy === undefined ? {} : { remedy }),
    cause: Object.assign(new Error(message), code === undefined ? {} : { code }),
  });
}

/** The message of an error without what must not be read; several hosts that refused are an error without one. */
export function messageOf(error: unknown, secrets: readonly string[]): string {
  const inner = error instanceof AggregateError && error.message === '' ? error.errors[0] : error;
  let text = inner instanceof Error ? inner.message : String(inner);
  for (const secret of secrets) if (secret !== '') text = text.replaceAll(secret, '…');
  return text;
}
