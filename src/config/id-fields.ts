import { IdentityMissingError } from '../errors/call.js';
import type { NamedSelector } from '../ledger/policy.js';
import { spellings, spelt } from './names.js';

/**
 * Reads the fields that `id_from` names from an input, each as it is spelt in the file, else in camelCase. The
 * values identify the call, not their names: a file that is rewritten in the other spelling re-opens nothing.
 */
export function fieldSelector(tool: string, names: readonly string[]): NamedSelector {
  const select = (input: unknown): unknown[] => {
    const record = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
    return names.map((name) => fieldOf(tool, record, name));
  };
  return Object.assign(select, { fields: names.map(spelt) });
}

function fieldOf(tool: string, record: Readonly<Record<string, unknown>>, name: string): unknown {
  const there = spellings(name).filter((field) => record[field] !== undefined);
  if (there.length > 1) {
    throw new IdentityMissingError({
      tool,
      field: name,
      problem: `its identity comes from ${name}, and the input has both ${there.join(' and ')}`,
      remedy: 'Give one of them.',
    });
  }
  const [field] = there;
  return field === undefined ? undefined : record[field];
}
