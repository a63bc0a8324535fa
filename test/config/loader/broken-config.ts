import { parseConfig, type ReadConfig } from '../../../src/config/loader/read-config.js';

/** What one error of a broken configuration has to say. */
export type ExpectedError = readonly [
  id: string,
  path: string,
  /** A part of its problem or its remedy. */
  says: string,
  suggestion?: string,
];

/** A configuration with everything that is wrong with it. */
export interface BrokenConfig {
  readonly name: string;
  /** With a `▸` in front of each place that is to be marked. */
  readonly yaml: string;
  /** In the order of the file, each at its `▸`. */
  readonly errors: readonly ExpectedError[];
}

/** What `${env:…}` finds in these tests. */
export const ENVIRONMENT: Readonly<Record<string, string>> = Object.freeze({
  NUMBER: '5',
  FRACTION: '0.25',
  WAIT: '10s',
  WORD: 'hunter2',
  EMPTY: '',
  TOOL: 'pay',
  OTHER_TOOL: 'hunter2',
  YES: 'true',
  HOME: '/home/ada',
  REDIS_URL: 'redis://ada:hunter2@cache:6379/1',
  DATABASE_URL: 'postgres://ada:hunter2@db/agents',
  SIGNING_KEY: '0123456789abcdef'.repeat(4),
  BAD_REDIS_URL: 'redis://ada:hunter2@cache:99999',
});

/** Reads a text as if it were `mycelium.yaml` in `/srv/app`. */
export function read(
  text: string,
  environment: Readonly<Record<string, string | undefined>> = ENVIRONMENT,
): ReadConfig {
  return parseConfig(text, { name: 'mycelium.yaml', folder: '/srv/app', environment, file: undefined });
}

/** Takes the `▸` out of a text and gives their places. */
export function marked(yaml: string): { readonly text: string; readonly places: readonly string[] } {
  const parts = yaml.split('▸');
  const places = parts.slice(0, -1).map((_, index) => {
    const before = parts.slice(0, index + 1).join('');
    const lines = before.split('\n');
    return `${lines.length}:${(lines.at(-1) ?? '').length + 1}`;
  });
  return { text: parts.join(''), places };
}
