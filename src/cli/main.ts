import { createRequire } from 'node:module';

/** What the command line prints and exits with. */
export interface Exit {
  /** 0: done; 2: the words of the call are off. */
  readonly code: 0 | 2;
  readonly out?: string;
  readonly error?: string;
}

const USAGE = 'usage: mycelium --version';

/** Answers a command line. Looking at ledgers and settling calls is done through ActionLedger in this version. */
export function main(words: readonly string[]): Exit {
  const [word, ...rest] = words;
  if (rest.length === 0 && (word === '--version' || word === '-V')) {
    const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
    return { code: 0, out: version };
  }
  if (rest.length === 0 && (word === '--help' || word === '-h')) return { code: 0, out: USAGE };
  const problem = word === undefined ? 'no command' : `unknown command ${JSON.stringify(words.join(' '))}`;
  return {
    code: 2,
    error: `mycelium: ${problem}\n${USAGE}\nTo list, release and retire calls, use ActionLedger from mycelium-runtime.`,
  };
}
