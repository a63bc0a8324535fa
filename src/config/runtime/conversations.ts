import { HistoryError } from '../../errors/history.js';
import { MessageValidationError } from '../../errors/transcript.js';
import { emit } from '../../tool/events.js';
import { currentScope } from '../../tool/scope.js';
import type { HistoryGuard, HistoryGuardOptions } from '../../transcript/history/guard.js';
import type { MessageValidator } from '../../transcript/validator.js';
import type { Config } from '../loader/config.js';
import type { AskExecutor } from './executor-truth.js';

type Settings = Pick<Config, 'messageValidator' | 'historyGuard'>;

/** Makes messages ready for a model: mended with what the ledgers know, judged, and within their limits. */
export class Conversations {
  readonly #config: Settings;
  readonly #truth: AskExecutor;
  #validator: Promise<MessageValidator> | undefined;
  /** What each run has sent. Outside of a run nobody knows what belongs together. */
  readonly #histories = new WeakMap<object, HistoryGuard>();

  constructor(config: Settings, truth: AskExecutor) {
    this.#config = config;
    this.#truth = truth;
  }

  async prepare<Messages extends readonly unknown[]>(messages: Messages): Promise<Messages[number][]> {
    return this.#watched(await this.#repaired(messages));
  }

  async #repaired<Message>(messages: readonly Message[]): Promise<Message[]> {
    if (this.#config.messageValidator === undefined) return [...messages];
    this.#validator ??= makeValidator(this.#config.messageValidator, this.#truth);
    const validator = await this.#validator;
    const repaired = await validator.repairWithTruth(messages);
    const { changes, remaining } = repaired;
    const { format } = validator.check(repaired.messages);
    if (changes.length > 0)
      emit('mycelium:messages-repaired', () => ({
        format,
        changes: changes.map(({ code, action, path }) => ({ code, action, path })),
      }));
    if (remaining.length > 0) throw new MessageValidationError({ format, issues: remaining });
    return repaired.messages;
  }

  async #watched<Message>(messages: Message[]): Promise<Message[]> {
    const settings = this.#config.historyGuard;
    if (settings === undefined) return messages;
    const guard = await this.#guard(settings);
    const { messages: kept, dropped } =
      settings.trim === true ? guard.trim(messages, budgetOf(settings)) : { messages, dropped: [] };
    const { format, tokens, issues, ok } = guard.check(kept);
    if (issues.length > 0 || dropped.length > 0)
      emit('mycelium:history-watched', () => ({
        format,
        messages: kept.length,
        tokens: tokens.count,
        trimmed: dropped.length,
        issues: issues.map(({ code }) => code),
      }));
    if (!ok) throw new HistoryError({ format, messages: kept.length, tokens, issues });
    return kept;
  }

  async #guard(settings: NonNullable<Settings['historyGuard']>): Promise<HistoryGuard> {
    const { HistoryGuard } = await import('../../transcript/history/guard.js');
    const run = currentScope()?.run;
    const known = run === undefined ? undefined : this.#histories.get(run);
    if (known !== undefined) return known;
    const guard = new HistoryGuard(optionsOf(settings));
    if (run !== undefined) this.#histories.set(run, guard);
    return guard;
  }
}

function budgetOf({
  max_tokens: maxTokens,
  max_messages: maxMessages,
}: NonNullable<Settings['historyGuard']>): Pick<HistoryGuardOptions, 'maxTokens' | 'maxMessages'> {
  return {
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(maxMessages === undefined ? {} : { maxMessages }),
  };
}

/** As `HistoryGuard` takes them. */
function optionsOf(settings: NonNullable<Settings['historyGuard']>): HistoryGuardOptions {
  const { warn_at: warnAt, repeats, counter, redact } = settings;
  return {
    ...budgetOf(settings),
    ...(warnAt === undefined ? {} : { warnAt }),
    ...(repeats === undefined ? {} : { repeats }),
    ...(counter === undefined ? {} : { counter }),
    ...(redact === undefined ? {} : { redact }),
  };
}

/** @throws UsageError for a provider that there is not. */
async function makeValidator(
  settings: NonNullable<Settings['messageValidator']>,
  truth: AskExecutor,
): Promise<MessageValidator> {
  const { MessageValidator } = await import('../../transcript/validator.js');
  const { provider, unanswered, orphan, prefill } = settings;
  const policies = {
    ...(unanswered === undefined ? {} : { unanswered }),
    ...(orphan === undefined ? {} : { orphan }),
    ...(prefill === undefined ? {} : { prefill }),
  };
  return new MessageValidator({ ...(provider === undefined ? {} : { profile: provider }), policies, truth });
}
