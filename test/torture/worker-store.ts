/** Opens the store of a life, with what the plan has switched off there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailableError } from 'mycelium-runtime';
import { openFileStore, type Store, StoreFormatError } from 'mycelium-runtime/store';
import { noteFlushes } from './flush-notes.js';
import { machineFault } from './life.js';
import type { StorePlace } from './messages.js';
import { openServerStore } from './open-server.js';
import type { Life } from './order.js';
import type { Struck } from './sites.js';

/** A store as a worker process has it. */
export interface WorkerStore {
  readonly store: Store;
  /** Only for files. */
  compact?(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param clock - the wall clock of this worker, in milliseconds.
 * @returns undefined when it was refused for a reason that the plan has.
 */
export async function openFor(
  life: Life,
  place: StorePlace,
  clock: () => number,
  struck: Struck,
): Promise<WorkerStore | undefined> {
  try {
    return await (place.kind === 'file'
      ? openFolder(life, place, clock, struck)
      : insisting(() => openServer(life, place)));
  } catch (error) {
    // Without a reason of the plan a store that does not open is a broken promise.
    const fault = plannedRefusal(life, error);
    if (fault === undefined) throw error;
    struck(fault);
    return undefined;
  }
}

function plannedRefusal({ faults }: Life, error: unknown): string | undefined {
  if (faults.partitions !== undefined && error instanceof StoreFormatError) return 'other-partitions';
  return machineFault(error);
}

async function openFolder(
  { broken }: Life,
  { folder, flushNotes }: StorePlace & { kind: 'file' },
  clock: () => number,
  struck: Struck,
): Promise<WorkerStore> {
  const stopNoting = noteFlushes(flushNotes, (error) =>
    struck(error.code === 'EIO' ? 'flush-error' : String(error.code)),
  );
  try {
    const store = await openFileStore(folder, {
      clock,
      ...(broken === 'flush' ? { protections: { flush: false } } : {}),
      ...(broken === 'readback' ? { protections: { readback: false } } : {}),
    });
    return { store, compact: () => store.compact(), close: () => store.close().finally(stopNoting) };
  } catch (error) {
    stopNoting();
    throw error;
  }
}

const OPENING_MS = 20_000;

/** A server may be down, or busy with the others, when a life begins: whoever waits for it gets in. */
async function insisting<Opened>(open: () => Promise<Opened>): Promise<Opened> {
  const until = performance.now() + OPENING_MS;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || performance.now() > until) throw error;
      await sleep(50);
    }
  }
}

async function openServer({ broken, faults }: Life, place: StorePlace & { kind: 'server' }): Promise<WorkerStore> {
  const { durability, ...unprotected } = place.options;
  const store = await openServerStore(place.url, {
    ...(broken === 'durability' ? unprotected : place.options),
    ...(faults.partitions === undefined ? {} : { partitions: faults.partitions }),
  });
  return { store, close: () => store.close() };
}
