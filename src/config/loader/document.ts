import { type Document, isScalar, type Node, parseAllDocuments, visit } from 'yaml';
import { type Expected, habit } from './habits.js';
import type { Finding, Issues, Path } from './issues.js';
import type { Environment } from './references.js';
import type { Place, Range, Source } from './source.js';
import { type SyntaxProblem, syntaxFinding } from './syntax.js';
import { NOTHING, rangeOf, TreeReader, type Written } from './tree-reader.js';

/** A YAML text as plain values, with the way back to where each stands. */
export interface YamlTree {
  readonly value: unknown;
  /** False behind an error after which everything looks wrong. */
  readonly whole: boolean;
  /** What has no value, because of what is wrong with it; told unless it stands below a key that is refused. */
  readonly unread: readonly Finding[];
  written(path: Path): Written | undefined;
  /** Where it stands, for people. */
  placeOf(written: Written): Place & { readonly variables: readonly string[] };
}

/** Reads a text as YAML 1.2. What is wrong with it goes into `issues`; the value is what could be read. */
export function readYaml(source: Source, environment: Environment, issues: Issues): YamlTree {
  const parsed = parseAllDocuments(source.text, {
    lineCounter: source.lines,
    prettyErrors: false,
    version: '1.2',
    schema: 'core',
    logLevel: 'silent',
    // Keys are compared here, as they are spelt.
    uniqueKeys: false,
  });
  const [document, second] = 'empty' in parsed ? [] : (parsed as Document.Parsed[]);
  const { errors, warnings } = document ?? (parsed as Pick<Document, 'errors' | 'warnings'>);
  const whole = tellSyntax([...(errors ?? []), ...(warnings ?? [])], document, source, issues);
  if (second !== undefined && whole) {
    issues.add({
      id: 'MYC104',
      at: [second.range[0], second.range[0] + 3],
      path: [],
      problem: 'a second document begins here',
      remedy: 'Keep one document in the file: remove what is behind the line ---.',
    });
  }
  const read = whole && document !== undefined ? new TreeReader(document, source, environment, issues).read() : NOTHING;
  return {
    ...read,
    whole: whole && read.whole,
    written: (path) => read.written.get(JSON.stringify(path)),
    placeOf: ({ key, value, variables }) => ({ ...source.place(key ?? value), variables }),
  };
}

/** One broken place makes the parser stumble over what follows, so of such errors only the first is told. */
function tellSyntax(
  problems: readonly SyntaxProblem[],
  document: Document | undefined,
  source: Source,
  issues: Issues,
): boolean {
  const inOrder = [...problems].sort((one, other) => one.pos[0] - other.pos[0]);
  for (const problem of inOrder) {
    const { fatal, unclosed, at, ...finding } = syntaxFinding(problem, source.text);
    issues.add({ ...finding, at: (unclosed ? openingBefore(at, document) : undefined) ?? at, path: [] });
    if (fatal) return false;
  }
  return true;
}

/** What is not closed is found out far behind it; where it is opened is what people look for. */
function openingBefore([end]: Range, document: Document | undefined): Range | undefined {
  let opening: Range | undefined;
  visit(document ?? null, {
    Node: (_, node) => {
      const opens = isScalar(node) ? node.type?.startsWith('QUOTE') : 'flow' in node && node.flow;
      const [from, to] = rangeOf(node as Node) ?? [end, end];
      if (opens === true && from < end && to >= end) opening = [from, from + 1];
    },
  });
  return opening;
}

/** For messages: a value, unless it came from the environment, whose values are not told. */
export function spoken(written: Written | undefined, value: string): string {
  if (written === undefined || written.variables.length === 0) return value;
  return `the value of ${written.variables.map((name) => `\${env:${name}}`).join(' and ')}`;
}

/** What to say about a value of the wrong kind because of how it is written. */
export function habitOf(written: Written | undefined, value: unknown, expected: Expected): string | undefined {
  if (written?.source === undefined || !written.plain || written.variables.length > 0) return undefined;
  return habit(written.source, value, expected);
}
