import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, RequestChunk } from './proxy-faults.js';
import type { RequestReader } from './requests.js';

/** A door that is open or closed, before which bytes wait. */
export class Gate {
  #closed: { readonly opened: Promise<void>; readonly open: () => void } | undefined;

  close(): void {
    if (this.#closed !== undefined) return;
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#closed = { opened, open };
  }

  open(): void {
    this.#closed?.open();
    this.#closed = undefined;
  }

  async passed(): Promise<void> {
    while (this.#closed !== undefined) await this.#closed.opened;
  }
}

/** What the links of a proxy have in common. */
export interface Surroundings {
  readonly target: { readonly host: string; readonly port: number };
  /** Closed while the proxy is paused. */
  readonly paused: Gate;
  /** Takes note of a chunk and says what becomes of it; `done` is called when that has come to pass. */
  judge(chunk: RequestChunk): { readonly fault: Fault; readonly done: () => void } | undefined;
}

/** One client's connection and ours to the server in its place. */
export class Link {
  readonly ended: Promise<void>;
  readonly #surroundings: Surroundings;
  readonly #number: number;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #reader: RequestReader;
  readonly #held = new Gate();
  #repliesFrom = 0;
  #deaf = false;
  #mute = false;
  /** How many bytes of reply still pass before the connection is cut. */
  #left = Number.POSITIVE_INFINITY;
  #onReply: (() => void)[] = [];
  #onEnd: (() => void)[] = [];

  constructor(surroundings: Surroundings, number: number, client: Socket, reader: RequestReader) {
    this.#surroundings = surroundings;
    this.#number = number;
    this.#client = client;
    this.#reader = reader;
    this.#server = connect({ ...surroundings.target, allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    for (const socket of [client, this.#server]) socket.on('error', () => undefined);
    const requests = this.#pumpRequests().finally(() => this.#server.end());
    const replies = this.#pumpReplies().then(
      () => (this.#left <= 0 ? this.#client.destroy() : this.#client.end()),
      () => this.#client.destroy(),
    );
    this.ended = Promise.allSettled([requests, replies]).then(() => this.destroy());
  }

  /** Ends both sides at once. */
  destroy(): void {
    this.#client.destroy();
    this.#server.destroy();
    for (const done of [...this.#onReply.splice(0), ...this.#onEnd.splice(0)]) done();
  }

  /** Lets replies go that a fault holds back. */
  release(): void {
    this.#held.open();
  }

  async #pumpRequests(): Promise<void> {
    for await (const bytes of chunksOf(this.#client)) {
      await this.#surroundings.paused.passed();
      const requests = this.#reader.read(bytes);
      const executed = requests.filter(({ name }) => !NOT_EXECUTED.has(name));
      const verdict = this.#surroundings.judge({ connection: this.#number, requests, executed, bytes });
      if (verdict === undefined) this.#forward(bytes);
      else await this.#carryOut(verdict.fault, { requests, bytes }, verdict.done);
    }
  }

  #forward(bytes: Buffer): void {
    if (!this.#deaf) this.#server.write(bytes);
  }

  async #carryOut(fault: Fault, chunk: Pick<RequestChunk, 'requests' | 'bytes'>, done: () => void): Promise<void> {
    switch (fault.type) {
      case 'cut-before':
        this.destroy();
        return done();
      case 'swallow-request':
        this.#deaf = true;
        return done();
      case 'cut-after':
      case 'cut-reply':
        this.#left = fault.type === 'cut-after' ? 0 : fault.bytes;
        this.#onEnd.push(done);
        return this.#forward(chunk.bytes);
      case 'swallow-reply':
        this.#mute = true;
        break;
      case 'hold':
        this.#held.close();
        break;
      case 'delay':
        await sleep(fault.requestMs ?? 0);
        this.#repliesFrom = performance.now() + (fault.replyMs ?? 0);
        break;
      case 'duplicate':
        this.#forward(chunk.bytes);
        return this.#duplicate(chunk).then(done);
    }
    this.#onReply.push(done);
    this.#forward(chunk.bytes);
  }

  /** Half-closed, so that the server works off everything before it lets go. */
  async #duplicate({ requests, bytes }: Pick<RequestChunk, 'requests' | 'bytes'>): Promise<void> {
    const second = connect({ ...this.#surroundings.target, allowHalfOpen: true });
    second.on('error', () => undefined);
    second.end(Buffer.concat([this.#reader.preamble(requests), bytes]));
    await drained(second);
    second.destroy();
  }

  async #pumpReplies(): Promise<void> {
    let cut = false;
    for await (const bytes of chunksOf(this.#server)) {
      for (const done of this.#onReply.splice(0)) done();
      await this.#surroundings.paused.passed();
      await this.#held.passed();
      await sleepUntil(this.#repliesFrom);
      if (this.#mute || cut) continue;
      if (this.#left > 0) this.#client.write(bytes.subarray(0, this.#left));
      this.#left -= bytes.length;
      if (this.#left > 0) continue;
      // The server works off what was forwarded, and lets go, before the client learns that its connection is gone.
      cut = true;
      this.#server.end();
    }
  }
}

/** What prepares or accompanies an execution. */
const NOT_EXECUTED: ReadonlySet<string> = new Set([
  'Startup',
  'EncryptionRequest',
  'CancelRequest',
  'Password',
  'Parse',
  'Bind',
  'Describe',
  'Close',
  'Flush',
  'Sync',
  'Terminate',
]);

const chunksOf = (socket: Socket): AsyncIterable<Buffer> => socket.iterator({ destroyOnReturn: false });

/** Discards what still comes, until the other side is done. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || socket.readableEnded) return resolve();
    socket.once('end', resolve).once('close', () => resolve());
    socket.resume();
  });
}

async function sleepUntil(time: number): Promise<void> {
  const left = time - performance.now();
  if (left > 0) await sleep(left);
}
