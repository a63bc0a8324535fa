import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bounded } from 'mycelium-runtime/boundary';
import { z } from 'zod';
import { type Block, eachTimed, paired, wholeTimed } from './measure.js';
import { latency, type Row } from './row.js';
import type { Scale } from './workload.js';

const schema = z.object({
  orderId: z.string().regex(/^o-\d+$/),
  amount: z.number().int().min(1).max(1_000_000),
  currency: z.enum(['eur', 'usd', 'gbp']),
  email: z.string().max(200),
  tags: z.array(z.string()).max(10),
  dryRun: z.boolean(),
});

const specs = {
  orderId: { pattern: 'o-\\d+' },
  amount: { type: 'integer', minimum: 1, maximum: 1_000_000 },
  currency: { enum: ['eur', 'usd', 'gbp'] },
  email: { maxLength: 200 },
  tags: { type: 'array', items: {}, maxLength: 10 },
  dryRun: { type: 'boolean' },
} as const;

type Order = z.infer<typeof schema>;

function orderNumber(number: number): Order {
  const email = `customer-${number}@example.com`;
  return { orderId: `o-${number}`, amount: 5 + number, currency: 'eur', email, tags: ['new', 'gift'], dryRun: false };
}

const body = async (order: Order): Promise<number> => order.amount;
/** What a user would write by hand: parse, then call. */
const byHand = async (order: Order): Promise<number> => body(schema.parse(order));
/** And what refuses arguments that the schema does not know, as `bounded` does. */
const exact = schema.strict();
const byHandExact = async (order: Order): Promise<number> => body(exact.parse(order));

/** What checking a call costs, over the schema alone. */
export async function measureBoundary(scale: Scale, note: (what: string) => void): Promise<Row[]> {
  note('boundary: six fields');
  const calls = (tool: (order: Order) => Promise<unknown>): Block =>
    wholeTimed(
      (count) => Array.from({ length: count }, (_, number) => orderNumber(number)),
      async (orders) => {
        for (const order of orders) await tool(order);
      },
    );
  const extent = { rounds: scale.rounds, blocks: scale.quick ? 4 : 40, count: scale.quick ? 200 : 2_000 };
  const { zod, fields, floor, strict } = await paired(
    {
      zod: calls(bounded({ name: 'order', input: schema })(body)),
      fields: calls(bounded({ name: 'order', input: specs })(body as never) as typeof body),
      floor: calls(byHand),
      strict: calls(byHandExact),
    },
    extent,
  );
  const row = (id: string, what: string): { id: string; target: string; what: string } => ({
    id: `boundary-${id}`,
    target: 'boundary',
    what,
  });
  return [
    latency(row('zod', 'a call with six fields, zod'), zod, { name: 'zod parse and call', sample: floor }, undefined),
    latency(
      row('zod-exact', 'the same, over a schema that refuses unknown fields, too'),
      zod,
      { name: 'strict zod parse and call', sample: strict },
      undefined,
    ),
    latency(
      row('specs', 'a call with six fields, specs'),
      fields,
      { name: 'zod parse and call', sample: floor },
      undefined,
    ),
    ...(await paths(scale, note)),
  ];
}

/** A path in an allowed folder, over the one system call that finds out where it leads. */
async function paths(scale: Scale, note: (what: string) => void): Promise<Row[]> {
  note('boundary: a path');
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'mycelium-bench-')));
  try {
    writeFileSync(join(base, 'a.txt'), 'a');
    const scope = { allowedPaths: { fields: ['file'], roots: ['.'], base } };
    const open = bounded({ name: 'open', scope })(async ({ file }: { file: string }) => file);
    const extent = { rounds: scale.rounds, blocks: scale.quick ? 4 : 20, count: scale.quick ? 10 : 100 };
    const { checked, floor } = await paired(
      {
        checked: eachTimed(() => open({ file: 'a.txt' })),
        floor: eachTimed(async () => [await realpath(base), await realpath(join(base, 'a.txt'))]),
      },
      extent,
    );
    const named = { id: 'boundary-path', target: 'boundary', what: 'a call with a path' };
    return [latency(named, checked, { name: 'realpath of folder and path', sample: floor }, undefined)];
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}
