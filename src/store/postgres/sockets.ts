import { isIP, Socket } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { PostgresAddress } from './postgres-url.js';

/** How a connection is encrypted. */
export interface Encryption {
  /** Go on without when the server has none. */
  readonly optional: boolean;
  readonly options: ConnectionOptions;
}

/** What asks a server for TLS, which answers with one byte. */
const TLS_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const TLS_ACCEPTED = 'S'.charCodeAt(0);

/** How to encrypt, by the option and the URL; undefined: not at all. */
export function encryptionFor(
  { host, sslmode }: PostgresAddress,
  tls: boolean | ConnectionOptions | undefined,
): Encryption | undefined {
  // The name that a certificate must be for; an address of numbers is no name to ask for.
  const named: ConnectionOptions = isIP(host) === 0 ? { host, servername: host } : { host };
  if (tls === false) return undefined;
  if (tls !== undefined) return { optional: false, options: tls === true ? named : { ...named, ...tls } };
  if (sslmode === undefined || sslmode === 'disable') return undefined;
  // As psql understands them: only "verify-full" looks at who it is.
  const options = sslmode === 'verify-full' ? named : { ...named, rejectUnauthorized: false };
  return { optional: sslmode === 'prefer', options };
}

/**
 * The sockets of a client. Made here and not by the driver so that they can be destroyed: an ended client waits for a
 * server that is silent, and so would the process.
 */
export class Sockets {
  readonly #address: PostgresAddress;
  readonly #encryption: Encryption | undefined;
  readonly #timeoutMs: number;
  readonly #open = new Set<Socket>();
  #ended = false;

  constructor(address: PostgresAddress, encryption: Encryption | undefined, timeoutMs: number) {
    this.#address = address;
    this.#encryption = encryption;
    this.#timeoutMs = timeoutMs;
  }

  /** A socket for the driver. It is given one in any case: from an error here it would not recover. */
  async make(): Promise<Socket> {
    if (this.#ended) throw new Error('the store was closed');
    const { host, port } = this.#address;
    const plain = this.#keep(new Socket());
    if (host.startsWith('/')) plain.connect(`${host}/.s.PGSQL.${port}`);
    else plain.connect(port, host);
    if (this.#encryption === undefined) return plain;
    try {
      return await this.#encrypted(plain, this.#encryption);
    } catch (error) {
      plain.destroy();
      const failed = this.#keep(new Socket());
      setImmediate(() => failed.destroy(error as Error));
      return failed;
    }
  }

  /** Destroys all of them, and those that are being made. */
  destroy(): void {
    this.#ended = true;
    for (const socket of this.#open) socket.destroy();
  }

  async #encrypted(plain: Socket, { optional, options }: Encryption): Promise<Socket> {
    const deadline = setTimeout(() => plain.destroy(connectTimeout(this.#timeoutMs)), this.#timeoutMs);
    try {
      plain.write(TLS_REQUEST);
      const answer = await firstOf<Buffer>(plain, 'data');
      // Whatever else comes unencrypted is not from the server, or not meant for us.
      if (answer.length !== 1) throw new Error('the server said more than whether it takes TLS');
      if (answer[0] !== TLS_ACCEPTED) {
        if (optional) return plain;
        throw new Error('the server takes no TLS');
      }
      const secure = this.#keep(connect({ ...options, socket: plain }));
      await firstOf(secure, 'secureConnect');
      return secure;
    } finally {
      clearTimeout(deadline);
    }
  }

  #keep<S extends Socket | TLSSocket>(socket: S): S {
    // The driver takes from here what its messages say.
    Object.assign(socket, { host: this.#address.host, port: this.#address.port });
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    return socket;
  }
}

function connectTimeout(milliseconds: number): Error {
  return Object.assign(new Error(`no connection within ${milliseconds} ms`), { code: 'CONNECT_TIMEOUT' });
}

/** What comes with the first such event. */
function firstOf<T>(socket: Socket, event: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const came = (value: T): void => {
      socket.off('close', closed);
      resolve(value);
    };
    const closed = (): void => reject(new Error('the server ended the connection'));
    socket.once(event, came);
    // Stays: an error later on would be nobody's, and end the process.
    socket.on('error', reject);
    socket.once('close', closed);
  });
}
