import { IdentityMissingError } from '../../errors/call.js';
import type { NamedSelector } from '../../ledger/policy.js';
import { spellings, spelt } from '../loader/names.js';

/**
 * Reads the fields that `id_from` names from an input, each as it is spelt in the file, else in camelCase. The
 * values identify the call, not their names: a file that is rewritten in the other spelling re-opens nothing.
 */
export function fieldSelector(tool: string, names: readonly string[]): NamedSelector {
  const fields = names.map(spellings);
  const select = (input: unknown): unknown[] => {
    const record = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
    return fields.map(([literal, other]) => fieldOf(tool, record, literal, other));
  };
  return Object.assign(select, { fields: names.map(spelt) });
}

function fieldOf(
  tool: string,
  record: Readonly<Record<string, unknown>>,
  literal: string,
  other: string | undefined,
): unknown {
  const value = own(record, literal);
  const otherValue = other === undefined ? undefined : own(record, other);
  if (otherValue === undefined) return value;
  if (value === undefined) return otherValue;
  throw new IdentityMissingError({
    tool,
    field: literal,
    problem: `its identity comes from ${literal}, and the input has both ${literal} and ${other}`,
    remedy: 'Give one of them.',
  });
}

/** Every object has a member called \`constructor\`; it identifies nothing. */
function own(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
