import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors/usage.js';
import { messageOf, postgresError, verdictOn } from '../../../src/store/postgres/postgres-error.js';
import { parsePostgresUrl } from '../../../src/store/postgres/postgres-url.js';
import { type Circumstances, judgeCode } from '../../../src/store/postgres/sqlstate.js';

describe('what an error proves', () => {
  test.each<[code: string | undefined, circumstances: Circumstances, applied: 'no' | 'unknown', next: string]>([
    ['40001', { severity: 'ERROR' }, 'no', 'again'],
    ['40P01', { severity: 'ERROR' }, 'no', 'again'],
    ['40003', { severity: 'ERROR' }, 'unknown', 'end'],
    ['40002', { severity: 'ERROR' }, 'no', 'end'],
    ['23505', { severity: 'ERROR' }, 'no', 'conflict'],
    ['22012', { severity: 'ERROR' }, 'no', 'conflict'],
    ['23514', { severity: 'ERROR' }, 'no', 'end'],
    ['55P03', { severity: 'ERROR' }, 'no', 'end'],
    ['57014', { severity: 'ERROR' }, 'no', 'end'],
    ['57014', {}, 'no', 'end'],
    ['57P01', { severity: 'FATAL' }, 'unknown', 'end'],
    ['57P01', { severity: 'ERROR' }, 'unknown', 'end'],
    ['57P02', { severity: 'FATAL' }, 'unknown', 'end'],
    ['57P03', { severity: 'FATAL' }, 'no', 'connect'],
    ['57P05', { severity: 'FATAL' }, 'unknown', 'end'],
    ['53300', { severity: 'FATAL' }, 'no', 'connect'],
    ['53200', { severity: 'ERROR' }, 'no', 'end'],
    ['53100', { severity: 'ERROR' }, 'no', 'end'],
    ['53100', { severity: 'PANIC' }, 'unknown', 'end'],
    ['25006', { severity: 'ERROR' }, 'no', 'end'],
    ['26000', { severity: 'ERROR' }, 'no', 'prepare'],
    ['42P05', { severity: 'ERROR' }, 'no', 'prepare'],
    ['42P01', { severity: 'ERROR' }, 'no', 'end'],
    ['42501', { severity: 'ERROR' }, 'no', 'end'],
    ['28P01', { severity: 'FATAL' }, 'no', 'end'],
    ['28000', { severity: 'FATAL' }, 'no', 'end'],
    ['3D000', { severity: 'FATAL' }, 'no', 'end'],
    ['3F000', { severity: 'ERROR' }, 'no', 'end'],
    ['54000', { severity: 'ERROR' }, 'no', 'end'],
    ['08P01', { severity: 'FATAL' }, 'unknown', 'end'],
    ['08006', { severity: 'ERROR' }, 'unknown', 'end'],
    ['08000', {}, 'unknown', 'end'],
    ['58030', { severity: 'ERROR' }, 'unknown', 'end'],
    ['XX000', { severity: 'ERROR' }, 'unknown', 'end'],
    ['42000', { severity: 'FATAL' }, 'unknown', 'end'],
    ['CONNECT_TIMEOUT', {}, 'no', 'connect'],
    ['ECONNREFUSED', {}, 'no', 'connect'],
    ['ENOTFOUND', { syscall: 'getaddrinfo' }, 'no', 'connect'],
    ['ETIMEDOUT', { syscall: 'connect' }, 'no', 'connect'],
    ['ETIMEDOUT', { syscall: 'read' }, 'unknown', 'end'],
    ['EHOSTUNREACH', { syscall: 'connect' }, 'no', 'connect'],
    ['EHOSTUNREACH', { syscall: 'read' }, 'unknown', 'end'],
    ['ECONNRESET', { syscall: 'read' }, 'unknown', 'end'],
    ['EPIPE', { syscall: 'write' }, 'unknown', 'end'],
    ['CONNECTION_CLOSED', {}, 'unknown', 'end'],
    ['CONNECTION_DESTROYED', {}, 'unknown', 'end'],
    ['CONNECTION_ENDED', {}, 'no', 'end'],
    ['toString', {}, 'unknown', 'end'],
    ['__proto__', {}, 'unknown', 'end'],
    ['', {}, 'unknown', 'end'],
    [undefined, {}, 'unknown', 'end'],
  ])('%s %o: applied %s, then %s', (code, circumstances, applied, next) => {
    expect(judgeCode(code, circumstances)).toEqual({ applied, next });
  });

  test('things that are no errors of anybody prove nothing', () => {
    for (const thing of [undefined, null, 'text', 7, {}, { code: 7 }, new Error('x'), new RangeError('x')])
      expect(verdictOn(thing).applied).toBe('unknown');
  });
});

describe('what an error says', () => {
  const facts = { store: 'postgres host:1/db, schema s', during: 'transact' };

  test('neither parameters nor rows nor secrets', () => {
    const driver = Object.assign(new Error('could not reach postgres://u:p%40ss@host, p@ss'), {
      code: '23514',
      severity: 'ERROR',
      detail: 'Failing row contains (the value of a call).',
      parameters: ['the value of a call'],
    });
    const error = postgresError({ ...facts, error: driver, secrets: ['p@ss', 'p%40ss'] });
    const seen = JSON.stringify([error.message, error, error.cause, Object.getOwnPropertyNames(error.cause)]);
    expect(seen).not.toMatch(/p@ss|p%40ss|value of a call/);
    expect(error.details).toMatchObject({ applied: 'no', during: 'transact' });
  });

  test('an error of ours passes as it is', () => {
    const ours = new UsageError({ place: 'x', problem: 'y', remedy: 'z' });
    expect(postgresError({ ...facts, error: ours, secrets: [] })).toBe(ours);
  });

  test('of several addresses that refused the first one speaks', () => {
    expect(messageOf(new AggregateError([new Error('connect ECONNREFUSED ::1:5432')], ''), [])).toContain('::1:5432');
  });
});

describe('the URL', () => {
  test.each([
    ['postgres://host/db', { host: 'host', port: 5432, database: 'db', username: undefined, password: undefined }],
    ['postgresql://me@host:6000/db', { host: 'host', port: 6000, username: 'me' }],
    ['POSTGRES://me:p%40%2Fss@[::1]:6000/my%20db', { host: '::1', port: 6000, password: 'p@/ss', database: 'my db' }],
    ['postgres:///db', { host: 'localhost', database: 'db' }],
    ['postgres://host', { database: undefined }],
    ['postgres://host/db?sslmode=require&schema=s&pooled=true', { sslmode: 'require', schema: 's', pooled: true }],
    ['postgres://host/db?sslmode=verify-ca&pgbouncer=true', { sslmode: 'verify-full', pooled: true }],
    ['postgres://host/db?pooled=false', { pooled: false }],
  ])('%s', (url, expected) => {
    expect(parsePostgresUrl(url)).toMatchObject(expected);
  });

  test.each([
    'postgres:host/db',
    'mysql://host/db',
    'postgres://user:se/cret@host/db',
    'postgres://a:secret@host:port/db',
    'postgres://a:secret@host:0/db',
    'postgres://a:secret@one,two/db',
    'postgres://a:sec%zzret@host/db',
    'postgres://a:secret@host/db?sslmode=sometimes',
    'postgres://a:secret@host/db?pooled=perhaps',
    'postgres://a:secret@host/db?secret=secret',
  ])('%s is refused, and nothing of it is told', (url) => {
    let error: unknown;
    try {
      parsePostgresUrl(url);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).not.toMatch(/secret|se\/cret|sec%zzret/);
  });
});
