import { expect, test } from 'vitest';
import { manifest } from './package-files.js';

// What users rely on, letter by letter: a change here is a change of the package's promise.
test('the exports map is what it was', () => {
  expect(manifest.exports).toEqual({
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './store': { types: './dist/store/index.d.ts', default: './dist/store/index.js' },
    './redis': { types: './dist/store/redis/index.d.ts', default: './dist/store/redis/index.js' },
    './postgres': { types: './dist/store/postgres/index.d.ts', default: './dist/store/postgres/index.js' },
    './receipts': { types: './dist/receipts/index.d.ts', default: './dist/receipts/index.js' },
    './boundary': { types: './dist/boundary/index.d.ts', default: './dist/boundary/index.js' },
    './runner': { types: './dist/runner/index.d.ts', default: './dist/runner/index.js' },
    './context': { types: './dist/context/index.d.ts', default: './dist/context/index.js' },
    './transcript': { types: './dist/transcript/index.d.ts', default: './dist/transcript/index.js' },
    './testing': { types: './dist/testing/index.d.ts', default: './dist/testing/index.js' },
    './package.json': './package.json',
  });
});

test('types stand before every other condition', () => {
  for (const target of Object.values(manifest.exports)) {
    if (typeof target !== 'string') expect(Object.keys(target)[0]).toBe('types');
  }
});

test('it is an ESM package for Node 20.19 and newer, without side effects', () => {
  const { name, type, sideEffects, engines } = manifest;
  expect({ name, type, sideEffects, engines }).toEqual({
    name: 'mycelium-runtime',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19' },
  });
});

test('it has these runtime dependencies and no others', () => {
  expect(manifest.dependencies).toEqual({
    '@noble/ed25519': '^3.2.0',
    commander: '^14.0.3',
    'lru-cache': '^11.5.3',
    'proper-lockfile': '^4.1.2',
    re2js: '^2.10.0',
    yaml: '^2.9.1',
    zod: '^4.6.7',
  });
});

test('drivers and the validator of JSON Schemas are optional peers', () => {
  expect(manifest.peerDependencies).toEqual({
    ajv: '^8.17.1',
    'ajv-formats': '^3.0.1',
    'gpt-tokenizer': '^4.0.0',
    ioredis: '>=5.4.1 <7',
    postgres: '^3.4.8',
  });
  const optional = Object.keys(manifest.peerDependencies).map((name) => [name, { optional: true }]);
  expect(manifest.peerDependenciesMeta).toEqual(Object.fromEntries(optional));
});

test('vite stays at a version that lowers standard decorators', () => {
  expect(manifest.devDependencies.vite).toMatch(/^\^7\./);
});
