import { readFileSync } from 'node:fs';
import { columns } from '../config/table.js';
import { onOneLine } from '../encoding/printable.js';
import { checkReceipt } from '../receipts/check-receipt.js';
import { publicJwk } from '../receipts/jwk.js';
import { type Keyring, keyring } from '../receipts/keyring.js';
import { verifyProof } from '../receipts/prove.js';
import { verifyReceipts } from '../receipts/verify.js';
import type { ReceiptFinding, VerifyOptions, VerifyReport } from '../receipts/verify-options.js';
import { type CommonOptions, signingConfig, usableConfig } from './configuration.js';
import { CommandError, EXIT, type ExitCode } from './exit.js';
import { interruptible } from './interruption.js';
import { withLedgers } from './open-ledgers.js';
import { nextCommand, type Terminal } from './terminal.js';
import { counted, moment } from './wording.js';

/** What `receipts verify` is told. */
export interface VerifyCommandOptions extends CommonOptions {
  /** A file with the public keys. */
  readonly keys?: string;
  /** Files with tree heads that were kept elsewhere. */
  readonly head?: readonly string[];
  /** A size of the log, or a time. */
  readonly since?: string;
  /** A file with a proof, instead of a store. */
  readonly proof?: string;
}

type Verified = VerifyReport & { readonly store: string };

/** `mycelium receipts verify`: whether every receipt is as it was signed, and every call has those it owes. */
export async function verifyAll(options: VerifyCommandOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.proof !== undefined) return verifyOne(options, options.proof, terminal);
  const since = sinceOf(options.since);
  const heads = (options.head ?? []).flatMap((file) => headsIn(file));
  const keys = await keysOf(options);
  const { config } = usableConfig(options);
  return withLedgers(config, ({ places }) =>
    interruptible(async (signal) => {
      const reports: Verified[] = [];
      const held = byStore(
        heads,
        places.map(({ ledger }) => ledger.store.description),
      );
      for (const { ledger } of places) {
        const { description: store } = ledger.store;
        const report = await verifyReceipts({
          store: ledger.store,
          ledger: ledger.name,
          keys,
          check: (text) => checkReceipt(text, keys),
          calls: ledger.receiptAccounts(),
          heads: held.get(store) ?? [],
          ...(since === undefined ? {} : { since }),
          signal,
          onProgress: ({ stage, done, total, findings }) =>
            terminal.progress(
              `${store}: ${STAGES[stage]} ${done}${total === undefined ? '' : ` of ${total}`}, ${findings} found`,
            ),
        }).finally(() => terminal.progress(''));
        reports.push({ store, ...report });
        if (signal.aborted) break;
      }
      if (options.json === true) terminal.out(JSON.stringify({ stores: reports }, null, 2));
      else terminal.out(reports.map((report) => reportText(report, options, terminal)).join('\n\n'));
      return reports.every(({ ok }) => ok) ? EXIT.done : EXIT.findings;
    }),
  );
}

const STAGES = { log: 'log', marks: 'positions', receipts: 'receipts', calls: 'calls' } as const;

/** Without a store: whether a proof holds. */
async function verifyOne(options: VerifyCommandOptions, file: string, terminal: Terminal): Promise<ExitCode> {
  const keys = await keysOf(options);
  const verdict = verifyProof(textOf(file, '--proof'), (text) => checkReceipt(text, keys), keys);
  if (options.json === true) terminal.out(JSON.stringify(verdict, null, 2));
  else if (!verdict.ok) terminal.out(`${file} proves nothing: ${onOneLine(verdict.detail)}.`);
  else {
    const { receipt, head } = verdict;
    const { tool, requestId, outcome, agent, at } = receipt;
    terminal.out(
      `${file} holds: ${onOneLine(`${tool} ${JSON.stringify(requestId)} ${outcome}, ${moment(at)}, signed as ${agent}`)}.\n` +
        `  It stands in the log whose head over ${counted(head.size, 'receipt')} was signed ${moment(head.at)}.`,
    );
  }
  return verdict.ok ? EXIT.done : EXIT.findings;
}

/** Those of a file, else the one that the configuration signs with. */
async function keysOf(options: VerifyCommandOptions): Promise<Keyring> {
  if (options.keys !== undefined) return keyring(textOf(options.keys, '--keys'), options.keys);
  const { audit, read } = await signingConfig(options);
  if (audit !== undefined) return keyring(publicJwk(audit.signer.publicKey));
  throw new CommandError(
    EXIT.usage,
    `${read.source.name} has no audit_receipt, so it names no key`,
    'Name the public keys with --keys FILE: a JWK set, or a did:key per line. mycelium keys show prints them.',
  );
}

function sinceOf(text: string | undefined): VerifyOptions['since'] | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return { size: Number(text) };
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return { at };
  throw new CommandError(
    EXIT.usage,
    '--since is neither a number of receipts nor a time',
    'Write the size of an earlier head, e.g. 1200, or a time, e.g. 2026-11-01 or 2026-11-01T12:00Z.',
  );
}

/** A head that was kept elsewhere, and of which store it is, where that was said. */
interface KeptHead {
  readonly head: unknown;
  readonly store?: string;
}

/** The heads in a file: a head alone, or all that `receipts seal --json` printed. @throws CommandError */
function headsIn(file: string): readonly KeptHead[] {
  const refuse = (what: string): CommandError =>
    new CommandError(
      EXIT.usage,
      `--head ${file} ${what}`,
      'Give what mycelium receipts seal --json printed, or a head of it.',
    );
  let kept: { readonly stores?: readonly Partial<KeptHead>[] } | null;
  try {
    kept = JSON.parse(textOf(file, '--head'));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw refuse('is not JSON');
  }
  if (!Array.isArray(kept?.stores)) return [{ head: kept }];
  const heads = (kept.stores as readonly (Partial<KeptHead> | null)[]).flatMap((one) =>
    one?.head === undefined ? [] : [{ head: one.head, ...(typeof one.store === 'string' ? { store: one.store } : {}) }],
  );
  if (heads.length === 0) throw refuse('has no head');
  return heads;
}

/**
 * Against which store each head is held. A head names its ledger and not its store: where nobody said it, it is that
 * of the tools; and a single store may lie elsewhere than when the head was kept.
 *
 * @throws CommandError for a head of a store that is not looked at: it would be held against nothing.
 */
function byStore(heads: readonly KeptHead[], stores: readonly string[]): ReadonlyMap<string, readonly unknown[]> {
  const held = new Map<string, unknown[]>();
  for (const { head, store: said } of heads) {
    const store = said === undefined || stores.length === 1 ? stores[0]! : said;
    if (!stores.includes(store))
      throw new CommandError(
        EXIT.usage,
        `--head has a head of ${onOneLine(store)}, and the configuration has no such store`,
        `It has ${stores.map(onOneLine).join(', ')}. Give the heads of these.`,
      );
    held.set(store, [...(held.get(store) ?? []), head]);
  }
  return held;
}

/** @throws CommandError for a file that cannot be read. */
function textOf(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(
      EXIT.usage,
      `${option} ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Name a file that is there.',
    );
  }
}

function reportText(report: Verified, options: CommonOptions, terminal: Terminal): string {
  const { paint } = terminal;
  const { ok, complete, store, size, checked, head, heads, unsealed, unsigned, pruned, since, findings } = report;
  const total = Object.values(report.counts).reduce((sum, count) => sum + count, 0);
  const verdict = !complete
    ? 'ended before all was looked at'
    : ok
      ? paint('bold', 'all as it was signed')
      : paint('red', counted(total, 'finding'));
  const rows: string[][] = [
    ['checked', `${counted(checked, 'receipt')}${since === 0 ? '' : `, from position ${since} on`}`],
  ];
  if (head !== undefined)
    rows.push([
      'head',
      `over ${head.size}, signed ${moment(head.at)}; ${heads === 1 ? '1 signed head agrees' : `${heads} signed heads agree`}`,
    ]);
  if (unsealed > 0) rows.push(['not sealed', `${unsealed}: ${nextCommand(terminal, 'receipts seal', options.config)}`]);
  // Of a log that was not read to its end nothing is known to be missing.
  if (unsigned > 0 && complete) rows.push(['not signed', `${unsigned} after the latest head`]);
  if (pruned > 0) rows.push(['pruned', `the calls of ${pruned}`]);
  return [
    `${paint('bold', onOneLine(store))}: ${counted(size, 'receipt')} ${complete ? 'in' : 'of'} the log, ${verdict}`,
    ...columns(rows.map(([name = '', value = '']) => [`  ${name}`, value])).split('\n'),
    ...findings.slice(0, SHOWN).map((finding) => findingText(finding, paint)),
    ...(total > SHOWN
      ? [`  … and ${total - Math.min(SHOWN, findings.length)} more; --json has up to 1,000 of them.`]
      : []),
    ...(findings.some(({ why }) => why === 'unknown-key')
      ? ['  A key that was used before belongs into the keys, too: --keys FILE with a JWK set of all of them.']
      : []),
  ].join('\n');
}

const SHOWN = 50;

function findingText({ kind, detail, position, through, id, call }: ReceiptFinding, paint: Terminal['paint']): string {
  const place =
    position === undefined
      ? ''
      : `position ${position}${through === undefined || through === position ? '' : `–${through}`}, `;
  const names = [id === undefined ? '' : `receipt ${id}`, call === undefined ? '' : `call ${call}`].filter(Boolean);
  const about = names.length === 0 ? '' : `\n      ${names.join(', ')}`;
  return `  ${paint('red', kind)}  ${place}${onOneLine(detail)}${about}`;
}
