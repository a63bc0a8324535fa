import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript-5';
import { describe, expect, test } from 'vitest';
import { entryPoints, root } from './package-files.js';

const declarations = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.d.ts'))
  .map((name) => join(root, 'dist', name));

const program = ts.createProgram(declarations, {
  noLib: true,
  types: [],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
});
const checker = program.getTypeChecker();

/** What a module exports, each name followed to where it is declared. */
function exportsOf(file: string): { name: string; declared: ts.Symbol }[] {
  const source = program.getSourceFile(join(root, `${file}.d.ts`));
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file}.d.ts is not a module`);
  return checker.getExportsOfModule(module).map((symbol) => ({
    name: symbol.name,
    declared: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  }));
}

function undocumented(symbols: readonly { name: string; declared: ts.Symbol }[]): string[] {
  return symbols
    .filter(({ declared }) => ts.displayPartsToString(declared.getDocumentationComment(checker)).trim() === '')
    .map(({ name }) => name);
}

/** Where a declaration file says `any`, in signatures as in members. */
function placesOfAny(source: ts.SourceFile): string[] {
  const places: string[] = [];
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      places.push(`${relative(root, source.fileName)}:${line + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return places;
}

describe.each(entryPoints)('$specifier', ({ file }) => {
  test('every export says what it is', () => {
    const names = exportsOf(file);
    expect(names.length).toBeGreaterThan(0);
    expect(undocumented(names)).toEqual([]);
  });

  test('every method of an exported class says what it does', () => {
    expect(exportsOf(file).flatMap(({ name, declared }) => undocumentedMembers(name, declared))).toEqual([]);
  });
});

/** Own methods of an exported class without a comment; what overrides an inherited one is described there. */
function undocumentedMembers(name: string, declared: ts.Symbol): string[] {
  const own =
    declared.declarations?.find(ts.isClassDeclaration)?.members ?? ts.factory.createNodeArray<ts.ClassElement>();
  return own
    .filter(ts.isMethodDeclaration)
    .filter((member) => ts.isIdentifier(member.name) && member.name.text !== 'toJSON')
    .filter((member) => !/override|private/.test(member.modifiers?.map((one) => one.getText()).join(' ') ?? ''))
    .filter((member) => ts.getJSDocCommentsAndTags(member).length === 0)
    .map((member) => `${name}.${member.name.getText()}`);
}

test('no declaration says any', () => {
  expect(declarations.length).toBeGreaterThan(0);
  const sources = declarations.map((file) => program.getSourceFile(file)).filter((source) => source !== undefined);
  expect(sources.flatMap(placesOfAny)).toEqual([]);
});
