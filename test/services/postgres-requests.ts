import { BufferedReader, type WireRequest } from './requests.js';

/** What frontends send, by the first byte. */
const KINDS: Readonly<Record<string, string>> = {
  B: 'Bind',
  C: 'Close',
  d: 'CopyData',
  c: 'CopyDone',
  f: 'CopyFail',
  D: 'Describe',
  E: 'Execute',
  H: 'Flush',
  F: 'FunctionCall',
  P: 'Parse',
  p: 'Password',
  Q: 'Query',
  S: 'Sync',
  X: 'Terminate',
};

/** Messages before and instead of the start of a session, by their code. */
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;

/** Reads version 3 of the protocol, and knows which statement a Bind and an Execute are about. */
export class PostgresRequests extends BufferedReader {
  #startup: Buffer | undefined;
  /** Statements by name; the nameless one too. */
  readonly #statements = new Map<string, WireRequest>();
  readonly #portals = new Map<string, string>();

  /** Works where no password is asked for. */
  override preamble(requests: readonly WireRequest[]): Buffer {
    const parsed = new Set(requests.filter(({ name }) => name === 'Parse').map(({ text }) => text));
    const bound = new Set(requests.filter(({ name }) => name === 'Bind').map(({ text }) => text));
    const needed = [...this.#statements.values()].filter(({ text }) => bound.has(text) && !parsed.has(text));
    return Buffer.concat([this.#startup ?? Buffer.alloc(0), ...needed.map(({ bytes }) => bytes)]);
  }

  protected override lengthOf(bytes: Buffer): number | undefined {
    const kind = this.#startup === undefined ? 0 : 1;
    return bytes.length < kind + 4 ? undefined : kind + bytes.readUInt32BE(kind);
  }

  protected override request(bytes: Buffer): WireRequest | undefined {
    if (this.#startup === undefined) return this.#beforeSession(bytes);
    const kind = bytes.toString('latin1', 0, 1);
    const name = KINDS[kind] ?? kind;
    const request = { name, text: this.#statementOf(name, bytes.subarray(5)), bytes: Buffer.from(bytes) };
    if (name === 'Parse') this.#statements.set(strings(bytes.subarray(5))[0] ?? '', request);
    return request;
  }

  #beforeSession(bytes: Buffer): WireRequest {
    const code = bytes.readUInt32BE(4);
    if (code === SSL_REQUEST || code === GSS_REQUEST) return { name: 'EncryptionRequest', text: '', bytes };
    if (code === CANCEL_REQUEST) return { name: 'CancelRequest', text: '', bytes };
    this.#startup = Buffer.from(bytes);
    return { name: 'Startup', text: '', bytes };
  }

  #statementOf(name: string, body: Buffer): string {
    const [first = '', second = ''] = strings(body);
    switch (name) {
      case 'Query':
        return first;
      case 'Parse':
        return second;
      case 'Bind': {
        const statement = this.#statements.get(second)?.text ?? '';
        this.#portals.set(first, statement);
        return statement;
      }
      case 'Execute':
        return this.#portals.get(first) ?? '';
      default:
        return '';
    }
  }
}

/** The first two zero-terminated strings. */
function strings(body: Buffer): string[] {
  const end = body.indexOf(0);
  if (end < 0) return [];
  const next = body.indexOf(0, end + 1);
  return [body.toString('utf8', 0, end), ...(next < 0 ? [] : [body.toString('utf8', end + 1, next)])];
}
