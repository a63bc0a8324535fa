import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CommandError, EXIT, EXIT_OF, tellError } from '../../src/cli/exit.js';
import { errorTable } from '../package/error-table.js';
import { manifest, root } from '../package/package-files.js';
import { fakeTerminal } from './fake-terminal.js';
import { Scratch } from './scratch.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

test('the version', () => {
  for (const flag of ['--version', '-V'])
    expect(scratch.mycelium(flag)).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
});

test('help names the commands and what they exit with', () => {
  const { status, stdout, stderr } = scratch.mycelium('--help');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  for (const word of [
    'init',
    'check',
    'explain',
    'ledger',
    'store',
    'keys',
    'Exit codes:',
    '4  there is no such thing',
  ])
    expect(stdout).toContain(word);
  expect(scratch.mycelium('ledger', 'release', '--help').stdout).toContain('--owner-is-dead');
});

describe('words that are off exit with 2, print nothing and say what there is', () => {
  test.each([
    { words: [], says: 'Usage: mycelium' },
    { words: ['ledgr'], says: '(Did you mean ledger?)' },
    { words: ['store', 'helth'], says: '(Did you mean health?)' },
    { words: ['store', 'migrate', '--role', 'app'], says: '--role is for --print' },
    { words: ['ledger', 'lst'], says: '(Did you mean list?)' },
    { words: ['check', '--jsno'], says: '(Did you mean --json?)' },
    { words: ['check', 'mycelium.yaml'], says: 'too many arguments' },
    { words: ['init', '--minimal', '--full'], says: 'cannot be used with option' },
    { words: ['ledger', 'list', '--limit', '0'], says: 'It is a whole number from 1.' },
    { words: ['ledger', 'show'], says: "missing required argument 'id'" },
    { words: ['ledger', 'release', '7f3a', '--by', 'ada', '--reason', 'x'], says: "required option '--as <what>'" },
    { words: ['ledger', 'release', '7f3a', '--as', 'done', '--by', 'a', '--reason', 'x'], says: 'Allowed choices' },
    { words: ['ledger', 'retire', '7f3a', '--by', 'ada'], says: "required option '--reason <text>'" },
  ])('$words', ({ words, says }) => {
    const { status, stdout, stderr } = scratch.mycelium(...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(says);
  });
});

test('what each error exits with', () => {
  const codes = new Set(errorTable.map(({ code }) => code));
  expect(Object.keys(EXIT_OF).filter((code) => !codes.has(code))).toEqual([]);
  expect(EXIT_OF).toEqual({
    CONFIG_INVALID: 2,
    USAGE: 2,
    CALL_NOT_FOUND: 4,
    STORE_NOT_FOUND: 4,
    RELEASE_REFUSED: 1,
    STORE_UNAVAILABLE: 3,
    STORE_DAMAGED: 3,
    STORE_FORMAT: 3,
    STORE_LOST: 3,
    STORE_UNSAFE: 3,
    LEDGER_CLOSED: 3,
    RECEIPT_LOG_DAMAGED: 3,
    RECEIPT_NOT_PROVABLE: 4,
  });
});

test.each(errorTable)(
  '$code is told to people on stderr, and to programs as the JSON they asked for',
  ({ example }) => {
    const error = example();
    const people = fakeTerminal();
    const exit = tellError(error, people, false);
    expect(exit).toBe(EXIT_OF[error.code] ?? 1);
    expect(people.printed).toEqual([]);
    expect(people.noted.join('\n')).toContain(error.message);

    const programs = fakeTerminal();
    expect(tellError(error, programs, true)).toBe(exit);
    expect(programs.noted).toEqual([]);
    expect(JSON.parse(programs.text())).toEqual({
      error: JSON.parse(
        JSON.stringify({ code: error.code, message: error.message, remedy: error.remedy, details: error.details }),
      ),
    });
  },
);

test('a defect is called one, with its stack', () => {
  const terminal = fakeTerminal();
  expect(tellError(new TypeError('x is not a function'), terminal, false)).toBe(EXIT.internal);
  expect(terminal.noted[0]).toMatch(/^mycelium: this is a defect, please report it\.\nTypeError: x .*\n +at /);
  const said = fakeTerminal();
  expect(tellError(new CommandError(EXIT.usage, 'no', 'Do so.'), said, false)).toBe(2);
  expect(said.noted).toEqual(['mycelium: no\n  Do so.']);
});

test('a store that cannot be used exits with 3, and says which file', () => {
  const file = scratch.write('unusable.yaml', 'action_ledger: { path: ./unusable }\n');
  scratch.write('unusable', 'a file stands where the folder should be');
  const { status, stdout, stderr } = scratch.mycelium('ledger', 'list', '-c', file);
  expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
  expect(stderr).toContain(scratch.path('unusable'));

  mkdirSync(scratch.path('damaged'));
  scratch.write('damaged/00000001.log', 'this is no log, and never was one\n');
  const damaged = scratch.write('damaged.yaml', 'action_ledger: { path: ./damaged }\n');
  const answer = scratch.mycelium('ledger', 'list', '--json', '-c', damaged);
  expect({ status: answer.status, stderr: answer.stderr }).toEqual({ status: 3, stderr: '' });
  expect(JSON.parse(answer.stdout).error.code).toMatch(/^STORE_/);
});

test('a configuration that is not right exits with 2 on every command', () => {
  const file = scratch.write('wrong.yaml', 'tols: {}\n');
  for (const words of [['check'], ['explain'], ['ledger', 'list'], ['ledger', 'show', '7f3a']]) {
    const { status, stdout, stderr } = scratch.mycelium(...words, '-c', file);
    expect(status).toBe(2);
    expect(`${stdout}${stderr}`).toContain('did you mean tools?');
  }
});

test('somebody who stops reading is no error', async () => {
  const child = spawn(process.execPath, [join(root, 'bin/mycelium.js'), 'init', '--full', '--print'], {
    cwd: scratch.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [status] = await once(child, 'close');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('an answer that cannot be written is no success, and what was done is said', () => {
  const command = `${process.execPath} ${join(root, 'bin/mycelium.js')} init --print`;
  const { status, stderr } = spawnSync('sh', ['-c', `${command} > /dev/full`], {
    cwd: scratch.folder,
    encoding: 'utf8',
  });
  expect(status).toBe(70);
  expect(stderr).toMatch(/^mycelium: what was asked for is done, and its answer cannot be written: ENOSPC.*\n$/);
});

test('programs get JSON of what is wrong with the call, too', () => {
  const { status, stdout } = scratch.mycelium('ledger', 'show', '--json');
  expect(status).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'COMMAND', message: expect.stringContaining("'id'") } });
});

test('what was found is told by the exit code, whoever stops reading', () => {
  const file = scratch.write('wrong.yaml', 'tols: {}\n');
  const command = `${process.execPath} ${join(root, 'bin/mycelium.js')} check -c ${file}`;
  const { status } = spawnSync('bash', ['-c', `set -o pipefail; ${command} | true`], { cwd: scratch.folder });
  expect(status).toBe(2);
});

test('colours for a terminal that has them, unless NO_COLOR is set', () => {
  const file = scratch.write('colour.yaml', 'tols: {}\n');
  const command = `${process.execPath} ${join(root, 'bin/mycelium.js')} check -c ${file}`;
  const inTerminal = (environment: Record<string, string>): string =>
    spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd: scratch.folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], TERM: 'xterm-256color', ...environment },
    }).stdout;
  expect(inTerminal({})).toContain('\u001b[31merror\u001b[39m');
  const plain = inTerminal({ NO_COLOR: '1' });
  expect(plain).toContain('error MYC204');
  expect(plain).not.toContain('\u001b');
  expect(existsSync(scratch.path('.mycelium'))).toBe(false);
});
