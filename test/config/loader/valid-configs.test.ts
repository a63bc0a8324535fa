// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration look like that.
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, loadConfigFromString } from '../../../src/config/load-config.js';
import type { Config, GuardConfig } from '../../../src/config/loader/config.js';
import { readConfig } from '../../../src/config/loader/read-config.js';
import { UsageError } from '../../../src/errors/usage.js';
import { read } from './broken-config.js';

function config(yaml: string): Config {
  const { issues, config: resolved } = read(yaml);
  expect(issues.text('error')).toBe('');
  return resolved;
}

function guard(yaml: string, name: string): GuardConfig {
  const found = config(yaml).guards.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

const DEFAULT = { storage: 'file', directory: '/srv/app/.mycelium' };

describe('configurations that load', () => {
  it.each(['', '\n', '# nothing\n', '---\n', '{}', '~', 'tools:\ntasks:\naction_ledger:\ntask_ledger:\n', '\ufeff'])(
    '%j is the defaults',
    (yaml) => {
      const resolved = config(yaml);
      expect(resolved).toMatchObject({ folder: '/srv/app', strict: false, guards: [] });
      expect(resolved.locations).toEqual({ tool: DEFAULT, task: DEFAULT });
    },
  );

  it('every option of a tool, in milliseconds', () => {
    const yaml = `
tools:
  send_payment:
    ledger: true
    side_effect_class: keyed_mutate
    boundary: explicit
    id_from: [invoice_id, to]
    key_valid_for: 24h
    lease: 30
    wait_for: 250ms
    timeout: 1.5m
    settle_after: 0.25
    max_attempts: 3
    store: { input: redacted, result: digest, redact: [card], max_result_length: 1000 }
  get_rate: { side_effect_class: read, replay_for: 2h, lease: " 45s " }
`;
    expect(guard(yaml, 'send_payment').ledger).toEqual({
      location: DEFAULT,
      options: {
        effect: 'keyed_mutate',
        boundary: 'explicit',
        idFrom: ['invoice_id', 'to'],
        keyValidFor: 86_400_000,
        lease: 30_000,
        waitFor: 250,
        timeout: 90_000,
        settleAfter: 250,
        maxAttempts: 3,
        store: { input: 'redacted', result: 'digest', redact: ['card'], maxResultLength: 1000 },
      },
    });
    expect(guard(yaml, 'get_rate').ledger?.options).toEqual({ effect: 'read', replayFor: 7_200_000, lease: 45_000 });
  });

  it('every option of a task', () => {
    const yaml =
      'tasks: { bill: { ledger: true, side_effect_class: irreversible, id_from: [a], lease: 60, wait_for: 1, timeout: 2, max_attempts: 4, store: { result: full } } }';
    expect(guard(yaml, 'bill').ledger?.options).toEqual({
      effect: 'irreversible',
      idFrom: ['a'],
      lease: 60_000,
      waitFor: 1000,
      timeout: 2000,
      maxAttempts: 4,
      store: { result: 'full' },
    });
  });

  it('every option of a state flush, and where each comes from', () => {
    const yaml = `
action_ledger: { path: ./ledger }
state_flush:
  flush_on: [error]
  durable: true
  signals: [SIGTERM, SIGINT]
`;
    const { stateFlush } = config(yaml);
    expect(stateFlush?.settings).toEqual({ flushOn: ['error'], durable: true, signals: ['SIGTERM', 'SIGINT'] });
    expect(stateFlush?.location).toEqual({ storage: 'file', directory: '/srv/app/ledger' });
    expect(stateFlush?.origin('durable')).toMatchObject({ line: 5 });
    expect(stateFlush?.origin('flush_on_complete')).toBe('default');
    expect(stateFlush?.origin('path')).toMatchObject({ line: 2 });
    const own = config('action_ledger: { path: ./ledger }\n\nstate_flush: { path: ./states }').stateFlush;
    expect(own?.location).toEqual({ storage: 'file', directory: '/srv/app/states' });
    expect(own?.origin('path')).toMatchObject({ line: 3 });
    expect(config('').stateFlush).toBeUndefined();
  });

  it('strict', () => {
    expect(config('action_ledger: { strict: true }').strict).toBe(true);
    expect(config('action_ledger: { strict: false }').strict).toBe(false);
    expect(config('action_ledger:\n  strict: ${env:YES}').strict).toBe(true);
  });

  it('anchors and aliases, the last one of a name', () => {
    const yaml = `
tools:
  a: &common { side_effect_class: read, id_from: &fields [x] }
  b: *common
  c: { id_from: *fields, side_effect_class: &class irreversible }
  d: { id_from: &fields [y], side_effect_class: *class }
  e: { id_from: *fields, side_effect_class: read }
`;
    expect(config(yaml).guards.map(({ name, ledger }) => [name, ledger?.options])).toEqual([
      ['a', { effect: 'read', idFrom: ['x'] }],
      ['b', { effect: 'read', idFrom: ['x'] }],
      ['c', { effect: 'irreversible', idFrom: ['x'] }],
      ['d', { effect: 'irreversible', idFrom: ['y'] }],
      ['e', { effect: 'read', idFrom: ['y'] }],
    ]);
  });

  it('names that objects have as members', () => {
    const yaml = 'tools: { constructor: { ledger: false }, toString: { ledger: true, side_effect_class: read } }';
    expect(config(yaml).guards.map(({ name, ledger }) => [name, ledger !== undefined])).toEqual([
      ['constructor', false],
      ['toString', true],
    ]);
  });

  it('Windows line ends, and no line end', () => {
    const yaml = 'tools:\r\n  pay:\r\n    ledger: false\r\ntasks:\r\n  bill:\r\n    id_from: [a]';
    expect(config(yaml).guards.map(({ name }) => name)).toEqual(['pay', 'bill']);
  });
});

describe('what is recorded', () => {
  const recorded = (yaml: string): unknown =>
    config(yaml).guards.map(({ name, ledger, waived }) => [name, ledger !== undefined, waived]);

  it.each([
    ['a ledger', '{ ledger: true }', true, false],
    ['a place', '{ ledger: { storage: memory } }', true, false],
    ['any option of a ledger', '{ id_from: [a] }', true, false],
    ['a duration', '{ lease: 5s }', true, false],
    ['the class alone', '{ side_effect_class: read }', false, false],
    ['nothing', '{}', false, false],
    ['ledger: false', '{ ledger: false }', false, true],
  ])('%s', (_, entry, is, waived) => {
    expect(recorded(`tools: { pay: ${entry} }`)).toEqual([['pay', is, waived]]);
  });

  it('by a class whose effect must not happen twice, and not by one that may', () => {
    const guards = (effect: string): unknown[] =>
      read(`tools: { pay: { side_effect_class: ${effect} } }`).config.guards.map(({ ledger }) => ledger !== undefined);
    for (const effect of ['keyed_mutate', 'non_idempotent_mutate', 'irreversible'])
      expect(guards(effect)).toEqual([true]);
    for (const effect of ['read', 'idempotent_mutate']) expect(guards(effect)).toEqual([false]);
  });

  it('by selector: all, but for what says otherwise', () => {
    const entries = '{ a: {}, b: { ledger: false }, c: { side_effect_class: read } }';
    expect(recorded(`action_ledger: { tools: all }\ntools: ${entries}\ntasks: { t: {} }`)).toEqual([
      ['a', true, false],
      ['b', false, true],
      ['c', true, false],
      ['t', false, false],
    ]);
    expect(recorded(`task_ledger: { tasks: all }\ntasks: ${entries}`)).toEqual([
      ['a', true, false],
      ['b', false, true],
      ['c', true, false],
    ]);
  });

  it('by selector: names', () => {
    expect(recorded('action_ledger: { tools: [a, c] }\ntools: { a: {}, b: {}, c: {} }')).toEqual([
      ['a', true, false],
      ['b', false, false],
      ['c', true, false],
    ]);
    expect(recorded('action_ledger: { tools: ["${env:TOOL}"] }\ntools: { pay: {}, get: {} }')).toEqual([
      ['pay', true, false],
      ['get', false, false],
    ]);
  });
});

describe('where it is recorded', () => {
  const file = (directory: string): object => ({ storage: 'file', directory });

  it.each([
    ['', DEFAULT, DEFAULT],
    ['action_ledger: { storage: file }', DEFAULT, DEFAULT],
    ['action_ledger: { path: ledger }', file('/srv/app/ledger'), file('/srv/app/ledger')],
    ['action_ledger: { path: ./a/../b }', file('/srv/app/b'), file('/srv/app/b')],
    ['action_ledger: { path: ../b }', file('/srv/b'), file('/srv/b')],
    ['action_ledger: { path: /var/lib/x }', file('/var/lib/x'), file('/var/lib/x')],
    ['action_ledger: { storage: memory }', { storage: 'memory' }, { storage: 'memory' }],
    ['action_ledger: { path: a }\ntask_ledger: { path: t }', file('/srv/app/a'), file('/srv/app/t')],
    ['action_ledger: { path: a }\ntask_ledger: { tasks: all }', file('/srv/app/a'), file('/srv/app/a')],
    ['action_ledger: { path: a }\ntask_ledger: { storage: memory }', file('/srv/app/a'), { storage: 'memory' }],
    ['action_ledger: { storage: memory }\ntask_ledger: { storage: file }', { storage: 'memory' }, DEFAULT],
    ['task_ledger: { path: t }', DEFAULT, file('/srv/app/t')],
    ['action_ledger:\n  path: ${env:HOME}/ledger', file('/home/ada/ledger'), file('/home/ada/ledger')],
    ['action_ledger: { path: "${env:NONE:-./there}" }', file('/srv/app/there'), file('/srv/app/there')],
    ['action_ledger: { path: "${env:EMPTY:-there}" }', file('/srv/app/there'), file('/srv/app/there')],
    ['action_ledger: { path: "a$$b/$5" }', file('/srv/app/a$b/$5'), file('/srv/app/a$b/$5')],
    ['action_ledger: { path: ./~ }', file('/srv/app/~'), file('/srv/app/~')],
  ])('%j', (yaml, tool, task) => {
    const { locations, guards } = config(
      `${yaml}\ntools: { pay: { ledger: true } }\ntasks: { bill: { ledger: true } }`,
    );
    expect(locations).toEqual({ tool, task });
    expect(guards.map(({ ledger }) => ledger?.location)).toEqual([tool, task]);
  });

  it('a place of its own', () => {
    const yaml = `
action_ledger: { storage: memory }
tools: { a: { ledger: { path: own } }, b: { ledger: { storage: file } }, c: { ledger: true } }
tasks: { d: { ledger: { storage: file, path: /t } }, e: { ledger: { storage: memory } } }
`;
    expect(config(yaml).guards.map(({ name, ledger }) => [name, ledger?.location])).toEqual([
      ['a', file('/srv/app/own')],
      ['b', DEFAULT],
      ['c', { storage: 'memory' }],
      ['d', file('/t')],
      ['e', { storage: 'memory' }],
    ]);
  });
});

describe('the environment', () => {
  it.each([
    ['lease: "${env:WAIT}"', { lease: 10_000 }],
    ['lease: "${env:NUMBER}s"', { lease: 5000 }],
    ['lease: "${env:NONE:-7s}"', { lease: 7000 }],
    ['id_from: ["${env:NUMBER}"]', { idFrom: ['5'] }],
    ['id_from: [\'a$$b\', "${env:WORD}-${env:NUMBER}"]', { idFrom: ['a$b', 'hunter2-5'] }],
  ])('%s', (entry, options) => {
    expect(guard(`tools: { pay: { ${entry} } }`, 'pay').ledger?.options).toEqual(options);
  });

  it('without quotes a value is read as YAML', () => {
    const yaml =
      'tools:\n  pay:\n    lease: ${env:NUMBER}\n    timeout: ${env:FRACTION}\n    max_attempts: ${env:NUMBER}\n    ledger: ${env:YES}\n';
    expect(guard(yaml, 'pay').ledger?.options).toEqual({ lease: 5000, timeout: 250, maxAttempts: 5 });
  });

  it('a value is not looked through for further references, nor for YAML', () => {
    const { config: resolved, issues } = read('action_ledger:\n  path: ${env:TRICK}\n', {
      TRICK: '${env:HOME}: {a: [',
    });
    expect(issues.errors).toBe(false);
    expect(resolved.locations.tool).toEqual({ storage: 'file', directory: '/srv/app/${env:HOME}: {a: [' });
  });

  it('comes in with references only', () => {
    const watched = new Proxy<Record<string, string>>(
      { A: 'a' },
      {
        get: () => expect.fail('read'),
        ownKeys: () => expect.fail('listed'),
        getOwnPropertyDescriptor: () => expect.fail('looked at'),
      },
    );
    expect(read('action_ledger: { path: ./x }\ntools: { pay: { ledger: false } }', watched).issues.all).toEqual([]);
  });
});

describe('where values come from', () => {
  const yaml = `action_ledger:
  path: ./\${env:TOOL}
  tools: [pay]
tools:
  pay:
    side_effect_class: irreversible
    id_from: [order]
  get: { ledger: { storage: memory }, lease: "\${env:WAIT}" }
tasks:
  bill: { id_from: [a] }
`;

  it.each([
    ['pay', 'side_effect_class', { line: 6, column: 5, width: 17, variables: [] }],
    ['pay', 'id_from', { line: 7, column: 5, width: 7, variables: [] }],
    ['pay', 'ledger', { line: 3, column: 3, width: 5, variables: [] }],
    ['pay', 'path', { line: 2, column: 3, width: 4, variables: ['TOOL'] }],
    ['pay', 'storage', 'default'],
    ['pay', 'lease', 'default'],
    ['get', 'ledger', { line: 8, column: 10, width: 6, variables: [] }],
    ['get', 'storage', { line: 8, column: 20, width: 7, variables: [] }],
    ['get', 'lease', { line: 8, column: 39, width: 5, variables: ['WAIT'] }],
    ['bill', 'ledger', { line: 10, column: 11, width: 7, variables: [] }],
    ['bill', 'path', { line: 2, column: 3, width: 4, variables: ['TOOL'] }],
  ])('%s: %s', (name, key, origin) => {
    expect(guard(yaml, name).origin(key)).toEqual(origin);
  });
});

describe('files', () => {
  let folder = '';
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'valid-config-')));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const TOOL = 'tools: { pay: { ledger: false } }';

  it.each(['mycelium.yaml', 'mycelium.yml'])('%s is found', (name) => {
    write(name, TOOL);
    const found = readConfig(undefined, folder, {});
    expect(found.file).toBe(join(folder, name));
    expect(found.source.name).toBe(name);
    expect(found.config.guards).toHaveLength(1);
  });

  it('.yaml comes first', () => {
    write('mycelium.yaml', '');
    write('mycelium.yml', TOOL);
    expect(readConfig(undefined, folder, {}).config.guards).toEqual([]);
  });

  it('none is the defaults', () => {
    const { file, config: resolved, issues } = readConfig(undefined, folder, {});
    expect(file).toBeUndefined();
    expect(issues.all).toEqual([]);
    expect(resolved.locations.tool).toEqual({ storage: 'file', directory: join(folder, '.mycelium') });
  });

  it('a file may be named by its URL, and nothing else may', async () => {
    write('other.yaml', TOOL);
    const url = pathToFileURL(join(folder, 'other.yaml'));
    expect(readConfig(url, '/', {}).config.guards).toHaveLength(1);
    for (const path of ['https://example.com/x.yaml', 'file://host/x.yaml', 'file:///a%2fb'].map(
      (text) => new URL(text),
    ))
      expect(() => readConfig(path, folder, {})).toThrow(UsageError);
    for (const path of ['', 'a\0b', 7 as unknown as string])
      expect(() => readConfig(path, folder, {})).toThrow(UsageError);
    await expect(loadConfigFromString(Buffer.from(TOOL) as unknown as string)).rejects.toThrow(UsageError);
  });

  it('relative paths start from the folder of the file', () => {
    mkdirSync(join(folder, 'deploy'));
    write('deploy/prod.yaml', 'action_ledger: { path: ../data }');
    const { config: resolved, source } = readConfig('deploy/prod.yaml', folder, {});
    expect(source.name).toBe('deploy/prod.yaml');
    expect(resolved.folder).toBe(join(folder, 'deploy'));
    expect(resolved.locations.tool).toEqual({ storage: 'file', directory: join(folder, 'data') });
  });

  it('a file outside the working directory is named in full', () => {
    write('other.yaml', 'tols: {}');
    mkdirSync(join(folder, 'here'));
    const { issues } = readConfig('../other.yaml', join(folder, 'here'), {});
    expect(issues.all).toMatchObject([{ file: join(folder, 'other.yaml'), line: 1, column: 1 }]);
  });

  it('loading creates nothing, and a frozen environment is enough', async () => {
    write('mycelium.yaml', 'action_ledger:\n  path: ${env:PLACE}\ntools: { pay: { ledger: true } }\n');
    const environment = Object.freeze({ PLACE: './ledger' });
    const mycelium = await loadConfig(join(folder, 'mycelium.yaml'), { environment });
    expect(mycelium.file).toBe(join(folder, 'mycelium.yaml'));
    mycelium.guard('pay')(async () => 1);
    await mycelium.close();
    const other = await loadConfigFromString('tools: { pay: { ledger: true } }', { folder, environment });
    await other.close();
    expect(readdirSync(folder)).toEqual(['mycelium.yaml']);
  });

  it('the same text gives the same, and does not change what was loaded before', () => {
    const first = read('tools: { pay: { id_from: [a] } }');
    const before = JSON.stringify(first.config);
    read('tools: { pay: { id_from: [b] } }\naction_ledger: { storage: memory }');
    expect(JSON.stringify(first.config)).toBe(before);
    expect(JSON.stringify(read('tools: { pay: { id_from: [a] } }').config)).toBe(before);
    expect(Object.isFrozen(first.config)).toBe(true);
  });
});
