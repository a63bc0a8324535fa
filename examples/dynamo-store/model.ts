/**
 * DynamoDB in memory, as far as the store uses it, and as unkind as the real one may be: requests take time and
 * overlap, transactions that meet cancel each other, reads that do not ask for consistency answer what was there
 * before the last write, text that is not valid UTF-16 is replaced, and items, keys and transactions have limits.
 */
import type { Attribute, DynamoClient, Item, ItemKey, QueryInput, TransactAction } from './client.js';
import { conditionHolds, invalid, updated } from './expressions.js';

const ITEM_BYTES = 400 * 1024;
const TRANSACTION_BYTES = 4 * 1024 * 1024;
const TRANSACTION_ACTIONS = 100;
const PAGE_BYTES = 1024 * 1024;
const TOKEN_LIFE_MS = 600_000;

/** What may happen to a request on its way. */
export type RequestFault =
  | 'throttled'
  | 'request lost'
  | 'answer lost'
  /** The answer is lost, and the SDK sends the request once more, as it does by default. */
  | 'sent twice';

/** A table that several clients share. */
export interface DynamoTable {
  /** A client of its own, as another process has one. */
  client(options?: {
    /** Called for every request. */
    readonly onRequest?: (operation: keyof DynamoClient) => RequestFault | undefined;
  }): DynamoClient;
}

interface Slot {
  readonly key: ItemKey;
  item: Item | undefined;
  /** What an eventually consistent read may still see. */
  before: Item | undefined;
}

/** Makes an empty table. */
export function dynamoTable(): DynamoTable {
  const slots = new Map<string, Slot>();
  /** Items that a transaction is about at this moment. */
  const busy = new Set<string>();
  const tokens = new Map<string, { readonly request: string; readonly at: number }>();

  const slotOf = ({ pk, sk }: ItemKey): Slot => {
    checkKey({ pk, sk });
    const name = JSON.stringify([pk, sk]);
    const slot = slots.get(name) ?? { key: { pk, sk }, item: undefined, before: undefined };
    slots.set(name, slot);
    return slot;
  };
  const put = (slot: Slot, item: Item | undefined): void => {
    slot.before = slot.item;
    slot.item = item;
  };
  const nameOf = ({ pk, sk }: ItemKey): string => JSON.stringify([pk, sk]);

  const holdAll = async <Value>(keys: readonly ItemKey[], work: () => Value): Promise<Value> => {
    const names = keys.map(nameOf);
    if (names.some((name) => busy.has(name))) {
      throw canceled(names.map((name) => (busy.has(name) ? 'TransactionConflict' : 'None')));
    }
    for (const name of names) busy.add(name);
    await turn();
    try {
      return work();
    } finally {
      for (const name of names) busy.delete(name);
    }
  };

  const write = (actions: readonly TransactAction[]): void => {
    const reasons = actions.map((action) => {
      const { Put, Delete, ConditionCheck } = action;
      const condition = Put ?? Delete ?? ConditionCheck;
      if (Put !== undefined && sizeOf(Put.Item) > ITEM_BYTES) return 'ValidationError';
      const expression = condition?.ConditionExpression;
      if (expression === undefined) return 'None';
      const values = condition?.ExpressionAttributeValues ?? {};
      return conditionHolds(expression, values, slotOf(keyOf(action)).item) ? 'None' : 'ConditionalCheckFailed';
    });
    if (reasons.some((reason) => reason !== 'None')) throw canceled(reasons);
    for (const action of actions) {
      if (action.Put !== undefined) put(slotOf(keyOf(action)), action.Put.Item);
      if (action.Delete !== undefined) put(slotOf(keyOf(action)), undefined);
    }
  };

  const operations: DynamoClient = {
    async transactWrite({ TransactItems: actions, ClientRequestToken: token }) {
      checkTransaction(actions);
      const known = token === undefined ? undefined : tokens.get(token);
      if (known !== undefined && Date.now() - known.at < TOKEN_LIFE_MS) {
        // The same request again is answered as before; only success is remembered.
        if (known.request === textOf(actions)) return {};
        throw failure('IdempotentParameterMismatchException', 'the token was used for another request');
      }
      await holdAll(actions.map(keyOf), () => write(actions));
      if (token !== undefined) tokens.set(token, { request: textOf(actions), at: Date.now() });
      return {};
    },
    async transactGet({ TransactItems }) {
      if (TransactItems.length > TRANSACTION_ACTIONS) throw invalid('a transaction has at most 100 actions');
      const keys = TransactItems.map(({ Get }) => Get.Key);
      return holdAll(keys, () => ({ Responses: keys.map((key) => shown(slotOf(key).item)) }));
    },
    async get({ Key, ConsistentRead }) {
      const { item, before } = slotOf(Key);
      return shown(ConsistentRead === true ? item : before);
    },
    async update({ Key, UpdateExpression, ConditionExpression = '', ExpressionAttributeValues = {} }) {
      if (busy.has(nameOf(Key))) throw failure('TransactionConflictException', 'a transaction is writing the item');
      const slot = slotOf(Key);
      if (ConditionExpression !== '' && !conditionHolds(ConditionExpression, ExpressionAttributeValues, slot.item))
        throw failure('ConditionalCheckFailedException', 'The conditional request failed');
      put(slot, { ...slot.item, ...Key, ...updated(UpdateExpression, ExpressionAttributeValues) });
      return {};
    },
    async query(input) {
      return page(input, slots.values());
    },
  };

  return { client: ({ onRequest } = {}) => overWire(operations, (operation) => onRequest?.(operation)) };
}

/** One page, in the order of the sort key: up to `Limit` items, and up to a megabyte. */
function page(
  { ExpressionAttributeValues, Limit, ConsistentRead, ExclusiveStartKey }: QueryInput,
  slots: Iterable<Slot>,
): { Items: Item[]; LastEvaluatedKey?: ItemKey } {
  const found = [...slots]
    .filter(({ key }) => key.pk === ExpressionAttributeValues[':pk'])
    .filter(({ key }) => ExclusiveStartKey === undefined || key.sk > ExclusiveStartKey.sk)
    .sort((left, right) => (left.key.sk < right.key.sk ? -1 : 1));
  const Items: Item[] = [];
  let bytes = 0;
  for (const { key, item, before } of found) {
    const seen = ConsistentRead === true ? item : before;
    if (seen === undefined) continue;
    Items.push(seen);
    bytes += sizeOf(seen);
    if (Items.length === Limit || bytes >= PAGE_BYTES) return { Items, LastEvaluatedKey: key };
  }
  return { Items };
}

/** What lies between a client and the service: time, copies, and sometimes nothing. */
function overWire(service: DynamoClient, fault: (operation: keyof DynamoClient) => RequestFault | undefined) {
  const send =
    <Input, Output>(operation: keyof DynamoClient, work: (input: Input) => Promise<Output>) =>
    async (input: Input): Promise<Output> => {
      const sent = copy(input);
      const happens = fault(operation);
      await turn();
      if (happens === 'throttled') throw failure('ThrottlingException', 'Rate exceeded');
      if (happens === 'request lost') throw failure('TimeoutError', 'socket hang up');
      if (happens === 'sent twice') await work(sent);
      const answer = await work(sent);
      if (happens === 'answer lost') throw failure('TimeoutError', 'socket hang up');
      return copy(answer);
    };
  return {
    transactWrite: send('transactWrite', service.transactWrite),
    transactGet: send('transactGet', service.transactGet),
    get: send('get', service.get),
    update: send('update', service.update),
    query: send('query', service.query),
  };
}

/** A request is serialized where it is sent, and text travels as UTF-8, which has no lone surrogates. */
function copy<Value>(value: Value): Value {
  if (typeof value === 'string') return value.toWellFormed() as Value;
  if (value instanceof Uint8Array) return Uint8Array.from(value) as Value;
  if (Array.isArray(value)) return value.map(copy) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copy(part)])) as Value;
}

function textOf(actions: readonly TransactAction[]): string {
  return JSON.stringify(actions, (_, part) =>
    part instanceof Uint8Array ? Buffer.from(part).toString('base64') : part,
  );
}

function checkTransaction(actions: readonly TransactAction[]): void {
  if (actions.length === 0 || actions.length > TRANSACTION_ACTIONS) throw invalid('a transaction has 1 to 100 actions');
  const names = actions.map((action) => JSON.stringify(keyOf(action)));
  if (new Set(names).size < names.length) throw invalid('a transaction cannot include several actions on one item');
  const bytes = actions.reduce((sum, { Put }) => sum + (Put === undefined ? 0 : sizeOf(Put.Item)), 0);
  if (bytes > TRANSACTION_BYTES) throw invalid('the items of a transaction have at most 4 MB together');
}

function keyOf({ Put, Delete, ConditionCheck }: TransactAction): ItemKey {
  const { pk, sk } = Put?.Item ?? Delete?.Key ?? ConditionCheck?.Key ?? {};
  return { pk, sk } as ItemKey;
}

function checkKey({ pk, sk }: ItemKey): void {
  if (pk === '' || Buffer.byteLength(pk) > 2048) throw invalid('a partition key has 1 to 2048 bytes');
  if (sk === '' || Buffer.byteLength(sk) > 1024) throw invalid('a sort key has 1 to 1024 bytes');
}

function sizeOf(item: Item): number {
  const size = (value: Attribute): number => (typeof value === 'number' ? 21 : Buffer.byteLength(value));
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + size(value), 0);
}

function shown(item: Item | undefined): { Item?: Item } {
  return item === undefined ? {} : { Item: item };
}

function canceled(codes: readonly string[]): Error {
  const error = failure('TransactionCanceledException', `Transaction cancelled: [${codes.join(', ')}]`);
  return Object.assign(error, { CancellationReasons: codes.map((Code) => ({ Code })) });
}

/** As the SDK throws it when it sent the request once. */
function failure(name: string, message: string): Error {
  return Object.assign(new Error(message), { name, $metadata: { attempts: 1 } });
}

/** Lets other requests come in between. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
