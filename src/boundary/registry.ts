import { nearest } from '../encoding/nearest.js';
import { ToolBoundaryError } from '../errors/boundary.js';
import { UsageError } from '../errors/usage.js';
import { emit } from '../tool/events.js';
import { type GuardedAs, guardedTool, guardsAround } from '../tool/guard.js';
import type { CallOptions } from '../tool/types.js';
import { cut, printed } from './describe.js';

/** A tool as a registry calls it: one input, and what the framework passes beside it. */
export type RegisteredTool = (input: never, call?: CallOptions) => unknown;

/** Tools by the names under which a model calls them. */
export type RegisteredTools = Readonly<Record<string, RegisteredTool>>;

/** So many names a model is told. */
const MOST_NAMED = 20;

/**
 * The tools that an agent may call, by exact name. It never changes: an agent or a run that may call fewer gets a
 * {@link ToolRegistry.view}.
 *
 * @example
 * ```ts
 * import { ToolRegistry } from 'mycelium-runtime/boundary';
 *
 * const registry = new ToolRegistry({
 *   search: async ({ q }: { q: string }) => `found ${q}`,
 *   refund: async ({ orderId }: { orderId: string }) => `refunded ${orderId}`,
 * });
 * await registry.execute('search', { q: 'shoes' }); // → 'found shoes'
 *
 * const support = registry.view(['search']);
 * support.names; // → ['search']
 * await support.execute('refund', { orderId: 'o-7' }); // → ToolBoundaryError
 * ```
 */
export class ToolRegistry<Tools extends RegisteredTools = RegisteredTools> {
  /** In the order in which they were given. */
  readonly names: readonly (keyof Tools & string)[];
  readonly #tools: ReadonlyMap<string, RegisteredTool>;

  /**
   * @param tools - guarded tools, or bare ones, under the names that the model knows.
   * @throws UsageError for what is no tool.
   */
  constructor(tools: Tools) {
    if (typeof tools !== 'object' || tools === null || Array.isArray(tools))
      throw usage('new ToolRegistry(tools)', 'got no object', 'Pass an object: { search, refund }.');
    const entries = Object.entries(tools);
    for (const [name, tool] of entries)
      if (typeof tool !== 'function')
        throw usage(
          `new ToolRegistry({ ${name} })`,
          `is ${tool === null ? 'null' : `a ${typeof tool}`}`,
          'Pass functions; of a tool of a framework, the function that runs it.',
        );
    this.#tools = new Map(entries);
    this.names = Object.freeze([...this.#tools.keys()]);
    Object.freeze(this);
  }

  /** Whether a call by this name would reach a tool. */
  has(name: string): boolean {
    return this.#tools.has(name);
  }

  /**
   * The name by which records and errors know a tool, and its effect class where a ledger is around it; `undefined` for
   * one that is not here, or has no guards.
   */
  guardedAs(name: string): GuardedAs | undefined {
    const tool = this.#tools.get(name);
    if (guardsAround(tool) === undefined) return undefined;
    const { info } = guardedTool(tool, 'registry.guardedAs(name)');
    const durable = info.name ?? info.developmentName;
    return {
      ...(durable === undefined ? {} : { name: durable }),
      ...(info.effect === undefined ? {} : { effect: info.effect }),
    };
  }

  /**
   * The same tools, but fewer. What is not here cannot be had back from a view.
   *
   * @throws UsageError for a name that is not here.
   */
  view<const Name extends keyof Tools & string>(names: readonly Name[]): ToolRegistry<Pick<Tools, Name>> {
    for (const name of names) {
      if (this.has(name)) continue;
      const meant = nearest(String(name), this.names);
      const there = `There are ${this.names.join(', ') || 'none'}.`;
      const remedy = `A view has fewer tools, and never others. ${meant === undefined ? there : `Did you mean ${meant}?`}`;
      throw usage('view(names)', `there is no tool ${JSON.stringify(name)} here`, remedy);
    }
    const chosen = names.map((name) => [name, this.#tools.get(name)]);
    return new ToolRegistry(Object.fromEntries(chosen) as Pick<Tools, Name>);
  }

  /**
   * Calls a tool by the name that a model gave.
   *
   * @param name - exactly as it is here.
   * @param input - the arguments; who bounds the tool checks them.
   * @param call - the framework's second argument: the tool call id and the abort signal are read from it.
   * @throws ToolBoundaryError (`allowlist`) for any other name: nothing ran. What the tool throws.
   */
  async execute<Name extends keyof Tools & string>(
    name: Name | (string & {}),
    input: unknown,
    call?: CallOptions,
  ): Promise<Awaited<ReturnType<Tools[Name]>>> {
    const tool = this.#tools.get(name);
    if (tool === undefined) throw this.#notAllowed(name);
    return (await tool(input as never, call)) as Awaited<ReturnType<Tools[Name]>>;
  }

  #notAllowed(given: unknown): ToolBoundaryError {
    const said = typeof given === 'string' ? given : `a ${typeof given}`;
    const tool = printed(cut(said, 80));
    const meant = typeof given === 'string' ? nearest(given, this.names) : undefined;
    const named = this.names.slice(0, MOST_NAMED).join(', ');
    const more = this.names.length > MOST_NAMED ? ` or ${this.names.length - MOST_NAMED} more` : '';
    const expected = this.names.length === 0 ? 'no tool at all' : `one of ${named}${more}`;
    const hint = meant === undefined ? {} : { hint: `Did you mean ${meant}?` };
    const issue = { path: '', code: 'not-allowed' as const, expected, ...hint };
    emit('mycelium:call-refused', () => ({
      tool,
      phase: 'allowlist',
      ran: 'no',
      issues: [{ path: '', code: 'not-allowed' }],
    }));
    return new ToolBoundaryError({ tool, phase: 'allowlist', issues: [issue], ran: 'no' });
  }
}

function usage(place: string, problem: string, remedy: string): UsageError {
  return new UsageError({ place, problem, remedy });
}
