import { qualified } from './quote.js';
import { listPage, readFew, readMany, revisionsOf } from './read.js';
import { renewMany, renewOne } from './renew.js';
import { type Move, transactShaped } from './shaped.js';
import { sweepAbsences } from './sweep.js';
import { insertOne, transactMany, updateOne } from './transact.js';
import { markWaiting } from './watch.js';

/** Every statement of a store, for its schema. */
export interface Statements {
  readonly insertOne: string;
  readonly updateOne: string;
  /** For a few records; made when it is asked for the first time. */
  readonly transactFew: (moves: readonly Move[]) => string;
  readonly transactMany: string;
  readonly renewOne: string;
  readonly renewMany: string;
  /** For a few records; made when it is asked for the first time. */
  readonly readFew: (count: number) => string;
  readonly readMany: string;
  readonly revisionsOf: string;
  readonly listPage: string;
  readonly listFiltered: string;
  readonly markWaiting: string;
  readonly sweepAbsences: string;
}

/** The statements of a store whose tables lie in this schema. */
export function statementsFor(schema: string): Statements {
  const records = qualified(schema, 'records');
  const reads: string[] = [];
  const shaped = new Map<string, string>();
  return {
    insertOne: insertOne(records),
    updateOne: updateOne(records),
    transactFew(moves) {
      const shape = moves.join('');
      const text = shaped.get(shape) ?? transactShaped(records, moves);
      shaped.set(shape, text);
      return text;
    },
    transactMany: transactMany(records),
    renewOne: renewOne(records),
    renewMany: renewMany(records),
    readFew(count) {
      reads[count] ??= readFew(records, count);
      return reads[count];
    },
    readMany: readMany(records),
    revisionsOf: revisionsOf(records),
    listPage: listPage(records, false),
    listFiltered: listPage(records, true),
    markWaiting: markWaiting(records),
    sweepAbsences: sweepAbsences(records),
  };
}
