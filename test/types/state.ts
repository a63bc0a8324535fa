/**
 * What users of recorded runs write must compile with full inference, and what is wrong must not: compiled, never
 * run. An unused `@ts-expect-error` is an error, so every refusal below is checked.
 */
import {
  loadConfig,
  openStore,
  type RecordedRun,
  type RunPage,
  run,
  type StateFlush,
  type StateSnapshot,
  stateFlush,
} from 'mycelium-runtime';
import { type Equal, is } from './equal.js';

const store = await openStore('memory:');

// Without a type: whatever members.
const loose = stateFlush({ store, flushOn: ['cancel'], flushOnComplete: false, signals: ['SIGTERM'], name: 'a' });
is<Equal<typeof loose, StateFlush<Record<string, unknown>>>>();
const counted = loose.run(
  { runId: 'r', threadId: 't', tenant: 'acme', signal: AbortSignal.timeout(1) },
  async (run) => {
    is<Equal<typeof run, RecordedRun<Record<string, unknown>>>>();
    const written = run.record({ step: 1, at: new Date() });
    is<Equal<typeof written, Promise<void>>>();
    await run.flush('checkpoint');
    await run.disconnect();
    return 1 as const;
  },
);
is<Equal<typeof counted, Promise<1>>>();
const page = loose.list({ status: 'aborted', limit: 1 });
is<Equal<typeof page, Promise<RunPage>>>();

// With one: its members, and no other.
interface Billing {
  readonly step: 'planned' | 'paid';
  readonly invoices: readonly string[];
  readonly note?: string;
}
const typed = stateFlush<Billing>({ store, durable: true });
void typed.run({}, async (run) => {
  await run.record({ step: 'paid' });
  await run.record({ note: undefined, invoices: undefined });
  is<Equal<typeof run.state.step, 'planned' | 'paid' | undefined>>();
  // @ts-expect-error no such step
  await run.record({ step: 'lost' });
  // @ts-expect-error a misspelt member
  await run.record({ stp: 'paid' });
  // @ts-expect-error only record changes the state
  run.state.step = 'paid';
});
const found = typed.load('r', { tenant: 'acme' });
is<Equal<typeof found, Promise<StateSnapshot<Billing> | undefined>>>();
const resumed = typed.resume('r');
is<Equal<typeof resumed, Promise<StateSnapshot<Billing>>>>();

// @ts-expect-error without a store
void stateFlush({ durable: true });
// @ts-expect-error a misspelt option
void stateFlush({ store, durabel: true });
// @ts-expect-error a reason that there is not
void stateFlush({ store, flushOn: ['cancle'] });
// @ts-expect-error a signal that cannot be caught
void stateFlush({ store, signals: ['SIGKILL'] });
// @ts-expect-error a misspelt run option
void loose.run({ run: 'r' }, () => 1);
// @ts-expect-error a status that there is not
void loose.list({ status: 'done' });

// From a file; a run without one records nothing, and does not offer to.
const mycelium = await loadConfig();
const told = mycelium.run({ signal: AbortSignal.timeout(1) }, async (run) => run.record({ step: 1 }));
is<Equal<typeof told, Promise<void>>>();
const snapshot = mycelium.resume('r');
is<Equal<typeof snapshot, Promise<StateSnapshot>>>();
// @ts-expect-error nothing keeps it
void run({}, (current) => current.record({ step: 1 }));
// @ts-expect-error nothing is written at its abort
void run({ signal: AbortSignal.timeout(1) }, () => 1);
