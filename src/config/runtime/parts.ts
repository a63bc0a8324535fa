import type { ReadConfig } from '../loader/read-config.js';
import { type Audit, auditOf } from './audit.js';
import { type Boundaries, boundariesOf } from './boundaries.js';
import { checkCounter, checkProvider } from './messages-parts.js';
import { type Protections, protectionsOf } from './protections.js';

/** What a configuration takes beside its text: keys are read, schemas are compiled. */
export interface Parts {
  readonly audit: Audit | undefined;
  readonly boundaries: Boundaries;
  readonly protections: Protections;
}

/**
 * Reads keys, compiles schemas and loads a tokenizer. What is wrong with them is added to the issues of the file.
 */
export async function checkParts(read: ReadConfig): Promise<Omit<Parts, 'protections'>> {
  const [boundaries] = await Promise.all([boundariesOf(read), checkProvider(read), checkCounter(read)]);
  return { audit: await auditOf(read), boundaries };
}

/** Loads what the file asks for, and nothing else. What is wrong with it is added to the issues of the file. */
export async function loadParts(read: ReadConfig): Promise<Parts> {
  const [checked, protections] = await Promise.all([checkParts(read), protectionsOf(read)]);
  return { ...checked, protections };
}
