import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  Scalar,
  type ScalarTag,
  type YAMLMap,
} from 'yaml';
import { habit } from './habits.js';
import { dotted, type Issues, type Path } from './issues.js';
import { type Environment, expand } from './references.js';
import type { Place, Range, Source } from './source.js';

/** What is known of a value, beside the value. */
export interface Written {
  readonly key: Range | undefined;
  readonly value: Range;
  /** As it stands in the file. */
  readonly source: string | undefined;
  /** Without quotes, so that YAML decides what it is. */
  readonly plain: boolean;
  /** Variables of the environment that went into it. */
  readonly variables: readonly string[];
}

/** A YAML text as plain values, with the way back to where each stands. */
export interface YamlTree {
  readonly value: unknown;
  written(path: Path): Written | undefined;
  /** Where it stands, for people. */
  placeOf(written: Written): Place & { readonly variables: readonly string[] };
}

const MOST_NODES = 20_000;
const DEEPEST = 32;

/** Reads a text as YAML 1.2. What is wrong with it goes into `issues`; the value is what could be read. */
export function readYaml(source: Source, environment: Environment, issues: Issues): YamlTree {
  const parsed = parseAllDocuments(source.text, {
    lineCounter: source.lines,
    prettyErrors: false,
    version: '1.2',
    schema: 'core',
    logLevel: 'silent',
  });
  const documents = 'empty' in parsed ? [] : parsed;
  const problems = [...(documents as Document[]), ...('empty' in parsed ? [parsed] : [])];
  for (const { errors, warnings } of problems) {
    for (const problem of [...errors, ...warnings]) issues.add(syntaxFinding(problem));
  }
  const [document, second] = documents as Document.Parsed[];
  if (second !== undefined) {
    issues.add({
      id: 'MYC104',
      at: [second.range[0], second.range[0] + 3],
      path: [],
      problem: 'a second document begins here',
      remedy: 'Keep one document in the file: remove what is behind the line ---.',
    });
  }
  const read = document === undefined ? undefined : new TreeReader(document, environment, issues).read();
  return {
    value: read?.value ?? {},
    written: (path) => read?.written.get(JSON.stringify(path)),
    placeOf: ({ key, value, variables }) => ({ ...source.place(key ?? value), variables }),
  };
}

interface SyntaxProblem {
  readonly code: string;
  readonly message: string;
  readonly pos: readonly [number, number];
}

const KNOWN_SYNTAX: Readonly<Record<string, readonly [id: string, problem: string, remedy: string]>> = {
  DUPLICATE_KEY: ['MYC111', 'this key stands here twice', 'Keep one of them: YAML would take the last without a word.'],
  TAB_AS_INDENT: ['MYC112', 'a tab is used as indentation', 'Indent with spaces.'],
  TAG_RESOLVE_FAILED: ['MYC113', 'this tag means nothing here', 'Remove it: a configuration is plain data.'],
};

function syntaxFinding({ code, message, pos }: SyntaxProblem): Parameters<Issues['add']>[0] {
  const [id, problem, remedy] = KNOWN_SYNTAX[code] ?? [
    'MYC110',
    // The parser's sentences end with a full stop and may run over several lines.
    `not YAML: ${message.replace(/\s+/g, ' ').replace(/[.:]$/, '')}`,
    'Mend the syntax; what stands behind it is looked at then.',
  ];
  return { id, at: pos, path: [], problem, remedy };
}

class TreeReader {
  readonly #document: Document.Parsed;
  readonly #environment: Environment;
  readonly #issues: Issues;
  readonly #written = new Map<string, Written>();
  readonly #open = new Set<Node>();
  #nodes = 0;

  constructor(document: Document.Parsed, environment: Environment, issues: Issues) {
    this.#document = document;
    this.#environment = environment;
    this.#issues = issues;
  }

  read(): { readonly value: unknown; readonly written: ReadonlyMap<string, Written> } {
    const { contents, directives } = this.#document;
    if (directives?.yaml.explicit === true && directives.yaml.version !== '1.2')
      this.#refuse(
        'MYC114',
        [0, 5],
        [],
        `%YAML ${directives.yaml.version} is asked for`,
        'Remove the line: this is read as YAML 1.2.',
      );
    const read = this.#value(contents, [], undefined) ?? {};
    const mapping = typeof read === 'object' && !Array.isArray(read);
    if (!mapping)
      this.#refuse(
        'MYC105',
        rangeOf(contents),
        [],
        'the file is not a mapping',
        'Begin with a section, e.g. "tools:".',
      );
    return { value: mapping ? read : {}, written: this.#written };
  }

  #refuse(id: string, at: Range | undefined, path: Path, problem: string, remedy: string): undefined {
    this.#issues.add({ id, at, path, problem, remedy });
    return undefined;
  }

  #value(node: Node | null, path: Path, key: Range | undefined): unknown {
    this.#nodes += 1;
    if (this.#nodes === MOST_NODES + 1)
      this.#refuse(
        'MYC116',
        key,
        path,
        `more than ${MOST_NODES} values`,
        'Aliases multiply what they stand for: write less of them.',
      );
    if (this.#nodes > MOST_NODES) return null;
    if (path.length > DEEPEST)
      return this.#refuse('MYC116', key, path, `nested more than ${DEEPEST} deep`, 'Nothing here is nested that deep.');
    const at = rangeOf(node) ?? key ?? [0, 0];
    const write = (source: string | undefined, plain: boolean, variables: readonly string[] = []): void => {
      this.#written.set(JSON.stringify(path), { key, value: at, source, plain, variables });
    };
    if (isAlias(node)) return this.#alias(node, path, key);
    if (isScalar(node)) return this.#scalar(node, path, at, write);
    write(undefined, false);
    if (node === null) return null;
    this.#open.add(node);
    try {
      if (isMap(node)) return this.#map(node, path);
      if (isSeq(node)) {
        return node.items.map((item, index) => this.#value(item as Node, [...path, index], undefined));
      }
      return this.#refuse('MYC110', at, path, 'this is no value', 'Write a text, a number, a list or a mapping.');
    } finally {
      this.#open.delete(node);
    }
  }

  #alias(node: Alias, path: Path, key: Range | undefined): unknown {
    const target = node.resolve(this.#document);
    if (target === undefined)
      return this.#refuse(
        'MYC115',
        rangeOf(node),
        path,
        `nothing is marked &${node.source}`,
        'Mark a value before it is used, or write it out.',
      );
    if (this.#open.has(target))
      return this.#refuse(
        'MYC115',
        rangeOf(node),
        path,
        `*${node.source} stands inside itself`,
        'Write the value out.',
      );
    return this.#value(target, path, key);
  }

  #scalar(
    node: Scalar,
    path: Path,
    at: Range,
    write: (source: string | undefined, plain: boolean, variables?: readonly string[]) => void,
  ): unknown {
    const plain = node.type === Scalar.PLAIN;
    const { source } = node;
    if (typeof node.value !== 'string') {
      write(source, plain);
      return node.value;
    }
    const { text, variables, problems } = expand(node.value, this.#environment);
    write(source, plain, variables);
    for (const { id, problem, remedy } of problems) this.#refuse(id, at, path, problem, remedy);
    if (problems.length > 0) return undefined;
    // Unquoted, it is read as if the text stood there, which may be a number or true.
    return plain && variables.length > 0 ? this.#resolved(text) : text;
  }

  #resolved(text: string): unknown {
    for (const tag of this.#document.schema.tags) {
      if (tag.collection !== undefined || tag.default !== true || tag.test?.test(text) !== true) continue;
      const value: unknown = (tag as ScalarTag).resolve(text, () => undefined, this.#document.options);
      return isScalar(value) ? value.value : value;
    }
    return text;
  }

  #map(node: YAMLMap, path: Path): Record<string, unknown> {
    // Without a prototype, so that no key is there that nobody wrote.
    const record: Record<string, unknown> = Object.create(null);
    for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
      const at = rangeOf(key);
      const name = nameOf(key);
      if (name === undefined || name === '__proto__') {
        this.#refuse(
          'MYC117',
          at,
          path,
          `a key in ${dotted(path) || 'the file'} is no name`,
          'Write keys as plain words.',
        );
        continue;
      }
      const below = [...path, name];
      const read = this.#value(value, below, at);
      if (read !== undefined) record[name] = read;
    }
    return record;
  }
}

/** A key as it is spelt: `2026.10` stays what it is. */
function nameOf(key: Node): string | undefined {
  if (!isScalar(key)) return undefined;
  if (typeof key.value === 'string') return key.value;
  return key.source === undefined || key.source === '' ? undefined : key.source;
}

function rangeOf(node: Node | null | undefined): Range | undefined {
  const range = node?.range;
  return range === undefined || range === null ? undefined : [range[0], range[1]];
}

/** What to say about a value of the wrong kind because of how it is written. */
export function habitOf(written: Written | undefined, value: unknown): string | undefined {
  if (written?.source === undefined || !written.plain || written.variables.length > 0) return undefined;
  return habit(written.source, value);
}
