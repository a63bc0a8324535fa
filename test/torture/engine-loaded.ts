import { ActionLedger, ledger } from 'mycelium-runtime';
import { memoryStore } from 'mycelium-runtime/store';

let loaded: Promise<unknown> | undefined;

/** The engine is loaded by the first call of a process, which takes time that no plan counts: this is that call. */
export function engineLoaded(): Promise<unknown> {
  const actions = (): ActionLedger => new ActionLedger({ store: memoryStore() });
  loaded ??= ledger({ name: 'first', effect: 'read', ledger: actions() })(async (_input: object) => undefined)({});
  return loaded;
}
