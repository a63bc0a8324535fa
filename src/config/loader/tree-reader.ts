import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Scalar,
  type ScalarTag,
  visit,
  type YAMLMap,
} from 'yaml';
import { octalHabit } from './habits.js';
import { dotted, type Finding, type Issues, type Path } from './issues.js';
import { type Environment, expand } from './references.js';
import { mayBeSecret, type Range, type Source } from './source.js';

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

/** What could be read of a document. */
export interface Read {
  readonly value: unknown;
  readonly whole: boolean;
  readonly unread: readonly Finding[];
  readonly written: ReadonlyMap<string, Written>;
}

/** What an empty file gives. */
export const NOTHING: Read = { value: {}, whole: true, unread: [], written: new Map() };

const MOST_NODES = 20_000;
const DEEPEST = 32;

/** Walks a parsed document once, and makes plain values of it. */
export class TreeReader {
  readonly #document: Document.Parsed;
  readonly #source: Source;
  readonly #environment: Environment;
  readonly #issues: Issues;
  readonly #written = new Map<string, Written>();
  readonly #unread: Finding[] = [];
  readonly #open = new Set<Node>();
  readonly #targets: ReadonlyMap<Alias, Node | undefined>;
  #nodes = 0;
  #whole = true;

  constructor(document: Document.Parsed, source: Source, environment: Environment, issues: Issues) {
    this.#document = document;
    this.#source = source;
    this.#environment = environment;
    this.#issues = issues;
    this.#targets = targetsOf(document);
  }

  read(): Read {
    const { contents, directives } = this.#document;
    if (directives?.yaml.explicit === true && directives.yaml.version !== '1.2') {
      const start = this.#source.text.search(/^%YAML/m);
      const problem = `%YAML ${directives.yaml.version} is asked for`;
      this.#break('MYC114', [start, start + 5], [], problem, 'Remove the line: this is read as YAML 1.2.');
    }
    const read = this.#value(contents, [], undefined) ?? {};
    const mapping = typeof read === 'object' && !Array.isArray(read);
    if (!mapping)
      this.#break('MYC105', rangeOf(contents), [], 'the file is not a mapping', 'Begin with a section, e.g. "tools:".');
    return { value: mapping ? read : {}, whole: this.#whole, written: this.#written, unread: this.#unread };
  }

  /** After this, nothing else is worth telling. */
  #break(id: string, at: Range | undefined, path: Path, problem: string, remedy: string): undefined {
    if (this.#whole) this.#issues.add({ id, at, path, problem, remedy });
    this.#whole = false;
    return undefined;
  }

  #lose(id: string, at: Range, path: Path, problem: string, remedy: string): undefined {
    this.#unread.push({ id, at, path, problem, remedy });
    return undefined;
  }

  #value(node: Node | null, path: Path, key: Range | undefined): unknown {
    if (!this.#whole) return undefined;
    const at = rangeOf(node) ?? key ?? [0, 0];
    this.#nodes += 1;
    if (this.#nodes > MOST_NODES)
      return this.#break(
        'MYC116',
        at,
        path,
        `more than ${MOST_NODES} values`,
        'Aliases multiply what they stand for: write less of them.',
      );
    if (path.length > DEEPEST)
      return this.#break('MYC116', at, path, `nested more than ${DEEPEST} deep`, 'Nothing here is nested that deep.');
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
      if (isSeq(node)) return node.items.map((item, index) => this.#value(item as Node, [...path, index], undefined));
      return this.#break('MYC110', at, path, 'this is no value', 'Write a text, a number, a list or a mapping.');
    } finally {
      this.#open.delete(node);
    }
  }

  #alias(node: Alias, path: Path, key: Range | undefined): unknown {
    const target = this.#targets.get(node);
    // Its name is not told: a password may begin with a star.
    if (target === undefined)
      return this.#break(
        'MYC115',
        rangeOf(node),
        path,
        'nothing above is marked with the name behind this *',
        'Mark a value with &name before it is used, write it out, or quote the text if it begins with a star.',
      );
    if (this.#open.has(target))
      return this.#break('MYC115', rangeOf(node), path, 'this alias stands inside itself', 'Write the value out.');
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
      // A date or bytes: YAML 1.1 has tags for them.
      if (typeof node.value === 'object' && node.value !== null)
        return this.#lose(
          'MYC113',
          at,
          path,
          'this tag means nothing here',
          'Remove it: a configuration is plain data.',
        );
      const octal = source === undefined ? undefined : octalHabit(source, node.value);
      return octal === undefined
        ? node.value
        : this.#lose('MYC201', at, path, `${dotted(path)} is ${source}: ${octal}`, `Write ${node.value}.`);
    }
    if (plain && this.#source.text.slice(...at).includes('\n')) {
      write(source, plain);
      const remedy =
        'Begin each line where the one above begins, with a space behind its colon or dash; or quote the text.';
      return this.#lose('MYC201', at, path, `${dotted(path)} is a text that goes on in the next line`, remedy);
    }
    const { text, variables, problems } = expand(node.value, this.#environment, mayBeSecret(String(path.at(-1))));
    write(source, plain, variables);
    for (const { id, problem, remedy } of problems) this.#lose(id, at, path, problem, remedy);
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
    const where = dotted(path) || 'the file';
    for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
      const at = rangeOf(key);
      const name = nameOf(key);
      if (name === undefined || name === '__proto__') {
        const problem = name === undefined ? `a key in ${where} is no name` : `${name} cannot be a key, in ${where}`;
        this.#issues.add({ id: 'MYC117', at, path, problem, remedy: 'Write keys as plain words.' });
        continue;
      }
      const below = [...path, name];
      if (Object.hasOwn(record, name)) this.#twice(below, at);
      else record[name] = this.#value(value, below, at);
    }
    return record;
  }

  #twice(path: Path, at: Range | undefined): void {
    const first = this.#written.get(JSON.stringify(path));
    const line = first === undefined ? undefined : this.#source.place(first.key ?? first.value).line;
    const problem = `${dotted(path)} stands here again${line === undefined ? '' : `, first in line ${line}`}`;
    const remedy = 'Keep one of them: other programs take the last without a word.';
    this.#unread.push({ id: 'MYC111', at, path, problem, remedy });
  }
}

/** What each alias stands for: the last node before it that is marked with its name. */
function targetsOf(document: Document.Parsed): ReadonlyMap<Alias, Node | undefined> {
  const marked = new Map<string, Node>();
  const targets = new Map<Alias, Node | undefined>();
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) targets.set(node, marked.get(node.source));
      else if (node.anchor !== undefined) marked.set(node.anchor, node);
    },
  });
  return targets;
}

/** A key as it is spelt: `2026.10` stays what it is. */
function nameOf(key: Node): string | undefined {
  if (!isScalar(key)) return undefined;
  if (typeof key.value === 'string') return key.value;
  return key.source === undefined || key.source === '' ? undefined : key.source;
}

/** Where a node stands, without the blanks behind it. */
export function rangeOf(node: Node | null | undefined): Range | undefined {
  const range = node?.range;
  return range === undefined || range === null ? undefined : [range[0], range[1]];
}
