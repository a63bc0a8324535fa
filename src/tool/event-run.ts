import { currentScope } from './scope.js';

/** The run around this code, for events. */
export function eventRun(): { readonly runId?: string; readonly threadId?: string } {
  const run = currentScope()?.run;
  if (run === undefined) return {};
  return { runId: run.id, ...(run.threadId === undefined ? {} : { threadId: run.threadId }) };
}
