import { afterEach, expect, test } from 'vitest';
import { byScope, commentBlocks, fencedBlocks } from './blocks.js';
import { compilePrograms, type Programs } from './run-programs.js';

let compiled: Programs | undefined;

afterEach(() => {
  compiled?.close();
  compiled = undefined;
});

/** Compiles one document's blocks as one program and runs it. */
function check(...lines: string[]): { complaints: string; status: number | null; stderr: string } {
  compiled = compilePrograms([fencedBlocks(['# Title', '```ts', ...lines, '```'].join('\n'), 'doc.md')]);
  const [program] = compiled.programs;
  if (program === undefined || compiled.complaints !== '')
    return { complaints: compiled.complaints, status: null, stderr: '' };
  return { complaints: '', ...compiled.run(program) };
}

const fine = { complaints: '', status: 0, stderr: '' };

test('outcomes that hold pass', () => {
  expect(
    check(
      `import { readFileSync } from 'node:fs';`,
      `const one = 1; // → 1`,
      `const { a, b: [c] } = { a: 1, b: [2] }; // → { a: 1, c: 2 }`,
      `1 + one; // → 2 — as everybody knows`,
      `console.log({ paid: true, at: 7 }); // → { paid: true, … }`,
      `await Promise.resolve(new Date(0)); // → new Date(0)`,
      `readFileSync('there is no such file'); // → Error: ENOENT`,
      `JSON.parse('{'); // → SyntaxError`,
    ),
  ).toEqual(fine);
});

test('a wrong value fails, with the place in the document', () => {
  const { status, stderr } = check('', `[1, 2].length; // → 3`);
  expect(status).toBe(1);
  expect(stderr).toContain('doc.md:4: is 2, the document says 3');
});

test('a member that is missing fails, whatever else is there', () => {
  expect(check(`({ paid: false, at: 7 }); // → { paid: true, … }`).stderr).toContain('doc.md:3: is { paid: false');
  expect(check(`({ at: 7 }); // → { paid: undefined, … }`).stderr).toContain('doc.md:3: is { at: 7 }');
});

test('an error that is not thrown fails, and another error too', () => {
  expect(check(`JSON.parse('{}'); // → SyntaxError`).stderr).toContain('the document says that it throws SyntaxError');
  expect(check(`JSON.parse('{'); // → RangeError`).stderr).toContain('throws another error than RangeError');
});

test('an error that nothing announces fails', () => {
  expect(check(`JSON.parse('{');`).status).toBe(1);
});

test('an outcome in a function that never runs fails', () => {
  expect(check(`async function never(): Promise<void> {`, `  await 1; // → 1`, `}`).stderr).toContain(
    'never reached: doc.md:4',
  );
});

test('an outcome that says nothing checkable is refused', () => {
  expect(() => check(`1; // → one of them`)).toThrow(
    'doc.md:3: "one of them" is neither a value nor the name of an error',
  );
  expect(() => check(`const f = () => [`, `  1, // → 1`, `];`)).toThrow(
    'doc.md:4: the outcome must follow an expression',
  );
});

test('what does not compile is told by its line in the document, and what must not compile can say so', () => {
  expect(check(`const one = 1;`, `const text: string = one;`).complaints).toMatch(/^doc\.md:4: error TS2322/);
  expect(check(`// @ts-expect-error`, `const text: string = 1;`).complaints).toBe('');
  expect(check(`// @ts-expect-error`, `const text: string = 'fine';`).complaints).toMatch(/^doc\.md:3: error TS2578/);
});

test('names come from the package and the prelude, unless the snippet has its own', () => {
  expect(check(`new UsageError({ place: 'a', problem: 'b', remedy: 'c' }).code; // → 'USAGE'`)).toEqual(fine);
  expect(check(`gateway.book.length; // → 0`)).toEqual(fine);
  expect(check(`const gateway = { book: 'mine' };`, `gateway.book; // → 'mine'`)).toEqual(fine);
  expect(check(`noSuchName;`).complaints).toContain("Cannot find name 'noSuchName'");
});

test('blocks under one heading are one program, and TSDoc comments are read like documents', () => {
  const document = ['# A', '```ts', 'const a = 1;', '```', 'and', '```ts', 'a;', '```', '## B', '```js', 'b;', '```'];
  const groups = byScope(fencedBlocks(document.join('\n'), 'doc.md'));
  expect(groups.map((blocks) => blocks.map(({ line, code }) => [line, code]))).toEqual([
    [
      [3, 'const a = 1;'],
      [7, 'a;'],
    ],
    [[11, 'b;']],
  ]);
  const source = [
    'const x = 1;',
    '/**',
    ' * What.',
    ' *',
    ' * @example',
    ' * ```ts',
    ' * f({',
    ' *   a,',
    ' * });',
    ' * ```',
    ' */',
  ];
  expect(commentBlocks(source.join('\n'), 'src/f.ts')).toEqual([
    { file: 'src/f.ts', line: 7, language: 'ts', scope: 'line 2', code: 'f({\n  a,\n});' },
  ]);
  expect(() => fencedBlocks('```ts\n1', 'doc.md')).toThrow('doc.md:1: the fence is never closed');
});
