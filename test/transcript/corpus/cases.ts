import type { ProfileName } from '../../../src/transcript/index.js';
import type { Breakage, CorpusFormat, Message } from './breakage.js';

/** One published case: messages, and what a provider says of them. */
export interface Case {
  readonly name: string;
  /** Codes of its errors; empty: a provider takes it. */
  readonly breaks: readonly string[];
  readonly warns?: readonly string[];
  /** Judged by this profile instead of the format's default. */
  readonly profile?: ProfileName;
  /** Codes that no repair mends. */
  readonly remaining?: readonly string[];
  readonly messages: readonly unknown[];
}

/** Enough of one kind: more places of the same breakage show little that is new. */
const MOST_OF_A_BREAKAGE = 12;

/** What can be read through, and loaded in a test. */
const MOST_OF_A_FORMAT = 500;

/** The cases of one format: every conversation as it is, and every breakage where it can be done. The same ones each time. */
export function casesOf({ conversations, breakages }: CorpusFormat): Case[] {
  const valid = Object.entries(conversations).map(([name, messages]) => ({ name, breaks: [], messages }));
  const broken = breakages.map((breakage) => brokenBy(breakage, conversations));
  const most = mostOf(
    broken.map(({ length }) => length),
    MOST_OF_A_FORMAT - valid.length,
  );
  return [...valid, ...broken.flatMap((cases) => evenly(cases, most))];
}

function brokenBy(breakage: Breakage, conversations: CorpusFormat['conversations']): Case[] {
  const { name, breaks, warns, profile, remaining, at } = breakage;
  const label = {
    breaks,
    ...(warns === undefined ? {} : { warns }),
    ...(profile === undefined ? {} : { profile }),
    ...(remaining === undefined ? {} : { remaining }),
  };
  const cases = Object.entries(conversations).flatMap(([conversation, messages]) =>
    at(messages).map(
      (changed: readonly Message[], place): Case => ({
        name: `${name} · ${conversation} · ${place + 1}`,
        ...label,
        // As a file has them: without members that are `undefined`.
        messages: JSON.parse(JSON.stringify(changed)),
      }),
    ),
  );
  // Some breakages leave nothing of the conversation.
  const seen = new Set<string>();
  return cases.filter((one) => seen.size < seen.add(JSON.stringify(one.messages)).size);
}

/** How many of each, so that all together are not too many. */
function mostOf(counts: readonly number[], room: number): number {
  for (let most = MOST_OF_A_BREAKAGE; most > 1; most -= 1) {
    const all = counts.reduce((sum, count) => sum + Math.min(count, most), 0);
    if (all <= room) return most;
  }
  return 1;
}

/** So many of them, from the first to the last. */
function evenly<Value>(values: readonly Value[], most: number): Value[] {
  if (values.length <= most) return [...values];
  return Array.from({ length: most }, (_, at) => values[Math.floor((at * values.length) / most)]!);
}
