/** `${env:NAME}` in texts: the only way in which the environment gets into a configuration. */

/** What the environment holds. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with a reference. */
interface ReferenceProblem {
  readonly id: 'MYC206' | 'MYC207';
  readonly problem: string;
  readonly remedy: string;
}

/** A text with its references filled in. */
export interface Expanded {
  readonly text: string;
  /** The variables that were looked at. */
  readonly variables: readonly string[];
  /** Each told once, however often it stands in the text. */
  readonly problems: readonly ReferenceProblem[];
}

/** `$$`, a whole reference, or anything else that looks like one. */
const REFERENCE = /\$\$|\$\{env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{[^}]*\}?|\$[A-Za-z_][A-Za-z0-9_]*/g;

const LONGEST = 40;

/**
 * Fills in `${env:NAME}` and `${env:NAME:-default}`; `$$` stands for `$`. The default is also taken for a variable
 * that is set to nothing, as in a shell.
 *
 * @param secret - the text may be a password, of which no part is told.
 */
export function expand(text: string, environment: Environment, secret = false): Expanded {
  if (!text.includes('$')) return { text, variables: [], problems: [] };
  const variables = new Set<string>();
  const problems = new Map<string, ReferenceProblem>();
  const found = (problem: ReferenceProblem): string => {
    problems.set(problem.problem, problem);
    return '';
  };
  const filled = text.replace(REFERENCE, (whole: string, name?: string, fallback?: string) => {
    if (whole === '$$') return '$';
    if (name === undefined) return found(secret ? SECRET : malformed(whole));
    variables.add(name);
    // Only what is set: every object has a member called `toString`.
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (value !== undefined && (value !== '' || fallback === undefined)) return value;
    if (fallback !== undefined) return fallback;
    return found({
      id: 'MYC206',
      problem: `the environment has no ${name}`,
      remedy: `Set ${name}, or give a default: \${env:${name}:-…}.`,
    });
  });
  return { text: filled, variables: [...variables], problems: [...problems.values()] };
}

const FORM = `Write \${env:NAME} for a variable of the environment, and $$ for a dollar sign.`;
const SECRET: ReferenceProblem = { id: 'MYC207', problem: 'a dollar sign in it begins no reference', remedy: FORM };

function malformed(whole: string): ReferenceProblem {
  const name = /[A-Za-z_][A-Za-z0-9_]*/.exec(whole.replace(/^\$\{env:/, ''))?.[0];
  return {
    id: 'MYC207',
    problem: `${whole.length > LONGEST ? `${whole.slice(0, LONGEST)}…` : whole} is no reference`,
    remedy:
      name === undefined || name.length > LONGEST
        ? FORM
        : `Write \${env:${name}} for the variable ${name} of the environment, and $$ for a dollar sign.`,
  };
}
