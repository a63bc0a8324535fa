import Module from 'node:module';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { check } from '../../../src/cli/check.js';
import { loadConfigFromString } from '../../../src/index.js';
import { profiles } from '../../../src/transcript/formats.js';
import { fakeTerminal } from '../../cli/fake-terminal.js';
import { Scratch } from '../../cli/scratch.js';
import { failure } from '../../ledger/workers.js';
import { runtime } from './surroundings.js';

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => {
  scratch.remove();
  vi.restoreAllMocks();
});

const COUNTED = 'history_guard: { counter: o200k_base, max_tokens: 5 }\n';

/** As Node answers where the package is not installed. */
function withoutTokenizer(): void {
  const loader = Module as unknown as { _resolveFilename: (request: string, ...rest: unknown[]) => string };
  const resolve = loader._resolveFilename;
  vi.spyOn(loader, '_resolveFilename').mockImplementation((request, ...rest) => {
    if (!request.startsWith('gpt-tokenizer')) return resolve(request, ...rest);
    throw Object.assign(new Error(`Cannot find module '${request}'`), { code: 'MODULE_NOT_FOUND' });
  });
}

test('a counter whose package is not installed is found when the file is loaded, and by check', async () => {
  withoutTokenizer();
  const error = await failure(loadConfigFromString(COUNTED));
  expect(error).toMatchObject({
    code: 'CONFIG_INVALID',
    issues: [{ id: 'MYC524', path: 'history_guard.counter', line: 1, column: 27 }],
  });
  expect(error.message).toContain('gpt-tokenizer, which is not installed');
  expect(error.message).toContain('npm install gpt-tokenizer');
  const terminal = fakeTerminal();
  expect(await check({ config: scratch.write('mycelium.yaml', COUNTED) }, terminal)).toBe(2);
  expect(terminal.text() + terminal.noted.join('\n')).toContain('MYC524');
});

test('a counter that is installed counts', async () => {
  const mycelium = await runtime(COUNTED);
  expect(await failure(mycelium.prepareMessages([{ role: 'user', content: 'word '.repeat(50) }]))).toMatchObject({
    code: 'HISTORY_REFUSED',
    details: { tokens: { isEstimate: false } },
  });
});

test('of a provider that is none, those that may be meant are listed to the last', async () => {
  const remedyFor = async (provider: string): Promise<string> => {
    const error = await failure(loadConfigFromString(`message_validator: { provider: ${provider} }`));
    const [issue] = (error as unknown as { issues: { id: string; remedy: string }[] }).issues;
    expect(issue?.id).toBe('MYC523');
    expect(issue?.remedy).not.toContain('…');
    return issue?.remedy ?? '';
  };
  const named = (begin: string): string =>
    profiles.flatMap(({ name }) => (name.startsWith(begin) ? [name] : [])).join(', ');
  expect(await remedyFor('openai-responces')).toContain(named('openai-responses'));
  expect(await remedyFor('anthropic-9000-ultra')).toContain(named('anthropic'));
  const any = await remedyFor('mistral');
  for (const { format } of profiles) expect(any).toContain(format);
});

test('the line of a limit that is misspelt is shown, and that of a token is not', async () => {
  const shown = async (line: string): Promise<string> =>
    (await failure(loadConfigFromString(`history_guard:\n  ${line}\n`))).message;
  expect(await shown('max_token: 100000')).toContain('max_token: 100000');
  expect(await shown('maxToken: 100_000 # most')).toContain('maxToken: 100_000 # most');
  for (const line of ['max_token: hunter2', 'token: 100000', 'api_token: 100000', '{ max_token: 3, password: 100000 }'])
    expect(await shown(line)).not.toMatch(/hunter2|100000/);
});
