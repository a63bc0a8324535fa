/** Counts what the gateway's books say, and judges whether the demo has shown what it promises. */
import type { Charge } from './gateway-client.js';
import { type Invoice, KILLS, type Moment, NOT_INDEXED } from './story.js';
import type { RunResult } from './supervisor.js';

/** One invoice in both books. */
export interface Line extends Invoice {
  readonly killed: readonly Moment[];
  readonly bare: readonly string[];
  readonly guarded: readonly string[];
  /** The error, when the guarded run left it blocked. */
  readonly blocked?: string;
}

/** One run. */
export interface Total {
  readonly charges: number;
  /** Charges beyond the first of an invoice. */
  readonly duplicates: number;
  readonly blocked: number;
  readonly kills: number;
  readonly chargedCents: number;
  readonly duplicateCents: number;
}

/** Both runs. */
export interface Tally {
  readonly lines: readonly Line[];
  readonly bare: Total;
  readonly guarded: Total;
}

function chargesOf(invoice: Invoice, book: readonly Charge[]): readonly string[] {
  return book.filter((charge) => charge.invoiceId === invoice.invoiceId).map((charge) => charge.chargeId);
}

function total({ book, kills, blocked }: RunResult): Total {
  const seen = new Set<string>();
  const duplicates = book.filter(({ invoiceId }) => seen.size === seen.add(invoiceId).size);
  const cents = (charges: readonly Charge[]): number => charges.reduce((sum, charge) => sum + charge.amountCents, 0);
  return {
    charges: book.length,
    duplicates: duplicates.length,
    blocked: blocked.size,
    kills,
    chargedCents: cents(book),
    duplicateCents: cents(duplicates),
  };
}

/** Puts both books side by side. */
export function tally(invoices: readonly Invoice[], bare: RunResult, guarded: RunResult): Tally {
  const lines = invoices.map((invoice): Line => {
    const blocked = guarded.blocked.get(invoice.invoiceId);
    return {
      ...invoice,
      killed: KILLS[invoice.invoiceId] ?? [],
      bare: chargesOf(invoice, bare.book),
      guarded: chargesOf(invoice, guarded.book),
      ...(blocked === undefined ? {} : { blocked }),
    };
  });
  return { lines, bare: total(bare), guarded: total(guarded) };
}

/** What did not come out as promised; empty when all did. */
export function broken({ lines, bare, guarded }: Tally): readonly string[] {
  const planned = Object.values(KILLS).flat().length;
  const found: string[] = [];
  for (const [mode, { kills }] of Object.entries({ bare, guarded })) {
    if (kills !== planned) found.push(`${mode}: ${kills} workers were killed, and not ${planned}`);
  }
  if (bare.duplicates === 0) found.push('bare: no invoice was charged twice, so this shows nothing');
  for (const { invoiceId, guarded: charges, blocked } of lines) {
    if (charges.length !== 1) found.push(`guarded: ${invoiceId} was charged ${charges.length} times`);
    if ((blocked !== undefined) !== (invoiceId === NOT_INDEXED)) {
      found.push(`guarded: ${invoiceId} is ${blocked === undefined ? 'not ' : ''}blocked`);
    }
  }
  return found;
}
