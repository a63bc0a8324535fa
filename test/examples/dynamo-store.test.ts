import { describe, expect, test } from 'vitest';
import type { DynamoClient } from '../../examples/dynamo-store/client.js';
import { type DynamoTable, dynamoTable, type RequestFault } from '../../examples/dynamo-store/model.js';
import { openDynamoStore } from '../../examples/dynamo-store/store.js';
import { ActionLedger, ledger, UsageError } from '../../src/index.js';
import { StoreFormatError, StoreUnavailableError } from '../../src/store/index.js';
import {
  type ConformanceCase,
  runConformanceCase,
  runStoreConformance,
  type StoreFactory,
  storeConformance,
} from '../../src/testing/index.js';

type Change = (client: DynamoClient) => DynamoClient;

const as =
  (methods: (client: DynamoClient) => Partial<DynamoClient>): Change =>
  (client) => ({ ...client, ...methods(client) });

const open = (table: DynamoTable, change: Change = (client) => client) =>
  openDynamoStore({ client: change(table.client()), table: 'calls', pollMs: 20 });

/** Stores over one table, each with a client of its own as another process has it. */
function factory(change?: Change): StoreFactory {
  return async () => {
    const table = dynamoTable();
    const another = () => open(table, change);
    return { store: await another(), second: another, reopen: another };
  };
}

test.each(storeConformance)('dynamo store: $name', { timeout: 60_000 }, async (one: ConformanceCase) => {
  expect(await runConformanceCase(one, factory())).toBe('passed');
});

describe('the suite notices', () => {
  const mutants: readonly { readonly name: string; readonly change: Change; readonly caughtBy: string }[] = [
    {
      name: 'writes without their condition',
      change: as((client) => ({
        transactWrite: ({ TransactItems, ...rest }) =>
          client.transactWrite({
            ...rest,
            TransactItems: TransactItems.map(({ Put, ...other }) => {
              if (Put === undefined) return other;
              const { TableName, Item } = Put;
              return { Put: { TableName, Item } };
            }),
          }),
      })),
      caughtBy: 'an insert of a record that is there is refused',
    },
    {
      name: 'writes that do not ask about the lease',
      change: as((client) => ({
        transactWrite: ({ TransactItems, ...rest }) =>
          client.transactWrite({
            ...rest,
            TransactItems: TransactItems.map(({ Put, ...other }) => {
              if (Put?.ConditionExpression === undefined) return Put === undefined ? other : { Put };
              const ConditionExpression = Put.ConditionExpression.replace(/ AND \(.*\)/, '');
              return { Put: { ...Put, ConditionExpression } };
            }),
          }),
      })),
      caughtBy: 'a held lease refuses a takeover',
    },
    {
      name: 'renewals that do not ask whose the lease is',
      change: as((client) => ({
        update: (input) => client.update({ ...input, ConditionExpression: 'attribute_exists(pk)' }),
      })),
      caughtBy: 'a renewal by another claim is lost and changes nothing',
    },
    {
      name: 'lists that read what may be old',
      change: as((client) => ({ query: (input) => client.query({ ...input, ConsistentRead: false }) })),
      caughtBy: 'a list follows the index as it is written',
    },
    {
      name: 'actions of their own instead of one transaction',
      change: as((client) => ({
        async transactWrite({ TransactItems }) {
          for (const action of TransactItems) await client.transactWrite({ TransactItems: [action] });
        },
      })),
      caughtBy: 'a transaction on several records applies all or nothing',
    },
  ];

  test.each(mutants)('$name', async ({ change, caughtBy }) => {
    const [result] = await runStoreConformance(factory(change), { only: [caughtBy], timeout: 10_000 });
    expect(result).toMatchObject({ outcome: 'failed', error: { name: 'AssertionError' } });
  });
});

test('two clients whose clocks differ follow the faster one', { timeout: 60_000 }, async () => {
  const table = dynamoTable();
  let clients = 0;
  const another = () => {
    const behind = 400 * (clients++ % 2);
    const clock = (): number => Date.now() - behind;
    return openDynamoStore({ client: table.client(), table: 'calls', pollMs: 20, clock });
  };
  const only = storeConformance.filter(({ needs }) => needs !== undefined).map(({ name }) => name);
  const results = await runStoreConformance(
    async () => {
      clients = 0;
      return { store: await another(), second: another };
    },
    { only },
  );
  expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  expect(results.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThan(5);
});

test('a table in another form is refused', async () => {
  const table = dynamoTable();
  await openDynamoStore({ client: table.client(), table: 'calls', partitions: 4 });
  expect((await openDynamoStore({ client: table.client(), table: 'calls' })).partitions).toBe(4);
  const other = openDynamoStore({ client: table.client(), table: 'calls', partitions: 8 });
  await expect(other).rejects.toThrow(StoreFormatError);
  const newer = dynamoTable();
  const Item = { pk: 'meta', sk: 'meta', format: 2, partitions: 16 };
  await newer.client().transactWrite({ TransactItems: [{ Put: { TableName: 'calls', Item } }] });
  await expect(open(newer)).rejects.toThrow(StoreFormatError);
});

test('a value that no transaction takes is refused, and nothing is written', async () => {
  const store = await open(dynamoTable());
  const key = { partition: 0, kind: 'call', id: 'long' };
  const insert = (length: number) =>
    store.transact({ expect: [{ key, revision: undefined }], write: [{ key, value: 'x'.repeat(length) }] }, 'n1');
  await expect(insert(5_000_000)).rejects.toThrow(UsageError);
  expect((await insert(3_000_000)).records[0]?.value.length).toBe(3_000_000);
});

test('when only the reading after a write fails, the caller is not told that nothing was written', async () => {
  const table = dynamoTable();
  let fault: RequestFault | undefined;
  const client = table.client({ onRequest: (operation) => (operation === 'transactGet' ? fault : undefined) });
  const store = await openDynamoStore({ client, table: 'calls' });
  const [key, other] = [
    { partition: 0, kind: 'call', id: 'a' },
    { partition: 0, kind: 'evidence', id: 'a' },
  ];
  const claim = () =>
    store.transact({ expect: [{ key, revision: undefined }], write: [{ key, value: 'claimed' }], read: [other] }, 'n1');
  fault = 'throttled';
  const error = await claim().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreUnavailableError);
  expect((error as StoreUnavailableError).details['applied']).toBe('unknown');
  fault = undefined;
  expect(await claim()).toMatchObject({ ok: true, records: [{ value: 'claimed' }, undefined] });
});

test('throttled, lost, repeated: no tool runs twice, and every caller gets the same result', {
  timeout: 120_000,
}, async () => {
  const table = dynamoTable();
  const faults: readonly RequestFault[] = ['throttled', 'request lost', 'answer lost', 'sent twice'];
  let requests = 0;
  let struck = 0;
  // Every third request suffers one, the kinds taking turns.
  const onRequest = (): RequestFault | undefined => (++requests % 3 === 0 ? faults[struck++ % 4] : undefined);
  const runs = new Map<string, number>();
  const workers: ((input: { id: string }) => Promise<string>)[] = [];
  for (let worker = 0; worker < 2; worker++) {
    const healthy = table.client();
    const unkind = table.client({ onRequest });
    let opened = false;
    const client = as(() => ({
      transactWrite: (input) => (opened ? unkind : healthy).transactWrite(input),
      get: (input) => (opened ? unkind : healthy).get(input),
    }))(unkind);
    const store = await openDynamoStore({ client, table: 'calls', pollMs: 10 });
    opened = true;
    workers.push(
      ledger({
        name: 'pay',
        effect: 'irreversible',
        idFrom: ['id'],
        waitFor: '60s',
        ledger: new ActionLedger({ store }),
      })(async ({ id }: { id: string }) => {
        runs.set(id, (runs.get(id) ?? 0) + 1);
        return `paid ${id} by ${worker}`;
      }),
    );
  }
  const ids = Array.from({ length: 40 }, (_, number) => `inv-${number}`);
  const callUntilAnswered = async (pay: (typeof workers)[number], id: string): Promise<string> => {
    for (;;) {
      try {
        return await pay({ id });
      } catch (error) {
        // A throttled claim did nothing, and says so; a throttled completion is made up for in the background.
        const { retryable, code } = error as { retryable?: string; code?: string };
        if (retryable !== 'safe' && code !== 'COMPLETION_NOT_RECORDED') throw error;
      }
    }
  };
  const answers = await Promise.all(
    ids.map((id) => Promise.all([...workers, ...workers].map((pay) => callUntilAnswered(pay, id)))),
  );
  for (const [number, same] of answers.entries()) {
    expect(new Set(same).size).toBe(1);
    expect(same[0]).toContain(`inv-${number} `);
  }
  expect([...runs.values()]).toEqual(ids.map(() => 1));
  expect(struck).toBeGreaterThan(40);
});
