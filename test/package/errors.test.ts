import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MyceliumError } from 'mycelium-runtime';
import { expect, test } from 'vitest';
import { errorTable, innerErrors } from './error-table.js';
import { entryPoints, root } from './package-files.js';

/** Every class below MyceliumError that a module exports; by prototype, because `instanceof` asks for the brand. */
async function errorClasses(modules: readonly string[]): Promise<Map<string, typeof MyceliumError>> {
  const found = new Map<string, typeof MyceliumError>();
  for (const module of modules) {
    const exported: Record<string, unknown> = await import(module);
    for (const value of Object.values(exported)) {
      if (typeof value === 'function' && isErrorClass(value)) found.set(value.name, value);
    }
  }
  return found;
}

function isErrorClass(value: object): value is typeof MyceliumError {
  for (let parent = Object.getPrototypeOf(value); parent !== null; parent = Object.getPrototypeOf(parent)) {
    if (parent === MyceliumError) return true;
  }
  return false;
}

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => pathToFileURL(join(root, 'src', name)).href);

const all = await errorClasses(sources);
const exported = await errorClasses(entryPoints.map(({ specifier }) => specifier));

test('every error class can be imported by users, or is named as an inner one', () => {
  const inner = [...all].filter(([name]) => !exported.has(name)).map(([name, { code }]) => [name, code]);
  expect(Object.fromEntries(inner)).toEqual(innerErrors);
});

test('the table names every exported error class once, and no other', () => {
  const classes = errorTable.map(({ example }) => example().constructor.name);
  expect(classes.sort()).toEqual([...exported.keys()].sort());
});

test('codes are unique', () => {
  const codes = [...all.values()].map(({ code }) => code);
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
});

test.each(errorTable)('$code says what happened, what to do and whether to repeat, in every form', (row) => {
  const { code, retryable, remedy } = row;
  const error = row.example();
  const kind = error.constructor as typeof MyceliumError;
  expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
  expect({ code: error.code, retryable: error.retryable, name: error.name }).toEqual({
    code,
    retryable,
    name: kind.name,
  });
  expect({ code: kind.code, retryable: kind.retryable }).toEqual({ code, retryable });

  const lines = error.message.split('\n');
  expect(lines[0]).toMatch(/\S/);
  expect(lines.at(-1)).toBe(`  ${remedy}`);
  expect(error.remedy).toBe(remedy);

  expect(JSON.parse(JSON.stringify(error))).toEqual(error.toJSON());
  expect(error.toJSON()).toMatchObject({ name: kind.name, code, retryable, message: error.message });
});

test.each(errorTable)('$code from another copy of the package is recognized by its brand', ({ example }) => {
  const error = example();
  expect(error).toBeInstanceOf(MyceliumError);
  const copy = Object.assign(new Error(error.message), { code: error.code });
  expect(copy).not.toBeInstanceOf(error.constructor);
  Object.defineProperty(copy, Symbol.for('mycelium.error'), { value: true });
  expect(copy).toBeInstanceOf(error.constructor);
  expect(Object.assign(copy, { code: 'ANOTHER' })).not.toBeInstanceOf(error.constructor);
});
