import { AmbientScopeError } from '../errors/operator.js';
import { currentScope } from '../tool/scope.js';
import type { ToolCall } from '../tool/types.js';

function ambientCall(name: string, instead: string): ToolCall {
  const call = currentScope()?.call;
  if (call === undefined) throw new AmbientScopeError({ name, instead });
  return call;
}

/**
 * `call.effect(fn)` of the call around this code, for bodies that have no second parameter.
 *
 * @throws AmbientScopeError outside `run`, `taskLedger` and `ledger({ ambient: true })`.
 * @example
 * ```ts
 * const send = ledger({ name: 'send', effect: 'non_idempotent_mutate', boundary: 'explicit', ambient: true, idFrom: ['to'] })(
 *   async ({ to }: { to: string }) => sideEffect(() => `sent to ${to}`),
 * );
 * await send({ to: 'Ada' }); // → 'sent to Ada'
 * ```
 */
export function sideEffect<T>(fn: () => T | PromiseLike<T>): Promise<T> {
  return ambientCall('sideEffect', 'call.effect').effect(fn);
}

/**
 * `call.idempotencyKey` of the call around this code.
 *
 * @throws AmbientScopeError outside `run`, `taskLedger` and `ledger({ ambient: true })`.
 * @example
 * ```ts
 * const pay = ledger({ name: 'pay_keyed', effect: 'keyed_mutate', keyValidFor: '24h', ambient: true, idFrom: ['id'] })(
 *   async ({ id }: { id: string }) => ({ id, keyed: idempotencyKey().startsWith('myc_') }),
 * );
 * await pay({ id: 'inv-1' }); // → { id: 'inv-1', keyed: true }
 * ```
 */
export function idempotencyKey(): string {
  return ambientCall('idempotencyKey', 'call.idempotencyKey').idempotencyKey;
}
