import { randomUUID } from 'node:crypto';
import type { StoreClient } from '../store/client.js';
import type { RecordKey, StoredRecord } from '../store/contract.js';
import {
  decodeMembers,
  decodeState,
  type EncodedPatch,
  encodeState,
  type Members,
  merged,
  type Standing,
  type StateOwner,
  stateKey,
} from './snapshot.js';
import type { StateFlushSettings } from './types.js';

/**
 * The state of one run, in this process and in the store. What was recorded and is not written yet is kept apart,
 * so that it can be laid over whatever another process wrote meanwhile.
 */
export class RunRecord {
  standing: Standing = { status: 'in-progress' };
  readonly #client: StoreClient;
  readonly #owner: StateOwner;
  readonly #encryption: StateFlushSettings['encryption'];
  readonly #key: RecordKey;
  #seen: StoredRecord | undefined;
  #stored: Members = new Map();
  readonly #pending = new Map<string, string | undefined>();
  #view: Readonly<Record<string, unknown>> | undefined;
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(client: StoreClient, owner: StateOwner, encryption: StateFlushSettings['encryption']) {
    this.#client = client;
    this.#owner = owner;
    this.#encryption = encryption;
    this.#key = stateKey(owner, client.store.partitions);
  }

  /** Whether anything of this run is in the store. */
  get isStored(): boolean {
    return this.#seen !== undefined;
  }

  /** With what is not written yet. */
  get state(): Readonly<Record<string, unknown>> {
    this.#view ??= Object.freeze(decodeMembers(merged(this.#stored, this.#pending)));
    return this.#view;
  }

  /** Takes up what is stored of the run. */
  async read(): Promise<void> {
    const { records } = await this.#client.transact({ expect: [], write: [], read: [this.#key] }, randomUUID());
    await this.#takeUp(records[0]);
  }

  patch(patch: EncodedPatch): void {
    for (const [name, text] of patch) {
      // In the order in which members came, also those that come again.
      this.#pending.delete(name);
      this.#pending.set(name, text);
    }
    this.#view = undefined;
  }

  /** Writes what is recorded by the time its turn comes: one write at a time, and one for all who wait. */
  save(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    const before = this.#writing ?? Promise.resolve();
    const saved: Promise<void> = before.then(
      () => this.#turn(saved),
      () => this.#turn(saved),
    );
    this.#next = saved;
    return saved;
  }

  /** Waits for what is being written, however that ends. */
  async idle(): Promise<void> {
    await (this.#next ?? this.#writing)?.catch(() => undefined);
  }

  async #turn(saved: Promise<void>): Promise<void> {
    this.#next = undefined;
    this.#writing = saved;
    await this.write(true);
  }

  /**
   * @param insist - goes on for as long as the store has time, also when nothing was written yet.
   */
  async write(insist: boolean): Promise<void> {
    for (;;) {
      const sent = new Map(this.#pending);
      const { standing } = this;
      const members = merged(this.#stored, sent);
      const value = await encodeState(this.#owner, standing, members, this.#key.id, this.#encryption);
      const index = { name: this.#owner.name, status: standing.status };
      const { ok, records } = await this.#client.transact(
        { expect: [{ key: this.#key, revision: this.#seen?.revision }], write: [{ key: this.#key, value, index }] },
        randomUUID(),
        insist,
      );
      if (!ok) {
        await this.#takeUp(records[0]);
        continue;
      }
      this.#seen = records[0];
      this.#stored = members;
      // What was recorded meanwhile stays: it was not in what was sent.
      for (const [name, text] of sent)
        if (this.#pending.has(name) && this.#pending.get(name) === text) this.#pending.delete(name);
      return;
    }
  }

  /** Another process has written, or has removed it: then what is known here is written anew. */
  async #takeUp(stored: StoredRecord | undefined): Promise<void> {
    if (stored !== undefined)
      this.#stored = (await decodeState(stored, this.#client.store.description, this.#encryption)).members;
    this.#seen = stored;
    this.#view = undefined;
  }
}
