import { AsyncLocalStorage } from 'node:async_hooks';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { invalidate, protect, Session } from '../../src/context/index.js';
import { protectBy } from '../../src/context/protection.js';
import { run } from '../../src/index.js';
import { manualClock } from '../../src/testing/index.js';
import type { Guard } from '../../src/tool/types.js';
import { latch } from '../ledger/workers.js';

/** Sessions by name: their parent, whether they share what it read, and how they are entered. */
const SESSIONS = {
  root: { parent: undefined, inherits: false, enter: (fn: () => Promise<void>) => run({ tenant: 'a' }, fn) },
  left: { parent: 'root', inherits: true, enter: (fn: () => Promise<void>) => run({ tenant: 'a' }, fn) },
  right: { parent: 'root', inherits: true, enter: (fn: () => Promise<void>) => Session.run(fn) },
  deep: { parent: 'left', inherits: true, enter: (fn: () => Promise<void>) => Session.run(fn) },
  stranger: { parent: 'root', inherits: false, enter: (fn: () => Promise<void>) => run({ tenant: 'b' }, fn) },
  beside: { parent: undefined, inherits: false, enter: (fn: () => Promise<void>) => run({ tenant: 'a' }, fn) },
} as const;
type SessionName = keyof typeof SESSIONS;
const NAMES = Object.keys(SESSIONS) as SessionName[];
const inTree = (name: SessionName): boolean => name !== 'beside';

const TOOLS = {
  customer: { ttl: 50, negativeTtl: 20, tags: ['customers'] as string[], about: true },
  orders: { ttl: 30, negativeTtl: 30, tags: ['orders'] as string[], about: true },
  prices: { ttl: 40, negativeTtl: 0, tags: ['orders'] as string[], about: false },
} as const;
type ToolName = keyof typeof TOOLS;

interface Input {
  readonly entity: string;
  readonly page: number;
}

type Result = 'value' | 'null' | 'failure';
type Step =
  | { readonly do: 'call'; readonly session: SessionName; readonly tool: ToolName; readonly input: Input }
  | { readonly do: 'end'; readonly which: number; readonly result: Result }
  | { readonly do: 'pass'; readonly ms: number }
  | {
      readonly do: 'invalidate';
      readonly session: SessionName;
      readonly entity?: string;
      readonly tool?: ToolName;
      readonly tag?: string;
    }
  | { readonly do: 'write'; readonly session: SessionName; readonly entity: string; readonly fails: boolean };

const session = fc.constantFrom(...NAMES);
const toolName = fc.constantFrom<ToolName>('customer', 'orders', 'prices');
const entity = fc.constantFrom('e1', 'e1', 'e1', 'e2');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      session,
      tool: toolName,
      input: fc.record({ entity, page: fc.constantFrom(1, 1, 1, 2) }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which: fc.nat(9),
      result: fc.constantFrom<Result>('value', 'value', 'value', 'null', 'failure'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 20 }) }) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({ do: fc.constant('invalidate' as const), session, entity }),
      fc.record({ do: fc.constant('invalidate' as const), session, tool: toolName }),
      fc.record({ do: fc.constant('invalidate' as const), session, tag: fc.constantFrom('orders', 'customers') }),
      fc.record({ do: fc.constant('invalidate' as const), session }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('write' as const), session, entity, fails: fc.boolean() }),
  },
);

/** One execution, as the model keeps it: in a list, of which nothing is ever taken away. */
interface Execution {
  readonly session: SessionName;
  readonly tool: ToolName;
  readonly input: Input;
  readonly began: number;
  state: 'running' | 'kept' | 'gone';
  outdated: boolean;
  result: unknown;
  settle: (result: Result) => void;
  ended: boolean;
}

const same = (a: Execution, tool: ToolName, input: Input): boolean =>
  a.tool === tool && a.input.entity === input.entity && a.input.page === input.page;

const limit = ({ tool, state, result }: Execution): number =>
  state === 'kept' && result === null ? TOOLS[tool].negativeTtl : TOOLS[tool].ttl;

interface Counts {
  ended: number;
  remembered: number;
  joined: number;
}

/** What a call in the session is to be answered from, if there is anything. */
function expected(executions: readonly Execution[], from: SessionName, tool: ToolName, input: Input, now: number) {
  const counts = (one: Execution): boolean => !one.outdated && now - one.began < limit(one);
  for (let name: SessionName | undefined = from; name !== undefined; ) {
    for (const state of ['kept', 'running'] as const) {
      const found = executions.findLast((one) => one.session === name && same(one, tool, input) && one.state === state);
      if (found !== undefined && counts(found)) return found;
    }
    const { inherits, parent }: { inherits: boolean; parent: SessionName | undefined } = SESSIONS[name];
    name = inherits ? parent : undefined;
  }
  return undefined;
}

async function play(steps: readonly Step[], counts: Counts): Promise<void> {
  const clock = manualClock();
  const executions: Execution[] = [];
  let calling: { session: SessionName; tool: ToolName } | undefined;
  let values = 0;

  const body = async (input: Input): Promise<unknown> => {
    const gate = latch<Result>();
    const execution: Execution = {
      ...(calling as { session: SessionName; tool: ToolName }),
      input,
      began: clock.monotonic(),
      state: 'running',
      outdated: false,
      result: undefined,
      settle: gate.open,
      ended: false,
    };
    executions.push(execution);
    const result = await gate.promise;
    if (result === 'failure') throw new Error(`failure ${++values}`);
    return result === 'null' ? null : { value: ++values };
  };
  const tools = Object.fromEntries(
    Object.entries(TOOLS).map(([name, { ttl, negativeTtl, tags, about }]) => [
      name,
      protectBy<Guard>(clock, { name, ttl, negativeTtl, tags, ...(about ? { entity: 'entity' } : {}) })(body),
    ]),
  ) as Record<ToolName, (input: Input) => Promise<unknown>>;
  const write = protect({ name: 'write', invalidates: 'entity' })(
    async ({ fails }: { entity: string; fails: boolean }) => {
      if (fails) throw new Error('write failed');
    },
  );

  // Each session stands open; a snapshot leads back into it.
  const over = latch();
  const into = {} as Record<SessionName, <T>(fn: () => T) => T>;
  const open: Promise<void>[] = [];
  for (const name of NAMES) {
    const { parent, enter } = SESSIONS[name];
    const start = (): Promise<void> =>
      enter(async () => {
        into[name] = AsyncLocalStorage.snapshot() as <T>(fn: () => T) => T;
        await over.promise;
      });
    open.push(parent === undefined ? start() : into[parent](start));
  }

  const outdate = (from: SessionName, which: (one: Execution) => boolean): void => {
    for (const one of executions) if (inTree(one.session) === inTree(from) && which(one)) one.outdated = true;
  };
  /** Calls under way: what the caller must get, once its execution has ended. */
  const waiting: { readonly execution: Execution; readonly answer: Promise<unknown> }[] = [];

  for (const one of steps) {
    const now = clock.monotonic();
    if (one.do === 'call') {
      const meant = expected(executions, one.session, one.tool, one.input, now);
      const before = executions.length;
      calling = one;
      const answer = into[one.session](() => tools[one.tool]({ ...one.input })).catch((error: Error) => error.message);
      expect(executions.length - before, JSON.stringify(one)).toBe(meant === undefined ? 1 : 0);
      const execution = meant ?? (executions.at(-1) as Execution);
      if (execution.state === 'kept') {
        counts.remembered += 1;
        const given = await answer;
        expect(given).toEqual(execution.result);
        // Whatever a caller does to it.
        if (typeof given === 'object' && given !== null) Object.assign(given, { value: 'changed' });
      } else {
        if (meant !== undefined) counts.joined += 1;
        waiting.push({ execution, answer });
      }
    } else if (one.do === 'end') {
      const running = executions.filter(({ ended }) => !ended);
      const execution = running[one.which % Math.max(running.length, 1)];
      if (execution === undefined) continue;
      execution.ended = true;
      execution.settle(one.result);
      const answers = await Promise.all(
        waiting.filter((call) => call.execution === execution).map(({ answer }) => answer),
      );
      const result = one.result === 'null' ? null : one.result === 'value' ? { value: values } : `failure ${values}`;
      for (const answer of answers) expect(answer).toEqual(result);
      counts.ended += 1;
      const newer = executions.slice(executions.indexOf(execution) + 1);
      const overtaken = newer.some(
        (other) => other.session === execution.session && same(other, execution.tool, execution.input),
      );
      execution.result = result;
      execution.state = one.result === 'failure' || overtaken || execution.outdated ? 'gone' : 'kept';
      if (execution.state === 'kept' && now - execution.began >= limit(execution)) execution.state = 'gone';
    } else if (one.do === 'pass') {
      await clock.advance(one.ms);
    } else if (one.do === 'invalidate') {
      const { entity, tool, tag } = one;
      into[one.session](() => invalidate(entity ?? (tool ? { tool } : tag ? { tag } : { all: true })));
      outdate(one.session, (read) => {
        const { about, tags } = TOOLS[read.tool];
        if (entity !== undefined) return !about || read.input.entity === entity;
        if (tool !== undefined) return read.tool === tool;
        return tag === undefined || tags.includes(tag);
      });
    } else {
      await into[one.session](() => write({ entity: one.entity, fails: one.fails })).catch(() => {});
      outdate(one.session, (read) => !TOOLS[read.tool].about || read.input.entity === one.entity);
    }
  }
  for (const execution of executions) execution.settle('value');
  over.open();
  await Promise.all([...open, ...waiting.map(({ answer }) => answer)]);
}

it('does what a model does that searches a list of everything', async () => {
  const counts: Counts = { ended: 0, remembered: 0, joined: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 120, size: 'max' }), (steps) => play(steps, counts)),
    { numRuns: 600 },
  );
  // Enough of everything happened.
  expect(Math.min(counts.ended, counts.remembered, counts.joined), JSON.stringify(counts)).toBeGreaterThan(500);
});
