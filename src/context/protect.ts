import { machineClock } from '../store/process-clock.js';
import type { Guard, Same } from '../tool/types.js';
import type { Named, ProtectOptions } from './options.js';
import { protectBy } from './protection.js';

/**
 * Keeps what a run knows true: a read that is asked again within its `ttl` is answered from the run's session, and a
 * write (`invalidates`) drops the reads it outdates. All arguments count, calls at the same time share one execution,
 * errors are never remembered, and every caller gets a copy of its own. What has no faithful copy (instances, functions,
 * cycles) is read each time; a `mycelium:warning` says so once for each tool, as it does for calls outside of a session.
 *
 * @param options - see {@link ProtectedRead} and {@link ProtectedWrite}: `entity` and `ttl`, or `invalidates`.
 * @returns a guard. It stands inside `bounded` and outside of `ledger`.
 * @throws UsageError, when the guard is made, for options that make no sense; when it is applied, for a tool that
 *   writes and would be answered from memory. The guarded tool throws what the tool does, what a selector does (the tool
 *   did not run then), and the reason of the caller's signal.
 * @example
 * ```ts
 * import { protect } from 'mycelium-runtime/context';
 *
 * let reads = 0;
 * const fetchCustomer = protect({ name: 'fetch_customer', entity: 'customerId', ttl: '60s' })(
 *   async ({ customerId }: { customerId: string }) => ({ customerId, read: ++reads }),
 * );
 * await run({ runId: 'run-1' }, async () => [
 *   await fetchCustomer({ customerId: 'c1' }),
 *   await fetchCustomer({ customerId: 'c1' }),
 * ]); // → [{ customerId: 'c1', read: 1 }, { customerId: 'c1', read: 1 }]
 * ```
 */
export function protect<
  const About extends Named = never,
  const Field extends string = never,
  Positions extends readonly unknown[] = readonly unknown[],
>(
  options: ProtectOptions<About, Field, Positions>,
): Guard<Field | Extract<About, string>, FirstOf<Positions>, unknown, Same, Same, Positions> {
  return protectBy(machineClock, options as unknown as ProtectOptions);
}

/** What a selector says of the input; nothing when it does not look at it. */
type FirstOf<Positions extends readonly unknown[]> = Positions extends readonly [] ? unknown : Positions[0];
