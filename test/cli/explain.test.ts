import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { explain } from '../../src/cli/explain.js';
import { fakeTerminal } from './fake-terminal.js';
import { Scratch } from './scratch.js';

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

const config = `action_ledger: { path: "./records", strict: true }
task_ledger: { tasks: all }
tools:
  charge:
    side_effect_class: keyed_mutate
    key_valid_for: 86400
    id_from: [order_id, part]
    lease: 1m
    store: { input: redacted, redact: [note] }
  wire:
    side_effect_class: irreversible
    boundary: explicit
    id_from: [id]
    ledger: { storage: memory }
  search: { ledger: false }
  look: { ledger: false }
tasks:
  settle: {}
`;

test('the guards in order, every value in force, and where it comes from', () => {
  scratch.write('mycelium.yaml', config);
  const { status, stdout, stderr } = scratch.mycelium('explain', 'charge');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const where = `file ${scratch.path('records')}`;
  const wide = Math.max('input redacted, result full up to 4194304 characters, also hiding note'.length, where.length);
  const line = (key: string, value: string, from: string): string =>
    `       ${key.padEnd(17)}  ${value.padEnd(wide)}  ${from}`;
  expect(stdout.split('\n')).toEqual([
    'charge  tool, mycelium.yaml:4:3',
    '  1  ledger, mycelium.yaml:5:5',
    line('side_effect_class', 'keyed_mutate', 'mycelium.yaml:5:5'),
    line('boundary', 'implicit', 'default'),
    line('id_from', 'order_id (or orderId), part', 'mycelium.yaml:7:5'),
    line('key_valid_for', '24h', 'mycelium.yaml:6:5'),
    line('lease', '1m', 'mycelium.yaml:8:5'),
    line('wait_for', '30s', 'default'),
    line('timeout', 'none', 'default'),
    line('settle_after', '1m', 'default'),
    line('max_attempts', 'no limit', 'default'),
    line('store', 'input redacted, result full up to 4194304 characters, also hiding note', 'mycelium.yaml:9:5'),
    line('strict', 'true', 'mycelium.yaml:1:37'),
    line('recorded in', where, 'mycelium.yaml:1:18'),
    '  2  the function itself',
    '  after a lost worker: runs again for 24h from the first attempt, while the',
    '    provider honours the key; then the reconciler is asked, if code gives one;',
    '    else it stays blocked until somebody says what happened',
    '',
  ]);
});

test('without a name, all of them; what nothing guards says so', () => {
  const terminal = fakeTerminal();
  expect(explain(undefined, { config: scratch.write('mycelium.yaml', config) }, terminal)).toBe(0);
  const parts = terminal.text().split('\n\n');
  expect(parts.map((part) => part.split('  ', 1)[0])).toEqual(['charge', 'wire', 'search', 'look', 'settle']);
  expect(parts[1]).toContain('runs again if its effect had not begun; otherwise the\n    reconciler');
  expect(parts[1]).toMatch(/recorded in +memory +\S+:14:15/);
  expect(parts[2]).toContain('nothing guards it, and the file says that it is meant');
  expect(parts[4]).toContain('taskLedger, ');
  // Its section names no place, so it is recorded with the tools, and comes from where they say so.
  expect(parts[4]).toMatch(/recorded in +file \S+records +\S+:1:18\n/);
  expect(parts[4]).toContain('after a lost worker: runs again; what it had finished is replayed');
});

test('a variable of the environment is named, its value is not in the way', () => {
  const file = scratch.write(
    'mycelium.yaml',
    `action_ledger: { path: "\${env:RECORDS_OF_TEST:-./here}" }\ntools: { t: { ledger: true } }\n`,
  );
  const terminal = fakeTerminal();
  explain('t', { config: file }, terminal);
  expect(terminal.text()).toMatch(/recorded in +file \S+here +\S+:1:18, env RECORDS_OF_TEST/);
  expect(terminal.text()).toContain('not declared');
});

test('a server is named with where its address comes from, and without its password', () => {
  const file = scratch.write(
    'mycelium.yaml',
    `profile: production
action_ledger: { storage: redis, url: "redis://ada:hunter2@cache:6379/1", prefix: agents }
task_ledger: { storage: postgres, dsn_env: DATABASE_URL_OF_TEST }
tools: { t: { side_effect_class: read, ledger: true } }
tasks: { u: { id_from: [id] } }
`,
  );
  vi.stubEnv('DATABASE_URL_OF_TEST', 'postgres://ada:hunter2@db:5432/agents?sslmode=require');
  const terminal = fakeTerminal();
  const asJson = fakeTerminal();
  try {
    explain(undefined, { config: file }, terminal);
    explain(undefined, { config: file, json: true }, asJson);
  } finally {
    vi.unstubAllEnvs();
  }
  expect(terminal.text()).toMatch(/recorded in +redis cache:6379\/1, prefix agents +\S+:2:34\n/);
  expect(terminal.text()).toMatch(
    /recorded in +postgres db:5432\/agents, schema mycelium +\S+:3:35, env DATABASE_URL_OF_TEST\n/,
  );
  expect(terminal.text()).toMatch(/strict +true +\S+:1:1\n/);
  expect(terminal.text() + asJson.text()).not.toContain('hunter2');
});

test('who signs, and how states are kept, are said once for the whole file', () => {
  const file = scratch.write(
    'mycelium.yaml',
    `action_ledger: { path: "./records" }
tools: { pay: { side_effect_class: irreversible, id_from: [id] } }
audit_receipt:
  agent_id: biller
  signing_key_env: KEY_OF_TEST
  values: { result: true, redact: [result.card] }
  path: ./out/receipts.jsonl
state_flush: { durable: true, signals: [SIGTERM] }
`,
  );
  const [all, asJson, one] = [fakeTerminal(), fakeTerminal(), fakeTerminal()];
  vi.stubEnv('KEY_OF_TEST', 'not for your eyes');
  try {
    explain(undefined, { config: file }, all);
    explain(undefined, { config: file, json: true }, asJson);
    explain('pay', { config: file }, one);
  } finally {
    vi.unstubAllEnvs();
  }
  const [pay, audit, states, ...rest] = all.text().split('\n\n');
  expect(rest).toEqual([]);
  expect(one.text()).toBe(pay);
  expect(audit).toMatch(/^audit_receipt {2}for the whole file\n/);
  expect(audit).toMatch(/ agent_id +biller +\S+:4:3\n/);
  expect(audit).toMatch(/ signing_key_env +in the environment +\S+:5:3, env KEY_OF_TEST\n/);
  expect(audit).toMatch(/ values +result, without result\.card +\S+:6:3\n/);
  expect(audit).toMatch(/ seal_every +30s +default\n/);
  expect(audit).toMatch(/ exported to +file \S+receipts\.jsonl +\S+:7:3$/);
  expect(states).toMatch(/ durable +true +\S+:8:16\n/);
  expect(states).toMatch(/ flush_on +cancel, disconnect, error +default\n/);
  expect(states).toMatch(/ signals +SIGTERM +\S+:8:31\n/);
  // Kept with the tools, so it comes from where they say so.
  expect(states).toMatch(/ recorded in +file \S+records +\S+:1:18$/);
  const { audit_receipt, state_flush } = JSON.parse(asJson.text());
  expect(audit_receipt[0]).toMatchObject({ key: 'agent_id', value: 'biller' });
  expect(state_flush[0]).toMatchObject({ key: 'durable', value: 'true' });
  expect(all.text() + asJson.text()).not.toContain('not for your eyes');
});

test('what nothing guards, and the file does not say that it is meant', () => {
  const terminal = fakeTerminal();
  explain('look', { config: scratch.write('loose.yaml', 'tools: { look: {} }\n') }, terminal);
  expect(terminal.text()).toMatch(/nothing guards it$/);
});

test('as JSON', () => {
  const terminal = fakeTerminal();
  explain('settle', { config: scratch.write('mycelium.yaml', config), json: true }, terminal);
  const { tools } = JSON.parse(terminal.text());
  expect(tools).toHaveLength(1);
  expect(tools[0]).toMatchObject({ name: 'settle', kind: 'task', guards: [{ guard: 'taskLedger' }] });
  expect(tools[0].guards[0].values).toContainEqual({
    key: 'id_from',
    value: 'the call id in its thread, the task, or the run',
    from: 'default',
  });
});

test('a tool that is not there exits with 4, and the nearest is named', () => {
  scratch.write('mycelium.yaml', config);
  const near = scratch.mycelium('explain', 'chrage');
  expect(near).toMatchObject({ status: 4, stdout: '' });
  expect(near.stderr).toContain('Did you mean charge?');
  expect(scratch.mycelium('explain', 'zzz').stderr).toContain('There are charge, wire, search, look, settle.');
  expect(scratch.mycelium('explain', 'zzz', '--json').stdout).toContain('"error"');
});

test('shows what is checked before a call is recorded, and what is remembered', () => {
  const config = scratch.write(
    'bounded.yaml',
    `tools:
  get_order:
    side_effect_class: read
    ledger: true
    bounded: { schema: { order_id: {}, part: { required: false } }, coerce: llm }
    protect: { entity_param: order_id, ttl: 60s }
  open_file: { bounded: { allowed_paths: [./a, ./b], path_param: file } }
`,
  );
  const terminal = fakeTerminal();
  expect(explain(undefined, { config }, terminal)).toBe(0);
  const [order = '', file = ''] = terminal.text().split('\n\n');
  expect(order).toMatch(/^ {2}1 {2}bounded, \S+:5:5$/m);
  expect(order).toMatch(/schema +order_id, part +\S+:5:16$/m);
  expect(order).toMatch(/^ {2}2 {2}protect, \S+:6:5$/m);
  expect(order).toMatch(/ttl +1m +\S+$/m);
  expect(order).toMatch(/^ {2}3 {2}ledger, /m);
  expect(order).toMatch(/^ {2}4 {2}the function itself$/m);
  expect(file).toMatch(/allowed_paths +\.\/a, \.\/b +\S+$/m);
  expect(file).toMatch(/^ {2}2 {2}the function itself$/m);
  expect(file).not.toContain('after a lost worker');
});

test('says how old a result may be when the file does not', () => {
  const config = scratch.write(
    'protect.yaml',
    `tools:
  look: { protect: { entity_param: id } }
  rename: { ledger: true, protect: { invalidates: id } }
`,
  );
  const terminal = fakeTerminal();
  explain(undefined, { config }, terminal);
  const [look = '', rename = ''] = terminal.text().split('\n\n');
  expect(look).toMatch(/ttl +5m +default$/m);
  expect(rename).not.toMatch(/ ttl /);
});

test('what becomes of messages, and of what a model calls', () => {
  const config = scratch.write(
    'messages.yaml',
    `tools: { look: { ledger: false } }
runner: { max_turns: 9, backoff: 2s }
history_guard: { max_tokens: 1000, repeats: true }
message_validator: { provider: anthropic }
`,
  );
  const all = fakeTerminal();
  explain(undefined, { config }, all);
  const [, runner = '', history = '', validator = ''] = all.text().split('\n\n');
  expect(runner).toMatch(/^runner {2}for the whole file\n/);
  expect(runner).toMatch(/ max_turns +9 +\S+:2:11$/);
  expect(runner).toMatch(/ max_llm_retries +2 +default\n/);
  expect(runner).toMatch(/ backoff +2s +\S+:2:25\n?/);
  expect(runner).toMatch(/ concurrency +all +default/);
  expect(history).toMatch(/^history_guard {2}for the whole file\n/);
  expect(history).toMatch(/ max_tokens +1000 +\S+:3:18\n/);
  expect(history).toMatch(/ max_messages +no limit +default\n/);
  expect(history).toMatch(/ warn_at +0.9 +default\n/);
  expect(history).toMatch(/ counter +an estimate +default\n/);
  expect(history).toMatch(/ repeats +3 +\S+:3:36\n/);
  expect(history).toMatch(/ on_loss +error +default/);
  expect(validator).toMatch(/^message_validator {2}for the whole file\n/);
  expect(validator).toMatch(/ provider +anthropic +\S+:4:22\n/);
  expect(validator).toMatch(/ unanswered +answer +default\n/);
  const off = fakeTerminal();
  const file = scratch.write('off.yaml', 'tools: { look: { ledger: false } }\nmessage_validator: false\n');
  explain(undefined, { config: file, json: true }, off);
  expect(JSON.parse(off.text())).toMatchObject({
    message_validator: [{ key: 'enabled', value: 'false', from: expect.stringMatching(/:2:1$/) }],
  });
  expect(JSON.parse(off.text())).not.toHaveProperty('runner');
});
