import type { Encryption, EncryptionContext } from '../encoding/encryption.js';
import { sha256Hex } from '../encoding/fingerprint.js';
import { redact } from '../encoding/redact.js';
import { UnencodableValueError } from '../encoding/unencodable-value-error.js';
import { decodeValue, encodeValue } from '../encoding/value-codec.js';
import type { Keep, ResolvedForm } from './stored-form.js';

/** A kept value. */
export interface StoredText {
  readonly as: Keep;
  readonly text: string;
  readonly encrypted?: true;
}

/** A kept result, or why it cannot be given again. */
export type StoredResult =
  | (StoredText & { readonly unreplayable?: string })
  | { readonly as: 'none'; readonly unreplayable: string };

function keptText(value: unknown, encoded: string, as: Keep, names: readonly string[]): string {
  if (as === 'full') return encoded;
  return as === 'digest' ? sha256Hex(encoded) : encodeValue(redact(value, names));
}

/** Keeps a value; synchronous unless it is encrypted, so that the common path awaits nothing. */
export function keepInput(
  value: unknown,
  form: ResolvedForm,
  context: EncryptionContext,
): StoredText | Promise<StoredText> {
  return keep(value, encodeValue(value), form.input, form, context);
}

function keep(
  value: unknown,
  encoded: string,
  as: Keep,
  form: ResolvedForm,
  context: EncryptionContext,
): StoredText | Promise<StoredText> {
  const text = keptText(value, encoded, as, form.redact);
  if (form.encryption === undefined || as === 'digest') return { as, text };
  return encrypted(as, text, form.encryption, context);
}

async function encrypted(
  as: Keep,
  text: string,
  encryption: Encryption,
  context: EncryptionContext,
): Promise<StoredText> {
  return { as, text: await encryption.encrypt(text, context), encrypted: true };
}

/** Keeps a result. One that cannot be kept still commits, and says why it cannot be given again. */
export function keepResult(
  value: unknown,
  form: ResolvedForm,
  context: EncryptionContext,
): StoredResult | Promise<StoredResult> {
  let encoded: string;
  try {
    encoded = encodeValue(value);
  } catch (error) {
    if (!(error instanceof UnencodableValueError)) throw error;
    return {
      as: 'none',
      unreplayable: `at ${String(error.details['path'])} it is ${String(error.details['what'])}, which cannot be stored`,
    };
  }
  if (encoded.length > form.maxResultLength) {
    return {
      as: 'none',
      unreplayable: `it is ${encoded.length} characters long, and at most ${form.maxResultLength} are kept`,
    };
  }
  if (form.result !== 'full') {
    const why = `only ${form.result === 'digest' ? 'its digest' : 'a redacted copy'} was kept`;
    const kept = keep(value, encoded, form.result, form, context);
    return kept instanceof Promise
      ? kept.then((text) => ({ ...text, unreplayable: why }))
      : { ...kept, unreplayable: why };
  }
  return keep(value, encoded, 'full', form, context);
}

/** Reads a value that was kept in full. */
export function readKept(kept: StoredText, encryption: Encryption | undefined, context: EncryptionContext): unknown {
  if (kept.encrypted !== true) return decodeValue(kept.text);
  if (encryption === undefined) throw new Error('the value is encrypted, and no encryption is configured here');
  return Promise.resolve(encryption.decrypt(kept.text, context)).then((text) => decodeValue(text));
}
