import { ConfigError, type ConfigIssue } from '../../errors/usage.js';
import { type Range, type Source, sayable } from './source.js';

/** A way down into a configuration. */
export type Path = readonly (string | number)[];

/** What the finder of an issue knows. */
export interface Finding {
  readonly id: string;
  /** @default 'error' */
  readonly severity?: 'error' | 'warning';
  /** What to mark; undefined when it is not at any place. */
  readonly at: Range | undefined;
  readonly path: Path;
  readonly problem: string;
  readonly suggestion?: string | undefined;
  readonly remedy: string;
}

interface Placed {
  readonly issue: ConfigIssue;
  readonly frame: string | undefined;
}

/** Marks parts of an issue for people; `text` as it is when nobody wants colours. */
export type Paint = (style: 'bold' | 'dim' | 'red' | 'yellow', text: string) => string;

const plain: Paint = (_style, text) => text;

/** `tools.send_payment.id_from[0]` */
export function dotted(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

/** Collects what is found in one file, in whatever order, and tells it in the order of the file. */
export class Issues {
  readonly #source: Source;
  readonly #placed: Placed[] = [];
  readonly #told = new Set<string>();

  constructor(source: Source) {
    this.#source = source;
  }

  /** @returns whether it was told for the first time. */
  add({ id, severity = 'error', at, path, problem, suggestion, remedy }: Finding): boolean {
    const place = at === undefined ? undefined : this.#source.place(at);
    const issue: ConfigIssue = {
      id,
      severity,
      file: this.#source.name,
      ...(place === undefined ? {} : { line: place.line, column: place.column }),
      path: sayable(dotted(path)),
      problem: told(problem),
      ...(suggestion === undefined ? {} : { suggestion: told(suggestion) }),
      remedy: told(remedy),
    };
    const text = JSON.stringify(issue);
    if (this.#told.has(text)) return false;
    this.#told.add(text);
    this.#placed.push({ issue, frame: place === undefined ? undefined : this.#source.frame(place) });
    return true;
  }

  get errors(): boolean {
    return this.#placed.some(({ issue }) => issue.severity === 'error');
  }

  get all(): readonly ConfigIssue[] {
    return this.#sorted().map(({ issue }) => issue);
  }

  /** @param severity - only those. */
  text(severity?: ConfigIssue['severity'], paint: Paint = plain): string {
    return this.#sorted()
      .filter(({ issue }) => severity === undefined || issue.severity === severity)
      .map((placed) => rendered(placed, paint))
      .join('\n\n');
  }

  /** What `loadConfig` and `instrument` throw. @param what - what cannot be done, if the file itself is right. */
  error(what?: string, remedy?: string): ConfigError {
    const issues = this.all.filter(({ severity }) => severity === 'error');
    return new ConfigError({ file: this.#source.name, issues, text: this.text('error'), what, remedy });
  }

  #sorted(): readonly Placed[] {
    return [...this.#placed].sort(
      ({ issue: one }, { issue: other }) =>
        (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
    );
  }
}

const LONGEST_SENTENCE = 400;

/** Names and values of the file go into sentences, whatever they are. */
function told(sentence: string): string {
  const text = sayable(sentence);
  return text.length > LONGEST_SENTENCE ? `${text.slice(0, LONGEST_SENTENCE)}…` : text;
}

function rendered({ issue, frame }: Placed, paint: Paint): string {
  const { file, line, column, severity, id, problem, suggestion, remedy } = issue;
  const where = line === undefined ? file : `${file}:${line}:${column}`;
  const kind = paint(severity === 'error' ? 'red' : 'yellow', severity);
  return [
    `${paint('bold', where)}  ${kind} ${id}  ${problem}`,
    ...(frame === undefined ? [] : [paint('dim', frame)]),
    suggestion === undefined ? `  ${remedy}` : `  did you mean ${suggestion}?`,
  ].join('\n');
}
