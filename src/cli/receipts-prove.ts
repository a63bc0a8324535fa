import { writeFileSync } from 'node:fs';
import { ReceiptNotProvableError } from '../receipts/log-error.js';
import { idsThatBegin, proveReceipt, type ReceiptProof } from '../receipts/prove.js';
import { type CommonOptions, usableConfig } from './configuration.js';
import { CommandError, EXIT, type ExitCode } from './exit.js';
import { interruptible } from './interruption.js';
import { withLedgers } from './open-ledgers.js';
import type { Terminal } from './terminal.js';

/** What `receipts prove` is told. */
export interface ProveCommandOptions extends CommonOptions {
  readonly out?: string;
}

/** `mycelium receipts prove`: the proof that a receipt is in the log, for whoever has the public key. */
export async function proveOne(said: string, options: ProveCommandOptions, terminal: Terminal): Promise<ExitCode> {
  // As a listing cuts it, in whatever case.
  const id = said.toLowerCase().replace(/(…|\.\.\.)$/, '');
  if (!/^[0-9a-f]{4,64}$/.test(id))
    throw new CommandError(
      EXIT.usage,
      `${JSON.stringify(said.length > 80 ? `${said.slice(0, 80)}…` : said)} is not the id of a receipt`,
      'Give its 64 hexadecimal digits, or the first of them, at least four: mycelium ledger show has the receipt of a call.',
    );
  const { config } = usableConfig(options);
  const proof = await withLedgers(config, ({ places }) =>
    interruptible(async (signal): Promise<ReceiptProof> => {
      let refusal: ReceiptNotProvableError | undefined;
      for (const { ledger } of places) {
        const onProgress = ({ done, total }: { done: number; total: number }): void =>
          terminal.progress(`${done} of ${total} receipts read`);
        try {
          const place = { store: ledger.store, ledger: ledger.name, signal, onProgress };
          const [whole = id, other] = id.length === 64 ? [id] : await idsThatBegin(id, place);
          if (other !== undefined) throw several(id, [whole, other]);
          return await proveReceipt(whole, place);
        } catch (error) {
          if (!(error instanceof ReceiptNotProvableError)) throw error;
          // The one store that knows it says best why it cannot be proven.
          if (refusal === undefined || error.details['why'] === 'unsealed') refusal = error;
        } finally {
          terminal.progress('');
        }
      }
      throw refusal;
    }),
  );
  const text = JSON.stringify(proof, null, 2);
  if (options.out === undefined) {
    terminal.out(text);
    return EXIT.done;
  }
  write(options.out, `${text}\n`);
  if (options.json === true) terminal.out(JSON.stringify({ file: options.out, index: proof.index, size: proof.size }));
  else
    terminal.out(
      `Wrote ${options.out}: the receipt at position ${proof.index} of ${proof.size}. Whoever has the public keys can check it:\n` +
        `  ${terminal.command} receipts verify --proof ${options.out} --keys jwks.json`,
    );
  return EXIT.done;
}

function several(id: string, ids: readonly string[]): CommandError {
  return new CommandError(
    EXIT.notFound,
    `${id} is the beginning of several receipts: ${ids.map((one) => `${one.slice(0, id.length + 8)}…`).join(', ')}`,
    'Give more characters of the id.',
  );
}

/** @throws CommandError */
function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new CommandError(EXIT.findings, `${file} is there already, and was left as it is`, 'Name another file.');
    throw new CommandError(EXIT.usage, `${file} cannot be written: ${message}`, 'Name another file with --out.');
  }
}
