import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ActionLedger, type Encryption, type EncryptionContext, type LedgerOptions, ledger } from '../../src/index.js';
import { failure, type Worker, world } from './workers.js';

interface Input {
  readonly id: string;
}

function returning(value: unknown, options: Partial<LedgerOptions<'id'>> = {}) {
  const w = world();
  let bodies = 0;
  const make = (worker: Worker = w.worker()) =>
    ledger({ name: 'tool', effect: 'irreversible', ledger: worker.home, idFrom: ['id'], ...options })(
      async (_: Input) => {
        bodies += 1;
        return value;
      },
    );
  return { w, make, bodies: () => bodies };
}

describe('a replayed result', () => {
  const bare: Record<string, unknown> = Object.assign(Object.create(null) as Record<string, unknown>, { a: 1 });
  const typeError = Object.assign(new TypeError('no', { cause: new Error('why') }), { code: 'E1' });
  const values: readonly [string, unknown][] = [
    ['plain data', { a: [1, 'x', null, true, { b: {} }], '': 0, $: 1, $x: { $: 'y' } }],
    ['nothing', undefined],
    ['null', null],
    ['undefined members and items', { a: undefined, list: [undefined, 1] }],
    ['holes', Object.assign([1], { 2: 3 })],
    ['numbers that JSON has no word for', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0]],
    ['a bigint', 12345678901234567890n],
    ['dates', [new Date(1_700_000_000_123), new Date(Number.NaN)]],
    [
      'a Map with any keys',
      new Map<unknown, unknown>([
        [1, 'one'],
        ['1', new Map()],
        [{ k: 1 }, new Date(0)],
      ]),
    ],
    ['a Set', new Set([1, '1', new Set([undefined])])],
    ['a URL', new URL('https://example.com/a?b=c#d')],
    ['a RegExp', /a+(?<b>c)/giu],
    ['bytes', new Uint8Array([0, 1, 254, 255])],
    ['a Buffer', Buffer.from('bytes')],
    ['an error with what hangs on it', typeError],
    ['an object without a prototype', bare],
    ['text of every kind', ['\u0000', '\ud800', '😀', '\u2028', '</script>', '"\\']],
    ['a member named __proto__', JSON.parse('{"__proto__":{"a":1}}') as unknown],
  ];
  it.each(values)('is deep-equal and of the same types: %s', async (_, value) => {
    const { make, bodies } = returning(value);
    const first = await make()({ id: 'a' });
    const again = await make()({ id: 'a' });
    expect(first).toBe(value);
    expect(again).toStrictEqual(value);
    expect(Object.getPrototypeOf(Object(again))).toBe(Object.getPrototypeOf(Object(value)));
    expect(bodies()).toBe(1);
  });

  it('is another copy for everybody', async () => {
    const { make } = returning({ list: [1] });
    const tool = make();
    const [one, two] = (await Promise.all([tool({ id: 'a' }), tool({ id: 'a' })])) as { list: number[] }[];
    one!.list.push(2);
    expect(two!.list).toEqual([1]);
    expect(await tool({ id: 'a' })).toEqual({ list: [1] });
  });

  it('is what it was when the body returned, whatever the caller does to it then', async () => {
    const value = { amount: 1 };
    const { make } = returning(value);
    const first = (await make()({ id: 'a' })) as { amount: number };
    first.amount = 2;
    expect(await make()({ id: 'a' })).toEqual({ amount: 1 });
  });
});

describe('a result that cannot be given again', () => {
  class Receipt {
    readonly id = 'r-1';
  }
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  const cases: readonly [string, unknown, Partial<LedgerOptions<'id'>>, string][] = [
    ['a class instance', { receipt: new Receipt() }, {}, 'at receipt it is an instance of Receipt'],
    ['a function', () => 1, {}, 'a function'],
    ['a cycle', cyclic, {}, 'at self it is'],
    [
      'a member that throws',
      Object.defineProperty({}, 'x', {
        enumerable: true,
        get: () => {
          throw new Error('no');
        },
      }),
      {},
      'at x it is',
    ],
    ['too large', 'x'.repeat(100), { store: { maxResultLength: 50 } }, 'characters long, and at most 50 are kept'],
    ['kept redacted', { token: 'secret', id: 1 }, { store: { result: 'redacted' } }, 'only a redacted copy was kept'],
    ['kept as a digest', { id: 1 }, { store: { result: 'digest' } }, 'only its digest was kept'],
  ];
  it.each(cases)(
    '%s: still reaches its first caller, commits, and says why it is not replayed',
    async (_, value, options, words) => {
      const { w, make, bodies } = returning(value, options);
      expect(await make()({ id: 'a' })).toBe(value);
      const error = await failure(make()({ id: 'a' }));
      expect(error).toMatchObject({ code: 'RESULT_NOT_REPLAYABLE', retryable: 'never' });
      expect(error.message).toContain(words);
      expect(error.llmMessage).toContain('Do not call it again');
      expect(bodies()).toBe(1);
      expect(await w.record()).toMatchObject({ phase: 'committed' });
      expect((await w.worker().home.list()).calls[0]).toMatchObject({
        phase: 'committed',
        replayable: false,
        stuck: false,
      });
    },
  );

  it('reaches also those who waited for it in the process as that error, never as another body', async () => {
    const { make, bodies } = returning(() => 1);
    const tool = make();
    const all = await Promise.allSettled([tool({ id: 'a' }), tool({ id: 'a' })]);
    expect(all.map((one) => one.status)).toEqual(['fulfilled', 'rejected']);
    expect(bodies()).toBe(1);
  });

  it('keeps secrets out of the store: redacted copies and digests', async () => {
    const w = world();
    const { home } = w.worker();
    const tool = ledger({
      name: 'tool',
      effect: 'irreversible',
      ledger: home,
      idFrom: ['id'],
      store: { input: 'redacted', result: 'redacted', redact: ['note'] },
    })(async (input: { id: string; password: string; note: string }) => ({
      accessToken: `for ${input.password}`,
      ok: true,
    }));
    expect(await tool({ id: 'a', password: 'hunter2', note: 'private' })).toEqual({
      accessToken: 'for hunter2',
      ok: true,
    });
    const text = JSON.stringify(await w.stored());
    expect(text).not.toMatch(/hunter2|private/);
    const { id } = (await home.list()).calls[0]!;
    expect(await home.get(id)).toMatchObject({
      input: { id: 'a', password: '[redacted]', note: '[redacted]' },
      result: { accessToken: '[redacted]', ok: true },
    });
    const digest = ledger({
      name: 'digest',
      effect: 'irreversible',
      ledger: home,
      idFrom: ['id'],
      store: { input: 'digest' },
    })(async (_: { id: string; password: string }) => 1);
    await digest({ id: 'a', password: 'hunter2' });
    expect(await digest({ id: 'a', password: 'hunter2' })).toBe(1);
    expect(await failure(digest({ id: 'a', password: 'other' }))).toMatchObject({ code: 'IDENTITY_CONFLICT' });
    expect(JSON.stringify(await w.stored())).not.toMatch(/hunter2/);
  });
});

function cipher(key: Buffer): Encryption & { readonly contexts: EncryptionContext[] } {
  const contexts: EncryptionContext[] = [];
  const bound = (context: EncryptionContext): Buffer =>
    Buffer.from(JSON.stringify([context.tool, context.id, context.field]));
  return {
    contexts,
    encrypt(text, context) {
      contexts.push(context);
      const iv = randomBytes(12);
      const aes = createCipheriv('aes-256-gcm', key, iv).setAAD(bound(context));
      return Buffer.concat([iv, aes.update(text, 'utf8'), aes.final(), aes.getAuthTag()]).toString('base64');
    },
    decrypt(text, context) {
      const bytes = Buffer.from(text, 'base64');
      const aes = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
        .setAAD(bound(context))
        .setAuthTag(bytes.subarray(-16));
      return Buffer.concat([aes.update(bytes.subarray(12, -16)), aes.final()]).toString('utf8');
    },
  };
}

describe('the encryption hook', () => {
  const key = randomBytes(32);
  const asynchronous: Encryption = {
    encrypt: async (text, context) => cipher(key).encrypt(text, context),
    decrypt: async (text, context) => cipher(key).decrypt(text, context),
  };

  it.each([
    ['sync', cipher(key)],
    ['async', asynchronous],
  ] as const)('%s: nothing is readable in the store, and everything comes back', async (_, encryption) => {
    const { w, make, bodies } = returning({ secret: 'swordfish', at: new Date(9) }, { store: { encryption } });
    const tool = make();
    await tool({ id: 'a' });
    expect(await make()({ id: 'a' })).toEqual({ secret: 'swordfish', at: new Date(9) });
    expect(bodies()).toBe(1);
    expect(JSON.stringify(await w.stored())).not.toContain('swordfish');
    const { id } = (await w.worker().home.list()).calls[0]!;
    expect(await w.worker({ encryption }).home.get(id)).toMatchObject({
      input: { id: 'a' },
      result: { secret: 'swordfish' },
    });
    const blind = await w.worker().home.get(id);
    expect(blind).not.toHaveProperty('result');
    expect(blind).not.toHaveProperty('input');
  });

  it('is told which record and field a text belongs to, so that texts cannot be exchanged', async () => {
    const encryption = cipher(key);
    const { w, make } = returning('x', { store: { encryption } });
    await make()({ id: 'a' });
    const { id } = (await w.worker().home.list()).calls[0]!;
    expect(encryption.contexts).toEqual([
      { tool: 'tool', id, field: 'input' },
      { tool: 'tool', id, field: 'result' },
    ]);
  });

  it('with the wrong key is a typed error, and no second body', async () => {
    const { w, make, bodies } = returning('precious', { store: { encryption: cipher(key) } });
    await make()({ id: 'a' });
    for (const store of [{ encryption: cipher(randomBytes(32)) }, {}]) {
      const other = ledger({ name: 'tool', effect: 'irreversible', ledger: w.worker().home, idFrom: ['id'], store })(
        async (_: Input): Promise<unknown> => 'another body',
      );
      const error = await failure(other({ id: 'a' }));
      expect(error).toMatchObject({ code: 'RESULT_NOT_REPLAYABLE' });
      expect(error.message).toMatch(/encrypt/);
      expect(error.message).not.toContain('precious');
      expect(error.message).toContain('ledger({ store: { encryption } })');
    }
    const { id } = (await w.worker().home.list()).calls[0]!;
    const blind = await w.worker({ encryption: cipher(randomBytes(32)) }).home.get(id);
    expect(blind).toMatchObject({ phase: 'committed', replayable: true });
    expect(blind).not.toHaveProperty('result');
    expect(bodies()).toBe(1);
    expect(await make()({ id: 'a' })).toBe('precious');
  });

  it('that fails for the arguments stops the call before the claim', async () => {
    const w = world();
    let bodies = 0;
    const broken: Encryption = {
      encrypt: () => {
        throw new Error('no key');
      },
      decrypt: (text) => text,
    };
    const tool = ledger({
      name: 'tool',
      effect: 'irreversible',
      ledger: w.worker().home,
      idFrom: ['id'],
      store: { encryption: broken },
    })(async (_: Input) => ++bodies);
    expect((await failure(tool({ id: 'a' }))).message).toContain('no key');
    expect(bodies).toBe(0);
    expect(await w.stored()).toHaveLength(0);
  });

  it('that fails for the result hands it to the caller on the error, and leaves the call for people', async () => {
    const w = world();
    const worker = w.worker();
    const broken: Encryption = {
      encrypt: (text, { field }) => {
        if (field === 'result') throw new Error('the key service is down');
        return text;
      },
      decrypt: (text) => text,
    };
    const tool = ledger({
      name: 'tool',
      effect: 'irreversible',
      ledger: worker.home,
      idFrom: ['id'],
      store: { encryption: broken },
    })(async (_: Input) => 'precious');
    const error = await failure(tool({ id: 'a' }));
    expect(error).toMatchObject({ code: 'COMPLETION_NOT_RECORDED', result: 'precious' });
    await w.clock.advance(31_000);
    expect(await failure(tool({ id: 'a' }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
    expect(worker.home).toBeInstanceOf(ActionLedger);
  });
});
