import { createRequire } from 'node:module';
import { UsageError } from '../../errors/usage.js';

/** A pattern that takes time in proportion to the text, whatever it and the text are. */
export interface Matcher {
  /** Whether the whole text matches. */
  matches(text: string): boolean;
  /** Whether some part of the text matches. */
  finds(text: string): boolean;
}

/** The letters that mean something after a backslash. The engine would read any other as the letter itself. */
const ESCAPES = /^[dDwWsSbBnrtfvuxcpPAzaQE]$/;

const REMEDY =
  'Patterns run in linear time, in the syntax of RE2: write it without lookaround, backreferences, atomic groups and possessive repeats, or check it in the tool.';

/** @throws UsageError for what is no pattern, or one that cannot run in linear time. */
export function compilePattern(source: string, place: string): Matcher {
  const refused = (problem: string, cause?: unknown): UsageError => {
    const error = new UsageError({ place, problem, remedy: REMEDY });
    if (cause !== undefined) error.cause = cause;
    return error;
  };
  for (const [escaped, letter = ''] of source.matchAll(/\\([\s\S])/g))
    if (/[A-Za-z]/.test(letter) && !ESCAPES.test(letter))
      throw refused(`the pattern has ${escaped}, which is not known`);
  const { RE2JS } = engine();
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(source));
    return { matches: (text) => compiled.testExact(text), finds: (text) => compiled.test(text) };
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    throw refused(`the pattern cannot be used: ${why}`, error);
  }
}

/** Loaded when the first pattern is: it is large, and most guards have none. */
function engine(): Pick<typeof import('re2js'), 'RE2JS'> {
  return createRequire(import.meta.url)('re2js') as typeof import('re2js');
}
