import { GUARD_PLACES, type GuardDefinition, makeGuard } from '../tool/guard.js';
import type { Guard, Same } from '../tool/types.js';
import { loadEngine, loadedEngine } from './load-engine.js';
import type { LedgerOptions, TaskOptions } from './options.js';
import { checkOptions, resolvePolicy } from './policy.js';

function definition(kind: 'ledger' | 'taskLedger', options: LedgerOptions): GuardDefinition {
  checkOptions(options, kind);
  return {
    kind,
    place: GUARD_PLACES[kind] as number,
    name: options.name,
    options,
    effect: options.effect ?? (kind === 'taskLedger' ? 'idempotent_mutate' : 'unclassified'),
    bind(info, next) {
      const policy = resolvePolicy(options, kind, info);
      return (frame) => {
        const engine = loadedEngine();
        if (engine !== undefined) return engine.callThroughLedger(policy, frame, next);
        return loadEngine().then((module) => module.callThroughLedger(policy, frame, next));
      };
    },
  };
}

/**
 * Runs a tool at most once per identity, replays its result, and blocks what is ambiguous until it is settled.
 *
 * @param options - see {@link LedgerOptions}; `name`, `effect` and `idFrom` are what a payment needs.
 * @returns a guard: apply it to the tool, or use it as a method decorator.
 * @throws UsageError for options that make no sense, when the guard is made.
 *
 * The guarded tool throws LedgerBlockedError, IdentityConflictError, CallInProgressError, InputNotStorableError,
 * StoreUnavailableError (the tool did not run), CompletionNotRecordedError (it ran; the result is on the error),
 * and what the tool throws.
 *
 * @example
 * ```ts
 * let charges = 0;
 * const sendPayment = ledger({ name: 'send_payment', effect: 'non_idempotent_mutate', idFrom: ['invoiceId'] })(
 *   async ({ invoiceId }: { invoiceId: string; amount: number }) => ({ invoiceId, charge: ++charges }),
 * );
 * await sendPayment({ invoiceId: 'inv-42', amount: 100 }); // → { invoiceId: 'inv-42', charge: 1 }
 * await sendPayment({ invoiceId: 'inv-42', amount: 100 }); // → { invoiceId: 'inv-42', charge: 1 }
 * ```
 */
export function ledger<
  const Field extends string = never,
  Positions extends readonly unknown[] = readonly unknown[],
  Output = unknown,
>(
  options: LedgerOptions<Field, Positions, Output> = {},
): Guard<Field, Positions[0], [Output] extends [never] ? unknown : Output, Same, Same, Positions> {
  return makeGuard([definition('ledger', options as unknown as LedgerOptions)]);
}

/**
 * A task that resumes: run again after a crash, its finished calls are replayed and not repeated. Never two
 * workers at once while its lease is held.
 *
 * @param options - see {@link TaskOptions}; `idFrom` names the task.
 * @example
 * ```ts
 * const processInvoice = taskLedger({ name: 'process_invoice', idFrom: ['invoiceId'] })(
 *   async ({ invoiceId }: { invoiceId: string }) => ({ invoiceId, status: 'paid' }),
 * );
 * await processInvoice({ invoiceId: 'inv-42' }); // → { invoiceId: 'inv-42', status: 'paid' }
 * ```
 */
export function taskLedger<
  const Field extends string = never,
  Positions extends readonly unknown[] = readonly unknown[],
>(options: TaskOptions<Field, Positions> = {}): Guard<Field, Positions[0], unknown, Same, Same, Positions> {
  return makeGuard([definition('taskLedger', options as unknown as LedgerOptions)]);
}
