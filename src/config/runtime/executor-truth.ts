import type { ActionLedger } from '../../ledger/action-ledger.js';
import type { CallView } from '../../ledger/call-view.js';
import { MAY_BE_CALLED_AGAIN, mayBeCalledAgain } from '../../runner/answer.js';
import { shown } from '../../runner/shown.js';
import { currentScope, type Run } from '../../tool/scope.js';
import type { Truth, UnansweredCall } from '../../transcript/policies.js';
import type { GuardConfig } from '../loader/config.js';
import { spellings } from '../loader/names.js';

/** Whoever ran a call, asked what became of it. */
export type AskExecutor = (call: UnansweredCall) => Promise<Truth | undefined>;

/**
 * What the ledgers of a configuration know of the calls of the run around this code, by the ids that the model gave
 * them. Of calls that no ledger has nobody knows: they may have run unrecorded. What another tenant's run did is never told.
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
    const found = await callsOf(ledger, { run, tool: guard.name, toolCallId: id });
    const [only] = found;
    // Of several nobody can tell which is meant.
    if (only === undefined || found.length > 1) return undefined;
    const call = await ledger.get(only.id);
    return call === undefined ? undefined : truthOf(call, name);
  };
}

/** Run ids are chosen by callers: another tenant may have chosen the same. */
async function callsOf(
  ledger: ActionLedger,
  { run, tool, toolCallId }: { readonly run: Run; readonly tool: string; readonly toolCallId: string },
): Promise<CallView[]> {
  const tenant = run.tenant ?? ledger.tenant;
  const found: CallView[] = [];
  let after: string | undefined;
  do {
    const page = await ledger.list({ run: run.id, tool, ...(after === undefined ? {} : { after }) });
    found.push(...page.calls.filter((call) => call.toolCallId === toolCallId && call.tenant === tenant));
    after = page.next;
  } while (after !== undefined);
  return found;
}

function truthOf(call: CallView, name: string): Truth {
  const { phase, aborted, held, effect } = call;
  if (phase === 'committed') {
    if ('result' in call) return { state: 'completed', result: shown(call.result) };
    return {
      state: 'failed',
      text: `${name} was carried out; its result is no longer available. Do not call it again.`,
    };
  }
  const again = mayBeCalledAgain(effect);
  // Its worker may be dead: a lease is held for a while after that.
  if (held) {
    const then = again
      ? 'It may be called again.'
      : 'Do not assume that it is done, or that it failed, and do not call it again.';
    return { state: 'failed', text: `${name} was begun and may still be under way. ${then}` };
  }
  if (phase === 'aborted' && aborted === 'not-executed') return { state: 'not-run' };
  if (again) return { state: 'failed', text: MAY_BE_CALLED_AGAIN };
  return { state: 'unknown' };
}
