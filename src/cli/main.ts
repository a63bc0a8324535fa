import { CommanderError } from 'commander';
import { EXIT, tellError } from './exit.js';
import { makeProgram } from './program.js';
import { processTerminal } from './terminal.js';

/** Answers a command line. @returns what to exit with. */
export async function main(words: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  // Somebody who stops reading, such as head, has seen enough; what was found is still told by the exit code.
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    terminal.note(`mycelium: what was asked for is done, and its answer cannot be written: ${error.message}`);
    process.exitCode = EXIT.internal;
  });
  const { program, exitCode } = makeProgram(terminal);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCode();
  } catch (error) {
    // Commander has said what is wrong; only help and the version end well.
    const json = words.includes('--json');
    if (!(error instanceof CommanderError)) return tellError(error, terminal, json);
    if (error.exitCode === 0) return EXIT.done;
    if (json) terminal.out(JSON.stringify({ error: { code: 'COMMAND', message: error.message } }, null, 2));
    return EXIT.usage;
  }
}
