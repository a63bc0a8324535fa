import { UsageError } from '../errors/usage.js';
import { emit } from '../tool/events.js';
import { guardedTool } from '../tool/guard.js';
import { currentScope, enterScope, stepped } from '../tool/scope.js';
import { entitiesIn } from './argument-key.js';
import type { Outdated } from './outdated.js';
import { readsOf } from './reads.js';

/** What a session is entered with. */
export interface Sessions {
  /**
   * Runs `fn` in a session of its own, within the one around it if there is one. A generator that `fn` returns, or
   * promises, stays in the session, wherever it is read. What else is read later, as a stream is, belongs to who reads it.
   *
   * @returns what `fn` returns.
   * @throws UsageError when `fn` is no function. What `fn` throws.
   */
  run<T>(fn: () => T): T;
}

/**
 * For how long protected reads are remembered: every `run` is a session, and this is one without a run. What is read
 * in it is known inside of it and forgotten with it. Sessions beside each other know nothing of each other.
 *
 * @example
 * ```ts
 * import { protect, Session } from 'mycelium-runtime/context';
 *
 * let asked = 0;
 * const rate = protect({ name: 'rate', ttl: '10s' })(async ({ currency }: { currency: string }) => ({ currency, asked: ++asked }));
 * await Session.run(() => Promise.all([rate({ currency: 'EUR' }), rate({ currency: 'EUR' })])); // → [{ currency: 'EUR', asked: 1 }, { currency: 'EUR', asked: 1 }]
 * await Session.run(() => rate({ currency: 'EUR' })); // → { currency: 'EUR', asked: 2 }
 * ```
 */
export const Session: Sessions = {
  run(fn) {
    if (typeof fn !== 'function') {
      throw new UsageError({
        place: 'Session.run(fn)',
        problem: 'wants a function to run',
        remedy: 'Call it so: Session.run(async () => …).',
      });
    }
    const outer = currentScope();
    const session = { outer: outer?.session, inherits: true, reads: undefined };
    const within = <T>(step: () => T): T =>
      enterScope({ run: outer?.run, call: outer?.call, ancestor: outer?.ancestor, session }, step);
    const result = within(fn);
    // A promise of another kind may be more than a promise, and is left as it is.
    const isPromise = result instanceof Promise && Object.getPrototypeOf(result) === Promise.prototype;
    return isPromise ? (result.then((value) => stepped(value, within)) as typeof result) : stepped(result, within);
  },
};

/** What `invalidate` takes: an entity, or a tool (itself or its name), a tag, or everything. */
export type Invalidation =
  | string
  | number
  | bigint
  | { readonly tool: string | ((...input: never) => Promise<unknown>) }
  | { readonly tag: string }
  | { readonly all: true };

/**
 * Drops what the session remembers of an entity, of a tool, or under a tag: the next call reads anew, and what is being
 * read at this moment is not remembered. It holds for the runs around this code and in it, too; not for those beside it.
 * Outside of a session nothing is remembered, so that nothing happens.
 *
 * @throws UsageError for what names none of these.
 * @example
 * ```ts
 * import { invalidate, protect } from 'mycelium-runtime/context';
 *
 * let level = 3;
 * const stock = protect({ name: 'stock', entity: 'item', ttl: '5m', tags: ['stock'] })(async ({ item }: { item: string }) => `${item}: ${level}`);
 * await run({}, async () => {
 *   const first = await stock({ item: 'bolt' });
 *   level = 2;
 *   const second = await stock({ item: 'bolt' });
 *   invalidate('bolt'); // or { tool: stock }, { tag: 'stock' }, { all: true }
 *   return [first, second, await stock({ item: 'bolt' })];
 * }); // → ['bolt: 3', 'bolt: 3', 'bolt: 2']
 * ```
 */
export function invalidate(what: Invalidation): void {
  outdate(outdatedBy(what), { by: undefined });
}

function outdatedBy(what: Invalidation): Outdated {
  const nothing: Outdated = { entities: [], tools: [], tags: [] };
  if (typeof what === 'string' || typeof what === 'number' || typeof what === 'bigint') {
    const entities = entitiesIn(what);
    if (entities.length > 0) return { ...nothing, entities };
  } else if (typeof what === 'object' && what !== null) {
    const { tool, tag, all } = what as { tool?: unknown; tag?: unknown; all?: unknown };
    if (all === true) return { ...nothing, entities: 'all' };
    if (typeof tool === 'function') return { ...nothing, tools: [toolName(tool)] };
    if (isText(tool)) return { ...nothing, tools: [tool] };
    if (isText(tag)) return { ...nothing, tags: [tag] };
  }
  throw new UsageError({
    place: 'invalidate(what)',
    problem: 'names neither an entity nor a tool nor a tag',
    remedy: 'Give an entity ("c1"), { tool: fetchCustomer }, { tag: "orders" } or { all: true }.',
  });
}

function toolName(tool: unknown): string {
  const { name, developmentName } = guardedTool(tool, 'invalidate({ tool })').info;
  return name ?? developmentName ?? 'the tool';
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** @param told - told as an event. */
export function outdate(what: Outdated, told?: { readonly by: string | undefined }): void {
  const session = currentScope()?.session;
  if (session === undefined) return;
  readsOf(session).outdated.outdate(what);
  if (told === undefined) return;
  const { entities, tools, tags } = what;
  const { by } = told;
  emit('mycelium:reads-outdated', () => ({ by, entities: entities === 'all' ? 'all' : entities.length, tools, tags }));
}
