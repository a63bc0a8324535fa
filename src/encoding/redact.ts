import { types } from 'node:util';
import { define, emptyError, errorKind, errorMembers, setStack } from './built-in-error.js';
import { nativeName } from './native-name.js';
import { MAXIMUM_DEPTH, refuse, TOO_DEEP, unencodable, within } from './refusal.js';
import type { Segment } from './value-path.js';

/** What stands in place of a secret. */
const REDACTED = '[redacted]';

/** Compared with the last words of a member's name, so that `stripeApiKey` and `user_password` are found too. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  ...[
    'password',
    'passwd',
    'passphrase',
    'passcode',
    'pwd',
    'passwordhash',
    'passwordconfirmation',
    'pin',
    'pincode',
    'otp',
  ],
  ...[
    'secret',
    'secrets',
    'clientsecret',
    'secretkey',
    'apisecret',
    'credential',
    'credentials',
    'seedphrase',
    'mnemonic',
  ],
  ...['token', 'accesstoken', 'refreshtoken', 'idtoken', 'authtoken', 'bearertoken', 'bearer', 'jwt', 'csrf', 'xsrf'],
  ...['apikey', 'accesskey', 'accesskeyid', 'secretaccesskey', 'privatekey', 'signingkey', 'encryptionkey', 'sshkey'],
  ...['authorization', 'auth', 'cookie', 'cookies', 'session', 'sessionid', 'sid', 'signature'],
  ...['cardnumber', 'creditcard', 'creditcardnumber', 'ccnumber', 'pan', 'cvc', 'cvv', 'csc', 'securitycode'],
  ...['iban', 'accountnumber', 'bankaccount', 'routingnumber', 'sortcode'],
  ...['ssn', 'socialsecuritynumber', 'taxid', 'passportnumber'],
]);

const WORD = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}]+|\p{N}+/gu;

interface Walk {
  readonly names: ReadonlySet<string>;
  /** Which names were found secret or not: lists repeat the same few. */
  readonly verdicts: Map<string, boolean>;
  /** Copies so far, so that shared parts stay shared and a cycle ends. */
  readonly copies: Map<object, object>;
}

/**
 * A copy of a value in which members with secret-like names (password, token, apiKey, authorization, cookie,
 * cardNumber, iban, …) read `[redacted]`, whatever they held. Case and separators do not matter, and the last
 * words of a name are enough. Plain objects, arrays, Maps, Sets and built-in errors are copied; everything
 * else is left as it is, so a secret inside text or inside a class instance stays.
 *
 * @param names - more names to hide. These match whole names only; case and separators do not matter.
 * @throws UnencodableValueError when a member throws as it is read, or the value nests too deep.
 */
export function redact(value: unknown, names: readonly string[] = []): unknown {
  try {
    return copy(value, { names: new Set(names.map(squeeze)), verdicts: new Map(), copies: new Map() }, 0);
  } catch (thrown) {
    throw unencodable(thrown);
  }
}

function copy(value: unknown, walk: Walk, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = walk.copies.get(value);
  if (known !== undefined) return known;
  if (depth > MAXIMUM_DEPTH) refuse(TOO_DEEP);
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null) return copyMembers(value, started(value, Object.create(null), walk), walk, depth);
  switch (nativeName(prototype)) {
    case 'Object':
      return copyMembers(value, started(value, {}, walk), walk, depth);
    case 'Array':
      return Array.isArray(value) ? copyArray(value, walk, depth) : value;
    case 'Map':
      return types.isMap(value) ? copyMap(value, walk, depth) : value;
    case 'Set':
      return types.isSet(value) ? copySet(value, walk, depth) : value;
    default:
      return copyError(value, walk, depth);
  }
}

function copyArray(array: readonly unknown[], walk: Walk, depth: number): object {
  const target: unknown[] = started(array, [], walk);
  target.length = array.length;
  return copyMembers(array, target, walk, depth);
}

function copyMap(map: ReadonlyMap<unknown, unknown>, walk: Walk, depth: number): object {
  const target = started(map, new Map<unknown, unknown>(), walk);
  for (const [key, value] of map) {
    const label = `(entry ${target.size})`;
    const copiedKey = at(map, { label }, () => copy(key, walk, depth + 1));
    target.set(
      copiedKey,
      at(map, { label }, () => member(key, value, walk, depth)),
    );
  }
  return target;
}

function copySet(set: ReadonlySet<unknown>, walk: Walk, depth: number): object {
  const target = started(set, new Set<unknown>(), walk);
  for (const item of set) target.add(at(set, { label: `(item ${target.size})` }, () => copy(item, walk, depth + 1)));
  return target;
}

function copyError(error: object, walk: Walk, depth: number): object {
  const kind = errorKind(error);
  if (kind === undefined) return error;
  const { hidden, shown } = errorMembers(error);
  const target = started(error, emptyError(kind), walk);
  const fields = error as Readonly<Record<string, unknown>>;
  for (const name of hidden)
    define(
      target,
      name,
      at(error, name, () => copy(fields[name], walk, depth + 1)),
      false,
    );
  for (const name of shown)
    define(
      target,
      name,
      at(error, name, () => member(name, fields[name], walk, depth)),
      true,
    );
  setStack(target, kind);
  return target;
}

/** Members named by symbols are kept, for the encoding to refuse rather than for a copy to lose. */
function copyMembers(source: object, target: object, walk: Walk, depth: number): object {
  const from = source as Readonly<Record<PropertyKey, unknown>>;
  const to = target as Record<PropertyKey, unknown>;
  let name = '';
  try {
    for (name of Object.keys(source)) {
      const copied = member(name, from[name], walk, depth);
      if (name === '__proto__') define(target, name, copied, true);
      else to[name] = copied;
    }
  } catch (thrown) {
    throw within(thrown, source, Array.isArray(source) && /^\d+$/.test(name) ? Number(name) : name);
  }
  for (const symbol of Object.getOwnPropertySymbols(source)) define(target, symbol, from[symbol], true);
  return target;
}

function member(name: unknown, value: unknown, walk: Walk, depth: number): unknown {
  return typeof name === 'string' && verdict(name, walk) ? REDACTED : copy(value, walk, depth + 1);
}

function at<Result>(container: object, segment: Segment, read: () => Result): Result {
  try {
    return read();
  } catch (thrown) {
    throw within(thrown, container, segment);
  }
}

function started<Target extends object>(source: object, target: Target, walk: Walk): Target {
  walk.copies.set(source, target);
  return target;
}

function verdict(name: string, walk: Walk): boolean {
  let secret = walk.verdicts.get(name);
  if (secret === undefined) {
    secret = isSecret(name, walk.names);
    walk.verdicts.set(name, secret);
  }
  return secret;
}

function isSecret(name: string, names: ReadonlySet<string>): boolean {
  return (names.size > 0 && names.has(squeeze(name))) || isSecretName(name);
}

/** Whether a member of this name is taken for a secret. */
export function isSecretName(name: string): boolean {
  const words = name.match(WORD) ?? [];
  // `password2` is as secret as `password`.
  while (words.length > 1 && /^\p{N}/u.test(words.at(-1) ?? '')) words.pop();
  let tail = '';
  for (const word of words.toReversed()) {
    tail = word.toLowerCase() + tail;
    if (SECRET_NAMES.has(tail)) return true;
  }
  return false;
}

/** A name without its case and its separators. */
function squeeze(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}
