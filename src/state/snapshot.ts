import { sha256Hex } from '../encoding/fingerprint.js';
import { ROOT_PATH, UnencodableValueError } from '../encoding/unencodable-value-error.js';
import { decodeValue, encodeValue } from '../encoding/value-codec.js';
import { StateNotStorableError } from '../errors/state.js';
import { StoreFormatError } from '../errors/store.js';
import { UsageError } from '../errors/usage.js';
import type { RecordKey, StoredRecord } from '../store/contract.js';
import type { RunSummary, StateFlushSettings, StateStatus } from './types.js';

/** The format of state records. A newer one in the store is refused, never guessed at. */
const STATE_FORMAT = 1;
export const STATE_KIND = 'state';

/** Whose state it is. */
export interface StateOwner {
  /** Keeps several flushes in one store apart. */
  readonly name: string;
  readonly tenant?: string;
  readonly runId: string;
  readonly threadId?: string;
}

/** How a run stands. */
export interface Standing {
  readonly status: StateStatus;
  readonly reason?: string;
  readonly error?: string;
}

/** The members of a state, each as its encoded value: what is not touched is never decoded. */
export type Members = ReadonlyMap<string, string>;

/** What is merged into a state; `undefined` takes a member away. */
export type EncodedPatch = ReadonlyMap<string, string | undefined>;

type Head = StateOwner & Omit<Standing, 'error'> & { readonly format: number; readonly encrypted?: true };

/** The key of a run's state: a hash over (name, tenant, run id). */
export function stateKey({ name, tenant, runId }: StateOwner, partitions: number): RecordKey {
  const id = sha256Hex(JSON.stringify([name, tenant ?? null, runId])).slice(0, 32);
  return { partition: Number.parseInt(id.slice(0, 8), 16) % partitions, kind: STATE_KIND, id };
}

/** @throws StateNotStorableError with the path in the patch. */
export function encodePatch(patch: unknown, runId: string): EncodedPatch {
  if (!isPlain(patch)) throw new StateNotStorableError({ runId, path: ROOT_PATH, what: 'not an object of members' });
  const members = new Map<string, string | undefined>();
  try {
    for (const name of Object.keys(patch)) {
      const value = patch[name];
      members.set(name, value === undefined ? undefined : encodeValue(value));
    }
  } catch {
    throw notStorable(patch, runId);
  }
  return members;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Encodes the patch as a whole, because only that knows the whole path. */
function notStorable(patch: object, runId: string): StateNotStorableError {
  try {
    encodeValue(patch);
  } catch (error) {
    if (!(error instanceof UnencodableValueError)) throw error;
    return new StateNotStorableError({ runId, path: error.path, what: error.what, cause: error.cause });
  }
  return new StateNotStorableError({ runId, path: ROOT_PATH, what: 'another one at each reading' });
}

/** The state with a patch over it. */
export function merged(members: Members, patch: EncodedPatch): Members {
  const all = new Map(members);
  for (const [name, text] of patch) {
    if (text === undefined) all.delete(name);
    else all.set(name, text);
  }
  return all;
}

/** A state as people and programs read it: a copy for every reader. */
export function decodeMembers(members: Members): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...members].map(([name, text]) => [name, decodeValue(text)]));
}

// Neither JSON nor an encoded value has a line break in it. The head stands in the first line; what may be encrypted
// follows: the error, then the name and the value of each member.
const LINE = '\n';

/** The stored text of a state. */
export async function encodeState(
  owner: StateOwner,
  { error, ...standing }: Standing,
  members: Members,
  id: string,
  encryption: StateFlushSettings['encryption'],
): Promise<string> {
  const lines = [...members].flatMap(([name, text]) => [JSON.stringify(name), text]);
  const body = [JSON.stringify(error ?? null), ...lines].join(LINE);
  const head: Head = { format: STATE_FORMAT, ...owner, ...standing };
  if (encryption === undefined) return [JSON.stringify(head), body].join(LINE);
  const text = await encryption.encrypt(body, { runId: owner.runId, id, field: 'state' });
  return [JSON.stringify({ ...head, encrypted: true }), text].join(LINE);
}

/** @throws StoreFormatError for a format that this version does not know. */
function decodeHead(stored: StoredRecord, store: string): Head {
  const head = JSON.parse(stored.value.slice(0, stored.value.indexOf(LINE))) as Head;
  if (head.format === STATE_FORMAT) return head;
  throw new StoreFormatError({
    store,
    field: `a state record (${stored.key.id}) of format`,
    found: head.format,
    expected: STATE_FORMAT,
    remedy: 'Run the version of mycelium-runtime that wrote it, or a newer one. The state was left as it is.',
  });
}

/** A run without its state. @throws StoreFormatError */
export function decodeSummary(stored: StoredRecord, store: string): RunSummary {
  const head = decodeHead(stored, store);
  return summary(head, head.encrypted === true ? undefined : errorIn(bodyOf(stored).split(LINE, 1)[0]), stored);
}

/** A state as it stands in the store. @throws StoreFormatError, UsageError without the key to it. */
export async function decodeState(
  stored: StoredRecord,
  store: string,
  encryption: StateFlushSettings['encryption'],
): Promise<{ readonly summary: RunSummary; readonly members: Members }> {
  const head = decodeHead(stored, store);
  const { runId } = head;
  let body = bodyOf(stored);
  if (head.encrypted === true) {
    if (encryption === undefined) {
      throw new UsageError({
        place: 'stateFlush({ encryption })',
        problem: `is missing, and the state of run ${JSON.stringify(runId)} is encrypted`,
        remedy: 'Give the encryption it was written with (loadConfig: stateEncryption). The state was left as it is.',
      });
    }
    body = await encryption.decrypt(body, { runId, id: stored.key.id, field: 'state' });
  }
  const [error, ...lines] = body.split(LINE);
  const members = new Map<string, string>();
  for (let at = 0; at + 1 < lines.length; at += 2)
    members.set(JSON.parse(lines[at] as string) as string, lines[at + 1] as string);
  return { summary: summary(head, errorIn(error), stored), members };
}

function bodyOf(stored: StoredRecord): string {
  return stored.value.slice(stored.value.indexOf(LINE) + 1);
}

function errorIn(line: string | undefined): string | undefined {
  return (JSON.parse(line ?? 'null') as string | null) ?? undefined;
}

function summary(head: Head, error: string | undefined, { writtenAt }: StoredRecord): RunSummary {
  const { runId, threadId, tenant, status, reason } = head;
  return {
    runId,
    ...(threadId === undefined ? {} : { threadId }),
    ...(tenant === undefined ? {} : { tenant }),
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(error === undefined ? {} : { error }),
    updatedAt: writtenAt,
  };
}
