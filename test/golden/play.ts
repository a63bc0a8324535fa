import { inspect } from 'node:util';
import {
  ActionLedger,
  type CallIdentity,
  type Encryption,
  type LedgerOptions,
  ledger,
  type RunOptions,
  run,
  taskLedger,
  withCall,
} from '../../src/index.js';
import type { Store } from '../../src/store/contract.js';

/** A call as any version can make it again: plain data. */
export interface GoldenCall {
  readonly kind?: 'task';
  readonly name: string;
  /** Without `name`, `ledger` and functions; the identity comes from `id` unless said otherwise. */
  readonly options: Omit<LedgerOptions, 'name' | 'ledger' | 'reconcile' | 'notExecuted' | 'idFrom' | 'fingerprint'>;
  readonly encrypted?: true;
  readonly home?: { readonly name?: string; readonly tenant?: string };
  readonly run?: RunOptions;
  readonly identity?: CallIdentity & { readonly toolCallId?: string };
  readonly input: Readonly<Record<string, unknown>>;
  /** Calls made inside the body of a task, in order. */
  readonly children?: readonly GoldenCall[];
}

/** What a later version must do with it. */
export type Then =
  | { readonly replays: string }
  | 'runs'
  /** The code of the error, and what its remedy must speak of. */
  | { readonly refused: string; readonly remedy: string };

/** What a test can be sure to read again: a transformation that needs its key, here 23, and its context. */
const encryption: Encryption = {
  encrypt: (text, { tool, field }) => turned(Buffer.from(`${tool} ${field} ${text}`)).toString('base64'),
  decrypt(stored, { tool, field }) {
    const text = turned(Buffer.from(stored, 'base64')).toString();
    const before = `${tool} ${field} `;
    if (!text.startsWith(before)) throw new Error('this belongs to another record');
    return text.slice(before.length);
  },
};

function turned(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => byte ^ 23));
}

/** Values of every type, as one text, without the places where errors were made. */
export function shown(value: unknown): string {
  const text = inspect(value, {
    depth: null,
    maxArrayLength: null,
    maxStringLength: null,
    breakLength: Infinity,
    sorted: true,
  });
  return text.replaceAll(/\[?(\w*Error: [^\n\]]*)(\]|(\n\s+at [^\n]*)+)/g, '[$1]');
}

/** The ledger that the call is recorded in. */
export function homeOf(store: Store, { home }: GoldenCall): ActionLedger {
  return new ActionLedger({ store, encryption, ...home });
}

/**
 * Makes the call. @param bodies - the body of the call, and of each call inside it; @param more - options of this time
 */
export function make(
  store: Store,
  call: GoldenCall,
  bodies: (call: GoldenCall) => (input: unknown, context: unknown) => unknown,
  more: Partial<LedgerOptions> = {},
): Promise<unknown> {
  const { name, options, encrypted, run: scope, identity, input, kind, children = [] } = call;
  const given: LedgerOptions = {
    ...options,
    name,
    ...('id' in input ? { idFrom: ['id'] } : {}),
    ...(encrypted === undefined ? {} : { store: { ...options.store, encryption } }),
    ledger: homeOf(store, call),
    ...more,
  };
  const own = bodies(call);
  const body = async (received: unknown, context: unknown): Promise<unknown> => {
    const results = [];
    for (const child of children) results.push(await make(store, child, bodies));
    return own(children.length === 0 ? received : results, context);
  };
  const guard = kind === 'task' ? taskLedger(given as never) : ledger(given);
  const { toolCallId, ...rest } = identity ?? {};
  const guarded = guard(body as never) as (input: unknown, options?: unknown) => Promise<unknown>;
  const tool = Object.keys(rest).length === 0 ? guarded : withCall(guarded as never, rest);
  const made = (): Promise<unknown> =>
    (tool as typeof guarded)(input, toolCallId === undefined ? undefined : { toolCallId });
  return scope === undefined ? made() : run(scope, made);
}
