import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { node, root } from './package-files.js';

/** Most modules that `import 'mycelium-runtime'` may load. */
const moduleLimit = 40;

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'root-import-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Imports the built root in a process of its own and returns every module that Node's loader was asked for. */
function loadedModules(): { url: string; parent: string | undefined }[] {
  const entry = JSON.stringify(new URL(`file://${join(root, 'dist/index.js')}`).href);
  const port = 'data.port.postMessage';
  const hooks = `
    let data;
    export function initialize(given) { data = given; }
    export async function resolve(specifier, context, next) {
      const found = await next(specifier, context);
      ${port}({ url: found.url, parent: context.parentURL });
      return found;
    }`;
  writeFileSync(
    join(folder, 'count.mjs'),
    `import { writeFileSync } from 'node:fs';
     import { register } from 'node:module';
     import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
     const { port1, port2 } = new MessageChannel();
     const hooks = 'data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)});
     register(hooks, { data: { port: port2 }, transferList: [port2] });
     await import(${entry});
     const seen = [];
     for (let message; (message = receiveMessageOnPort(port1)); ) seen.push(message.message);
     writeFileSync(1, JSON.stringify(seen));
     process.exit();`,
  );
  const { status, stdout, stderr } = node(['count.mjs'], folder);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

test(`the root has at most ${moduleLimit} modules behind it, its own files and node: modules only`, () => {
  const asked = loadedModules().filter(({ parent }) => parent !== undefined && !parent.endsWith('/count.mjs'));
  const urls = [...new Set(asked.map(({ url }) => url))];
  const own = urls.filter((url) => url.startsWith(new URL(`file://${join(root, 'dist')}/`).href));
  const foreign = urls.filter((url) => !own.includes(url) && !(url.startsWith('node:') && isBuiltin(url)));
  expect(foreign).toEqual([]);
  expect(own.length).toBeGreaterThan(1);
  expect(own.length + 1, [...own].sort().join('\n')).toBeLessThanOrEqual(moduleLimit);
});

test('importing it starts nothing, writes nothing and prints nothing', () => {
  const entry = JSON.stringify(new URL(`file://${join(root, 'dist/index.js')}`).href);
  writeFileSync(
    join(folder, 'idle.mjs'),
    `import { writeFileSync } from 'node:fs';
     const before = { listeners: process.eventNames(), globals: Object.getOwnPropertyNames(globalThis) };
     await import(${entry});
     await new Promise((resolve) => setImmediate(resolve));
     const added = (now, then) => now.filter((name) => !then.includes(name)).map(String);
     process.on('exit', () => writeFileSync('report.json', JSON.stringify({
       resources: process.getActiveResourcesInfo(),
       listeners: added(process.eventNames(), [...before.listeners, 'exit']),
       globals: added(Object.getOwnPropertyNames(globalThis), before.globals),
     })));
     setImmediate(() => process.exit());`,
  );
  expect(node(['idle.mjs'], folder)).toEqual({ status: 0, stdout: '', stderr: '' });
  const report = node(['-p', `require('node:fs').readFileSync('report.json', 'utf8')`], folder);
  expect(JSON.parse(report.stdout)).toEqual({ resources: [], listeners: [], globals: [] });
  expect(readdirSync(folder).sort()).toEqual(['idle.mjs', 'report.json']);
});
