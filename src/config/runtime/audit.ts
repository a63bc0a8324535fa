import { UsageError } from '../../errors/usage.js';
import type { ValueOptions } from '../../receipts/receipt-values.js';
import type { Signer } from '../../receipts/signer.js';
import type { ReceiptIssuer } from '../../tool/receipt.js';
import type { ReadConfig } from '../loader/read-config.js';

/** Whoever signs the receipts of a configuration, and the heads of their log. */
export interface Audit {
  readonly issuer: ReceiptIssuer;
  readonly signer: Signer;
}

const MAKE_ONE =
  'Make a key with mycelium keys generate --out FILE and name it as signing_key_file, or without --out for a secret manager.';

/**
 * Reads the signing key of a configuration. What is wrong with it is added to the issues of the file: it stops a
 * program before its first payment, and nobody who only looks at calls.
 *
 * @returns undefined when nothing is signed, or the key cannot be used.
 */
export async function auditOf({ config, issues }: ReadConfig): Promise<Audit | undefined> {
  const { audit } = config;
  if (audit === undefined || issues.errors) return undefined;
  const { said, source } = audit.key;
  const refuse = (key: string, problem: string, remedy: string): undefined => {
    const where = `audit_receipt.${key}`;
    const path = ['audit_receipt', key];
    issues.add({ id: 'MYC520', at: audit.at(key), path, problem: `${where} ${problem}`, remedy });
    return undefined;
  };
  if (source === undefined || (typeof source === 'string' && source.trim() === ''))
    return refuse(said, 'names a variable that the environment does not have', `Set it. ${MAKE_ONE}`);
  const [{ readSigningKey }, { auditReceipts }] = await Promise.all([
    import('../../receipts/key-source.js'),
    import('../../receipts/issuer.js'),
  ]);
  let signer: Signer;
  try {
    signer = readSigningKey(source);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return refuse(said, `is of no use: ${String(error.details['problem'])}`, MAKE_ONE);
  }
  const { agent, values } = audit;
  try {
    return {
      signer,
      issuer: auditReceipts({ agent, signer, ...(values === undefined ? {} : { values: values as ValueOptions }) }),
    };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const key = error.details['place'] === 'auditReceipts({ agent })' ? 'agent_id' : 'values';
    return refuse(key, String(error.details['problem']), error.remedy);
  }
}
