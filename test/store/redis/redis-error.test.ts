import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { StoreLostError, StoreUnavailableError } from '../../../src/errors/store.js';
import { UsageError } from '../../../src/errors/usage.js';
import { redisError } from '../../../src/store/redis/redis-error.js';

/** How Redis 7 says where inside a script a command was refused. */
const INSIDE = ' script: d7cb60a5babf0648e57f23363f20a6ebd5a8f5ae, on @user_script:5.';

/** What the server answers, and whether it proves that nothing was done. */
const ANSWERS: readonly (readonly [message: string, applied: 'no' | 'unknown'])[] = [
  ["READONLY You can't write against a read only replica.", 'no'],
  [`READONLY You can't write against a read only replica.${INSIDE}`, 'no'],
  ['LOADING Redis is loading the dataset in memory', 'no'],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", 'no'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'no'],
  [`OOM command not allowed when used memory > 'maxmemory'.${INSIDE}`, 'no'],
  ['MISCONF Errors writing to the AOF file: No space left on device', 'no'],
  [`MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk.${INSIDE}`, 'no'],
  [`NOREPLICAS Not enough good replicas to write.${INSIDE}`, 'no'],
  ['BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.', 'no'],
  ['CLUSTERDOWN The cluster is down', 'no'],
  ["CROSSSLOT Keys in request don't hash to the same slot", 'no'],
  ['MOVED 3999 127.0.0.1:6381', 'no'],
  ['ASK 3999 127.0.0.1:6381', 'no'],
  ['TRYAGAIN Multiple keys request during rehashing of slot', 'no'],
  ['NOAUTH Authentication required.', 'no'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'no'],
  ["NOPERM this user has no permissions to run the 'evalsha' command", 'no'],
  ['NOSCRIPT No matching script. Please use EVAL.', 'no'],
  // Inside a script other commands have gone before it.
  [`NOPERM this user has no permissions to run the 'publish' command${INSIDE}`, 'unknown'],
  [`ERR The user executing the script can't run this command or subcommand${INSIDE}`, 'unknown'],
  [`WRONGTYPE Operation against a key holding the wrong kind of value${INSIDE}`, 'unknown'],
  // Said by WAIT, when the script before it was run.
  ['UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)', 'unknown'],
  ['ERR WAIT cannot be used with replica instances.', 'unknown'],
  ['only 0 of 1 replicas have it after 1000 ms', 'unknown'],
  ['ERR Protocol error: invalid bulk length', 'unknown'],
  ['ERR unknown command', 'unknown'],
  // A driver's words.
  ['Connection is closed.', 'unknown'],
  ['Command timed out', 'unknown'],
  ['no answer within 4000 ms', 'unknown'],
  ['read ECONNRESET', 'unknown'],
  ['Too many Cluster redirections. Last error: Error: CLUSTERDOWN The cluster is down', 'unknown'],
  ['READONLYISH', 'unknown'],
  ['it is BUSY', 'unknown'],
  ['', 'unknown'],
];

const facts = { store: 'redis', during: 'transact', cluster: false };

describe('what an answer says of the command', () => {
  test.each(ANSWERS)('%s: applied %s', (message, applied) => {
    const error = redisError({ ...facts, error: new Error(message), sentOnce: true });
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error.details).toMatchObject({ during: 'transact', applied });
  });

  test.each(ANSWERS)('%s: it may be the answer to a second sending', (message) => {
    const error = redisError({ ...facts, error: new Error(message), sentOnce: false });
    expect(error.details['applied']).toBe('unknown');
  });
});

test('what the words mean is said, with the words as the cause', () => {
  const answer = new Error("READONLY You can't write against a read only replica.");
  const error = redisError({ ...facts, error: answer, sentOnce: true });
  expect(error.message).toContain('the server is a replica, which takes no writes');
  expect(((error.cause as Error).cause as Error).message).toBe(answer.message);
});

test('a mark that is gone is a lost store, which names the mark', () => {
  const error = redisError({ ...facts, error: new Error('STORELOST {mycelium:3}:mark'), sentOnce: false });
  expect(error).toBeInstanceOf(StoreLostError);
  expect(error.message).toContain('"{mycelium:3}:mark"');
});

test('an error of this library stays what it is', () => {
  const usage = new UsageError({ place: 'here', problem: 'wrong', remedy: 'Do it right.' });
  expect(redisError({ ...facts, error: usage, sentOnce: true })).toBe(usage);
});

test('what a driver throws that is no error is told as text', () => {
  expect(redisError({ ...facts, error: 'gone', sentOnce: true }).details['applied']).toBe('unknown');
});

test('the command with its values and passwords is left out', () => {
  const answer = Object.assign(new Error('WRONGPASS invalid username-password pair'), {
    command: { name: 'auth', args: ['user', 'hunter2'] },
  });
  const error = redisError({ ...facts, error: answer, sentOnce: true });
  expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
  expect(inspect(error, { depth: 10 })).toContain('WRONGPASS');
});

test('nor is it told by the errors beside an error, of which the first is the reason', () => {
  const refused = Object.assign(new Error('WRONGPASS invalid username-password pair'), {
    command: { name: 'auth', args: ['user', 'hunter2'] },
  });
  const cluster = Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError: refused });
  const addresses = new AggregateError([new Error('connect ECONNREFUSED ::1:1'), refused], '');
  for (const [error, reason] of [
    [cluster, 'WRONGPASS invalid'],
    [addresses, 'ECONNREFUSED ::1:1'],
  ] as const) {
    const told = redisError({ ...facts, error, sentOnce: true });
    expect(told.message).toContain(reason);
    expect(inspect(told, { depth: 10, showHidden: true })).not.toContain('hunter2');
  }
});

test('a command that the server does not know is not repeated', () => {
  const answer = new Error("ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'user' 'hunter2' ");
  const error = redisError({ ...facts, error: answer, sentOnce: true });
  expect(error.message).toContain("unknown command 'HELLO'.");
  expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
});

test.each(['MOVED 3999 127.0.0.1:6381', 'ASK 3999 127.0.0.1:6381', 'TRYAGAIN Multiple keys request'])(
  'to a client that knows the cluster: %s',
  (message) => {
    const error = redisError({ ...facts, cluster: true, error: new Error(message), sentOnce: true });
    expect(error.message).toContain('the cluster is moving these records');
    expect(error.details['applied']).toBe('no');
  },
);
