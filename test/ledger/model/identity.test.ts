import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdentityMissingError } from '../../../src/errors/call.js';
import {
  archiveKey,
  callKey,
  evidenceKey,
  type IdentityFacts,
  idempotencyKeyOf,
  identify,
  keyOfId,
} from '../../../src/ledger/identity.js';
import { EFFECT_CLASSES } from '../../../src/ledger/transition.js';

const FINGERPRINT = 'a'.repeat(64);

/** Facts from which nothing but chance gives an identity. */
function facts(change: Partial<IdentityFacts> = {}): IdentityFacts {
  return {
    tool: 'pay',
    effect: 'non_idempotent_mutate',
    requestId: undefined,
    occurrence: 1,
    selected: undefined,
    task: undefined,
    toolCallId: undefined,
    threadId: undefined,
    run: undefined,
    period: undefined,
    execution: undefined,
    fingerprint: FINGERPRINT,
    random: () => 'by-chance-0123456789',
    ...change,
  };
}

describe('where an identity comes from', () => {
  // Best first: with all of them the first wins, without the first the second, and so on.
  const STEPS: readonly [string, Partial<IdentityFacts>][] = [
    ['request-id', { requestId: 'r' }],
    ['id-from', { selected: { fields: ['id'], values: ['v'] } }],
    ['task', { task: 't' }],
    ['tool-call-id', { toolCallId: 'c', threadId: 'th' }],
    ['run', { run: { id: 'run', given: true } }],
    ['random', {}],
  ];

  it('is the first of six that there is, in every combination', () => {
    for (let mask = 0; mask < 2 ** (STEPS.length - 1); mask++) {
      const present = STEPS.filter((_, position) => position === STEPS.length - 1 || (mask & (1 << position)) !== 0);
      const all = Object.assign({}, ...present.map(([, part]) => part)) as Partial<IdentityFacts>;
      expect(identify(facts(all)).source).toBe(present[0]?.[0]);
    }
  });

  it('takes a call id of a model only within a thread or a run that the caller named', () => {
    expect(identify(facts({ toolCallId: 'c' })).source).toBe('random');
    expect(identify(facts({ toolCallId: '', threadId: 'th' })).source).toBe('random');
    expect(identify(facts({ toolCallId: 'c', run: { id: 'x', given: false } })).source).toBe('random');
    expect(identify(facts({ toolCallId: 'c', run: { id: 'x', given: true } })).source).toBe('tool-call-id');
    const inThread = identify(facts({ toolCallId: 'c', threadId: 'x' })).parts;
    expect(inThread).not.toBe(identify(facts({ toolCallId: 'c', run: { id: 'x', given: true } })).parts);
    expect(inThread).toBe(identify(facts({ toolCallId: 'c', threadId: 'x', run: { id: 'other', given: true } })).parts);
  });

  it('does not take a run of its own making', () => {
    expect(identify(facts({ run: { id: 'x', given: false } })).source).toBe('random');
  });

  it('is by chance otherwise, and then never the same', () => {
    let drawn = 0;
    const random = (): string => {
      drawn += 1;
      return `drawn-${drawn}`;
    };
    const one = identify(facts({ random }));
    expect(one.parts).not.toBe(identify(facts({ random })).parts);
    expect(one.requestId).toBe('random-drawn-1');
    expect(drawn).toBe(2);
    identify(facts({ random, requestId: 'r' }));
    expect(drawn).toBe(2);
  });

  it('never changes with the class, except that reads are scoped', () => {
    const given = { requestId: 'r', run: { id: 'run', given: true } };
    const parts = EFFECT_CLASSES.map((effect) => [effect, identify(facts({ ...given, effect })).parts] as const);
    expect(new Set(parts.filter(([effect]) => effect !== 'read').map(([, text]) => text)).size).toBe(1);
    expect(new Set(parts.map(([, text]) => text)).size).toBe(2);
  });
});

describe('what makes an identity', () => {
  it('is the value of a field, not its name, and the same as the caller’s own text', () => {
    const parts = (fields: string[], values: unknown[]): string =>
      identify(facts({ selected: { fields, values } })).parts;
    expect(parts(['invoiceId'], ['inv-1'])).toBe(parts(['invoice_id'], ['inv-1']));
    expect(parts(['invoiceId'], ['inv-1'])).toBe(parts([], ['inv-1']));
    expect(parts(['invoiceId'], ['inv-1'])).toBe(identify(facts({ requestId: 'inv-1' })).parts);
    expect(parts(['a'], ['1'])).not.toBe(parts(['a'], [1]));
    expect(parts(['a', 'b'], ['x', 'y'])).not.toBe(parts(['a', 'b'], ['y', 'x']));
    expect(parts(['a'], [{ b: 1, c: 2 }])).toBe(parts(['a'], [{ c: 2, b: 1 }]));
  });

  it('counts the occurrence', () => {
    const first = identify(facts({ requestId: 'r' }));
    const second = identify(facts({ requestId: 'r', occurrence: 2 }));
    expect(second.parts).not.toBe(first.parts);
    expect(second.requestId).toBe('r #2');
    expect(identify(facts({ requestId: 'r #2' })).parts).not.toBe(second.parts);
  });

  it('is the run or the period for a read, so that it is not remembered for ever', () => {
    const read = (change: Partial<IdentityFacts>): string =>
      identify(facts({ effect: 'read', requestId: 'r', ...change })).parts;
    const run = (id: string): Partial<IdentityFacts> => ({ run: { id, given: false } });
    expect(read(run('a'))).toBe(read(run('a')));
    expect(read(run('a'))).not.toBe(read(run('b')));
    expect(read({ period: '60:1', ...run('a') })).toBe(read({ period: '60:1', ...run('b') }));
    expect(read({ period: '60:1' })).not.toBe(read({ period: '60:2' }));
    expect(read({ task: 't' })).not.toBe(read(run('t')));
    const drawn = ['one', 'other'];
    const alone = { random: () => drawn.pop() as string };
    expect(read(alone)).not.toBe(read(alone));
    const shared = { effect: 'read', period: '60:1' } as const;
    expect(identify(facts(shared)).source).not.toBe('random');
    expect(identify(facts(shared)).parts).not.toBe(identify(facts({ ...shared, fingerprint: 'b'.repeat(64) })).parts);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['an empty text', ''],
    ['blanks', ' \t\n'],
    ['NaN', Number.NaN],
  ])('is refused when a field is %s, and the field is named', (_what, value) => {
    const broken = (): unknown =>
      identify(facts({ selected: { fields: ['account', 'invoiceId'], values: ['a', value] } }));
    expect(broken).toThrow(IdentityMissingError);
    expect(broken).toThrow('invoiceId');
    expect(() => identify(facts({ selected: { fields: [], values: [value] } }))).toThrow('idFrom');
  });

  it('accepts what only looks empty', () => {
    for (const value of [0, false, [], {}])
      expect(identify(facts({ selected: { fields: ['a'], values: [value] } })).source).toBe('id-from');
  });
});

/** Texts that would meet if anything were joined by a separator, quoted badly, or cut. */
const nasty = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '"',
    '\\',
    '\\"',
    ',',
    '","',
    '[',
    ']',
    'null',
    '["a"]',
    '{"task":"t"}',
    'a',
    'b',
    'a b',
    'a:b',
    'a/b',
    'a\u0000b',
    '\n',
    'tool',
    'task',
    '1',
    'é',
    'e\u0301',
    '\ud83d\ude00',
  ),
  fc.string({
    unit: fc.constantFrom('"', '\\', ',', ':', '[', ']', '{', '}', 'a', '1', ' ', '\u0000', '\u2028'),
    maxLength: 6,
  }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);

const whose = fc.record({
  ledger: nasty,
  tenant: fc.option(nasty, { nil: undefined }),
  kind: fc.constantFrom('tool' as const, 'task' as const),
  tool: nasty,
});
const what = fc.oneof(
  fc.record({ requestId: nasty }),
  fc.record({
    selected: fc.record({
      fields: fc.constant([]),
      values: fc.array(
        fc.oneof(
          nasty.filter((text) => text.trim() !== ''),
          fc.integer(),
          fc.boolean(),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  }),
  fc.record({ task: nasty, fingerprint: nasty }),
  fc.record({ toolCallId: nasty.filter((text) => text !== ''), threadId: nasty }),
  fc.record({
    toolCallId: nasty.filter((text) => text !== ''),
    run: fc.record({ id: nasty, given: fc.constant(true) }),
  }),
  fc.record({ run: fc.record({ id: nasty, given: fc.constant(true) }), fingerprint: nasty }),
);
const occurrence = fc.constantFrom(1, 1, 1, 2, 3);

/** What an identity is meant to be, as a value: equal if and only if it is the same call. */
function meaning(one: Partial<IdentityFacts>, times: number): unknown {
  const { requestId, selected } = one;
  if (selected !== undefined && selected.values.length === 1 && typeof selected.values[0] === 'string')
    return ['text', selected.values[0], times];
  if (requestId !== undefined) return ['text', requestId, times];
  return [one, times];
}

describe('keys', () => {
  it('are the same if and only if ledger, tenant, kind, tool and identity are', () => {
    fc.assert(
      fc.property(
        whose,
        whose,
        what,
        what,
        occurrence,
        occurrence,
        fc.boolean(),
        fc.boolean(),
        (w1, w2, i1, i2, n1, n2, sameOwner, sameIdentity) => {
          const [owner, identity, times] = [sameOwner ? w1 : w2, sameIdentity ? i1 : i2, sameIdentity ? n1 : n2];
          const one = callKey({ ...w1, parts: identify(facts({ ...i1, occurrence: n1 })).parts }, 16);
          const other = callKey({ ...owner, parts: identify(facts({ ...identity, occurrence: times })).parts }, 16);
          const equal =
            JSON.stringify([w1.ledger, w1.tenant ?? null, w1.kind, w1.tool, meaning(i1, n1)]) ===
            JSON.stringify([owner.ledger, owner.tenant ?? null, owner.kind, owner.tool, meaning(identity, times)]);
          expect(one.id === other.id).toBe(equal);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('do not meet among many that differ in one text only', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(nasty, { minLength: 2, maxLength: 12 }),
        fc.constantFrom('ledger', 'tenant', 'tool', 'requestId', 'task', 'threadId', 'toolCallId'),
        (texts, where) => {
          const ids = texts
            .filter((text) => where !== 'toolCallId' || text !== '')
            .map((text) => {
              const identity =
                where === 'task'
                  ? { task: text }
                  : where === 'threadId'
                    ? { toolCallId: 'c', threadId: text }
                    : where === 'toolCallId'
                      ? { toolCallId: text, threadId: 't' }
                      : { requestId: where === 'requestId' ? text : 'r' };
              const owner = {
                ledger: 'l',
                tenant: 'x',
                tool: 'pay',
                ...(where === 'ledger' || where === 'tenant' || where === 'tool' ? { [where]: text } : {}),
              };
              return callKey({ ...owner, kind: 'tool', parts: identify(facts(identity)).parts }, 16).id;
            });
          expect(new Set(ids).size).toBe(ids.length);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('tell no tenant from a tenant named like nothing', () => {
    const parts = identify(facts({ requestId: 'r' })).parts;
    const ids = [undefined, '', 'null', 'undefined'].map(
      (tenant) => callKey({ ledger: 'l', tenant, kind: 'tool', tool: 'pay', parts }, 16).id,
    );
    expect(new Set(ids).size).toBe(4);
  });

  it('lie in a partition that is a hash of the id and of nothing else, with their companions', () => {
    fc.assert(
      fc.property(whose, nasty, fc.integer({ min: 1, max: 64 }), (owner, requestId, partitions) => {
        const key = callKey({ ...owner, parts: identify(facts({ requestId })).parts }, partitions);
        expect(key.id).toMatch(/^[0-9a-f]{32}$/);
        expect(key.partition).toBeGreaterThanOrEqual(0);
        expect(key.partition).toBeLessThan(partitions);
        expect(keyOfId(owner.kind, key.id, partitions)).toEqual(key);
        expect(evidenceKey(key)).toEqual({ partition: key.partition, kind: 'evidence', id: key.id });
        expect(archiveKey(key, 7)).toEqual({ partition: key.partition, kind: 'retired', id: `${key.id}.7` });
      }),
    );
  });

  it('are spread over all partitions', () => {
    const used = new Set(
      Array.from(
        { length: 400 },
        (_, n) =>
          callKey(
            {
              ledger: 'l',
              tenant: undefined,
              kind: 'tool',
              tool: 'pay',
              parts: identify(facts({ requestId: `r${n}` })).parts,
            },
            16,
          ).partition,
      ),
    );
    expect(used.size).toBe(16);
  });

  it('give providers one key per life', () => {
    const key = keyOfId('tool', '0'.repeat(32), 16);
    expect(idempotencyKeyOf(key, undefined)).toBe(`myc_${key.id}`);
    expect(new Set([undefined, 1, 2].map((through) => idempotencyKeyOf(key, through))).size).toBe(3);
  });
});
