import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConfigIssue, loadConfigFromString, ToolBoundaryError } from '../../../src/index.js';
import { failure } from '../../ledger/workers.js';
import { marked } from '../loader/broken-config.js';
import { folder, issuesOf, runtime } from './surroundings.js';

async function codes(call: Promise<unknown>): Promise<string[]> {
  const error = await failure(call);
  expect(error).toBeInstanceOf(ToolBoundaryError);
  const { phase, issues } = error as unknown as ToolBoundaryError;
  return [phase, ...issues.map(({ path, code }) => `${path} ${code}`)];
}

describe('bounded in YAML', () => {
  const yaml = `
tools:
  send_payment:
    side_effect_class: irreversible
    id_from: [invoice_id]
    bounded:
      schema:
        invoice_id: { pattern: 'inv-[0-9]+' }
        amount: { type: integer, minimum: 1 }
        bill_to: { type: object, required: false, properties: { zip_code: { max_length: 5 } } }
        line_items: { type: array, required: false, items: { type: object, properties: { item_no: {} } } }
      output_schema: { charge_id: { type: string } }
`;

  it('checks before anything is recorded, in whichever spelling the code has', async () => {
    const mycelium = await runtime(yaml);
    let bodies = 0;
    const tools = mycelium.instrument({
      sendPayment: async (input: { invoiceId: string; amount: number; billTo?: { zipCode: string } }) => {
        bodies += 1;
        return { chargeId: `ch-${input.invoiceId}` };
      },
    });
    expect(await codes(tools.sendPayment({ invoiceId: 'x', amount: 0 }))).toEqual([
      'input',
      'invoiceId pattern',
      'amount range',
    ]);
    expect(await codes(tools.sendPayment({ invoiceId: 'inv-1', amount: 1, billTo: { zipCode: '123456' } }))).toEqual([
      'input',
      'billTo.zipCode length',
    ]);
    expect(await codes(tools.sendPayment({ invoiceId: 'inv-1', amount: 1, invoice_id: 'inv-1' } as never))).toEqual([
      'input',
      'invoice_id unknown-field',
    ]);
    expect((await (await mycelium.ledger('send_payment')).list()).calls).toEqual([]);
    expect(await tools.sendPayment({ invoiceId: 'inv-1', amount: 1 })).toEqual({ chargeId: 'ch-inv-1' });
    expect(await tools.sendPayment({ invoiceId: 'inv-1', amount: 1 })).toEqual({ chargeId: 'ch-inv-1' });
    expect(bodies).toBe(1);
  });

  it('takes names as they are in the file, too', async () => {
    const mycelium = await runtime(yaml);
    const pay = mycelium.guard('send_payment')(
      async (input: { invoice_id: string; amount: number; line_items?: { item_no: string }[] }) => ({
        charge_id: input.invoice_id,
      }),
    );
    expect(await pay({ invoice_id: 'inv-1', amount: 1, line_items: [{ item_no: 'a' }] })).toEqual({
      charge_id: 'inv-1',
    });
    expect(await codes(pay({ invoice_id: 'inv-2', amount: 1, line_items: [{ itemNo: 'a' }] } as never))).toContain(
      'input',
    );
  });

  it('goes by the fields that the file names, however the free parts of a call are spelt and entangled', async () => {
    const mycelium = await runtime(`
tools:
  save_note: { ledger: false, bounded: { schema: { order_id: {}, meta: { type: object, required: false } } } }
  save_all:
    ledger: false
    bounded: { schema: { all: { type: object, additional_properties: { type: object, properties: { zip_code: {} } } } } }
`);
    const save = mycelium.guard('save_note')(async (input: object) => input);
    const meta = { orderId: 'x' };
    expect(await save({ order_id: 'o-1', meta })).toEqual({ order_id: 'o-1', meta });
    expect(await save({ orderId: 'o-1', meta: { order_id: 1 } })).toEqual({ orderId: 'o-1', meta: { order_id: 1 } });
    let shared: object = {};
    for (let level = 0; level < 26; level += 1) shared = { a: shared, b: shared };
    const before = process.cpuUsage();
    await save({ order_id: 'o-1', meta: shared });
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(500);
    const all = mycelium.guard('save_all')(async (input: object) => input);
    expect(await all({ all: { home: { zipCode: '1' } } })).toEqual({ all: { home: { zipCode: '1' } } });
    expect(await codes(all({ all: { home: { zipCode: '1' }, work: { zip_code: '1' } } }))).toContain('input');
  });

  it('reports a bad result of what has happened, and does not run it again', async () => {
    const mycelium = await runtime(yaml);
    let bodies = 0;
    const pay = mycelium.guard('send_payment')(async (_: { invoiceId: string; amount: number }) => {
      bodies += 1;
      return { charge: 1 } as never;
    });
    for (let attempt = 0; attempt < 2; attempt += 1)
      expect(await codes(pay({ invoiceId: 'inv-1', amount: 1 }))).toEqual(['output', 'charge_id missing']);
    expect(bodies).toBe(1);
  });

  it('keeps to the folders, hosts and names that the file allows; paths start at the file', async () => {
    const at = await folder();
    await mkdir(join(at, 'workspace'));
    await writeFile(join(at, 'workspace/a.txt'), 'a');
    await symlink('/etc', join(at, 'workspace/link'));
    const mycelium = await runtime(
      `action_ledger: { storage: memory }
tools:
  copy_file:
    bounded: { schema: { from_path: {}, to_path: {} }, allowed_paths: [./workspace], path_param: [from_path, to_path] }
  fetch_page:
    bounded: { allowed_hosts: ["*.example.com"], url_param: page_url, url_schemes: [https, http] }
  get_order:
    bounded: { entity_param: order_id, entity_pattern: "o-[0-9]+", redact: [order_id] }
`,
      at,
    );
    const tools = mycelium.instrument({
      copyFile: async ({ fromPath, toPath }: { fromPath: string; toPath: string }) => `${fromPath} → ${toPath}`,
      fetchPage: async ({ pageUrl }: { pageUrl: string }) => pageUrl,
      getOrder: async ({ orderId }: { orderId: string }) => orderId,
    });
    expect(await tools.copyFile({ fromPath: 'workspace/a.txt', toPath: join(at, 'workspace/b.txt') })).toContain('→');
    expect(await codes(tools.copyFile({ fromPath: 'workspace/link/passwd', toPath: 'mycelium.yaml' }))).toEqual([
      'scope',
      'fromPath path-outside',
      'toPath path-outside',
    ]);
    expect(await tools.fetchPage({ pageUrl: 'http://a.example.com/x' })).toBe('http://a.example.com/x');
    expect(await codes(tools.fetchPage({ pageUrl: 'https://example.com.evil.org' }))).toEqual([
      'scope',
      'pageUrl host-not-allowed',
    ]);
    expect(await codes(tools.getOrder({ orderId: 'o-1; drop' }))).toEqual(['scope', 'orderId entity-mismatch']);
    const told = await failure(tools.getOrder({ orderId: 'hunter2' }));
    expect(JSON.stringify(told)).not.toContain('hunter2');
    // Guarded, though nothing is recorded.
    expect(mycelium.report()).toMatchObject({
      guarded: [
        { name: 'copy_file', checks: ['arguments', 'paths'] },
        { name: 'fetch_page', checks: ['hosts'] },
        { name: 'get_order', checks: ['entities'] },
      ],
      unguarded: [],
      warnings: [],
    });
    expect(String(mycelium.report())).toContain('not recorded');
  });

  it('a JSON Schema spells its properties as it likes', async () => {
    const mycelium = await runtime(`
tools:
  look_up:
    bounded:
      schema: { type: object, properties: { in_city: { type: string, pattern: "^P" } }, required: [in_city] }
`);
    const lookUp = mycelium.guard('look_up')(async (input: { in_city: string }) => input.in_city);
    expect(await lookUp({ in_city: 'Paris' })).toBe('Paris');
    expect(await codes(lookUp({ inCity: 'Paris' } as never))).toContain('input');
  });
});

describe('what is wrong with a boundary', () => {
  it.each([
    ['bounded: { schema: { file: {} }, ▸allowed_paths: [x] }', 'MYC521 allowed_paths', 'path_param is "path"'],
    [
      'bounded: { schema: { from_file: {} }, allowed_paths: [x], path_param: [▸fromFile] }',
      'MYC521 path_param[0]',
      'did you mean from_file?',
    ],
    ['bounded: { schema: { id: { ▸patern: x } } }', 'MYC522 schema.id.patern', 'pattern'],
    [
      'bounded: { schema: { ids: { type: array, items: { ▸type: sting } } } }',
      'MYC522 schema.ids.items.type',
      'string',
    ],
    ['bounded: { output_schema: { n: { type: integer, ▸pattern: x } } }', 'MYC522 output_schema.n.pattern', 'integer'],
    ['bounded: { schema: { id: { ▸pattern: "(?=x)" } } }', 'MYC522 schema.id.pattern', 'lookaround'],
    [
      'bounded: { schema: { url: {} }, url_param: url, allowed_hosts: [a.b, ▸"https://a.b"] }',
      'MYC522 allowed_hosts[1]',
      'is a URL or a path, not a host',
    ],
    [
      'bounded: { schema: { id: {} }, entity_param: id, ▸entity_pattern: "c(" }',
      'MYC522 entity_pattern',
      'the pattern cannot be used',
    ],
    [
      '▸bounded: { schema: { type: object, properties: { id: { pattern: "(" } } } }',
      'MYC522',
      'the pattern cannot be used',
    ],
  ])('%s', async (section, where, says) => {
    const [id, path] = where.split(' ');
    const { text, places } = marked(`action_ledger: { storage: memory }\ntools: { a: { ${section} } }\n`);
    const error = await failure(loadConfigFromString(text));
    const { issues } = error.details as { issues: readonly ConfigIssue[] };
    expect(issues.map((one) => `${one.id} ${one.path} ${one.line}:${one.column}`)).toEqual([
      `${id} ${['tools.a.bounded', ...(path === undefined ? [] : [path])].join('.')} ${places[0]}`,
    ]);
    expect(error.message).toContain(says);
  });
});

describe('the registry', () => {
  const yaml = `
registry: { allowed: [get_order, refund] }
tools:
  get_order: { bounded: { schema: { order_id: {} } } }
  refund: { side_effect_class: irreversible, id_from: [order_id] }
  wipe: { ledger: false }
`;

  it('has the tools that the file allows, by their names there, guarded as it says', async () => {
    const mycelium = await runtime(yaml);
    class Shop {
      readonly #name = 'shop';
      async getOrder({ orderId }: { orderId: string }) {
        return `${this.#name} ${orderId}`;
      }
      async wipe(_: object) {
        return 'gone';
      }
    }
    mycelium.instrument(new Shop(), {}, { partial: ['refund'] });
    expect(issuesOf(() => mycelium.registry())).toMatchObject([{ id: 'MYC513', path: 'tools.refund' }]);
    let refunds = 0;
    mycelium.guard('refund')(async ({ orderId }: { orderId: string }) => `${orderId} ${++refunds}`);
    const registry = mycelium.registry();
    expect(registry.names).toEqual(['get_order', 'refund']);
    // On its object, with what is private there.
    expect(await registry.execute('get_order', { orderId: 'o-1' })).toBe('shop o-1');
    expect(await codes(registry.execute('get_order', { order: 'o-1' }))).toContain('input');
    expect(await registry.execute('refund', { orderId: 'o-1' })).toBe('o-1 1');
    expect(await registry.execute('refund', { orderId: 'o-1' })).toBe('o-1 1');
    for (const name of ['wipe', 'getOrder', 'Refund', '__proto__', 'toString'])
      expect(await codes(registry.execute(name, {}))).toEqual(['allowlist', ' not-allowed']);
  });

  it('without a list has all tools of the file, and with auto: false none', async () => {
    const tools = { getOrder: async (_: object) => 1, wipe: async (_: object) => 2, refund: async (_: object) => 3 };
    const all = await runtime(yaml.replace('registry: { allowed: [get_order, refund] }\n', ''));
    all.instrument(tools);
    expect(all.registry().names).toEqual(['get_order', 'refund', 'wipe']);
    expect(await all.registry().execute('wipe', {})).toBe(2);
    const none = await runtime(yaml.replace('allowed: [get_order, refund]', 'auto: false'));
    none.instrument(tools);
    expect(none.registry().names).toEqual([]);
  });
});
