import diagnostics_channel from 'node:diagnostics_channel';

/** Everything the library tells about what it does. Values and arguments are never among it. */
export interface EventMap {
  /** A body is about to start under a fresh claim. */
  'mycelium:call-claimed': CallEvent & {
    readonly gate: 'ALLOW' | 'RECLAIM';
    readonly fence: number;
    readonly attempt: number;
  };
  /** A result was recorded. */
  'mycelium:call-committed': CallEvent & {
    readonly fence: number;
    readonly by: 'worker' | 'reconciler' | 'operator' | 'evidence';
  };
  /** A recorded result was given again. `repeated`: the same attempt of a task had finished this very call itself. */
  'mycelium:call-replayed': CallEvent & { readonly repeated: boolean };
  /** A body ended without a value. */
  'mycelium:call-failed': CallEvent & { readonly fence: number; readonly phase: string };
  /** A call was refused because it may already have run. */
  'mycelium:call-blocked': CallEvent & { readonly reason: string };
  /** A call or a result did not get past its boundary. `ran`: whether the tool did, and may again. */
  'mycelium:call-refused': {
    readonly tool: string;
    readonly phase: 'allowlist' | 'input' | 'scope' | 'output';
    readonly ran: 'no' | 'again' | 'done';
    readonly issues: readonly { readonly path: string; readonly code: string }[];
  };
  /** A call that a model made has its answer. What the model was told, and what the tool gave, is not in it. */
  'mycelium:call-answered': {
    /** As the model called it. */
    readonly tool: string;
    readonly toolCallId?: string;
    readonly status: 'completed' | 'refused' | 'denied' | 'failed' | 'aborted';
    readonly attempts: number;
    /** Since its turn came. */
    readonly ms: number;
    /** Absent outside of a run. */
    readonly runId?: string;
    readonly threadId?: string;
  };
  /** The loop of a model and its tools came to an end. One whose model threw has none: its caller has the error. */
  'mycelium:run-ended': {
    readonly ended: 'answered' | 'aborted' | 'exhausted';
    /** How often the model was asked. */
    readonly turns: number;
    /** Absent outside of a run. */
    readonly runId?: string;
    readonly threadId?: string;
  };
  /** Arguments were repaired before the tool got them, because its boundary says so. */
  'mycelium:input-coerced': {
    readonly tool: string;
    readonly coercions: readonly { readonly path: string; readonly from: string; readonly to: string }[];
  };
  /** A read was answered without running it again: what it gave was remembered, or it was running already. */
  'mycelium:read-reused': {
    readonly tool: string;
    readonly from: 'memory' | 'running';
    /** Since it began. */
    readonly ageMs: number;
  };
  /** What was remembered of reads counts no longer, because of a write or because somebody said so. */
  'mycelium:reads-outdated': {
    /** The tool that wrote; undefined for `invalidate`. */
    readonly by: string | undefined;
    /** Of how many entities, or of all. */
    readonly entities: number | 'all';
    readonly tools: readonly string[];
    readonly tags: readonly string[];
  };
  /** A worker that was superseded finished; its success is kept as evidence. */
  'mycelium:evidence-kept': CallEvent & { readonly fence: number };
  /** Something to look at once: an identity that nothing will find again, a key that nobody read. */
  'mycelium:warning': { readonly tool: string; readonly code: string; readonly message: string };
  /** A store was opened, or its server came back: what it is, and what about it can cost records or answers. */
  'mycelium:store-health': {
    readonly store: string;
    readonly server: string;
    readonly concerns: readonly { readonly found: string; readonly risk: string; readonly remedy: string }[];
  };
  /** Messages were mended before a model was asked. What they say is not told. */
  'mycelium:messages-repaired': {
    /** Absent outside of a run. */
    readonly runId?: string;
    readonly threadId?: string;
    readonly format: string;
    readonly changes: readonly { readonly code: string; readonly action: string; readonly path: string }[];
    /** Of how many calls without a result the model was told what. */
    readonly told: Readonly<Record<'completed' | 'failed' | 'not-run' | 'unknown', number>>;
  };
  /** Messages are near a limit, were cut to fit one, or lost something. */
  'mycelium:history-watched': {
    /** Absent outside of a run. */
    readonly runId?: string;
    readonly threadId?: string;
    /** Which one of the run, when it was named. */
    readonly conversation?: string;
    readonly format: string;
    readonly messages: number;
    readonly tokens: number;
    /** How many were left out to fit. */
    readonly trimmed: number;
    readonly issues: readonly string[];
  };
  /** The state of a run was written; every record of a durable one. */
  'mycelium:state-saved': {
    readonly runId: string;
    readonly status: 'in-progress' | 'completed' | 'aborted' | 'error';
    readonly reason?: string;
    readonly store: string;
  };
  /** The receipts of a ledger were sealed, and exported where that is wanted. */
  'mycelium:receipts-sealed': {
    readonly store: string;
    readonly ledger: string;
    /** How many were added to the log, and how many it has. */
    readonly added: number;
    readonly size: number;
  };
  /** They could not be. They keep their mark, and the next sealing takes them. */
  'mycelium:receipts-not-sealed': {
    readonly store: string;
    readonly ledger: string;
    readonly code: string;
    readonly message: string;
  };
  /** What a crash left in a log of the file store was skipped: it stands for nothing that was acknowledged. */
  'mycelium:debris-skipped': {
    readonly store: string;
    readonly file: string;
    readonly offset: number;
    readonly bytes: number;
  };
  /** The file store in `./.mycelium` was opened because nobody said where to record. */
  'mycelium:default-store': { readonly store: string };
}

/** Which call an event speaks of. */
export interface CallEvent {
  readonly tool: string;
  readonly requestId: string;
  readonly id: string;
}

const channels = new Map<string, diagnostics_channel.Channel>();

function channelOf(name: string): diagnostics_channel.Channel {
  let channel = channels.get(name);
  if (channel === undefined) {
    channel = diagnostics_channel.channel(name);
    channels.set(name, channel);
  }
  return channel;
}

/** Publishes an event; builds it only when somebody listens. */
export function emit<Name extends keyof EventMap>(name: Name, event: () => EventMap[Name]): void {
  const channel = channelOf(name);
  if (channel.hasSubscribers) channel.publish(event());
}
