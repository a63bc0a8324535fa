import { nearest } from '../../encoding/nearest.js';
import { UsageError } from '../../errors/usage.js';
import type { ReadConfig } from '../loader/read-config.js';

/** Whether there are rules of the name in the file: rules are loaded when one is named. */
export async function checkProvider({ config, issues }: ReadConfig): Promise<void> {
  const { provider } = config.messageValidator ?? {};
  if (provider === undefined) return;
  const { profiles } = await import('../../transcript/formats.js');
  const names: readonly string[] = profiles.map(({ name }) => name);
  if (names.includes(provider)) return;
  const suggestion = nearest(provider, names);
  const path = ['message_validator', 'provider'];
  issues.add({
    id: 'MYC523',
    at: config.written(path)?.value,
    path,
    problem: `message_validator.provider is ${JSON.stringify(provider)}, and there are no rules of that name`,
    suggestion,
    remedy: remedyFor(provider, suggestion, profiles),
  });
}

/** All names are too many for a sentence: those of the format that is meant, else one of each format. */
function remedyFor(
  provider: string,
  suggestion: string | undefined,
  profiles: readonly { readonly name: string; readonly format: string }[],
): string {
  const meant = profiles.find(({ name }) => name === suggestion)?.format;
  const [family = ''] = provider.toLowerCase().split('-', 1);
  const alike = profiles.filter(({ name, format }) =>
    meant === undefined ? family !== '' && name.startsWith(family) : format === meant,
  );
  if (alike.length > 0) return `There are ${alike.map(({ name }) => name).join(', ')}.`;
  const formats = [...new Set(profiles.map(({ format }) => format))];
  return `There are ${formats.join(', ')}, and variants of them; without a provider the rules are those of the format.`;
}

/** Whether the tokenizer is installed: it is loaded when one is named, and not first when a model is to be asked. */
export async function checkCounter({ config, issues }: ReadConfig): Promise<void> {
  const { counter } = config.historyGuard ?? {};
  if (counter === undefined || issues.errors) return;
  const { HistoryGuard } = await import('../../transcript/history/guard.js');
  try {
    new HistoryGuard({ counter });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const path = ['history_guard', 'counter'];
    issues.add({
      id: 'MYC524',
      at: config.written(path)?.value,
      path,
      problem: `history_guard.counter ${String(error.details['problem'])}`,
      remedy: error.remedy,
    });
  }
}
