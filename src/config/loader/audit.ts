import { resolve } from 'node:path';
import type { AuditReceiptData } from './data.js';
import type { YamlTree } from './document.js';
import { type Origin, originOf } from './origin.js';
import type { Environment } from './references.js';
import type { Range } from './source.js';
import { variableOf } from './storage.js';

/** A key as text, or the file that has it. */
type KeySource = string | { readonly file: string };

/** Who signs the receipts of a configuration, and what becomes of them beside the ledger. */
export interface AuditConfig {
  readonly agent: string;
  readonly key: {
    /** The key of the file that says where it is. */
    readonly said: SigningKeyName;
    /** May be the signing key itself: for no message. Undefined: the variable that is named is not set. */
    readonly source: KeySource | undefined;
  };
  readonly values: NonNullable<AuditReceiptData['values']> | undefined;
  /** The file to which receipts are exported, absolute. */
  readonly exportTo: string | undefined;
  /** How often they are sealed, in milliseconds; undefined: only by command. */
  readonly sealEvery: number | undefined;
  /** By the keys of the section. */
  origin(key: string): Origin;
  /** What to mark when a value turns out to be wrong. */
  at(key: string): Range | undefined;
}

/** The ways to say where the signing key is. */
export const SIGNING_KEYS = ['signing_key', 'signing_key_env', 'signing_key_file'] as const;

type SigningKeyName = (typeof SIGNING_KEYS)[number];

const DEFAULT_EXPORT = './mycelium-receipts.jsonl';
/** An export follows the sealed log, so it needs one. */
const SEAL_FOR_EXPORT_MS = 30_000;

/** Fills in the defaults of the section. */
export function auditConfig(
  section: AuditReceiptData,
  around: { readonly tree: YamlTree; readonly folder: string; readonly environment: Environment },
): AuditConfig {
  const { tree, folder, environment } = around;
  const { values, path, storage } = section;
  const said = SIGNING_KEYS.find((key) => section[key] !== undefined) ?? 'signing_key';
  const exported = path ?? (storage === 'file' ? DEFAULT_EXPORT : undefined);
  return {
    agent: section.agent_id ?? '',
    key: { said, source: keySource(said, section, folder, environment) },
    values,
    exportTo: exported === undefined ? undefined : resolve(folder, exported),
    sealEvery: section.seal_every ?? (exported === undefined ? undefined : SEAL_FOR_EXPORT_MS),
    origin: (key) => originOf(tree, ['audit_receipt', key]),
    at: (key) => tree.written(['audit_receipt', key])?.value,
  };
}

function keySource(
  said: SigningKeyName,
  section: AuditReceiptData,
  folder: string,
  environment: Environment,
): KeySource | undefined {
  const written = section[said];
  if (written === undefined) return undefined;
  if (said === 'signing_key_file') return { file: resolve(folder, written) };
  return said === 'signing_key_env' ? variableOf(written, environment) : written;
}
