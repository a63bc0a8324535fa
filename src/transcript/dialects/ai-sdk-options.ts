import type { Flaw, Part } from '../graph.js';
import { flaw, isMembers, type Members } from '../shape.js';

/** What a member must be where it stands; all of these may be left out. A database that stores `null` for absent breaks that. */
type Kind = 'text' | 'true or false' | 'an object of objects, by provider';

const providers = 'an object of objects, by provider';

/** Of a `ModelMessage`. */
export const messageOptions: Readonly<Record<string, Kind>> = { providerOptions: providers };

/** Of its parts. */
export const modelOptions: Readonly<Record<string, Kind>> = {
  providerOptions: providers,
  mediaType: 'text',
  filename: 'text',
  providerExecuted: 'true or false',
  reason: 'text',
};

/** Of the parts of a `UIMessage`. */
export const uiOptions: Readonly<Record<string, Kind>> = {
  providerMetadata: providers,
  callProviderMetadata: providers,
  resultProviderMetadata: providers,
  filename: 'text',
  title: 'text',
  providerExecuted: 'true or false',
  preliminary: 'true or false',
};

/** One flaw for each option that is not as it must be: the SDK refuses the whole list for it. */
export function optionFlaws(raw: unknown, options: Readonly<Record<string, Kind>>): readonly Flaw[] {
  const wrong = unfit(raw, options);
  if (wrong.length === 0) return none;
  return wrong.map((name) => flaw('invalid-content', name, `${name} is ${options[name]}, or left out`, 'rewrite'));
}

/** A part with the flaws of its options; what is wrong in a way that nothing mends is among its flaws already. */
export function withOptionFlaws(part: Part, options: Readonly<Record<string, Kind>>): Part {
  const found = optionFlaws(part.raw, options);
  if (found.length === 0) return part;
  const flaws = found.filter(({ at }) => !part.flaws.some((known) => known.at === at));
  return { ...part, flaws: [...part.flaws, ...flaws] };
}

/** Without the options that are not as they must be. */
export function fitting(raw: Members, options: Readonly<Record<string, Kind>>): Members {
  const wrong = unfit(raw, options);
  if (wrong.length === 0) return raw;
  return Object.fromEntries(Object.entries(raw).filter(([name]) => !wrong.includes(name)));
}

/** Mostly nothing: looked at for every part of every message. */
const none: readonly never[] = [];

function unfit(raw: unknown, options: Readonly<Record<string, Kind>>): readonly string[] {
  if (!isMembers(raw)) return none;
  let wrong: string[] | undefined;
  for (const name in options) {
    if (raw[name] === undefined || isOf(raw[name], options[name]!)) continue;
    wrong ??= [];
    wrong.push(name);
  }
  return wrong ?? none;
}

function isOf(value: unknown, kind: Kind): boolean {
  if (kind === 'text') return typeof value === 'string';
  if (kind === 'true or false') return typeof value === 'boolean';
  return isMembers(value) && Object.values(value).every(isMembers);
}
