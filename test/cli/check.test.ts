import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { check } from '../../src/cli/check.js';
import { fakeTerminal } from './fake-terminal.js';
import { Scratch } from './scratch.js';

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

const misspelt = `action_ledger: { storage: file }
tools:
  send_payment:
    id_from: [invoice_id]
    key_valid_for: 24h
    ledger: true
    side_effects_class: keyed_mutate
`;

test('what is wrong, as the README shows it', () => {
  scratch.write('mycelium.yaml', misspelt);
  const { status, stdout, stderr } = scratch.mycelium('check');
  expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
  expect(stdout).toBe(`mycelium.yaml:7:5  error MYC204  unknown key "side_effects_class" in tools.send_payment
    7 |     side_effects_class: keyed_mutate
      |     ^^^^^^^^^^^^^^^^^^
  did you mean side_effect_class?

1 error
`);
});

test('as JSON, with places', () => {
  scratch.write('mycelium.yaml', misspelt);
  const { status, stdout } = scratch.mycelium('check', '--json');
  expect(status).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({
    file: 'mycelium.yaml',
    errors: 1,
    warnings: 0,
    issues: [
      {
        id: 'MYC204',
        severity: 'error',
        line: 7,
        column: 5,
        path: 'tools.send_payment.side_effects_class',
        suggestion: 'side_effect_class',
      },
    ],
  });
});

test('warnings are findings: they exit with 1, and load', async () => {
  const config = scratch.write('loose.yaml', 'tools: { send_payment: { ledger: true } }\n');
  const terminal = fakeTerminal();
  expect(await check({ config }, terminal)).toBe(1);
  expect(terminal.text()).toMatch(/warning MYC353 .*\n[\s\S]*\n1 warning$/);
});

test('errors in red, warnings in yellow', async () => {
  const wrong = scratch.write('wrong.yaml', 'tols: {}\n');
  const loose = scratch.write('loose.yaml', 'tools: { send_payment: {} }\n');
  const terminal = fakeTerminal({ colours: true });
  await check({ config: wrong }, terminal);
  await check({ config: loose }, terminal);
  expect(terminal.text()).toContain('<red>error</red> MYC204');
  expect(terminal.text()).toContain('<yellow>warning</yellow> MYC351');
});

test('when all is well it is silent in a script, and a person gets a line', async () => {
  const config = scratch.write(
    'fine.yaml',
    'tools: { search: { side_effect_class: read, ledger: true }, find: { ledger: false } }\n',
  );
  const script = fakeTerminal();
  expect(await check({ config }, script)).toBe(0);
  expect([...script.printed, ...script.noted]).toEqual([]);
  const person = fakeTerminal({ watched: true });
  await check({ config }, person);
  expect(person.printed).toEqual([]);
  expect(person.noted.join()).toMatch(/nothing to mend; 1 of 2 tools and tasks are guarded$/);
});

test('without a file it says where it looked and how to write one', () => {
  const { status, stdout, stderr } = scratch.mycelium('check');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(scratch.folder);
  expect(stderr).toContain('mycelium init');
  expect(scratch.mycelium('check', '-c', 'nope.yaml')).toMatchObject({ status: 2 });
});

test('it opens nothing: no store, wherever the file says', () => {
  scratch.write(
    'mycelium.yaml',
    'tools: { pay: { side_effect_class: irreversible, id_from: [id], ledger: { path: ./x/y } } }\n',
  );
  expect(scratch.mycelium('check')).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(scratch.mycelium('explain').status).toBe(0);
  expect(scratch.mycelium('ledger', 'list').status).toBe(4);
  expect(scratch.mycelium('ledger', 'show', '7f3a').status).toBe(4);
  expect(
    scratch.mycelium('ledger', 'release', '7f3a', '--as', 'not-executed', '--by', 'ada', '--reason', 'x').status,
  ).toBe(4);
  expect(scratch.mycelium('ledger', 'retire', '7f3a', '--by', 'ada', '--reason', 'x').status).toBe(4);
  expect(readdirSync(scratch.folder)).toEqual(['mycelium.yaml']);
});
