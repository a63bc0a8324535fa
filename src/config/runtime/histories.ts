import { type HistoryCode, HistoryError, type HistoryIssue } from '../../errors/history.js';
import { eventRun } from '../../tool/event-run.js';
import { emit } from '../../tool/events.js';
import { currentScope } from '../../tool/scope.js';
import type { HistoryGuard, HistoryGuardOptions } from '../../transcript/history/guard.js';
import type { HistoryGuardData } from '../loader/data.js';

/** Watches the conversations of runs, each by itself. */
export class Histories {
  readonly #settings: HistoryGuardData;
  /** What each run has sent, by conversation. Outside of a run nobody knows what belongs together. */
  readonly #guards = new WeakMap<object, Map<string | undefined, HistoryGuard>>();

  constructor(settings: HistoryGuardData) {
    this.#settings = settings;
  }

  /**
   * The messages that may be sent.
   *
   * @param about - `forNow`: results among them that were told of calls under way. The next list may have others.
   * @throws HistoryError
   */
  async watched<Message>(
    messages: Message[],
    about: { readonly conversation: string | undefined; readonly forNow: readonly string[] },
  ): Promise<Message[]> {
    const { conversation, forNow } = about;
    const settings = this.#settings;
    const guard = await this.#guard(conversation);
    const { messages: kept, dropped } =
      settings.trim === true ? guard.trim(messages, budgetOf(settings)) : { messages, dropped: [] };
    const { format, tokens, issues } = guard.check(kept);
    if (forNow.length > 0) guard.compacted(forNow.map(resultOf));
    if (issues.length > 0 || dropped.length > 0)
      emit('mycelium:history-watched', () => ({
        ...eventRun(),
        ...(conversation === undefined ? {} : { conversation }),
        format,
        messages: kept.length,
        tokens: tokens.count,
        trimmed: dropped.length,
        issues: issues.map(({ code }) => code),
      }));
    const warns = settings.on_loss === 'warn';
    const lost = issues.filter(({ code }) => code === 'dropped');
    if (issues.some(({ code, severity }) => severity === 'error' && !(warns && code === 'dropped')))
      throw new HistoryError(
        { format, messages: kept.length, tokens, issues },
        remediesOf(settings.trim === true, conversation),
      );
    if (lost.length > 0) {
      tellLoss(lost, conversation);
      // From here on this list is what counts: what was lost is told once, and the next loss again.
      guard.compacted();
      guard.check(kept);
      if (forNow.length > 0) guard.compacted(forNow.map(resultOf));
    }
    return kept;
  }

  /** What was never watched has lost nothing. */
  compacted(dropped: readonly unknown[] | undefined, conversation: string | undefined): void {
    const run = currentScope()?.run;
    if (run !== undefined) this.#guards.get(run)?.get(conversation)?.compacted(dropped);
  }

  async #guard(conversation: string | undefined): Promise<HistoryGuard> {
    const { HistoryGuard } = await import('../../transcript/history/guard.js');
    const run = currentScope()?.run;
    const ofRun = run === undefined ? undefined : this.#guards.get(run);
    const known = ofRun?.get(conversation);
    if (known !== undefined) return known;
    const guard = new HistoryGuard(optionsOf(this.#settings));
    if (ofRun !== undefined) ofRun.set(conversation, guard);
    else if (run !== undefined) this.#guards.set(run, new Map([[conversation, guard]]));
    return guard;
  }
}

/** In whatever format: a guard compares what it says. */
function resultOf(content: string): object {
  return { role: 'tool', tool_call_id: 'told', content };
}

function budgetOf({
  max_tokens: maxTokens,
  max_messages: maxMessages,
}: HistoryGuardData): Pick<HistoryGuardOptions, 'maxTokens' | 'maxMessages'> {
  return {
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(maxMessages === undefined ? {} : { maxMessages }),
  };
}

/** As `HistoryGuard` takes them. */
function optionsOf(settings: HistoryGuardData): HistoryGuardOptions {
  const { warn_at: warnAt, repeats, counter, redact } = settings;
  return {
    ...budgetOf(settings),
    ...(warnAt === undefined ? {} : { warnAt }),
    ...(repeats === undefined ? {} : { repeats }),
    ...(counter === undefined ? {} : { counter }),
    ...(redact === undefined ? {} : { redact }),
  };
}

/** What was said is not told: events have no values. */
function tellLoss(lost: readonly HistoryIssue[], conversation: string | undefined): void {
  emit('mycelium:warning', () => {
    const where = conversation === undefined ? '' : ` of the conversation ${JSON.stringify(conversation)}`;
    const places = lost.map(({ path = '', role = '' }) => `${path} ${role}`.trim()).join(', ');
    return {
      tool: 'prepareMessages',
      code: 'history-lost',
      message: `Messages${where} are not there any more, or were changed, and nobody declared it: ${places}. ${declaration(conversation)}`,
    };
  });
}

function declaration(conversation: string | undefined): string {
  const named = conversation === undefined ? '' : `, { conversation: '${conversation}' }`;
  return (
    `Put back what was lost, or declare it before the next list: mycelium.compacted(dropped${named}).` +
    (conversation === undefined
      ? " For another conversation of this run, prepareMessages(messages, { conversation: 'its name' })."
      : '')
  );
}

/** In the words of who has a file, and not a guard of his own. */
function remediesOf(trims: boolean, conversation: string | undefined): Readonly<Partial<Record<HistoryCode, string>>> {
  const ofLimit = (key: string): string =>
    trims
      ? `What has to stay is too much already: shorten it, or raise history_guard.${key}.`
      : `Write trim: true in history_guard, or raise its ${key}.`;
  return {
    'too-many-tokens': ofLimit('max_tokens'),
    'too-many-messages': ofLimit('max_messages'),
    dropped: `${declaration(conversation)} With on_loss: warn in history_guard it is told, and not refused.`,
  };
}
