import { MessageValidationError } from '../../errors/transcript.js';
import { emit } from '../../tool/events.js';
import type { MessageValidator } from '../../transcript/validator.js';
import type { Config } from '../loader/config.js';
import type { AskExecutor } from './executor-truth.js';

/** Makes messages ready for a model: mended with what the ledgers know, and judged. */
export class Conversations {
  readonly #config: Pick<Config, 'messageValidator'>;
  readonly #truth: AskExecutor;
  #validator: Promise<MessageValidator> | undefined;

  constructor(config: Pick<Config, 'messageValidator'>, truth: AskExecutor) {
    this.#config = config;
    this.#truth = truth;
  }

  async prepare<Messages extends readonly unknown[]>(messages: Messages): Promise<Messages[number][]> {
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
}

/** @throws UsageError for a provider that there is not. */
export async function makeValidator(
  settings: NonNullable<Config['messageValidator']>,
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
