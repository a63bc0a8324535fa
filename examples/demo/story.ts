/** What happens in the demo: whom the agent pays, and who is killed where. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the agent has to pay. */
export interface Invoice {
  readonly invoiceId: string;
  readonly vendor: string;
  readonly amountCents: number;
}

/** The agent's task: pay an invoice and fetch the receipt. */
export type ProcessInvoice = (invoice: Invoice) => Promise<{ chargeId: string; receipt: string }>;

/** With plain functions as tools, with tools guarded in code, or with tools guarded as a YAML file says. */
export type Mode = 'bare' | 'guarded' | 'yaml';

/** When a worker is killed. */
export type Moment = 'before' | 'between' | 'after';

/** The moments in words. */
export const MOMENTS: Readonly<Record<Moment, string>> = {
  before: 'before the charge',
  between: 'between charge and record',
  after: 'after the record',
};

/** The same in every run: the first worker on an invoice dies at the first moment, its successor at the next. */
export const KILLS: Readonly<Record<string, readonly Moment[]>> = {
  'INV-2042': ['before'],
  'INV-2043': ['between'],
  'INV-2044': ['after'],
  'INV-2046': ['before', 'between'],
  'INV-2047': ['between'],
  'INV-2048': ['between', 'after'],
  'INV-2049': ['after'],
};

/** The gateway books the charge of this one, and then cannot find it: its index is behind. */
export const NOT_INDEXED = 'INV-2047';

/** Workers at the same time. */
export const WORKERS = 3;

/** What is not compiled lies in the source folder `examples`, wherever the compiled demo runs. */
export function sourcePath(name: string): string {
  return fileURLToPath(new URL(`examples/${name}`, import.meta.resolve('mycelium-runtime/package.json')));
}

export function readInvoices(): readonly Invoice[] {
  return JSON.parse(readFileSync(sourcePath('invoices.json'), 'utf8'));
}
