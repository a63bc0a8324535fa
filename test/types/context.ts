/** The types of `protect` and of sessions: compiled, never run. An unused `@ts-expect-error` is an error. */
import { type CallOptions, compose, ledger, positional } from 'mycelium-runtime';
import { bounded } from 'mycelium-runtime/boundary';
import { invalidate, protect, Session } from 'mycelium-runtime/context';
import { z } from 'zod';
import { type Equal, type IsAny, is } from './equal.js';

interface Customer {
  id: string;
  name: string;
}
declare const db: { get(id: string, limit: number): Promise<Customer>; set(id: string, name: string): Promise<void> };

// A read keeps its types.
const fetchCustomer = protect({ name: 'fetch_customer', entity: 'customerId', ttl: '60s' })(
  async ({ customerId, limit }: { customerId: string; limit: number }) => db.get(customerId, limit),
);
is<Equal<Parameters<typeof fetchCustomer>[0], { customerId: string; limit: number }>>();
is<Equal<Parameters<typeof fetchCustomer>[1], CallOptions | undefined>>();
is<Equal<Awaited<ReturnType<typeof fetchCustomer>>, Customer>>();
is<Equal<IsAny<Parameters<typeof fetchCustomer>[1]>, false>>();
void fetchCustomer({ customerId: 'c1', limit: 5 });
// @ts-expect-error a missing argument
void fetchCustomer({ customerId: 'c1' });

// Fields must be there, wherever they are named.
const read = async ({ id }: { id: string }) => id;
protect({ ttl: 1000 })(read);
protect({ ttl: 1000, entity: 'id', key: ['id'], tags: ['a'], negativeTtl: '1s', max: 10 })(read);
protect({ ttl: 1000, entity: ['id'] })(read);
protect({ ttl: 1000, entity: 'id', key: ['name'] })(async ({ id, name }: { id: string; name: string }) => id + name);
// @ts-expect-error a field that the input does not have
protect({ ttl: 1000, entity: 'customerId' })(read);
// @ts-expect-error one of several
protect({ ttl: 1000, entity: ['id', 'name'] })(read);
// @ts-expect-error in the key
protect({ ttl: 1000, entity: 'id', key: ['id', 'name'] })(read);
// @ts-expect-error of a write
protect({ invalidates: 'customerId' })(read);
// @ts-expect-error deeper in the options of a write
protect({ invalidates: { entity: ['customerId'] } })(read);

// Selectors say what they read.
protect({ ttl: 1000, entity: ({ id }: { id: string }) => id })(read);
protect({ ttl: 1000, entity: () => 'all', key: () => 'one' })(read);
protect({ ttl: 1000, entity: ({ id }: { id: string }) => id, key: ['id'] })(read);
// @ts-expect-error an input that the tool does not have
protect({ ttl: 1000, entity: ({ id }: { id: number }) => id })(read);
const both = protect({ ttl: 1000, entity: ({ id }: { id: string }) => id, key: ['name'] })(read);
// @ts-expect-error a field of the key must be given, also beside a selector
void both({ id: 'a' });

// A read says for how long, a write what it outdates; nothing is both.
protect({ invalidates: 'id' })(read);
protect({ invalidates: { tags: ['orders'], tools: ['list_orders'] } })(read);
protect({ invalidates: ({ id }: { id: string }) => [id] })(read);
// @ts-expect-error how old a result may be
protect({ entity: 'id' });
// @ts-expect-error a read and a write
protect({ ttl: 1000, invalidates: 'id' });
// @ts-expect-error a misspelt option
protect({ ttl: 1000, entitys: 'id' });
// @ts-expect-error a misspelt option of a write
protect({ invalidates: { tag: ['orders'] } });
// @ts-expect-error tags are names
protect({ ttl: 1000, tags: [1] });

// With other guards: what the schema makes of it is what is told apart.
const bounds = z.object({ customerId: z.string(), limit: z.coerce.number().default(5) });
const composed = compose(
  bounded({ name: 'fetch_customer', input: bounds }),
  protect({ entity: 'customerId', ttl: '60s' }),
  ledger({ effect: 'read', idFrom: ['customerId'] }),
)(async ({ customerId, limit }) => {
  is<Equal<typeof limit, number>>();
  return db.get(customerId, limit);
});
void composed({ customerId: 'c1' });
is<Equal<Awaited<ReturnType<typeof composed>>, Customer>>();
// @ts-expect-error a field that the schema does not have
compose(bounded({ input: bounds }), protect({ entity: 'orderId', ttl: '60s' }));

// Positional tools are told apart by functions.
const lookup = positional(
  protect({
    ttl: '60s',
    entity: (name: string, _page: number) => name,
    key: (name: string, page: number) => [name, page],
  }),
)(async (name: string, page: number) => `${name} ${page}`);
is<Equal<Parameters<typeof lookup>, [name: string, page: number]>>();
// @ts-expect-error there are no fields
positional(protect({ ttl: '60s', entity: 'name' }));

// As a decorator.
class Customers {
  @protect({ entity: 'id', ttl: '60s' })
  async fetch({ id }: { id: string }): Promise<Customer> {
    return db.get(id, 1);
  }

  @protect({ invalidates: 'id' })
  async rename({ id, name }: { id: string; name: string }): Promise<void> {
    await db.set(id, name);
  }
}
void new Customers().fetch({ id: 'c1' });

// Sessions give what the function gives.
is<Equal<ReturnType<typeof Session.run<number>>, number>>();
const pages = Session.run(async function* () {
  yield 1;
});
is<Equal<typeof pages, AsyncGenerator<number, void, unknown>>>();

invalidate('c1');
invalidate(7);
invalidate({ tool: fetchCustomer });
invalidate({ tool: lookup });
invalidate({ tag: 'orders' });
invalidate({ all: true });
// @ts-expect-error an entity is a text or a number
invalidate(new Date());
// @ts-expect-error a misspelt target
invalidate({ tags: 'orders' });
// @ts-expect-error all or not at all
invalidate({ all: false });
