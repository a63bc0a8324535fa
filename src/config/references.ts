/** `${env:NAME}` in texts: the only way in which the environment gets into a configuration. */

/** What the environment holds. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A text with its references filled in. */
export interface Expanded {
  readonly text: string;
  /** The variables that were looked at. */
  readonly variables: readonly string[];
  readonly problems: readonly { readonly id: 'MYC206' | 'MYC207'; readonly problem: string; readonly remedy: string }[];
}

/** `$$`, a whole reference, or anything else that looks like one. */
const REFERENCE = /\$\$|\$\{env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{[^}]*\}?|\$[A-Za-z_][A-Za-z0-9_]*/g;

/**
 * Fills in `${env:NAME}` and `${env:NAME:-default}`; `$$` stands for `$`. The default is also taken for a variable
 * that is set to nothing, as in a shell.
 */
export function expand(text: string, environment: Environment): Expanded {
  if (!text.includes('$')) return { text, variables: [], problems: [] };
  const variables: string[] = [];
  const problems: Expanded['problems'][number][] = [];
  const filled = text.replace(REFERENCE, (whole: string, name?: string, fallback?: string) => {
    if (whole === '$$') return '$';
    if (name === undefined) {
      problems.push({ id: 'MYC207', problem: `${whole} is no reference`, remedy: writeInstead(whole) });
      return '';
    }
    variables.push(name);
    const value = environment[name];
    if (value !== undefined && (value !== '' || fallback === undefined)) return value;
    if (fallback !== undefined) return fallback;
    problems.push({
      id: 'MYC206',
      problem: `the environment has no ${name}`,
      remedy: `Set ${name}, or give a default: \${env:${name}:-…}.`,
    });
    return '';
  });
  return { text: filled, variables, problems };
}

function writeInstead(whole: string): string {
  const name = /[A-Za-z_][A-Za-z0-9_]*/.exec(whole.replace(/^\$\{env:/, ''))?.[0];
  return name === undefined
    ? `Write \${env:NAME} for a variable of the environment, and $$ for a dollar sign.`
    : `Write \${env:${name}} for the variable ${name} of the environment, and $$ for a dollar sign.`;
}
