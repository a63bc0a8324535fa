import type { ProfileName } from '../../../src/transcript/index.js';
/** One way to break a rule, and who finds it. */
export interface Broken {
  readonly profile: ProfileName;
  readonly code: string;
  /** When it is no error. */
  readonly severity?: 'warning';
  readonly messages: readonly unknown[];
}

/** A rule of the reference's §7. */
export interface ProviderRule {
  readonly id: string;
  readonly says: string;
  readonly broken: readonly Broken[];
  /** What of it cannot be seen in messages, or is checked elsewhere. */
  readonly not?: string;
}

/** Ways to break one profile. */
export const breaks =
  (profile: ProfileName) =>
  (code: string, ...messages: unknown[]): Broken => ({ profile, code, messages });

export const warned = (broken: Broken): Broken => ({ ...broken, severity: 'warning' });
