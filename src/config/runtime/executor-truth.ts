import type { ActionLedger } from '../../ledger/action-ledger.js';
import type { CallView } from '../../ledger/call-view.js';
import { currentScope } from '../../tool/scope.js';
import type { Truth, UnansweredCall } from '../../transcript/policies.js';
import type { GuardConfig } from '../loader/config.js';
import { spellings } from '../loader/names.js';

/** Whoever ran a call, asked what became of it. */
export type AskExecutor = (call: UnansweredCall) => Promise<Truth | undefined>;

/**
 * What the ledgers of a configuration know of the calls of the run around this code, by the ids that the model gave
 * them. Of calls that no ledger has nobody knows: they may have run unrecorded.
 *
 * @param ledgerOf - the ledger of a tool, by its name in the file.
 */
export function executorTruth(
  guards: ReadonlyMap<string, GuardConfig>,
  ledgerOf: (name: string) => Promise<ActionLedger>,
): AskExecutor {
  return async ({ id, name }) => {
    const run = currentScope()?.run;
    const guard = [...guards.values()].find((one) => spellings(one.name).includes(name));
    if (run === undefined || guard?.ledger === undefined) return undefined;
    const ledger = await ledgerOf(guard.name);
    for (let after: string | undefined; ; ) {
      const query = { run: run.id, tool: guard.name, ...(after === undefined ? {} : { after }) };
      const { calls, next } = await ledger.list(query);
      const found = calls.find(({ toolCallId }) => toolCallId === id);
      if (found !== undefined) {
        const call = await ledger.get(found.id);
        return call === undefined ? undefined : truthOf(call, name);
      }
      if (next === undefined) return undefined;
      after = next;
    }
  };
}

function truthOf(call: CallView, name: string): Truth {
  const { phase, aborted, held, effect } = call;
  if (phase === 'committed') {
    if ('result' in call) return { state: 'completed', result: call.result };
    return {
      state: 'failed',
      text: `${name} was carried out; its result is no longer available. Do not call it again.`,
    };
  }
  if (held) return { state: 'failed', text: `${name} is still being carried out. Do not call it again.` };
  if (phase === 'aborted' && aborted === 'not-executed') return { state: 'not-run' };
  if (effect === 'read' || effect === 'idempotent_mutate')
    return { state: 'failed', text: `${name} did not come to an end. It may be called again.` };
  return { state: 'unknown' };
}
