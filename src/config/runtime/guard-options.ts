import type { LedgerOptions } from '../../ledger/options.js';
import type { GuardConfig } from '../loader/config.js';
import type { Issues } from '../loader/issues.js';
import { nearest } from '../loader/suggestion.js';
import { fieldSelector } from './id-fields.js';
import { CODE_KEYS, type ToolCode } from './tool-code.js';

/** What code gives, without what it leaves undefined. */
export function givenKeys(code: ToolCode): readonly string[] {
  return Object.keys(code).filter((key) => code[key as keyof ToolCode] !== undefined);
}

/**
 * What the file and the code say of a tool or task together, as the options of its guard.
 *
 * @returns undefined when they contradict each other, which is then told.
 */
export function guardOptions(
  config: GuardConfig,
  code: ToolCode,
  issues: Issues,
): Omit<LedgerOptions, 'ledger'> | undefined {
  const { name, kind, ledger, path, at } = config;
  const refuse = (id: string, problem: string, remedy: string, suggestion?: string, key?: string): undefined => {
    issues.add({ id, at, path: key === undefined ? path : [...path, key], problem, remedy, suggestion });
    return undefined;
  };
  if (ledger === undefined) {
    const given = givenKeys(code);
    if (given.length === 0) return {};
    return refuse(
      'MYC502',
      `code gives ${given.join(', ')} to ${name}, and nothing records it`,
      'Write ledger: true, or take the code out.',
    );
  }
  const known = Object.entries(CODE_KEYS).flatMap(([key, ofTasks]) => (kind === 'tool' || ofTasks ? [key] : []));
  const strange = givenKeys(code).filter((key) => !known.includes(key));
  for (const key of strange) {
    const remedy = `What is code is ${known.join(', ')}; everything else stands in the file.`;
    refuse('MYC510', `code gives ${key} to the ${kind} ${name}`, remedy, nearest(key, known));
  }
  if (strange.length > 0) return undefined;
  const { encryption, idFrom: selector, ...rest } = code;
  const { idFrom: fields, store, ...declared } = ledger.options;
  if (fields !== undefined && selector !== undefined)
    return refuse('MYC503', `${name} has id_from here and idFrom in code`, 'Keep one of them.', undefined, 'id_from');
  const idFrom = selector ?? (fields === undefined ? undefined : fieldSelector(name, fields));
  const form = { ...store, ...(encryption === undefined ? {} : { encryption }) };
  return {
    ...declared,
    ...rest,
    name,
    ...(idFrom === undefined ? {} : { idFrom }),
    ...(Object.keys(form).length === 0 ? {} : { store: form }),
  } as LedgerOptions;
}
