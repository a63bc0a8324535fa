import { CommanderError } from 'commander';
import { EXIT, tellError } from './exit.js';
import { makeProgram } from './program.js';
import { processTerminal } from './terminal.js';

/** Answers a command line. @returns what to exit with. */
export async function main(words: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  // Somebody who stops reading, such as head, has seen enough; what was found is still told by the exit code.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  const { program, exitCode } = makeProgram(terminal);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCode();
  } catch (error) {
    // Commander has said what is wrong; only help and the version end well.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    return tellError(error, terminal, words.includes('--json'));
  }
}
