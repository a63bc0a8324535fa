import { nearest } from '../encoding/nearest.js';
import { MessageValidationError, type TranscriptIssue } from '../errors/transcript.js';
import { UsageError } from '../errors/usage.js';
import { issuesOf } from './check.js';
import { detect } from './detect.js';
import type { Dialect } from './dialect.js';
import type { TranscriptChange } from './draft.js';
import { dialects, profiles } from './formats.js';
import type { TranscriptFormat } from './graph.js';
import { defaultPolicies, type RepairPolicies, type Truth, type UnansweredCall } from './policies.js';
import type { ProfileName, TranscriptProfile } from './profile.js';
import { read } from './read.js';
import { repairAll } from './repair.js';
import { isMembers, shown } from './shape.js';

/** How transcripts are judged and mended. */
export interface MessageValidatorOptions {
  /** The format of the messages. `auto` (default) reads it from them. */
  readonly format?: 'auto' | TranscriptFormat;
  /** Whose rules: a provider's, or those of an endpoint, a family of models, a version. Default: the format's own. */
  readonly profile?: ProfileName;
  /** How defects are mended that can be mended in more than one way. */
  readonly policies?: Partial<RepairPolicies>;
  /**
   * What became of a call that has no result, told by whoever ran it. Asked by `repairWithTruth` only. `undefined`: nobody
   * knows of the call.
   */
  readonly truth?: (call: UnansweredCall) => Truth | undefined | PromiseLike<Truth | undefined>;
}

/** What was found. */
export interface TranscriptReport {
  /** There is no issue of severity `error`. */
  readonly ok: boolean;
  /** How the messages were read; `unknown` when they are no list. */
  readonly format: TranscriptFormat | 'unknown';
  /** All of them, in order of the list. */
  readonly issues: readonly TranscriptIssue[];
}

/** What a repair made. */
export interface RepairedTranscript<Message> {
  /** Messages that no repair touched are the same objects. */
  readonly messages: Message[];
  readonly changes: readonly TranscriptChange[];
  /** What `check` still finds in `messages` with severity `error`; empty: they pass. */
  readonly remaining: readonly TranscriptIssue[];
}

/**
 * Finds and mends what providers refuse in the messages of a conversation: calls without results, results out of place,
 * ids and contents that are not as they should be. Without state: one validator may serve any number of conversations.
 *
 * @example
 * ```ts
 * import { MessageValidator } from 'mycelium-runtime/transcript';
 *
 * const call = { id: 'c1', type: 'function', function: { name: 'pay', arguments: '{}' } };
 * const messages = [
 *   { role: 'user', content: 'Pay inv-42' },
 *   { role: 'assistant', content: null, tool_calls: [call] },
 *   { role: 'user', content: 'And?' },
 * ];
 * const validator = new MessageValidator();
 * validator.check(messages).issues[0]?.code; // → 'unanswered-call'
 *
 * const { messages: repaired, remaining } = validator.repair(messages);
 * remaining.length; // → 0
 * repaired.length; // → 4
 * ```
 */
export class MessageValidator {
  readonly #dialect: Dialect | undefined;
  readonly #profile: TranscriptProfile | undefined;
  readonly #policies: RepairPolicies;
  readonly #truth: MessageValidatorOptions['truth'];

  /**
   * @param options - without any, the format is read from the messages, and its default profile has the rules.
   * @throws UsageError for an option that is none, or a profile of another format.
   */
  constructor(options: MessageValidatorOptions = {}) {
    refuseUnknown(options, ['format', 'profile', 'policies', 'truth'], '');
    if (options.truth !== undefined && typeof options.truth !== 'function')
      throw wrong(
        'truth',
        `cannot be ${shown(options.truth)}`,
        'It is a function that is given a call without a result.',
      );
    this.#profile = profileOf(options.profile);
    this.#dialect = dialectOf(options.format, this.#profile);
    this.#policies = policiesOf(defaultPolicies, options.policies);
    this.#truth = options.truth;
  }

  /** Every issue of the messages. Never throws for what is in them. */
  check(messages: readonly unknown[]): TranscriptReport {
    if (!Array.isArray(messages)) return { ok: false, format: 'unknown', issues: [notAList(messages)] };
    const { dialect, profile } = this.#rulesFor(messages);
    const issues = issuesOf(read(dialect, messages), profile);
    return { ok: issues.every(({ severity }) => severity !== 'error'), format: dialect.format, issues };
  }

  /**
   * The same messages, when a provider takes them.
   *
   * @throws MessageValidationError when there is an issue of severity `error`; it carries all issues.
   */
  validate<Messages extends readonly unknown[]>(messages: Messages): Messages {
    const { ok, format, issues } = this.check(messages);
    if (!ok) throw new MessageValidationError({ format, issues });
    return messages;
  }

  /**
   * Messages that pass `check`, or `remaining` says why not. The ones given are not changed. A second repair changes
   * nothing. Texts of user and assistant, refusals and signatures are never lost. Of a call without a result it says that
   * none is known; `repairWithTruth` says more.
   *
   * @throws UsageError for a policy that is none.
   */
  repair<Messages extends readonly unknown[]>(
    messages: Messages,
    policies?: Partial<RepairPolicies>,
  ): RepairedTranscript<Messages[number]> {
    return this.#repair(messages, policies, () => undefined);
  }

  /**
   * As `repair`, with what `truth` tells of calls that have no result: their stored result, that they did not run, or that
   * nobody knows.
   *
   * @throws UsageError for a policy that is none. What `truth` throws.
   */
  async repairWithTruth<Messages extends readonly unknown[]>(
    messages: Messages,
    policies?: Partial<RepairPolicies>,
  ): Promise<RepairedTranscript<Messages[number]>> {
    const truth = this.#truth;
    if (truth === undefined) return this.repair(messages, policies);
    // The first repair finds out which calls are left without a result when all else is mended.
    const asked: { readonly call: UnansweredCall; readonly givenId: string | undefined }[] = [];
    const first = this.#repair(messages, policies, (call, givenId) => {
      asked.push({ call, givenId });
      return undefined;
    });
    if (asked.length === 0) return first;
    const shared = this.#sharedIds(messages);
    const told = await Promise.all(
      asked.map(async ({ call, givenId }) => {
        // Of several calls with one id nobody can tell which is meant.
        if (shared.has(call.id)) return undefined;
        const known = await truth(call);
        if (known !== undefined || givenId === undefined || shared.has(givenId)) return known;
        // Whoever ran it knows it by the id that the model gave it.
        return truth({ ...call, id: givenId });
      }),
    );
    // The second repair asks in the same order.
    let next = 0;
    return this.#repair(messages, policies, () => told[next++]);
  }

  /** Ids that several calls have. */
  #sharedIds(messages: readonly unknown[]): ReadonlySet<string> {
    const seen = new Set<string>();
    const shared = new Set<string>();
    for (const { call } of read(this.#rulesFor(messages).dialect, messages).links.calls) {
      if (call.id === undefined) continue;
      if (seen.has(call.id)) shared.add(call.id);
      seen.add(call.id);
    }
    return shared;
  }

  #repair<Messages extends readonly unknown[]>(
    messages: Messages,
    given: Partial<RepairPolicies> | undefined,
    truthOf: (call: UnansweredCall, givenId: string | undefined) => Truth | undefined,
  ): RepairedTranscript<Messages[number]> {
    if (!Array.isArray(messages)) {
      return { messages: messages as unknown as Messages[number][], changes: [], remaining: [notAList(messages)] };
    }
    const { dialect, profile } = this.#rulesFor(messages);
    const policies = policiesOf(this.#policies, given);
    const { transcript, changes } = repairAll(read(dialect, messages), profile, policies, truthOf);
    const repaired = transcript.turns.map(({ raw }) => raw as Messages[number]);
    const remaining = issuesOf(transcript, profile).filter(({ severity }) => severity === 'error');
    return { messages: repaired, changes, remaining };
  }

  #rulesFor(messages: readonly unknown[]): { dialect: Dialect; profile: TranscriptProfile } {
    const dialect = this.#dialect ?? detect(messages);
    return { dialect, profile: this.#profile ?? defaultProfile(dialect.format) };
  }
}

function defaultProfile(format: TranscriptFormat): TranscriptProfile {
  return profiles.find((profile) => profile.format === format)!;
}

function profileOf(given: MessageValidatorOptions['profile']): TranscriptProfile | undefined {
  if (given === undefined) return undefined;
  const found = profiles.find(({ name }) => name === given);
  if (found !== undefined) return found;
  throw wrong(
    'profile',
    `there is no profile ${JSON.stringify(given)}`,
    `The profiles are ${profiles.map(({ name }) => name).join(', ')}.`,
  );
}

function dialectOf(
  format: MessageValidatorOptions['format'],
  profile: TranscriptProfile | undefined,
): Dialect | undefined {
  const wanted = format === undefined || format === 'auto' ? profile?.format : format;
  if (wanted === undefined) return undefined;
  const dialect = dialects.find((one) => one.format === wanted);
  if (dialect === undefined) {
    throw wrong(
      'format',
      `there is no format ${JSON.stringify(wanted)}`,
      `The formats are auto, ${dialects.map((one) => one.format).join(', ')}.`,
    );
  }
  if (profile !== undefined && profile.format !== wanted) {
    throw wrong(
      'profile',
      `${profile.name} is for messages of the format ${profile.format}, not ${wanted}`,
      'Leave the format out, or give a profile of this format.',
    );
  }
  return dialect;
}

const choices: { readonly [Name in keyof RepairPolicies]: readonly RepairPolicies[Name][] } = {
  unanswered: ['answer', 'drop'],
  orphan: ['drop', 'demote'],
  prefill: ['report', 'continue'],
};

function policiesOf(base: RepairPolicies, given: Partial<RepairPolicies> = {}): RepairPolicies {
  refuseUnknown(given, Object.keys(choices), 'policies');
  for (const [name, allowed] of Object.entries(choices)) {
    const value = given[name as keyof RepairPolicies];
    if (value !== undefined && !(allowed as readonly string[]).includes(value)) {
      throw wrong(`policies.${name}`, `cannot be ${JSON.stringify(value)}`, `It is ${allowed.join(' or ')}.`);
    }
  }
  return { ...base, ...given };
}

function refuseUnknown(given: object, known: readonly string[], where: string): void {
  if (!isMembers(given)) throw wrong(where, `cannot be ${shown(given)}`, `It is an object with ${known.join(', ')}.`);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  const remedy = meant === undefined ? `There are ${known.join(', ')}.` : `Did you mean ${meant}?`;
  throw wrong(where, `there is no option ${JSON.stringify(unknown)}`, remedy);
}

function wrong(option: string, problem: string, remedy: string): UsageError {
  return new UsageError({
    place: option === '' ? 'new MessageValidator(options)' : `new MessageValidator({ ${option} })`,
    problem,
    remedy,
  });
}

function notAList(given: unknown): TranscriptIssue {
  const what = given === null ? 'null' : typeof given;
  return {
    code: 'not-a-list',
    severity: 'error',
    path: '',
    rule: 'not-a-list',
    fixable: false,
    hint: `messages are a list, this is ${what === 'object' ? 'an object' : what}`,
  };
}
