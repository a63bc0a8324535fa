import { isSecretName } from '../encoding/redact.js';

/** Whether the value at a place must not be told. */
export type SecretRule = (path: readonly (string | number)[]) => boolean;

/** Whatever stands below a member with a secret-looking name, or one of these. */
export function secretRule(names: readonly string[] = []): SecretRule {
  const named = new Set(names);
  return (path) => path.some((step) => typeof step === 'string' && (named.has(step) || isSecretName(step)));
}
