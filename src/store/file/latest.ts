import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StoreFormatError } from '../../errors/store.js';
import { DEFAULT_PARTITIONS, STORE_FORMAT } from '../contract.js';
import type { Folder } from './folder.js';
import { frameEnd, payloadOf } from './frame.js';
import type { Gap } from './frame-order.js';
import { Generation, type OnOwn } from './generation.js';
import type { OpeningEntry } from './log-entry.js';
import { type Flush, LogFile } from './log-file.js';
import { LogState } from './log-state.js';
import { keptEntries, publish } from './publication.js';

/** What it takes to open a generation. */
export interface LogSettings {
  readonly folder: Folder;
  readonly description: string;
  /** Random per opened store; it marks the frames that are ours. */
  readonly writer: string;
  readonly flush: Flush;
  /** False makes flushes do nothing, for a test of the tests. */
  readonly flushes: boolean;
  /** The number that a new store gets, and that an existing one must have. */
  readonly partitions: number | undefined;
  readonly moved: (text: string) => void;
  readonly onGap: (file: string, gap: Gap) => void;
}

/** How often names may move away while we look, before something else must be wrong. */
const ATTEMPTS = 1000;

/** How many logs in a row cannot be flushed before the disk counts as broken: more copies would only fill it. */
const UNFLUSHED = 3;

/** More than the first record of a log takes. */
const OPENING_BYTES = 4096;

/**
 * Opens the latest generation and reads it, creating the first one where there is none, and the next one
 * where the latest has ended. What was read is on the disk when this resolves; a generation that cannot be
 * flushed is ended and copied.
 *
 * @param storeId - the store that must be found; undefined when any will do.
 * @throws StoreDamagedError, StoreFormatError, and what the file system throws.
 */
export async function openLatest(settings: LogSettings, storeId?: string): Promise<Generation> {
  const { folder } = settings;
  let unflushed = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const number = folder.generations().at(-1);
    if (number === undefined) {
      if (storeId !== undefined) throw new Error('its logs were removed');
      const partitions = settings.partitions ?? DEFAULT_PARTITIONS;
      await publish(folder, 1, [['open', STORE_FORMAT, randomUUID(), partitions, 1, 0, 0]]);
      continue;
    }
    const generation = openNumbered(settings, number);
    if (generation === undefined) continue;
    try {
      // A name may be old by the time it is opened, and is ours to build on only once it is durable.
      const latest = folder.generations().at(-1) === number;
      if (latest) {
        folder.flush();
        const failure = await load(generation);
        if (failure !== undefined && ++unflushed === UNFLUSHED) throw failure.error;
        checkIdentity(settings, generation, storeId);
        if (!generation.state.sealed && !generation.look().removed) {
          checkReplaced(settings, generation);
          folder.clean(number);
          return generation;
        }
        if (generation.state.sealed) await publishSuccessor(folder, generation);
      }
    } catch (error) {
      generation.close();
      throw error;
    }
    generation.close();
  }
  throw new Error('its logs are replaced faster than they can be opened');
}

/** Writes the generation that follows from a sealed one, unless it is there already. */
export async function publishSuccessor(folder: Folder, { number, opening, state }: Generation): Promise<void> {
  if (folder.generations().some((other) => other > number)) return;
  const [, , storeId, partitions] = opening!;
  await publish(
    folder,
    number + 1,
    (function* () {
      yield ['open', STORE_FORMAT, storeId, partitions, number + 1, state.records.size, state.time] as const;
      yield* keptEntries(state.kept());
    })(),
  );
}

/** Reads what stands before `to`, and lets other work of the process come in between. */
export async function readThrough(generation: Generation, to: number, onOwn: OnOwn = () => true): Promise<void> {
  while (generation.readSome(to, onOwn)) await nextTurn();
}

/**
 * Ends a generation of which a flush has failed. Nothing rests on what is read from it until its successor
 * is on the disk as a whole, so the seal needs no flush of its own.
 *
 * @throws when the seal cannot be written either.
 */
export async function endUnflushed(generation: Generation): Promise<void> {
  if (!generation.state.sealed) {
    await generation.file.append(generation.frame((origin) => ['seal', origin, generation.state.time]));
    await readThrough(generation, generation.look().size);
  }
  if (!generation.state.sealed) throw new Error(`${generation.file.path} could neither be flushed nor be ended`);
}

/** Reads a generation. @returns why it could not be flushed, and was ended therefore; undefined when it could. */
async function load(generation: Generation): Promise<{ error: unknown } | undefined> {
  const { size } = generation.look();
  const failure = await generation.file.flush().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  await readThrough(generation, size);
  generation.checkWhole();
  if (failure === undefined) generation.markFlushed();
  else {
    await endUnflushed(generation).catch(() => {
      throw failure.error;
    });
  }
  return failure;
}

function openNumbered(
  { folder, writer, flush, flushes, moved, onGap }: LogSettings,
  number: number,
): Generation | undefined {
  const path = folder.fileOf(number);
  try {
    const file = LogFile.open(path, flush, flushes);
    return new Generation(file, number, new LogState(moved), writer, (gap) => onGap(path, gap));
  } catch (error) {
    // Removed since its name was read, because a later one is there.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function checkIdentity(
  { description, partitions }: LogSettings,
  { opening }: Generation,
  storeId: string | undefined,
): void {
  const [, , foundId, foundPartitions] = opening!;
  if (partitions !== undefined && partitions !== foundPartitions) {
    throw new StoreFormatError({
      store: description,
      field: 'partitions',
      found: foundPartitions,
      expected: partitions,
      remedy: `The number is fixed when a store is created. Open it with ${foundPartitions}, or without the option.`,
    });
  }
  if (storeId !== undefined && storeId !== foundId) {
    throw new StoreFormatError({
      store: description,
      field: 'store id',
      found: foundId,
      expected: storeId,
      remedy: 'The folder was replaced by another store while this one was open. Open it again if that was meant.',
    });
  }
}

/** Older logs are removed, so the one that replaces them must be of the same store, and not a copy from elsewhere. */
function checkReplaced(settings: LogSettings, { number, opening }: Generation): void {
  for (const other of settings.folder.generations()) {
    if (other >= number) return;
    const generation = openNumbered(settings, other);
    if (generation === undefined) continue;
    try {
      const bytes = generation.file.read(0, OPENING_BYTES);
      const end = frameEnd(bytes, 0, bytes.length);
      if (end <= 0) continue;
      const found = JSON.parse(payloadOf(bytes, 0, end)) as OpeningEntry;
      if (found[2] === opening![2]) continue;
      throw new StoreFormatError({
        store: settings.folder.fileOf(number),
        field: 'store id',
        found: opening![2],
        expected: found[2],
        remedy: `It does not follow from ${generation.file.path}. Move the one that does not belong there out of the folder.`,
      });
    } finally {
      generation.close();
    }
  }
}
