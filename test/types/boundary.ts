/** The types of `bounded` and of registries: compiled, never run. An unused `@ts-expect-error` is an error. */
import { type CallOptions, compose, ledger } from 'mycelium-runtime';
import { bounded, ToolRegistry } from 'mycelium-runtime/boundary';
import { z } from 'zod';
import { type Equal, type IsAny, is } from './equal.js';

declare const db: { get(id: string, limit: number): Promise<{ id: string; name: string }> };

// The caller sees what goes into the schema, the body what comes out of it.
const fetchCustomer = compose(
  bounded({
    name: 'fetch_customer',
    input: z.object({ customerId: z.string().regex(/^c\d+$/), limit: z.coerce.number().default(5) }),
    output: z.object({ id: z.string(), name: z.string() }),
  }),
  ledger({ effect: 'read', idFrom: ['customerId'] }),
)(async ({ customerId, limit }) => {
  is<Equal<typeof customerId, string>>();
  is<Equal<typeof limit, number>>();
  return db.get(customerId, limit);
});
is<Equal<Parameters<typeof fetchCustomer>[0]['customerId'], string>>();
is<Equal<Awaited<ReturnType<typeof fetchCustomer>>, { id: string; name: string }>>();
is<Equal<IsAny<Parameters<typeof fetchCustomer>[1]>, false>>();
void fetchCustomer({ customerId: 'c1' });

// @ts-expect-error a missing argument
void fetchCustomer({ limit: 5 });

// Specs by field, with defaults and choices.
const refund = bounded({
  name: 'refund',
  input: {
    orderId: { pattern: 'o-\\d+' },
    amount: { type: 'integer', minimum: 1 },
    reason: { enum: ['damaged', 'late'], default: 'damaged' },
    notes: { type: 'array', items: { type: 'string' }, required: false },
  },
  scope: { entityPattern: { fields: ['orderId'], pattern: 'o-\\d+' } },
})(async ({ orderId, amount, reason, notes }) => {
  is<Equal<typeof amount, number>>();
  is<Equal<typeof reason, 'damaged' | 'late'>>();
  is<Equal<typeof notes, string[] | undefined>>();
  return { orderId, amount };
});
void refund({ orderId: 'o-1', amount: 5 });
void refund({ orderId: 'o-1', amount: 5, reason: 'late' });
is<Equal<Awaited<ReturnType<typeof refund>>, { orderId: string; amount: number }>>();

// @ts-expect-error a choice that there is not
void refund({ orderId: 'o-1', amount: 5, reason: 'lost' });
// @ts-expect-error a misspelt key of a spec
bounded({ input: { orderId: { patern: 'o' } } });
// @ts-expect-error a misspelt option
bounded({ inputs: z.object({}) });
const paths = z.object({ path: z.string() });
bounded({ input: paths, scope: { allowedPaths: { fields: ['path', 'path.inner'], roots: ['.'], base: '/' } } });
// @ts-expect-error a field that the schema does not have
bounded({ input: paths, scope: { allowedPaths: { fields: ['file'], roots: ['.'], base: '/' } } });
// @ts-expect-error the same, of specs
bounded({ input: { url: {} }, scope: { allowedHosts: { fields: ['link'], hosts: ['example.com'] } } });
bounded({
  input: { files: { type: 'array', items: {} } },
  scope: { allowedPaths: { fields: ['files.name', 'files'], roots: ['.'], base: '/' } },
});

// @ts-expect-error the body gives what the output is not
bounded({ input: { id: {} }, output: z.object({ total: z.number() }) })(async ({ id }) => ({ total: id }));

// What the output makes of it is what callers get.
const dated = bounded({ output: z.object({ at: z.string().transform((text) => new Date(text)) }) })(
  async (_: { id: string }) => ({ at: '2026-01-01' }),
);
is<Equal<Awaited<ReturnType<typeof dated>>, { at: Date }>>();
is<Equal<Parameters<typeof dated>[0], { id: string }>>();

// A JSON Schema says nothing to the compiler: the body does.
const weather = bounded({ input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } })(
  async ({ city }: { city: string }) => city,
);
is<Equal<Parameters<typeof weather>[0], { city: string }>>();

// A ledger that names a field the schema lacks.
// @ts-expect-error no such field in the schema
compose(bounded({ input: z.object({ id: z.string() }) }), ledger({ idFrom: ['order'] }));

// A body that wants more than the schema gives would not get it.
// @ts-expect-error `currency` is nowhere in the schema
bounded({ input: z.object({ id: z.string() }) })(async (input: { id: string; currency: string }) => input.id);
bounded({ input: z.object({ id: z.string(), currency: z.string() }) })(async (input: { id: string }) => input.id);

// Registries.
const registry = new ToolRegistry({ refund, weather });
is<Equal<(typeof registry.names)[number], 'refund' | 'weather'>>();
const narrowed = registry.view(['weather']);
is<Equal<(typeof narrowed.names)[number], 'weather'>>();
const executed = registry.execute('weather', { city: 'Paris' });
is<Equal<Awaited<typeof executed>, string>>();
declare const fromModel: { name: string; input: unknown; call: CallOptions };
void registry.execute(fromModel.name, fromModel.input, fromModel.call);
// @ts-expect-error a view has no other tools
registry.view(['delete']);
// @ts-expect-error not a tool
new ToolRegistry({ refund: 'refund' });
