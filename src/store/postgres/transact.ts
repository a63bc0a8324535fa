import { nextRevision, type StoredRecord, type Write } from '../contract.js';
import type { RecordPlan, TransactionPlan } from '../transaction-plan.js';
import { toWire } from '../wire-text.js';
import { fieldsText, placeArrays, placeOf, type Row, recordFrom } from './layout.js';
import { arrayText, type Parameter } from './sql/quote.js';
import { MOVE_PARAMETERS, type Move } from './sql/shaped.js';
import type { Statements } from './sql/statements.js';

/** One statement, and how its answer is read. */
export interface Step {
  readonly statement: string;
  readonly parameters: readonly Parameter[];
  /** Not prepared: planned each time. */
  readonly planned?: true;
  read(rows: readonly Row[]): Seen;
}

/** What a statement answered. */
export interface Seen {
  readonly applied: boolean;
  /** The server's clock, in milliseconds. */
  readonly now: number;
  /** The state of each record of the plan; of those that were written it is not asked. */
  readonly records: readonly (StoredRecord | undefined)[];
}

/** So many records are given a statement of their own, which is prepared. */
const FEW = 4;

/**
 * The statement that applies a transaction. `impossible` expectations are not for it.
 *
 * @param again - the short form for one record has met a row that it cannot judge.
 */
export function applying(
  plan: TransactionPlan,
  nonce: string,
  statements: Statements,
  channel: string,
  again: boolean,
): Step {
  const [only, another] = plan.records;
  if (!again && only?.write !== undefined && another === undefined && typeof only.expected === 'object') {
    const { revision, expired } = only.expected;
    return revision === undefined
      ? inserting(only, only.write, nonce, statements.insertOne)
      : updating(only, only.write, revision, expired, nonce, statements.updateOne, channel);
  }
  return plan.records.length <= FEW
    ? transactingFew(plan, nonce, statements, channel)
    : transactingMany(plan, nonce, statements.transactMany, channel);
}

/** The statement that reads what a transaction is about. */
export function reading(plan: TransactionPlan, statements: Statements): Step {
  const places = plan.records.map(({ key }) => placeOf(key));
  if (places.length > 0 && places.length <= FEW) {
    return {
      statement: statements.readFew(places.length),
      parameters: places.flatMap(({ kind, partition, id }) => [kind, partition, id]),
      read: ([row]) => ({
        applied: false,
        now: Number(row?.[0]),
        records: plan.records.map(({ key }, at) => recordFrom(key, row?.[at + 1])),
      }),
    };
  }
  return {
    statement: statements.readMany,
    parameters: placeArrays(places),
    planned: true,
    read: (rows) => ({
      applied: false,
      now: Number(rows[0]?.[1]),
      records: plan.records.map(({ key }, at) => recordFrom(key, rows[at]?.[2])),
    }),
  };
}

function inserting({ key }: RecordPlan, write: Write, nonce: string, statement: string): Step {
  const { kind, partition, id, longId } = placeOf(key);
  const revision = toWire(nextRevision(undefined, nonce));
  return {
    statement,
    parameters: [
      kind,
      partition,
      id,
      longId,
      revision,
      toWire(write.value),
      ...leaseOf(write),
      fieldsText(write.index),
    ],
    read: ([row]) => single(key, row as Row),
  };
}

function updating(
  { key }: RecordPlan,
  write: Write,
  expected: string,
  expired: boolean,
  nonce: string,
  statement: string,
  channel: string,
): Step {
  const { kind, partition, id } = placeOf(key);
  const revision = toWire(nextRevision(expected, nonce));
  return {
    statement,
    parameters: [
      kind,
      partition,
      id,
      toWire(expected),
      expired ? 'expired' : null,
      revision,
      toWire(write.value),
      ...leaseOf(write),
      fieldsText(write.index),
      channel,
    ],
    read: ([row]) => single(key, row as Row),
  };
}

function single(key: RecordPlan['key'], row: Row): Seen {
  return { applied: row[0] === 't', now: Number(row[1]), records: [recordFrom(key, row[2])] };
}

/** A record of a plan as the statements for several records are given it. */
interface Item {
  /** Its position in the plan. */
  readonly at: number;
  readonly move: Move;
  readonly parameters: Readonly<Record<string, Parameter>>;
}

/** The records of a plan in the order of their keys, in which all transactions lock them. */
function itemsOf({ records }: TransactionPlan, nonce: string): Item[] {
  const items = records.map(({ key, expected, write, removed }, at): Item => {
    const { kind, id, longId } = placeOf(key);
    const { revision, expired } = typeof expected === 'object' ? expected : NOTHING;
    const [owner, fence, ms] = write === undefined ? NO_LEASE : leaseOf(write);
    return {
      at,
      move: moveOf(expected, write !== undefined, removed),
      parameters: {
        kind,
        id,
        longId,
        expected: revision === undefined ? null : toWire(revision),
        lease: expired ? 'expired' : null,
        revision: write === undefined ? null : toWire(nextRevision(revision, nonce)),
        value: write === undefined ? null : toWire(write.value),
        owner,
        fence,
        ms,
        fields: fieldsText(write?.index),
      },
    };
  });
  return items.sort((left, right) => order(left.parameters, right.parameters));
}

const NOTHING = { revision: undefined, expired: false };
const NO_LEASE = [null, null, null] as const;

function moveOf(expected: RecordPlan['expected'], written: boolean, removed: boolean): Move {
  if (typeof expected === 'string') return 'R';
  if (expected.revision === undefined) return written ? 'I' : 'A';
  if (written) return 'U';
  return removed ? 'D' : 'G';
}

/** By kind, then by id, each as bytes: as the statements for many records sort, too. */
function order(left: Item['parameters'], right: Item['parameters']): number {
  return bytewise(left['kind'], right['kind']) || bytewise(left['id'], right['id']);
}

function bytewise(left: Parameter | undefined, right: Parameter | undefined): number {
  return left === right ? 0 : Buffer.compare(Buffer.from(left as string), Buffer.from(right as string));
}

function transactingFew(plan: TransactionPlan, nonce: string, statements: Statements, channel: string): Step {
  const items = itemsOf(plan, nonce);
  const parameters: Parameter[] = [plan.partition ?? 0, channel];
  for (const { move, parameters: all } of items)
    for (const name of MOVE_PARAMETERS[move]) parameters.push(all[name] ?? null);
  return {
    statement: statements.transactFew(items.map(({ move }) => move)),
    parameters,
    read([row]) {
      const records: (StoredRecord | undefined)[] = [];
      for (const [place, { at }] of items.entries())
        records[at] = recordFrom((plan.records[at] as RecordPlan).key, row?.[4 + place]);
      return { applied: row?.[0] === 't', now: Number(row?.[1]), records };
    },
  };
}

const ITEM_COLUMNS = [
  'kind',
  'id',
  'longId',
  'mode',
  'expected',
  'op',
  'revision',
  'value',
  'owner',
  'fence',
  'ms',
  'fields',
];

const OPS: Readonly<Record<Move, string>> = { U: 'write', I: 'write', D: 'remove', G: 'keep', A: 'keep', R: 'keep' };

function transactingMany(plan: TransactionPlan, nonce: string, statement: string, channel: string): Step {
  const items = itemsOf(plan, nonce);
  const rows = items.map(
    ({ move, parameters }): Readonly<Record<string, Parameter>> => ({
      ...parameters,
      mode: move === 'R' ? 'any' : parameters['lease'] === null ? 'is' : 'expired',
      op: OPS[move],
    }),
  );
  const columns = ITEM_COLUMNS.map((name) => arrayText(rows.map((row) => row[name] ?? null)));
  return {
    statement,
    parameters: [plan.partition ?? 0, ...columns, channel],
    // It is planned for the table as it is now: its plan depends on how large that is.
    planned: true,
    read(found) {
      const records: (StoredRecord | undefined)[] = [];
      for (const [place, { at }] of items.entries())
        records[at] = recordFrom((plan.records[at] as RecordPlan).key, found[place]?.[3]);
      return { applied: found[0]?.[2] === 't', now: Number(found[0]?.[1]), records };
    },
  };
}

function leaseOf({ lease }: Write): [owner: Parameter, fence: Parameter, ms: Parameter] {
  return lease === undefined ? [null, null, null] : [toWire(lease.owner), lease.fence, lease.ms];
}
