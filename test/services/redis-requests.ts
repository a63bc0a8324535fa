import { BufferedReader, type WireRequest } from './requests.js';

/** Enough for a command, a digest and some keys; values are left out of what is remembered. */
const LONGEST_TEXT = 1_000;

/** Commands that the rest of a connection depends on. */
const SESSION_COMMANDS = new Set(['AUTH', 'HELLO', 'SELECT']);

/** Reads RESP: arrays of bulk strings, which clients send, and the inline form. */
export class RedisRequests extends BufferedReader {
  readonly #session: Buffer[] = [];

  override preamble(): Buffer {
    return Buffer.concat(this.#session);
  }

  protected override lengthOf(bytes: Buffer): number | undefined {
    return this.#words(bytes)?.end;
  }

  protected override request(bytes: Buffer): WireRequest | undefined {
    const words = this.#words(bytes)?.words ?? [];
    const name = words[0]?.toUpperCase();
    if (name === undefined) return undefined;
    if (SESSION_COMMANDS.has(name)) this.#session.push(Buffer.from(bytes));
    return { name, text: [name, ...words.slice(1)].join(' ').slice(0, LONGEST_TEXT), bytes };
  }

  /** The words of the first request and where it ends; `undefined` while it is incomplete. */
  #words(bytes: Buffer): { readonly words: string[]; readonly end: number } | undefined {
    let lineEnd = bytes.indexOf('\r\n');
    if (lineEnd < 0) return undefined;
    let end = lineEnd + 2;
    const line = bytes.toString('latin1', 0, lineEnd);
    if (!line.startsWith('*')) return { words: line.split(' ').filter((word) => word !== ''), end };
    const words: string[] = [];
    for (let left = Number(line.slice(1)); left > 0; left -= 1) {
      lineEnd = bytes.indexOf('\r\n', end);
      if (lineEnd < 0) return undefined;
      const start = lineEnd + 2;
      const length = Number(bytes.toString('latin1', end + 1, lineEnd));
      end = start + length + 2;
      if (bytes.length < end) return undefined;
      words.push(bytes.toString('utf8', start, Math.min(start + length, start + LONGEST_TEXT)));
    }
    return { words, end };
  }
}
