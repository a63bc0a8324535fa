/** What an error of the server or the driver says about the statement it ended. */
export interface Verdict {
  /** `no` only where nothing can have been written, nor will be. */
  readonly applied: 'no' | 'unknown';
  /**
   * `again`: the same statement may do better at once; `connect`: there was no connection, and nothing was sent;
   * `prepare`: what was prepared is not there, as behind a pooler; `conflict`: a row was there that the statement
   * could not see; `end`: nothing will change by itself.
   */
  readonly next: 'again' | 'connect' | 'prepare' | 'conflict' | 'end';
}

const NOT_APPLIED: Verdict = { applied: 'no', next: 'end' };
const UNKNOWN: Verdict = { applied: 'unknown', next: 'end' };
const NOT_CONNECTED: Verdict = { applied: 'no', next: 'connect' };
const AGAIN: Verdict = { applied: 'no', next: 'again' };
const PREPARE: Verdict = { applied: 'no', next: 'prepare' };
const CONFLICT: Verdict = { applied: 'no', next: 'conflict' };

/**
 * Exact codes. The server's SQLSTATEs have five characters; the driver's own and the operating system's are words.
 * A statement is a transaction of its own here: an ERROR from inside of it has undone it.
 */
const CODES: Readonly<Record<string, Verdict>> = {
  // The transaction was rolled back so that it can be tried again.
  '40001': AGAIN, // serialization_failure
  '40P01': AGAIN, // deadlock_detected
  '40003': UNKNOWN, // statement_completion_unknown
  '23505': CONFLICT, // unique_violation
  '22012': CONFLICT, // division_by_zero: less was written than the gate let through, and all of it was undone
  '26000': PREPARE, // invalid_sql_statement_name
  '42P05': PREPARE, // duplicate_prepared_statement
  // Cancelled while it ran: a cancellation during the wait for a standby is a warning, not this.
  '57014': NOT_APPLIED, // query_canceled
  '55P03': NOT_APPLIED, // lock_not_available
  // Given while a connection is being made.
  '57P03': NOT_CONNECTED, // cannot_connect_now
  '53300': NOT_CONNECTED, // too_many_connections
  // The server ends the connection; whether before or after the commit it does not say.
  '57P01': UNKNOWN, // admin_shutdown
  '57P02': UNKNOWN, // crash_shutdown
  '57P04': UNKNOWN, // database_dropped
  '57P05': UNKNOWN, // idle_session_timeout
  // The driver, before it had a connection to send anything over.
  CONNECT_TIMEOUT: NOT_CONNECTED,
  ECONNREFUSED: NOT_CONNECTED,
  ENOTFOUND: NOT_CONNECTED,
  EAI_AGAIN: NOT_CONNECTED,
  // The driver, because it was ended: it sends nothing any more.
  CONNECTION_ENDED: NOT_APPLIED,
  // The driver refused the statement.
  UNDEFINED_VALUE: NOT_APPLIED,
  MAX_PARAMETERS_EXCEEDED: NOT_APPLIED,
  SASL_SIGNATURE_MISMATCH: NOT_APPLIED,
  AUTH_TYPE_NOT_IMPLEMENTED: NOT_APPLIED,
  // The connection broke, and what was sent over it may have arrived.
  CONNECTION_CLOSED: UNKNOWN,
  CONNECTION_DESTROYED: UNKNOWN,
  ECONNRESET: UNKNOWN,
  EPIPE: UNKNOWN,
  ETIMEDOUT: UNKNOWN,
  EHOSTUNREACH: UNKNOWN,
  ENETUNREACH: UNKNOWN,
};

/** Classes of codes of which each says that the statement was refused or undone, when it comes as an ERROR. */
const CLASSES: Readonly<Record<string, Verdict>> = {
  '0A': NOT_APPLIED, // feature_not_supported
  '22': NOT_APPLIED, // data_exception
  '23': NOT_APPLIED, // integrity_constraint_violation
  '25': NOT_APPLIED, // invalid_transaction_state, read_only_sql_transaction
  '28': NOT_APPLIED, // invalid_authorization_specification: the connection was refused
  '3D': NOT_APPLIED, // invalid_catalog_name: there is no such database
  '3F': NOT_APPLIED, // invalid_schema_name
  '40': NOT_APPLIED, // transaction_rollback
  '42': NOT_APPLIED, // syntax_error_or_access_rule_violation
  '53': NOT_APPLIED, // insufficient_resources
  '54': NOT_APPLIED, // program_limit_exceeded
  '55': NOT_APPLIED, // object_not_in_prerequisite_state
};

/** Classes that a connection is refused with before anything could be sent. */
const REFUSED = /^(28|3D|53300|57P03)/;

/** What else an error says of itself. */
export interface Circumstances {
  /** As the server gives it. FATAL and PANIC end the connection, and prove nothing but where none came about. */
  readonly severity?: string | undefined;
  /** The call of the operating system that failed. */
  readonly syscall?: string | undefined;
}

/** Judges an error of the driver or the server. @param code - `code` of the error. */
export function judgeCode(code: string | undefined, { severity, syscall }: Circumstances = {}): Verdict {
  if (syscall === 'connect' || syscall === 'getaddrinfo') return NOT_CONNECTED;
  if (code === undefined) return UNKNOWN;
  const ends = severity !== undefined && severity !== 'ERROR';
  if (ends && !REFUSED.test(code)) return UNKNOWN;
  if (Object.hasOwn(CODES, code)) return CODES[code] as Verdict;
  const family = code.slice(0, 2);
  return /^[0-9A-Z]{5}$/.test(code) && Object.hasOwn(CLASSES, family) ? (CLASSES[family] as Verdict) : UNKNOWN;
}
