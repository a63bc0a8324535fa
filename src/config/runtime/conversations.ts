import { MessageValidationError } from '../../errors/transcript.js';
import { UsageError } from '../../errors/usage.js';
import { eventRun } from '../../tool/event-run.js';
import { emit } from '../../tool/events.js';
import { currentScope } from '../../tool/scope.js';
import type { Truth } from '../../transcript/policies.js';
import type { ProfileName } from '../../transcript/profile.js';
import type { MessageValidator, MessageValidatorOptions, RepairedTranscript } from '../../transcript/validator.js';
import type { Config } from '../loader/config.js';
import type { AskExecutor } from './executor-truth.js';
import { Histories } from './histories.js';
import type { ConversationOptions } from './mycelium.js';

type Settings = Pick<Config, 'messageValidator' | 'historyGuard'>;

const PREPARE = 'mycelium.prepareMessages(messages, options)';
const COMPACTED = 'mycelium.compacted(dropped, options)';

/** Makes messages ready for a model: mended with what the ledgers know, judged, and within their limits. */
export class Conversations {
  readonly #validation: Settings['messageValidator'];
  readonly #truth: AskExecutor;
  readonly #histories: Histories | undefined;
  #toldOfNoRun = false;

  constructor({ messageValidator, historyGuard }: Settings, truth: AskExecutor) {
    this.#validation = messageValidator;
    this.#truth = truth;
    this.#histories = historyGuard === undefined ? undefined : new Histories(historyGuard);
  }

  async prepare<Messages extends readonly unknown[]>(
    messages: Messages,
    options: ConversationOptions = {},
  ): Promise<Messages[number][]> {
    const conversation = conversationOf(options, PREPARE);
    if (currentScope()?.run === undefined) this.#tellNoRun();
    const { messages: repaired, forNow } = await this.#repaired(messages);
    return this.#histories === undefined ? repaired : this.#histories.watched(repaired, { conversation, forNow });
  }

  compacted(dropped: readonly unknown[] | undefined, options: ConversationOptions = {}): void {
    const conversation = conversationOf(options, COMPACTED);
    if (dropped !== undefined && !Array.isArray(dropped))
      throw new UsageError({
        place: COMPACTED,
        problem: 'dropped is no list',
        remedy: 'Give the list of messages that were dropped; without it, the next list is right as it is.',
      });
    this.#histories?.compacted(dropped, conversation);
  }

  /** @returns also what calls were answered with that may have another answer the next time. */
  async #repaired<Message>(
    messages: readonly Message[],
  ): Promise<{ readonly messages: Message[]; readonly forNow: readonly string[] }> {
    const forNow: string[] = [];
    if (this.#validation === undefined) return { messages: [...messages], forNow };
    const told: Told = { completed: 0, failed: 0, 'not-run': 0, unknown: 0 };
    const validator = await makeValidator(this.#validation, async (call) => {
      const truth = await this.#truth(call);
      if (truth !== undefined) told[truth.state] += 1;
      if (truth?.state === 'failed') forNow.push(truth.text);
      return truth;
    });
    const repaired = await validator.repairWithTruth(messages);
    const { changes, remaining } = repaired;
    const { format } = validator.check(repaired.messages);
    if (changes.length > 0)
      emit('mycelium:messages-repaired', () => ({
        ...eventRun(),
        format,
        changes: changes.map(({ code, action, path }) => ({ code, action, path })),
        told: { ...told, unknown: told.unknown + untold(repaired, told) },
      }));
    if (remaining.length > 0) throw new MessageValidationError({ format, issues: remaining });
    return { messages: repaired.messages, forNow };
  }

  /** Once: what has no run has none each time. */
  #tellNoRun(): void {
    if (this.#toldOfNoRun || (this.#validation === undefined && this.#histories === undefined)) return;
    this.#toldOfNoRun = true;
    emit('mycelium:warning', () => ({
      tool: 'prepareMessages',
      code: 'no-run',
      message:
        'mycelium.prepareMessages was called outside of a run: no ledger is asked what became of calls, and nothing is ' +
        'remembered from one list to the next. Call it inside mycelium.run({ runId }, fn), with the runId of those calls.',
    }));
  }
}

/** How many calls without a result the model was told each of. */
type Told = Record<Truth['state'], number>;

/** Calls that nobody knows of: the model is told that it is not known. */
function untold({ changes }: RepairedTranscript<unknown>, told: Told): number {
  const answered = changes.filter(({ code, action }) => code === 'unanswered-call' && action === 'add').length;
  return Math.max(0, answered - Object.values(told).reduce((sum, count) => sum + count, 0));
}

/** @throws UsageError */
function conversationOf(options: ConversationOptions, place: string): string | undefined {
  const name: unknown = options?.conversation;
  if (name === undefined || (typeof name === 'string' && name !== '')) return name;
  const problem = `conversation is ${name === '' ? 'a blank text' : typeof name}`;
  throw new UsageError({ place, problem, remedy: "Name it: { conversation: 'titles' }, or leave it out." });
}

/** @throws UsageError for a provider that there is not. */
async function makeValidator(
  settings: NonNullable<Settings['messageValidator']>,
  truth: NonNullable<MessageValidatorOptions['truth']>,
): Promise<MessageValidator> {
  const { MessageValidator } = await import('../../transcript/validator.js');
  const { provider, unanswered, orphan, prefill } = settings;
  const policies = {
    ...(unanswered === undefined ? {} : { unanswered }),
    ...(orphan === undefined ? {} : { orphan }),
    ...(prefill === undefined ? {} : { prefill }),
  };
  return new MessageValidator({
    ...(provider === undefined ? {} : { profile: provider as ProfileName }),
    policies,
    truth,
  });
}
