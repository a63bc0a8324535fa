/** What clients ask of a server, read from the bytes that pass a proxy, however they are cut into chunks. */

/** One request of a client. */
export interface WireRequest {
  /** Redis: the command, upper case, as EVALSHA. Postgres: the kind of message, as Parse, Bind, Execute, Query. */
  readonly name: string;
  /** Redis: the command with its arguments, shortened. Postgres: the statement that the message is about, or nothing. */
  readonly text: string;
  /** Its bytes. */
  readonly bytes: Buffer;
}

/** Reads the requests of one connection. */
export interface RequestReader {
  /** @returns the requests that end in this chunk */
  read(chunk: Buffer): readonly WireRequest[];
  /**
   * What another connection has to say first, so that the server understands the given requests there as it does
   * here: who we are, the statements that were prepared.
   */
  preamble(requests: readonly WireRequest[]): Buffer;
}

/** Splits what one connection sent into whole requests. */
export abstract class BufferedReader implements RequestReader {
  #rest: Buffer = Buffer.alloc(0);

  read(chunk: Buffer): readonly WireRequest[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const requests: WireRequest[] = [];
    for (;;) {
      const length = this.lengthOf(bytes);
      if (length === undefined || length > bytes.length) break;
      const request = this.request(bytes.subarray(0, length));
      if (request !== undefined) requests.push(request);
      bytes = bytes.subarray(length);
    }
    this.#rest = Buffer.from(bytes);
    return requests;
  }

  abstract preamble(requests: readonly WireRequest[]): Buffer;
  /** How many bytes the first request has; `undefined` when that cannot be told yet. */
  protected abstract lengthOf(bytes: Buffer): number | undefined;
  /** Understands one whole request; `undefined` for what is none. */
  protected abstract request(bytes: Buffer): WireRequest | undefined;
}
