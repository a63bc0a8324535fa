import type { ReadConfig } from '../loader/read-config.js';
import { type Audit, auditOf } from './audit.js';
import { type Boundaries, boundariesOf } from './boundaries.js';

/** What a configuration takes beside its text: keys are read, schemas are compiled. */
export interface Parts {
  readonly audit: Audit | undefined;
  readonly boundaries: Boundaries;
}

/** Loads what the file asks for, and nothing else. What is wrong with it is added to the issues of the file. */
export async function loadParts(read: ReadConfig): Promise<Parts> {
  const boundaries = await boundariesOf(read);
  return { audit: await auditOf(read), boundaries };
}
