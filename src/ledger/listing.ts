import { UsageError } from '../errors/usage.js';
import type { LedgerHome } from '../tool/home.js';
import { type CallPage, type CallQuery, type CallView, isStuck, summary } from './call-view.js';
import type { Engine } from './engine.js';
import { decodeCall, leaseHeld } from './record.js';

type Kind = 'tool' | 'task';

/** Calls of a ledger, tools before tasks, a page at a time. @throws UsageError for a cursor of somebody else's */
export async function listCalls(engine: Engine, home: LedgerHome, query: CallQuery): Promise<CallPage> {
  const limit = query.limit ?? 100;
  const kinds: readonly Kind[] = query.kind === undefined ? ['tool', 'task'] : [query.kind];
  const start = splitCursor(query.after, kinds);
  const calls: CallView[] = [];
  for (const kind of kinds.slice(kinds.indexOf(start.kind))) {
    let after = kind === start.kind ? start.after : undefined;
    do {
      const page = await engine.client.list({
        kind,
        where: where(home, query),
        limit: limit - calls.length,
        ...(after === undefined ? {} : { after }),
      });
      for (const stored of page.records) {
        const seen = decodeCall(stored, engine.description);
        if (query.stuck === true && !isStuck(seen.record, leaseHeld(stored, page.now))) continue;
        calls.push(summary(seen, undefined, page.now));
      }
      after = page.next;
      if (calls.length >= limit) return nextPage(calls, kind, after, kinds);
    } while (after !== undefined);
  }
  return { calls };
}

function nextPage(calls: readonly CallView[], kind: Kind, after: string | undefined, kinds: readonly Kind[]): CallPage {
  if (after !== undefined) return { calls, next: `${kind}:${after}` };
  const following = kinds[kinds.indexOf(kind) + 1];
  return following === undefined ? { calls } : { calls, next: `${following}:` };
}

function where(home: LedgerHome, query: CallQuery): Record<string, string> {
  return {
    ledger: home.name,
    ...(query.tool === undefined ? {} : { tool: query.tool }),
    ...(query.phase === undefined ? {} : { phase: query.phase }),
    ...(query.run === undefined ? {} : { run: query.run }),
  };
}

function splitCursor(cursor: string | undefined, kinds: readonly Kind[]): { kind: Kind; after: string | undefined } {
  const [first] = kinds as readonly [Kind];
  if (cursor === undefined) return { kind: first, after: undefined };
  const kind = kinds.find((one) => cursor.startsWith(`${one}:`));
  if (kind === undefined)
    throw new UsageError({
      place: 'list({ after })',
      problem: `${JSON.stringify(cursor)} is no cursor of this listing`,
      remedy: 'Pass the next of the page before, with the same query.',
    });
  const after = cursor.slice(kind.length + 1);
  return { kind, after: after === '' ? undefined : after };
}
