import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { generateKey, showKey } from '../../src/cli/keys.js';
import { readSigningKey } from '../../src/receipts/key-source.js';
import { keyring } from '../../src/receipts/keyring.js';
import { fakeTerminal } from './fake-terminal.js';
import { Scratch } from './scratch.js';

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

const modeOf = (file: string): number => statSync(file).mode & 0o777;

/** The line of a public part that begins with a word. */
function line(text: string, word: string): string {
  return new RegExp(`^${word} +(.+)$`, 'm').exec(text)?.[1] ?? '';
}

describe('keys generate --out', () => {
  test('writes a key for its owner only, and prints the public part', () => {
    const { status, stdout, stderr } = scratch.mycelium('keys', 'generate', '--out', 'secrets/agent.key');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const file = scratch.path('secrets/agent.key');
    expect(modeOf(file)).toBe(0o600);
    const { keyId } = readSigningKey({ file });
    expect(line(stdout, 'key id')).toBe(keyId);
    for (const text of [line(stdout, 'did'), line(stdout, 'jwk')]) expect(keyring(text).find(keyId)).toBeDefined();
    for (const row of readFileSync(file, 'utf8')
      .split('\n')
      .filter((one) => one !== ''))
      expect(stdout).not.toContain(row);
  });

  test('writes a line for the environment', () => {
    expect(generateKey({ out: scratch.path('agent.env'), env: 'SIGNING_KEY' }, fakeTerminal())).toBe(0);
    const [, seed = ''] = /^SIGNING_KEY=([\w-]{43})\n$/.exec(readFileSync(scratch.path('agent.env'), 'utf8')) ?? [];
    expect(() => readSigningKey(seed)).not.toThrow();
    expect(modeOf(scratch.path('agent.env'))).toBe(0o600);
  });

  test('never overwrites, whatever is there', () => {
    const key = scratch.write('agent.key', 'the only copy');
    expect(scratch.mycelium('keys', 'generate', '--out', 'agent.key')).toMatchObject({ status: 1, stdout: '' });
    expect(readFileSync(key, 'utf8')).toBe('the only copy');
    // A link to nowhere would be written through by who only asks whether something is there.
    symlinkSync(scratch.path('elsewhere'), scratch.path('link'));
    const { status, stderr } = scratch.mycelium('keys', 'generate', '--out', 'link');
    expect(status).toBe(1);
    expect(stderr).toContain('link is there already, and was left as it is');
    expect(existsSync(scratch.path('elsewhere'))).toBe(false);
  });

  test('says when it cannot write', () => {
    scratch.write('file', '');
    expect(() => generateKey({ out: scratch.path('file/agent.key') }, fakeTerminal())).toThrow('cannot be written');
  });
});

describe('keys generate', () => {
  test('prints the secret alone, to be piped to where it is kept, and the rest beside it', () => {
    const { status, stdout, stderr } = scratch.mycelium('keys', 'generate');
    expect(status).toBe(0);
    const { keyId } = readSigningKey(stdout);
    expect(line(stderr, 'key id')).toBe(keyId);
    expect(stderr).not.toContain('PRIVATE KEY---');
  });

  test('prints it for the environment', () => {
    const { stdout, stderr } = scratch.mycelium('keys', 'generate', '--env', 'SIGNING_KEY');
    const [, seed = ''] = /^SIGNING_KEY=([\w-]{43})\n$/.exec(stdout) ?? [];
    expect(readSigningKey(seed).keyId).toBe(line(stderr, 'key id'));
    expect(stderr).not.toContain(seed);
  });

  test('answers in JSON: with the secret when it is written nowhere, else without', () => {
    const printed = fakeTerminal();
    expect(generateKey({ json: true }, printed)).toBe(0);
    const { keyId, did, jwk, privateKey } = JSON.parse(printed.text());
    expect([readSigningKey(privateKey.seed).keyId, readSigningKey(privateKey.pem).keyId]).toEqual([keyId, keyId]);
    expect(keyring([did, { keys: [jwk] }]).keys.map((key) => key.keyId)).toEqual([keyId]);
    expect(printed.noted).toEqual([]);

    const written = fakeTerminal();
    expect(generateKey({ json: true, out: scratch.path('agent.key') }, written)).toBe(0);
    expect(Object.keys(JSON.parse(written.text()))).toEqual(['keyId', 'did', 'jwk', 'file']);
  });

  test('refuses a name that no variable can have', () => {
    const { status, stderr } = scratch.mycelium('keys', 'generate', '--env', 'my key');
    expect(status).toBe(2);
    expect(stderr).toContain('It is a name such as RECEIPT_SIGNING_KEY.');
  });
});

describe('keys show', () => {
  test('prints the public part of a file', () => {
    const made = scratch.mycelium('keys', 'generate', '--out', 'agent.key').stdout;
    const { status, stdout, stderr } = scratch.mycelium('keys', 'show', 'agent.key');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(made).toContain(stdout);
    const shown = JSON.parse(scratch.mycelium('keys', 'show', 'agent.key', '--json').stdout);
    expect(Object.keys(shown)).toEqual(['keyId', 'did', 'jwk']);
    expect(shown.keyId).toBe(line(stdout, 'key id'));
    expect(Object.keys(shown.jwk)).not.toContain('d');
  });

  test('prints the public part of a variable of the environment', () => {
    const made = fakeTerminal();
    generateKey({ json: true }, made);
    const { keyId, privateKey } = JSON.parse(made.text());
    process.env['MYCELIUM_TEST_SHOWN_KEY'] = privateKey.seed;
    const shown = fakeTerminal();
    expect(showKey(undefined, { env: 'MYCELIUM_TEST_SHOWN_KEY' }, shown)).toBe(0);
    delete process.env['MYCELIUM_TEST_SHOWN_KEY'];
    expect(line(shown.text(), 'key id')).toBe(keyId);
    expect(shown.text()).not.toContain(privateKey.seed);
  });

  test('says when others can read the file', () => {
    const made = fakeTerminal();
    generateKey({ env: 'KEY' }, made);
    const file = scratch.write('open.key', made.text().slice('KEY='.length));
    const shown = fakeTerminal();
    expect(showKey(file, {}, shown)).toBe(0);
    expect(shown.noted).toEqual([`Others can read ${file}: chmod 600 it.`]);
  });

  test.each([
    { words: [], says: 'keys show needs the key, once' },
    { words: ['agent.key', '--env', 'KEY'], says: 'keys show needs the key, once' },
    { words: ['none.key'], says: 'there is no file none.key' },
    { words: ['--env', 'NO_SUCH_KEY'], says: 'the environment has no NO_SUCH_KEY' },
  ])('$words exits with 2', ({ words, says }) => {
    const { status, stdout, stderr } = scratch.mycelium('keys', 'show', ...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(says);
  });

  test('refuses a folder, and a file that holds no key, with the command that makes one', () => {
    mkdirSync(scratch.path('folder'));
    expect(() => showKey(scratch.path('folder'), {}, fakeTerminal())).toThrow('cannot be read');
    scratch.write('words.key', 'correct horse');
    const { status, stderr } = scratch.mycelium('keys', 'show', 'words.key');
    expect(status).toBe(2);
    expect(stderr).toContain('mycelium keys generate');
    expect(stderr).not.toContain('correct horse');
  });
});
