import { isDeepStrictEqual } from 'node:util';
import { MessageValidator, type RepairPolicies, type TranscriptFormat } from 'mycelium-runtime/transcript';
import { conversation } from './conversation.js';
import type { FuzzFormat } from './format.js';
import { Dice } from './random.js';

/** What was counted for one format. */
export interface FuzzCounts {
  readonly format: string;
  cases: number;
  valid: number;
  invalid: number;
  /** The oracle refuses it, `check` lets it pass. */
  invalid_accepted: number;
  /** The oracle accepts it, `check` does not. */
  valid_rejected: number;
  /** Of the invalid ones: after `repair` both the oracle and `check` accept it. */
  repaired: number;
  /** `remaining` is empty, and the oracle refuses what was repaired. */
  repair_untrue: number;
  /** Texts of user or assistant, refusals, signatures that were there before a repair and are not there after it. */
  texts_lost: number;
  not_idempotent: number;
  /** The messages given were changed, or a message that is equal is not the same object. */
  input_touched: number;
  /** The format was detected as another one, though calls or results say which it is. */
  misdetected: number;
  crashes: number;
  /** By code of `remaining`: why the rest was not repaired. */
  readonly remaining: Record<string, number>;
}

/** A case that a counter other than the harmless ones counted. */
export interface FuzzFinding {
  readonly counter: keyof FuzzCounts;
  readonly format: string;
  readonly mutator: string;
  readonly seed: number;
  readonly what: string;
  readonly messages: readonly unknown[];
}

const harmless = new Set<keyof FuzzCounts>(['cases', 'valid', 'invalid', 'repaired']);

/** Judges `n` mutated conversations of one format. The same seed gives the same ones. */
export function fuzz(
  format: FuzzFormat,
  n: number,
  seed: number,
  policies: Partial<RepairPolicies> = {},
): { counts: FuzzCounts; findings: FuzzFinding[] } {
  const counts: FuzzCounts = {
    format: format.format,
    cases: 0,
    valid: 0,
    invalid: 0,
    invalid_accepted: 0,
    valid_rejected: 0,
    repaired: 0,
    repair_untrue: 0,
    texts_lost: 0,
    not_idempotent: 0,
    input_touched: 0,
    misdetected: 0,
    crashes: 0,
    remaining: {},
  };
  const findings: FuzzFinding[] = [];
  const validator = new MessageValidator({ format: format.format as TranscriptFormat, policies });
  const mutators = Object.entries(format.mutators);
  for (let one = 0; one < n; one += 1) {
    const caseSeed = seed * 1_000_003 + one;
    const dice = new Dice(caseSeed);
    const clean = format.render(conversation(dice));
    const [name, mutate] = dice.pick(mutators);
    let messages: readonly unknown[] = mutate(structuredClone(clean), dice) ?? clean;
    let mutator = name;
    // Broken lists are often broken twice.
    if (dice.chance(0.2)) {
      const [second, again] = dice.pick(mutators);
      const twice = again(structuredClone(messages) as unknown[], dice);
      if (twice !== undefined) {
        messages = twice;
        mutator += ` + ${second}`;
      }
    }
    const count = (counter: keyof FuzzCounts, what = ''): void => {
      (counts[counter] as number) += 1;
      if (!harmless.has(counter))
        findings.push({ counter, format: format.format, mutator, seed: caseSeed, what, messages });
    };
    count('cases');
    try {
      for (const code of judge(format, validator, messages, count))
        counts.remaining[code] = (counts.remaining[code] ?? 0) + 1;
    } catch (error) {
      count('crashes', String(error));
    }
  }
  return { counts, findings };
}

function judge(
  format: FuzzFormat,
  validator: MessageValidator,
  messages: readonly unknown[],
  count: (counter: keyof FuzzCounts, what?: string) => void,
): Set<string> {
  const before = structuredClone(messages);
  const problems = format.oracle(messages);
  const { ok, issues } = validator.check(messages);
  count(problems.length === 0 ? 'valid' : 'invalid');
  if (problems.length > 0 && ok) count('invalid_accepted', problems.join('; '));
  if (problems.length === 0 && !ok)
    count('valid_rejected', issues.map(({ code, path }) => `${code} ${path}`).join('; '));
  const repaired = validator.repair(messages);
  const left = format.oracle(repaired.messages);
  const passes = validator.check(repaired.messages).ok;
  if (problems.length > 0 && left.length === 0 && passes) count('repaired');
  if (repaired.remaining.length === 0 && (left.length > 0 || !passes)) count('repair_untrue', left.join('; '));
  const lost = missing(format.kept(messages), format.kept(repaired.messages));
  if (lost.length > 0) count('texts_lost', lost.join('; '));
  const again = validator.repair(repaired.messages);
  if (again.changes.length > 0 || again.messages.some((message, at) => message !== repaired.messages[at]))
    count('not_idempotent', again.changes.map(({ what }) => what).join('; '));
  // Results that move are regrouped, and what is mended may equal what was dropped; else what is equal is the same object.
  const regrouped = repaired.changes.some(({ action }) => action === 'move' || action === 'remove');
  if (!isDeepStrictEqual(messages, before) || (!regrouped && copied(messages, repaired.messages)))
    count('input_touched');
  if (new MessageValidator().check(messages).format !== format.format && tells(format, messages)) count('misdetected');
  return new Set(repaired.remaining.map(({ code }) => code));
}

/** Only calls and results are evidence of a format that nobody can argue with. */
function tells({ format }: FuzzFormat, messages: readonly unknown[]): boolean {
  const text = JSON.stringify(messages);
  return (
    {
      'openai-chat': /"tool_calls":\[\{|"tool_call_id"/,
      anthropic: /"tool_use_id"/,
      'ai-sdk': /"tool-result"/,
      'ai-sdk-ui': /"toolCallId"/,
      'openai-responses': /_call_output"/,
      langchain: /"args":\{/,
      gemini: /"functionResponse"/,
    }[format]?.test(text) ?? false
  );
}

/** Whether a message was replaced by one that is equal to it. */
function copied(messages: readonly unknown[], repaired: readonly unknown[]): boolean {
  const given = new Set(messages);
  const left = new Set(repaired);
  const gone = new Set(messages.filter((message) => !left.has(message)).map((message) => JSON.stringify(message)));
  return repaired.some((message) => !given.has(message) && gone.has(JSON.stringify(message)));
}

/** What is in the first list more often than in the second. */
function missing(before: readonly string[], after: readonly string[]): string[] {
  const left = [...after];
  return before.filter((text) => {
    const at = left.indexOf(text);
    if (at < 0) return true;
    left.splice(at, 1);
    return false;
  });
}
