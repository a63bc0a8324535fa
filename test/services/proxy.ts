import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { onFreePort } from './ports.js';
import { PostgresRequests } from './postgres-requests.js';
import { type Fault, type Match, matches, type RequestChunk } from './proxy-faults.js';
import { Gate, Link } from './proxy-link.js';
import { RedisRequests } from './redis-requests.js';

export type { Fault, Match, RequestChunk } from './proxy-faults.js';

/** The last statements that are remembered, so that a long run stays small. */
const MOST_STATEMENTS = 10_000;

/** What passed a proxy since it started or was last reset. */
export interface Traffic {
  /** Connections that clients made. */
  readonly connections: number;
  /** Requests by name: Redis commands in upper case, kinds of Postgres messages. */
  readonly requests: Readonly<Record<string, number>>;
  /** What was executed, in order: Redis commands with their first arguments, texts of Postgres statements. */
  readonly statements: readonly string[];
}

/** A server on the loopback interface that stands before a real one, and does to connections what networks do. */
export interface FaultProxy {
  readonly port: number;
  /** The URL of the target, with this port. */
  readonly url: string;
  readonly counter: { reset(): void; snapshot(): Traffic };
  /** Asked about every chunk that no `strike` is for; nothing to be done by default. */
  decide: (chunk: RequestChunk) => Fault | undefined;
  /**
   * Does something to the next chunk that matches.
   * @returns a promise that resolves when it has come to pass: cut (and, for `cut-after` and `cut-reply`, applied),
   * the request swallowed, the duplicate worked off; for `hold`, `delay` and `swallow-reply` when the server replied
   */
  strike(match: Match, fault: Fault): Promise<void>;
  /** Lets go what `hold` holds. */
  release(): void;
  /** Nothing passes in either direction, and connections stay open. */
  pause(): void;
  resume(): void;
  /** Ends all connections. */
  cut(): void;
  /** Ends all connections and refuses new ones: the server is away. */
  refuse(): Promise<void>;
  /** Accepts connections again. */
  accept(): Promise<void>;
  /** New connections go there. */
  setTarget(url: string): void;
  close(): Promise<void>;
}

/**
 * Starts a proxy.
 * @param target - the URL of the server: redis://, postgres://, or tcp:// for bytes that are not looked into
 * @example
 * const proxy = await startProxy(redisService());
 * const applied = proxy.strike('EVALSHA', { type: 'cut-after' });
 */
export async function startProxy(target: string): Promise<FaultProxy> {
  return onFreePort(async (port) => {
    const proxy = new ProxyServer(port, target);
    await proxy.accept();
    return proxy;
  });
}

interface Strike {
  readonly match: Match;
  readonly fault: Fault;
  readonly done: () => void;
}

class ProxyServer implements FaultProxy {
  readonly port: number;
  readonly counter = { reset: (): void => this.#reset(), snapshot: (): Traffic => this.#snapshot() };
  decide: (chunk: RequestChunk) => Fault | undefined = () => undefined;
  readonly #paused = new Gate();
  readonly #links = new Set<Link>();
  #target: URL;
  #listener: Server | undefined;
  #strikes: Strike[] = [];
  #connections = 0;
  #connectionsBefore = 0;
  #requests = new Map<string, number>();
  #statements: string[] = [];

  constructor(port: number, target: string) {
    this.port = port;
    this.#target = new URL(target);
  }

  get url(): string {
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  strike(match: Match, fault: Fault): Promise<void> {
    return new Promise((done) => this.#strikes.push({ match, fault, done }));
  }

  release(): void {
    for (const link of this.#links) link.release();
  }

  pause(): void {
    this.#paused.close();
  }

  resume(): void {
    this.#paused.open();
  }

  cut(): void {
    for (const link of this.#links) link.destroy();
  }

  async refuse(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    const closed = listener === undefined ? undefined : once(listener, 'close');
    listener?.close();
    this.cut();
    await closed;
  }

  async accept(): Promise<void> {
    if (this.#listener !== undefined) return;
    const listener = createServer({ allowHalfOpen: true }, (client) => {
      this.#connections += 1;
      const link = new Link(this.#surroundings(), this.#connections, client, readerFor(this.#target.protocol));
      this.#links.add(link);
      void link.ended.then(() => this.#links.delete(link));
    });
    listener.listen(this.port, '127.0.0.1');
    await once(listener, 'listening');
    this.#listener = listener;
  }

  setTarget(url: string): void {
    this.#target = new URL(url);
  }

  async close(): Promise<void> {
    await this.refuse();
    this.resume();
    this.release();
  }

  #surroundings(): ConstructorParameters<typeof Link>[0] {
    const { hostname: host, port, protocol } = this.#target;
    return {
      target: { host, port: Number(port || (protocol === 'redis:' ? 6379 : 5432)) },
      paused: this.#paused,
      judge: (chunk) => this.#judge(chunk),
    };
  }

  #judge(chunk: RequestChunk): { fault: Fault; done: () => void } | undefined {
    for (const { name } of chunk.requests) this.#requests.set(name, (this.#requests.get(name) ?? 0) + 1);
    this.#statements.push(...chunk.executed.map(({ text }) => text));
    if (this.#statements.length > MOST_STATEMENTS) this.#statements = this.#statements.slice(-MOST_STATEMENTS);
    const strike = this.#strikes.find(({ match }) => matches(match, chunk));
    if (strike !== undefined) {
      this.#strikes = this.#strikes.filter((other) => other !== strike);
      return strike;
    }
    const fault = this.decide(chunk);
    return fault === undefined ? undefined : { fault, done: () => undefined };
  }

  #reset(): void {
    this.#connectionsBefore = this.#connections;
    this.#requests.clear();
    this.#statements = [];
  }

  #snapshot(): Traffic {
    return {
      connections: this.#connections - this.#connectionsBefore,
      requests: Object.fromEntries(this.#requests),
      statements: [...this.#statements],
    };
  }
}

function readerFor(protocol: string): ConstructorParameters<typeof Link>[3] {
  if (protocol === 'redis:') return new RedisRequests();
  if (protocol === 'postgres:' || protocol === 'postgresql:') return new PostgresRequests();
  return { read: () => [], preamble: () => Buffer.alloc(0) };
}
