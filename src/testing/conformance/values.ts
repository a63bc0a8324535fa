import type { RecordKey, Store, Write } from '../../store/contract.js';
import {
  type ConformanceCase,
  type ConformanceContext,
  LONG_LEASE,
  leaseOf,
  put,
  putting,
  read,
  recordIn,
  rule,
  same,
  sameRecord,
} from './context.js';

/** Texts that break a store which looks inside, cuts, escapes, or passes through another encoding. */
const texts: Readonly<Record<string, string>> = {
  'empty text': '',
  blanks: ' \t ',
  'letters beyond ASCII': 'Zażółć gęślą jaźń, 日本語, עברית, العربية',
  'characters beyond the basic plane': '👩‍👩‍👧‍👦 𝄞 🧾',
  'composed and decomposed forms': '\u00e9 e\u0301 \ufb01',
  'U+0000': 'a\u0000b\u0000',
  'control characters': '\u0001\u0007\u001b[31m\u007f\u0085',
  'lone surrogates': 'high \ud83d low \ude00 end \ud800',
  'a byte order mark and a replacement character': '\ufeff\ufffd\uffff',
  'line ends of every kind': 'a\nb\r\nc\rd\u2028e\u2029f\n',
  'text that looks like JSON': '{"value":"\\u0000","__proto__":{"x":1}}',
  'text that ends JSON early': '"}],"ok":true}\n{"key":{"partition":0',
  'text that looks like a frame': '\nMYC1 00000010 deadbeef\nput 3:abc\n00000000\n',
  'text that looks like a protocol': '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n',
  'text that looks like a statement': `'; DROP TABLE records; -- $1 \\x00 %s {{}}`,
  'text that looks like a number': '0012.500e3',
};

/** Ids that collide or vanish where they pass through a path, a separator, a pattern or an object. */
export const ids: readonly string[] = [
  'a b',
  'a  b',
  'a',
  ' a',
  'a ',
  'A',
  'a/b',
  'a\\b',
  '../a',
  '..',
  '.',
  '/',
  'a:b',
  'a|b',
  'a,b',
  'a\nb',
  'a\r\nb',
  'a\tb',
  'a\u0000b',
  'a\u0000',
  '*',
  '?',
  '[a]',
  '{a}',
  '%61',
  '%',
  'a%20b',
  '"a"',
  "'a'",
  '`a`',
  '$1',
  '-- a',
  '\u00e9',
  'e\u0301',
  '日本語',
  '🧾',
  '\ud83d',
  '\ude00',
  '\ufeffa',
  '__proto__',
  'constructor',
  'toString',
  'undefined',
  'null',
  '0',
  '00',
  'con',
  'nul.txt',
  'call a',
  '0 call a',
  'x'.repeat(255),
  'x'.repeat(256),
  'x'.repeat(5_000),
  `${'x'.repeat(5_000)}y`,
];

async function kept(
  context: ConformanceContext,
  key: RecordKey,
  value: string,
  what: string,
  store: Store,
): Promise<void> {
  same((await read(context, key, store))?.value, value, `a store must keep ${what} to the last character`);
}

/** What a store may carry: any text, under any id. */
export const valueCases: readonly ConformanceCase[] = [
  {
    name: 'a value is kept to the last character',
    why: 'A replayed result that differs from the first one is a wrong result.',
    async run(context) {
      const { kind } = context.key();
      for (const [what, value] of Object.entries(texts)) {
        const record = await put(context, context.key({ id: what }), undefined, { value });
        same(record.value, value, `a store must keep ${what} to the last character`);
        await kept(context, record.key, value, what, context.store);
      }
      for (const record of (await context.store.list({ kind, limit: 1_000 })).records) {
        same(record.value, texts[record.key.id], `a list must show ${record.key.id} to the last character`);
      }
    },
  },
  {
    name: 'a value of 1 MiB is kept',
    why: 'Results of tools are not always short.',
    async run(context) {
      const value = 'mycelium \u00e9 🧾\n'.repeat(2 ** 20 / 16).padEnd(2 ** 20, 'x');
      const record = await put(context, context.key(), undefined, { value });
      await kept(context, record.key, value, 'a value of 1 MiB', context.store);
      await put(context, record.key, record.revision, { value: value.slice(1) });
      await kept(context, record.key, value.slice(1), 'a value of 1 MiB that replaces another', context.store);
    },
  },
  {
    name: 'records under odd ids do not meet',
    why: 'Two calls under one record: the second would be answered with the result of the first.',
    async run(context) {
      const { kind } = context.key();
      const last = context.store.partitions - 1;
      const keys = ids.flatMap((id) => [
        context.key({ id }),
        ...(last === 0 ? [] : [context.key({ id, partition: last })]),
        context.key({ id, kind: `${kind}-2` }),
      ]);
      for (const [number, key] of keys.entries()) {
        const result = await context.store.transact(
          putting(key, undefined, { value: String(number) }),
          context.nonce(),
        );
        rule(
          result.ok,
          `ids, kinds and partitions that differ name different records: ${JSON.stringify(key.id.slice(0, 40))} met another`,
        );
        same(recordIn(result, 0).key.id, key.id, 'a record must carry its id to the last character');
      }
      for (const [number, key] of keys.entries())
        same(
          (await read(context, key))?.value,
          String(number),
          `the record under ${JSON.stringify(key.id.slice(0, 40))} must keep its own value`,
        );
      const listed = (await context.store.list({ kind, limit: 1_000 })).records
        .map(({ key }) => `${key.partition} ${key.id}`)
        .sort();
      const expected = keys
        .filter((key) => key.kind === kind)
        .map((key) => `${key.partition} ${key.id}`)
        .sort();
      same(JSON.stringify(listed), JSON.stringify(expected), 'a list must show every id to the last character');
    },
  },
  {
    name: 'index fields and owners may be any text',
    why: 'Tool names and run ids come from users.',
    async run(context) {
      const { kind } = context.key();
      for (const [what, text] of Object.entries(texts)) {
        const lease = { owner: text, fence: 1, ms: LONG_LEASE };
        const record = await put(context, context.key({ id: what }), undefined, {
          lease,
          index: { tool: text, 'odd field': what },
        });
        same(record.index?.tool, text, `an index field must keep ${what}`);
        same(record.lease?.owner, text, `an owner must keep ${what}`);
        same(
          (await context.store.renew([{ key: record.key, owner: text, fence: 1, ms: LONG_LEASE }]))[0],
          'held',
          `an owner must be recognized by ${what}`,
        );
        const page = await context.store.list({ kind, where: { tool: text, 'odd field': what }, limit: 10 });
        same(page.records.length, 1, `a list must find a record by ${what}, and no other`);
        same(page.records[0]?.key.id, what, `a list must find a record by ${what}, and no other`);
      }
    },
  },
  {
    name: 'values, ids and index fields come back from a reopen',
    why: 'What is right in memory and wrong on the disk is found after the crash.',
    needs: 'reopen',
    async run(context) {
      const written = [];
      for (const [what, value] of Object.entries(texts))
        written.push(
          await put(context, context.key({ id: what }), undefined, {
            value,
            index: { tool: value },
            lease: { owner: value, fence: 7, ms: LONG_LEASE },
          }),
        );
      for (const id of ids) written.push(await put(context, context.key({ id }), undefined, { value: id }));
      const store = await context.reopen();
      for (const record of written)
        sameRecord(await read(context, record.key, store), record, 'a record must come back from a reopen as it was');
    },
  },
  {
    name: 'nothing a caller holds can change what is stored',
    why: 'A result changed by its receiver would be replayed changed.',
    async run(context) {
      const key: { -readonly [Field in keyof RecordKey]: RecordKey[Field] } = { ...context.key() };
      const original = { ...key };
      const index = { phase: 'attempting' };
      const lease = { owner: 'worker', fence: 1, ms: LONG_LEASE };
      const write: { -readonly [Field in keyof Write]: Write[Field] } = { key, value: 'stored', index, lease };
      const sending = context.store.transact(
        { expect: [{ key, revision: undefined }], write: [write] },
        context.nonce(),
      );
      const first = recordIn(await sending, 0);
      const before = { ...first, key: { ...first.key }, index: { ...first.index }, lease: { ...leaseOf(first) } };
      write.value = 'changed';
      index.phase = 'changed';
      lease.fence = 99;
      key.id = 'changed';
      sameRecord(await read(context, original), before, 'changing what was passed in must not change what is stored');
      const page = await context.store.list({ kind: original.kind, limit: 10 });
      for (const record of [first, await read(context, original), page.records[0]]) {
        tamper(record, 'value');
        tamper(record, 'revision');
        tamper(record?.key, 'id');
        tamper(record?.index, 'phase');
        tamper(record?.lease, 'owner');
      }
      sameRecord(await read(context, original), before, 'changing what was handed out must not change what is stored');
      const listed = await context.store.list({ kind: original.kind, where: { phase: 'attempting' }, limit: 10 });
      sameRecord(listed.records[0], before, 'changing what was handed out must not change what a list shows');
    },
  },
];

/** Tries to change a field; a store may hand out what cannot be changed. */
function tamper(target: object | undefined, field: string): void {
  if (target !== undefined) Reflect.set(target, field, 'changed');
}
