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
