import { currentScope } from '../../tool/scope.js';

/** The run around this code, for events. */
export function around(): { readonly runId?: string; readonly threadId?: string } {
  const run = currentScope()?.run;
  if (run === undefined) return {};
  return { runId: run.id, ...(run.threadId === undefined ? {} : { threadId: run.threadId }) };
}
