import type { Config } from '../config/loader/config.js';
import type { Origin } from '../config/loader/origin.js';
import { exactly } from '../encoding/duration.js';
import type { Value } from './explain-value.js';

type From = (origin: Origin) => string;

/** What holds for messages and for what a model calls. Absent: the file says nothing of it. */
export interface MessageSections {
  readonly runner?: readonly Value[];
  readonly history_guard?: readonly Value[];
  readonly message_validator?: readonly Value[];
}

export function messageSectionsOf(config: Config, from: From): MessageSections {
  const { runner, historyGuard } = config;
  const said = (section: string): boolean => config.origin([section]) !== 'default';
  const rows = (section: string, values: Readonly<Record<string, string>>): readonly Value[] =>
    Object.entries(values).map(([key, value]) => ({ key, value, from: from(config.origin([section, key])) }));
  return {
    ...(said('runner') ? { runner: rows('runner', runnerValues(runner)) } : {}),
    ...(historyGuard === undefined ? {} : { history_guard: rows('history_guard', historyValues(historyGuard)) }),
    ...(said('message_validator') ? { message_validator: validatorValues(config, rows, from) } : {}),
  };
}

function runnerValues(said: Config['runner']): Readonly<Record<string, string>> {
  const { max_llm_retries: repairs = 2, max_tool_retries: retries = 2, backoff = 200, concurrency, max_turns } = said;
  return {
    max_llm_retries: String(repairs),
    max_tool_retries: String(retries),
    backoff: exactly(backoff),
    concurrency: String(concurrency ?? 'all'),
    max_turns: String(max_turns ?? 50),
  };
}

function historyValues(said: NonNullable<Config['historyGuard']>): Readonly<Record<string, string>> {
  const { repeats = false, redact = false, trim = false } = said;
  return {
    max_tokens: String(said.max_tokens ?? 'no limit'),
    max_messages: String(said.max_messages ?? 'no limit'),
    warn_at: String(said.warn_at ?? 0.9),
    counter: said.counter ?? 'an estimate',
    repeats: repeats === false ? 'never' : String(repeats === true ? 3 : repeats),
    trim: String(trim),
    redact: String(redact),
    on_loss: said.on_loss ?? 'error',
  };
}

function validatorValues(
  config: Config,
  rows: (section: string, values: Readonly<Record<string, string>>) => readonly Value[],
  from: From,
): readonly Value[] {
  const said = config.messageValidator;
  const switched = [['message_validator', 'enabled'], ['message_validator']].map((path) => config.origin(path));
  const enabled = {
    key: 'enabled',
    value: String(said !== undefined),
    from: from(switched.find((one) => one !== 'default') ?? 'default'),
  };
  if (said === undefined) return [enabled];
  const { provider = 'by the format', unanswered = 'answer', orphan = 'drop', prefill = 'report' } = said;
  return [enabled, ...rows('message_validator', { provider, unanswered, orphan, prefill })];
}
