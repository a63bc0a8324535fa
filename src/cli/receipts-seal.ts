import { exportFile } from '../config/runtime/sealing.js';
import { printable } from '../encoding/printable.js';
import { MyceliumError } from '../errors/mycelium-error.js';
import { type ExportReport, exportReceipts } from '../receipts/export.js';
import { latestHead } from '../receipts/prove.js';
import { sealReceipts } from '../receipts/seal.js';
import { type CommonOptions, signingConfig } from './configuration.js';
import { CommandError, EXIT, type ExitCode } from './exit.js';
import { interruptible } from './interruption.js';
import { withLedgers } from './open-ledgers.js';
import type { Terminal } from './terminal.js';
import { counted } from './wording.js';

interface Sealed {
  readonly store: string;
  readonly added: number;
  readonly size: number;
  readonly head?: object;
  readonly exported?:
    | { readonly file: string; readonly added: number }
    | { readonly file: string; readonly error: { readonly code: string; readonly message: string } };
  readonly complete: boolean;
}

/** `mycelium receipts seal`: adds the new receipts to the log, signs its head, and exports them where that is wanted. */
export async function sealAll(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const { read, audit } = await signingConfig(options);
  if (audit === undefined)
    throw new CommandError(
      EXIT.usage,
      `${read.source.name} has no audit_receipt, so there is no key to sign with`,
      'Add audit_receipt: { agent_id, signing_key_env }; mycelium keys generate makes a key.',
    );
  const { signer } = audit;
  return withLedgers(read.config, ({ places }) =>
    interruptible(async (signal) => {
      const sealed: Sealed[] = [];
      for (const { ledger, location } of places) {
        const place = { store: ledger.store, ledger: ledger.name, signal };
        const { description: store } = ledger.store;
        const tell = (text: string): void => terminal.progress(`${store}: ${text}`);
        try {
          const {
            head: signed,
            added,
            size,
            complete,
          } = await sealReceipts({
            ...place,
            signer,
            onProgress: (progress) => tell(`${progress.added} receipts added`),
          });
          // To be kept elsewhere, also when nothing was new.
          const head = signed ?? (await latestHead(place));
          const file = exportFile(read.config, location);
          const exported =
            file === undefined || size === 0
              ? undefined
              : await exportReceipts({
                  ...place,
                  file,
                  onProgress: ({ done, total }) => tell(`${done} of ${total} exported`),
                }).catch((error: unknown) => {
                  // The other stores are sealed all the same, and what was sealed is told.
                  if (error instanceof MyceliumError) return error;
                  throw error;
                });
          sealed.push({
            store,
            added,
            size,
            ...(head === undefined ? {} : { head }),
            ...(exported === undefined ? {} : { exported: exportedOf(file as string, exported) }),
            complete: complete && (exported instanceof MyceliumError || exported?.complete !== false),
          });
        } finally {
          terminal.progress('');
        }
        if (signal.aborted) break;
      }
      if (options.json === true) terminal.out(JSON.stringify({ stores: sealed }, null, 2));
      else terminal.out(sealed.map(textOf).join('\n'));
      return sealed.every(({ complete, exported }) => complete && !(exported !== undefined && 'error' in exported))
        ? EXIT.done
        : EXIT.findings;
    }),
  );
}

function exportedOf(file: string, came: ExportReport | MyceliumError): NonNullable<Sealed['exported']> {
  if (!(came instanceof MyceliumError)) return { file, added: came.added };
  return { file, error: { code: came.code, message: came.message } };
}

function textOf({ store, added, size, exported, complete }: Sealed): string {
  const written =
    exported !== undefined && 'added' in exported ? `, ${exported.added} exported to ${exported.file}` : '';
  const end = complete ? '' : ' It was ended before all was done; the next one goes on.';
  const failed =
    exported !== undefined && 'error' in exported ? `\n  not exported: ${printable(exported.error.message)}` : '';
  return `${store}: ${counted(added, 'receipt')} added, ${size} in the log${written}.${end}${failed}`;
}
