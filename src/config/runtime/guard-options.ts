import { nearest } from '../../encoding/nearest.js';
import type { LedgerOptions } from '../../ledger/options.js';
import type { GuardConfig } from '../loader/config.js';
import type { Issues } from '../loader/issues.js';
import { fieldSelector } from './id-fields.js';
import { CODE_KEYS, type ToolCode } from './tool-code.js';

/** What code gives, without what it leaves undefined. */
export function givenKeys(code: ToolCode): readonly string[] {
  return Object.keys(code ?? {}).filter((key) => code[key as keyof ToolCode] !== undefined);
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
  if (typeof code !== 'object' || code === null) {
    const what = code === null ? 'null' : `a ${typeof code}`;
    return refuse('MYC510', `code for ${name} is ${what}`, `Pass an object: { reconcile: async (…) => … }.`);
  }
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
  const unfit = givenKeys(code).filter((key) => known.includes(key) && !fits(key as keyof ToolCode, code));
  for (const key of unfit) refuse('MYC511', `${key} of ${name} is not what it has to be`, KINDS[key as keyof ToolCode]);
  if (strange.length > 0 || unfit.length > 0) return undefined;
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

/** For callers without types: found out here, and not when a payment hangs on it. */
const KINDS: Readonly<Record<keyof ToolCode, string>> = {
  reconcile: 'Pass a function that asks the provider: async (question) => committed(…) or unknown(…).',
  notExecuted: 'Pass a function of the error that gives true or false.',
  idFrom: 'Pass a function of the input; names of fields stand in the file, as id_from.',
  fingerprint: 'Pass a function of the input, or { omit: [names] }.',
  suspends: 'Pass true or false.',
  ambient: 'Pass true or false.',
  encryption: 'Pass { encrypt, decrypt }, both functions.',
};

function fits(key: keyof ToolCode, code: ToolCode): boolean {
  const { fingerprint, encryption } = code;
  switch (key) {
    case 'suspends':
    case 'ambient':
      return typeof code[key] === 'boolean';
    case 'fingerprint':
      return typeof fingerprint === 'function' || Array.isArray(fingerprint?.omit);
    case 'encryption':
      return typeof encryption?.encrypt === 'function' && typeof encryption.decrypt === 'function';
    default:
      return typeof code[key] === 'function';
  }
}
