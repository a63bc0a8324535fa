import { UsageError } from '../errors/usage.js';
import { applyGuards, definitionsOf, type GuardDefinition, makeGuard } from './guard.js';
import type { AnyGuard, Guard, Intersection, Outermost, TypeOf, UnknownFields } from './types.js';

/**
 * Several guards as one, written outermost first. They share one durable name, and their order is checked:
 * an order in which a replay could be refused or a refusal could claim is not accepted.
 *
 * @throws UsageError when a guard stands in the wrong place or twice, or when names differ.
 * @example
 * ```ts
 * const guard = compose(ledger({ name: 'send_mail', effect: 'non_idempotent_mutate', idFrom: ['to'] }));
 * const sendMail = guard(async ({ to }: { to: string }) => ({ sentTo: to }));
 * await sendMail({ to: 'ada@example.com' }); // → { sentTo: 'ada@example.com' }
 * ```
 */
export function compose<const G extends readonly AnyGuard[]>(
  ...guards: [UnknownFields<G>] extends [never] ? G : readonly [`no such field in the schema: ${UnknownFields<G>}`]
): Guard<
  TypeOf<G[number], 'field'> & string,
  Intersection<G, 'body'>,
  Intersection<G, 'gives'>,
  Outermost<G, 'caller'>,
  Outermost<G, 'result'>
> {
  const parts = (guards as readonly unknown[] as readonly AnyGuard[]).flatMap((guard) => definitionsOf(guard));
  checkOrder(parts);
  return makeGuard(parts);
}

function checkOrder(parts: readonly GuardDefinition[]): void {
  for (const [position, part] of parts.entries()) {
    const before = parts[position - 1];
    if (before === undefined) continue;
    if (before.place === part.place) {
      throw new UsageError({
        place: 'compose',
        problem: `${before.kind} and ${part.kind} are both there, and they are one place`,
        remedy:
          part.kind === 'ledger' || part.kind === 'taskLedger'
            ? 'Keep one of them: a call has one record. A task calls its tools; it does not wrap them.'
            : 'Keep one of them.',
      });
    }
    if (before.place > part.place) {
      throw new UsageError({
        place: 'compose',
        problem: `${before.kind} stands outside ${part.kind}`,
        remedy:
          'The order, outermost first, is bounded, protect, ledger or taskLedger, budgeted: a bad call claims nothing, and a replay reserves nothing.',
      });
    }
  }
  const names = new Set(parts.map((part) => part.name).filter((name) => name !== undefined));
  if (names.size > 1) {
    throw new UsageError({
      place: 'compose',
      problem: `its guards name the tool differently: ${[...names].map((name) => JSON.stringify(name)).join(' and ')}`,
      remedy: 'Give the name once; the other guards take it from there.',
    });
  }
}

type Tail<G> = TypeOf<G, 'positions'> extends readonly unknown[] ? TypeOf<G, 'positions'> : readonly unknown[];

/**
 * For functions with positional parameters: every argument is input, and an `idFrom` selector gets them as
 * they stand. The body gets no `call`; inside it, `sideEffect` and `idempotencyKey` need `ambient: true`.
 *
 * @example
 * ```ts
 * const pay = positional(ledger({ name: 'pay', effect: 'idempotent_mutate', idFrom: (amount, account) => account }))(
 *   async (amount: number, account: string) => `${amount} to ${account}`,
 * );
 * await pay(5, 'acc-1'); // → '5 to acc-1'
 * ```
 */
export function positional<G extends AnyGuard>(
  guard: [TypeOf<G, 'field'>] extends [never] ? G : 'positional tools have no named fields: use a selector for idFrom',
): <Args extends readonly [...Tail<G>, ...unknown[]], Output extends TypeOf<G, 'gives'>, This = unknown>(
  tool: (this: This, ...args: Args) => Output | PromiseLike<Output>,
) => (this: This, ...args: Args) => Promise<Output> {
  const parts = definitionsOf(guard as unknown as AnyGuard);
  return (tool) => applyGuards(parts, tool, { decorated: undefined, positional: true }) as never;
}
