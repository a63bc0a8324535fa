import { UsageError } from '../errors/usage.js';
import type { ReceiptFacts, ReceiptIssuer, ReceiptValues } from '../tool/receipt.js';
import { readSigningKey, type SigningKeySource } from './key-source.js';
import { publicKeyProblem, verifierOf } from './key-verifier.js';
import { type ReceiptBody, signReceipt } from './receipt.js';
import { type ChosenValues, chosenValues, type ValueOptions } from './receipt-values.js';
import { keyIdOf, type Signer } from './signer.js';

/** Who signs receipts, and what stands in them. */
export interface AuditOptions {
  /** Who acts, as it stands in every receipt: the name of the agent, e.g. `billing-agent`. */
  readonly agent: string;
  /** The Ed25519 key to sign with: a text or bytes, `{ env }` or `{ file }`. */
  readonly signingKey?: SigningKeySource;
  /** Instead of `signingKey`: a signer of your own. It answers at once; what only answers later cannot be one. */
  readonly signer?: Signer;
  /** Puts arguments and results themselves into receipts. @default fingerprints only */
  readonly values?: ValueOptions;
}

/**
 * Signs a receipt for every outcome of a call: given to a ledger as `receipts`.
 *
 * @throws UsageError when there is no usable key, here and not at the first payment.
 *
 * @example
 * ```ts
 * const { seed, signer } = generateSigningKey();
 * const receipts = auditReceipts({ agent: 'billing-agent', signingKey: seed });
 * receipts.keyId === signer.keyId; // → true
 * ```
 */
export function auditReceipts(options: AuditOptions): ReceiptIssuer {
  const { agent, signingKey, signer: own, values } = options;
  if (typeof agent !== 'string' || agent.trim() === '' || !agent.isWellFormed())
    throw usage('agent', 'is no name', 'Give the name of the agent, as who reads its receipts is to see it.');
  if ((signingKey === undefined) === (own === undefined))
    throw usage(
      'signingKey',
      signingKey === undefined ? 'there is no key to sign receipts with' : 'a signer is given, too',
      'Give one of signingKey and signer. mycelium keys generate makes a key; it is read with signingKey: { file } or { env }.',
    );
  const signer =
    signingKey === undefined ? checked(own as Signer) : readSigningKey(signingKey, 'auditReceipts({ signingKey })');
  const choose = chosenValues(values, 'auditReceipts({ values })');
  return { keyId: signer.keyId, issue: (facts, given) => signReceipt(bodyOf(agent, facts, choose, given), signer) };
}

function bodyOf(
  agent: string,
  { settled, claimedAt, at, ...facts }: ReceiptFacts,
  choose: ChosenValues | undefined,
  given: (() => ReceiptValues) | undefined,
): ReceiptBody {
  const values = choose === undefined || given === undefined ? undefined : choose(given());
  return {
    ...wellFormed(facts),
    agent,
    ...(values === undefined ? {} : { values }),
    ...(settled === undefined ? {} : { settled: wellFormed(settled) }),
    // Other languages print fractions differently.
    claimedAt: Math.trunc(claimedAt),
    at: Math.trunc(at),
  };
}

/** Half a surrogate pair has no UTF-8: it must not cost the receipt of an effect that has happened. */
function wellFormed<Facts extends object>(facts: Facts): Facts {
  const entries = Object.entries(facts).map(([name, fact]) => [
    name,
    typeof fact === 'string' ? fact.toWellFormed() : fact,
  ]);
  return Object.fromEntries(entries) as Facts;
}

/** A signer that does not sign with the key it names would make receipts that nobody can verify. */
function checked(signer: Signer): Signer {
  const { keyId, publicKey } = signer;
  const problem = publicKey instanceof Uint8Array ? publicKeyProblem(publicKey) : 'is missing';
  if (problem !== undefined) throw unusable(`its publicKey ${problem}`);
  if (keyIdOf(publicKey) !== keyId) throw unusable('its keyId is not the RFC 7638 thumbprint of its publicKey');
  const probe = Buffer.from('mycelium: is this the signer of its public key?', 'utf8');
  let signature: unknown;
  try {
    signature = signer.sign(probe);
  } catch (error) {
    throw unusable(`it cannot sign: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!(signature instanceof Uint8Array)) throw unusable('it does not answer with the bytes of a signature');
  if (!verifierOf(publicKey)(probe, signature)) throw unusable('what it signs does not verify with its publicKey');
  return signer;
}

function unusable(problem: string): UsageError {
  return usage(
    'signer',
    problem,
    'A signer signs with Ed25519, at once. mycelium keys generate makes a key for signingKey, which needs no signer.',
  );
}

function usage(option: string, problem: string, remedy: string): UsageError {
  return new UsageError({ place: `auditReceipts({ ${option} })`, problem, remedy });
}
