import { nearest } from '../../encoding/nearest.js';
import type { ReadConfig } from '../loader/read-config.js';
import { type Audit, auditOf } from './audit.js';
import { type Boundaries, boundariesOf } from './boundaries.js';
import { type Protections, protectionsOf } from './protections.js';

/** What a configuration takes beside its text: keys are read, schemas are compiled. */
export interface Parts {
  readonly audit: Audit | undefined;
  readonly boundaries: Boundaries;
  readonly protections: Protections;
}

/** Whether there are rules of the name in the file: rules are loaded when one is named. */
async function checkProvider({ config, issues }: ReadConfig): Promise<void> {
  const { provider } = config.messageValidator ?? {};
  if (provider === undefined) return;
  const { profiles } = await import('../../transcript/formats.js');
  const names = profiles.map(({ name }) => name);
  if (names.includes(provider)) return;
  issues.add({
    id: 'MYC523',
    at: config.providerAt,
    path: ['message_validator', 'provider'],
    problem: `message_validator.provider is ${JSON.stringify(provider)}, and there are no rules of that name`,
    suggestion: nearest(provider, names),
    remedy: `There are ${names.join(', ')}.`,
  });
}

/**
 * Reads keys and compiles schemas. What is wrong with them is added to the issues of the file.
 */
export async function checkParts(read: ReadConfig): Promise<Omit<Parts, 'protections'>> {
  const [boundaries] = await Promise.all([boundariesOf(read), checkProvider(read)]);
  return { audit: await auditOf(read), boundaries };
}

/** Loads what the file asks for, and nothing else. What is wrong with it is added to the issues of the file. */
export async function loadParts(read: ReadConfig): Promise<Parts> {
  const [checked, protections] = await Promise.all([checkParts(read), protectionsOf(read)]);
  return { ...checked, protections };
}
