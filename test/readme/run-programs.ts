import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript-5';
import { compilers, entryPoints, node, root } from '../package/package-files.js';
import type { Block } from './blocks.js';
import { fileName } from './readme.js';
import { type NameSource, type SnippetProgram, snippetProgram } from './snippet-program.js';

/** Compiles snippets against the built package and runs them, each in a process and a folder of its own. */
export interface Programs {
  readonly programs: readonly SnippetProgram[];
  /** What the compiler says, by places in the documents. */
  readonly complaints: string;
  /** Runs one; the result is what it wrote to stderr, and its exit status. */
  run(program: SnippetProgram): { status: number | null; stderr: string };
  close(): void;
}

/** Stands two folders below the package, where its own name leads to the build. */
const workspace = join(root, '.vitest');

/** @param groups - blocks by program. */
export function compilePrograms(groups: readonly (readonly Block[])[]): Programs {
  mkdirSync(workspace, { recursive: true });
  const folder = mkdtempSync(join(workspace, 'snippets-'));
  const sources = [
    ...entryPoints.map(packageNames),
    moduleNames('../../test/readme/prelude.js', 'test/readme/prelude.ts'),
  ];
  const isFile = (block: Block): boolean => fileName(block) !== undefined;
  const files = new Map<SnippetProgram, readonly Block[]>();
  const programs = groups.map((blocks) => {
    const program = snippetProgram(
      blocks.filter((block) => !isFile(block)),
      sources,
      '../../test/readme/outcome.js',
    );
    files.set(program, blocks.filter(isFile));
    return program;
  });
  for (const [index, { text }] of programs.entries()) writeFileSync(join(folder, `program-${index}.ts`), text);
  const compilerOptions = {
    noEmit: false,
    paths: {},
    rootDir: '../..',
    outDir: './out',
    declaration: false,
    isolatedDeclarations: false,
  };
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['./program-*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const compiler = compilers[0]?.path ?? '';
  const { stdout, stderr } = programs.length === 0 ? { stdout: '', stderr: '' } : node([compiler, '-p', folder], root);
  return {
    programs,
    complaints: places(stdout, programs) + stderr,
    run: (program) => {
      const name = `program-${programs.indexOf(program)}.js`;
      const cwd = mkdtempSync(join(tmpdir(), 'snippet-'));
      try {
        for (const block of files.get(program) ?? []) writeFileSync(join(cwd, fileName(block) ?? ''), block.code);
        const { status, stderr } = node([join(folder, 'out', folder.slice(root.length), name)], cwd);
        return { status, stderr };
      } finally {
        rmSync(cwd, { recursive: true, force: true });
      }
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function packageNames({ specifier, file }: { specifier: string; file: string }): NameSource {
  return moduleNames(specifier, `${file.replace(/^dist\//, 'src/')}.ts`);
}

/** The names that a module exports, by reading it: each is exported explicitly. */
function moduleNames(specifier: string, file: string): NameSource {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const values = new Set<string>();
  const types = new Set<string>();
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      for (const element of statement.exportClause.elements) {
        (statement.isTypeOnly || element.isTypeOnly ? types : values).add(element.name.text);
      }
    } else if (
      ts.canHaveModifiers(statement) &&
      statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    ) {
      if (ts.isVariableStatement(statement)) {
        for (const { name } of statement.declarationList.declarations) values.add(name.getText());
      } else if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
        types.add(statement.name.text);
      } else if ((ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name) {
        values.add(statement.name.text);
      }
    }
  }
  return { specifier, values, types };
}

function places(output: string, programs: readonly SnippetProgram[]): string {
  return output.replace(/\S*program-(\d+)\.ts\((\d+),\d+\)/g, (whole, program: string, line: string) => {
    return programs[Number(program)]?.places[Number(line) - 1] ?? whole;
  });
}
