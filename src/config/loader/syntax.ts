import type { Range } from './source.js';

/** What the parser found. */
export interface SyntaxProblem {
  readonly code: string;
  readonly message: string;
  readonly pos: readonly [number, number];
}

/** In our words, which quote nothing of the text. */
interface SyntaxFinding {
  readonly id: string;
  readonly at: Range;
  readonly problem: string;
  readonly remedy: string;
  /** What follows cannot be judged. */
  readonly fatal: boolean;
  /** Whether something that was opened before is meant. */
  readonly unclosed: boolean;
}

const QUOTE = 'Quote the text: "…".';
const NO_COLON = ['there is a word without a colon', 'Write key: value, with a space behind the colon.'] as const;

const SYNTAX: Readonly<Record<string, readonly [problem: string, remedy: string]>> = {
  BAD_INDENT: [
    'this line does not begin where those above do',
    'Begin the keys of one section in the same column, and what is inside further to the right.',
  ],
  BAD_SCALAR_START: ['a text cannot begin with this character', QUOTE],
  BAD_DQ_ESCAPE: [
    'this backslash means nothing in double quotes',
    "Write \\\\ for a backslash, or use single quotes: '…'.",
  ],
  BLOCK_AS_IMPLICIT_KEY: [
    'a second colon in one line, or a mapping that begins behind a key',
    'Quote the text if the colon belongs to it; otherwise begin a new line.',
  ],
  BLOCK_IN_FLOW: [
    'a comma is missing, or the long form stands inside { } or [ ]',
    'Write { one: 1, other: 2 } and [one, other] there.',
  ],
  MULTILINE_IMPLICIT_KEY: NO_COLON,
  MISSING_CHAR: ['something is missing here', 'Look for a colon, a comma, a bracket or a quote that is not there.'],
  UNEXPECTED_TOKEN: [
    'this does not belong here',
    'Look for a bracket, a comma or a quote too much, or quote the text.',
  ],
  BAD_ALIAS: ['& and * have to be followed by a name', QUOTE],
  KEY_OVER_1024_CHARS: ['a key of more than 1024 characters', 'Write keys as plain words.'],
};

/** A parser's error for people. @param text - the whole file. */
export function syntaxFinding({ code, message, pos }: SyntaxProblem, text: string): SyntaxFinding {
  const at: Range = [pos[0], pos[1]];
  if (code === 'TAG_RESOLVE_FAILED') {
    const remedy = 'Remove it: a configuration is plain data. Quote the text if it begins with !.';
    return { id: 'MYC113', at, problem: 'this tag means nothing here', remedy, fatal: false, unclosed: false };
  }
  const fatal = (id: string, problem: string, remedy: string): SyntaxFinding => ({
    id,
    at,
    problem,
    remedy,
    fatal: true,
    unclosed: /end with a .$|^Missing closing/.test(message),
  });
  if (code === 'TAB_AS_INDENT') return fatal('MYC112', 'a tab is used as indentation', 'Indent with spaces.');
  if (code === 'BAD_DIRECTIVE')
    return fatal('MYC114', 'this directive means nothing here', 'Remove the line: this is read as YAML 1.2.');
  if (code === 'RESOURCE_EXHAUSTION') return fatal('MYC116', 'nested too deep', 'Nothing here is nested that deep.');
  if (text.slice(pos[0] - 1, pos[0] + 1) === '${')
    return fatal('MYC110', 'not YAML: { begins a mapping here', `Quote the reference: "\${env:NAME}".`);
  const [problem, remedy] = missing(message) ?? SYNTAX[code] ?? ['it cannot be read from here on', QUOTE];
  return fatal('MYC110', `not YAML: ${problem}`, `${remedy} The rest is looked at then.`);
}

function missing(message: string): readonly [string, string] | undefined {
  const closing = /end with a ([}\]])$/.exec(message)?.[1];
  if (closing !== undefined)
    return [
      `a ${closing === '}' ? '{' : '['} is not closed, or what is inside begins too far to the left`,
      `Close it with ${closing}.`,
    ];
  if (/^Missing closing/.test(message)) return ['a quote is not closed', 'Close it.'];
  if (/followed by map values$/.test(message)) return NO_COLON;
  if (/^Missing space after/.test(message)) return ['a colon without a space behind it', 'Put a space there.'];
  if (/^Missing ,/.test(message)) return ['there is no comma between these', 'Put one there.'];
  return undefined;
}
