import { AssertionError } from 'node:assert';
import { randomUUID } from 'node:crypto';
import { UsageError } from '../errors/usage.js';
import type { Store } from '../store/contract.js';
import { clientCases } from './conformance/clients.js';
import {
  type ConformanceCase,
  type ConformanceContext,
  nowOf,
  rule,
  type StoreFactory,
  type StoreUnderTest,
  within,
} from './conformance/context.js';
import { goneCases } from './conformance/gone.js';
import { leaseCases } from './conformance/leases.js';
import { lifecycleCases } from './conformance/lifecycle.js';
import { listingCases } from './conformance/listing.js';
import { removalCases } from './conformance/removals.js';
import { resendCases } from './conformance/resends.js';
import { transactionCases } from './conformance/transactions.js';
import { valueCases } from './conformance/values.js';
import { watchingCases } from './conformance/watching.js';

export type { ConformanceCase, ConformanceContext, StoreFactory, StoreUnderTest } from './conformance/context.js';

/** Every promise of the store contract as a case of its own, for any test runner or none. */
export const storeConformance: readonly ConformanceCase[] = Object.freeze([
  ...transactionCases,
  ...resendCases,
  ...removalCases,
  ...goneCases,
  ...leaseCases,
  ...listingCases,
  ...watchingCases,
  ...valueCases,
  ...lifecycleCases,
  ...clientCases,
]);

/** How patient the suite is. */
export interface ConformanceOptions {
  /** How long something that must happen soon, e.g. the wake of a watch, may take, in real milliseconds. @default 5_000 */
  readonly patience?: number;
  /** How long a whole case may take, in real milliseconds. @default 60_000 */
  readonly timeout?: number;
  /** Only the cases with these names. @default all of them */
  readonly only?: readonly string[];
}

/** What became of one case. `left out`: the factory does not offer what the case needs. */
export interface ConformanceResult {
  readonly name: string;
  readonly why: string;
  readonly outcome: 'passed' | 'failed' | 'left out';
  /** What the case threw; an AssertionError names the broken rule. */
  readonly error?: unknown;
}

/**
 * Runs the suite, one case after the other, each on a fresh store. Does not throw for a failed case: look
 * at the outcomes, or use `runConformanceCase` inside a test runner.
 *
 * @throws UsageError when `only` names a case that does not exist.
 */
export async function runStoreConformance(
  open: StoreFactory,
  options: ConformanceOptions = {},
): Promise<readonly ConformanceResult[]> {
  const { only } = options;
  const unknown = only?.find((name) => !storeConformance.some((one) => one.name === name));
  if (unknown !== undefined) {
    throw new UsageError({
      place: 'runStoreConformance({ only })',
      problem: `there is no case ${JSON.stringify(unknown)}`,
      remedy: 'Take the names from storeConformance.',
    });
  }
  const results: ConformanceResult[] = [];
  for (const one of storeConformance) {
    if (only !== undefined && !only.includes(one.name)) continue;
    const { name, why } = one;
    try {
      results.push({ name, why, outcome: await runConformanceCase(one, open, options) });
    } catch (error) {
      results.push({ name, why, outcome: 'failed', error });
    }
  }
  return results;
}

/**
 * Runs one case on a fresh store and closes everything it opened. Answers `left out` when the factory does
 * not offer what the case needs.
 *
 * @throws AssertionError when the store breaks the rule; what the store threw when it broke down.
 */
export async function runConformanceCase(
  one: ConformanceCase,
  open: StoreFactory,
  options: ConformanceOptions = {},
): Promise<'passed' | 'left out'> {
  const opened = await open();
  const clients: Store[] = [opened.store];
  try {
    if (one.needs !== undefined && opened[one.needs] === undefined) return 'left out';
    const run = one.run(contextOf(opened, clients, options.patience ?? 5_000));
    await within(run, options.timeout ?? 60_000, 'a case must come to an end: a call was never answered');
    return 'passed';
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await opened.dispose?.();
  }
}

function contextOf(opened: StoreUnderTest, clients: Store[], patience: number): ConformanceContext {
  // Random per case, so that a factory may give the same database to all of them.
  const run = randomUUID().slice(0, 8);
  let made = 0;
  let current = opened.store;
  const keep = (client: Store): Store => {
    clients.push(client);
    return client;
  };
  const context: ConformanceContext = {
    store: opened.store,
    patience,
    shortLease: opened.advance === undefined ? 150 : 10_000,
    key: (changes = {}) => ({ partition: 0, kind: `case-${run}`, id: `record ${++made}`, ...changes }),
    nonce: () => `${run}${(++made).toString(36).padStart(6, '0')}${randomUUID().slice(0, 8)}`,
    async second() {
      rule(opened.second !== undefined, 'the factory offers no second client');
      return keep(await opened.second());
    },
    async reopen() {
      rule(opened.reopen !== undefined, 'the factory offers no reopen');
      await current.close();
      current = keep(await opened.reopen());
      return current;
    },
    async passTime(milliseconds) {
      const start = await nowOf(current, context.nonce());
      const end = start + milliseconds;
      await opened.advance?.(milliseconds);
      // A store whose clock stands still would be waited for without end.
      const deadline = performance.now() + milliseconds + patience;
      for (let now = await nowOf(current, context.nonce()); now < end; now = await nowOf(current, context.nonce())) {
        if (performance.now() > deadline)
          throw new AssertionError({
            message: `the store's clock must go on: it moved by ${now - start} ms where ${milliseconds} ms have passed`,
          });
        await new Promise((resolve) => setTimeout(resolve, Math.min(end - now, 1_000)));
      }
    },
  };
  return context;
}
