import { parseDuration } from '../encoding/duration.js';
import { nearest } from '../encoding/nearest.js';
import { UsageError } from '../errors/usage.js';
import type { GuardedAs } from '../tool/guard.js';
import type { CallOptions } from '../tool/types.js';
import { dialects } from '../transcript/formats.js';
import type { TranscriptFormat } from '../transcript/graph.js';
import { type DescribeError, describeToolError } from './describe-error.js';

/** What tools are called through: a `ToolRegistry`, or a view of one. */
export interface CallableTools {
  /** @param call - the id that the model gave the call, and a signal: see {@link CallOptions}. */
  execute(name: string, input: unknown, call?: CallOptions): Promise<unknown>;
  /**
   * What the guards around a tool say of it: the name that its errors carry, where it is another than the model knows,
   * and its effect class, where a ledger is around it. @default nothing
   */
  guardedAs?(name: string): GuardedAs | undefined;
}

/** How tools are run for a model. */
export interface ToolRunnerOptions {
  /** What may be called, by name. */
  readonly tools: CallableTools;
  /**
   * How many turns in a row a model gets to mend calls that a boundary refused. 0: the first refused call ends the run.
   * @default 2
   */
  readonly maxLlmRetries?: number;
  /**
   * How often a tool runs again for one call when what it gave back was of no use, and its class allows it (`read`,
   * `idempotent_mutate`). @default 2
   */
  readonly maxToolRetries?: number;
  /** The pause before a tool runs again (a number: milliseconds), doubled each time, up to a minute. @default '200ms' */
  readonly backoff?: string | number;
  /** How many calls of a turn run at once. @default all */
  readonly concurrency?: number;
  /** After so many turns of the model the run is given up. @default 50 */
  readonly maxTurns?: number;
  /** Of the messages; `auto` reads it from them. @default 'auto' */
  readonly format?: 'auto' | TranscriptFormat;
  /**
   * What a model is told of an error that a tool threw and that is none of this library; those say it themselves. Whether
   * the call may have been carried out all the same is added to it, where a ledger knows.
   *
   * @default its message, up to 500 characters, without what looks like a credential
   */
  readonly describeError?: DescribeError;
}

/** Options, checked and with their defaults. */
export interface RunnerPolicy {
  readonly tools: CallableTools;
  readonly maxLlmRetries: number;
  readonly maxToolRetries: number;
  readonly backoffMs: number;
  readonly concurrency: number;
  readonly maxTurns: number;
  readonly format: 'auto' | TranscriptFormat;
  readonly describe: DescribeError;
}

const OPTIONS = [
  'tools',
  'maxLlmRetries',
  'maxToolRetries',
  'backoff',
  'concurrency',
  'maxTurns',
  'format',
  'describeError',
];

/** @throws UsageError for options that make no sense. */
export function runnerPolicy(options: ToolRunnerOptions): RunnerPolicy {
  refuseUnknown(options);
  const { tools, format = 'auto', describeError = describeToolError, backoff = '200ms' } = options;
  if (typeof tools?.execute !== 'function')
    throw usage('new ToolRunner({ tools })', 'is no registry', 'Pass new ToolRegistry({ … }), or mycelium.registry().');
  if (typeof describeError !== 'function')
    throw usage('new ToolRunner({ describeError })', 'is no function', 'Write (error, tool) => "…".');
  const formats: readonly string[] = ['auto', ...dialects.map((dialect) => dialect.format)];
  if (!formats.includes(format))
    throw usage(
      'new ToolRunner({ format })',
      `there is no format ${JSON.stringify(format)}`,
      `The formats are ${formats.join(', ')}.`,
    );
  return {
    tools,
    maxLlmRetries: whole('maxLlmRetries', options.maxLlmRetries ?? 2, 0),
    maxToolRetries: whole('maxToolRetries', options.maxToolRetries ?? 2, 0),
    concurrency: whole('concurrency', options.concurrency ?? Number.MAX_SAFE_INTEGER, 1),
    maxTurns: whole('maxTurns', options.maxTurns ?? 50, 1),
    backoffMs: parseDuration(backoff, 'new ToolRunner({ backoff })'),
    format,
    describe: describeError,
  };
}

function refuseUnknown(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw usage('new ToolRunner(options)', 'is no object', 'Write new ToolRunner({ tools }).');
  for (const name of Object.keys(options)) {
    if (OPTIONS.includes(name)) continue;
    const meant = nearest(name, OPTIONS);
    const remedy = meant === undefined ? `The options are ${OPTIONS.join(', ')}.` : `Did you mean ${meant}?`;
    throw usage(`new ToolRunner({ ${name} })`, 'is no option', remedy);
  }
}

export function usage(place: string, problem: string, remedy: string): UsageError {
  return new UsageError({ place, problem, remedy });
}

function whole(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw usage(`new ToolRunner({ ${option} })`, `is ${String(value)}`, `Give a whole number from ${least}.`);
}
