import { closeSync, fsyncSync, mkdirSync, openSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { columns } from '../config/table.js';
import { didKey } from '../receipts/did-key.js';
import { type PublicJwk, publicJwk } from '../receipts/jwk.js';
import { generateSigningKey, readSigningKey } from '../receipts/key-source.js';
import type { Signer } from '../receipts/signer.js';
import { CommandError, EXIT, type ExitCode } from './exit.js';
import type { Terminal } from './terminal.js';

/** What `keys generate` is told. */
export interface GenerateOptions {
  readonly out?: string;
  readonly env?: string;
  readonly json?: boolean;
}

/** What `keys show` is told. */
export interface ShowOptions {
  readonly env?: string;
  readonly jwks?: boolean;
  readonly json?: boolean;
}

/** `mycelium keys generate`: a new key, in a file that nobody else can read, or printed for a secret manager. */
export function generateKey(options: GenerateOptions, terminal: Terminal): ExitCode {
  const { signer, seed, pem } = generateSigningKey();
  const { out, env } = options;
  if (out !== undefined) writeNew(out, env === undefined ? pem : `${env}=${seed}\n`);
  const secret = out === undefined ? { privateKey: { seed, pem } } : { file: out };
  if (options.json === true) {
    terminal.out(JSON.stringify({ ...publicPart(signer), ...secret }, null, 2));
    return EXIT.done;
  }
  if (out === undefined) {
    // The answer is the secret alone, so that it can be piped to where it is kept.
    terminal.out(env === undefined ? pem.trimEnd() : `${env}=${seed}`);
    terminal.note(
      `${publicText(signer)}\n\nThe private key was printed and is kept nowhere: put it into your secret manager.`,
    );
    return EXIT.done;
  }
  terminal.out(
    `Wrote the private key to ${out}, for its owner only. Keep it out of the repository.\n\n${publicText(signer)}`,
  );
  return EXIT.done;
}

/** `mycelium keys show`: the public part of a key, as it is published. */
export function showKey(file: string | undefined, { env, json, jwks }: ShowOptions, terminal: Terminal): ExitCode {
  if ((file === undefined) === (env === undefined))
    throw new CommandError(
      EXIT.usage,
      'keys show needs the key, once',
      'Name its file, or the variable of the environment with --env NAME.',
    );
  const signer =
    file === undefined ? readSigningKey({ env: env ?? '' }, 'keys show --env') : readSigningKey({ file }, 'keys show');
  if (jwks === true) terminal.out(JSON.stringify({ keys: [publicPart(signer).jwk] }, null, 2));
  else terminal.out(json === true ? JSON.stringify(publicPart(signer), null, 2) : publicText(signer));
  if (file !== undefined && isOpenToOthers(file)) terminal.note(`Others can read ${file}: chmod 600 it.`);
  return EXIT.done;
}

interface PublicPart {
  readonly keyId: string;
  readonly did: string;
  readonly jwk: PublicJwk;
}

function publicPart({ keyId, publicKey }: Signer): PublicPart {
  return { keyId, did: didKey(publicKey), jwk: publicJwk(publicKey) };
}

function publicText(signer: Signer): string {
  const { keyId, did, jwk } = publicPart(signer);
  return columns([
    ['key id', keyId],
    ['did', did],
    ['jwk', JSON.stringify(jwk)],
  ]);
}

/** @throws CommandError */
function writeNew(name: string, text: string): void {
  const file = resolve(name);
  let made = false;
  try {
    mkdirSync(dirname(file), { recursive: true });
    // Never over a file that is there, not even one that appears this moment: it may be the only copy of a key.
    const handle = openSync(file, 'wx', 0o600);
    made = true;
    try {
      writeFileSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    // Half a key is none, and would stand in the way of the next attempt.
    if (made) unlinkSync(file);
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && syscall === 'open')
      throw new CommandError(EXIT.findings, `${name} is there already, and was left as it is`, 'Name another file.');
    throw new CommandError(EXIT.usage, `${name} cannot be written: ${message}`, 'Name another file with --out.');
  }
}

function isOpenToOthers(file: string): boolean {
  // Windows has no such bits and shows them as set.
  return process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0;
}
