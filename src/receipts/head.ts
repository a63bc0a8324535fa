import { canonicalJson } from '../encoding/canonical-json.js';
import { isInUse, type Keyring } from './keyring.js';
import { hashFrom, hashText } from './merkle/hashing.js';
import { base64url, fromBase64url, type Signer } from './signer.js';

export const HEAD_FORMAT = 'mycelium-tree-head/1';

/** What a signer says of the log: that it had so many receipts, with this root. */
export interface TreeHead {
  readonly format: typeof HEAD_FORMAT;
  readonly ledger: string;
  readonly size: number;
  /** In hexadecimal. */
  readonly root: string;
  /** When it was signed, in milliseconds of the store's clock. */
  readonly at: number;
  /** The RFC 7638 thumbprint of the public key. */
  readonly key: string;
  /** Ed25519 over the canonical JSON of the head without this member, in base64url. */
  readonly signature: string;
}

/** Why a tree head is not to be believed. */
export type HeadProblem = 'malformed' | 'ledger' | 'unknown-key' | 'key-not-valid-then' | 'signature';

/** What was found out about a tree head. */
export type HeadVerdict =
  | { readonly ok: true; readonly head: TreeHead; readonly root: Uint8Array }
  | { readonly ok: false; readonly why: HeadProblem; readonly detail: string };

export function signHead(facts: Pick<TreeHead, 'ledger' | 'size' | 'at'>, root: Uint8Array, signer: Signer): TreeHead {
  const { ledger, size, at } = facts;
  const body = { format: HEAD_FORMAT, ledger, size, root: hashText(root), at, key: signer.keyId } as const;
  return { ...body, signature: base64url(signer.sign(Buffer.from(canonicalJson(body)))) };
}

/**
 * Whether a tree head was signed by one of the keys, within its time.
 *
 * @param given - its JSON, as text or parsed.
 * @param ledger - whose log it must be about. @default any
 */
export function checkHead(given: unknown, keys: Keyring, ledger?: string): HeadVerdict {
  const head = parseHead(given);
  if (head === undefined) return refused('malformed', 'it is not a tree head of the format mycelium-tree-head/1');
  const { signature, ...body } = head;
  if (ledger !== undefined && head.ledger !== ledger)
    return refused('ledger', `it is about ledger ${JSON.stringify(head.ledger)}`);
  const key = keys.find(head.key);
  if (key === undefined) return refused('unknown-key', `it is signed with the key ${head.key}, which is not trusted`);
  const bytes = fromBase64url(signature);
  if (bytes === undefined || !key.verify(Buffer.from(canonicalJson(body)), bytes))
    return refused('signature', `its signature is not that of the key ${head.key}`);
  if (!isInUse(key, head.at))
    return refused('key-not-valid-then', `the key ${head.key} was not in use at ${new Date(head.at).toISOString()}`);
  return { ok: true, head, root: hashFrom(head.root)! };
}

const MEMBERS = 'at,format,key,ledger,root,signature,size';
const LATEST = 8.64e15;

function parseHead(given: unknown): TreeHead | undefined {
  let parsed = given;
  try {
    if (typeof given === 'string') parsed = JSON.parse(given);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Object.keys(parsed).sort().join() !== MEMBERS) return undefined;
  const head = parsed as TreeHead;
  const texts = [head.ledger, head.key, head.signature];
  const fits =
    head.format === HEAD_FORMAT &&
    texts.every((text) => typeof text === 'string' && text.isWellFormed()) &&
    [head.size, head.at].every((number) => Number.isSafeInteger(number) && number >= 0) &&
    head.at <= LATEST &&
    hashFrom(head.root) !== undefined;
  return fits ? head : undefined;
}

function refused(why: HeadProblem, detail: string): HeadVerdict {
  return { ok: false, why, detail };
}
