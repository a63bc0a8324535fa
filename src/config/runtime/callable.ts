import { type RegisteredTool, ToolRegistry } from '../../boundary/registry.js';
import type { CallableTools, ToolRunner, ToolRunnerOptions } from '../../runner/tool-runner.js';
import { Issues } from '../loader/issues.js';
import type { ReadConfig } from '../loader/read-config.js';

/** The keys of YAML with their options. */
const RUNNER_OPTIONS = {
  max_llm_retries: 'maxLlmRetries',
  max_tool_retries: 'maxToolRetries',
  max_turns: 'maxTurns',
  concurrency: 'concurrency',
  backoff: 'backoff',
} as const;

/** What a model can call by name: the tools that were applied so far, of which the file says which it may. */
export class Callable {
  readonly #read: ReadConfig;
  readonly #tools = new Map<string, RegisteredTool>();

  constructor(read: ReadConfig) {
    this.#read = read;
  }

  add(name: string, tool: (...args: never[]) => unknown): void {
    this.#tools.set(name, tool as RegisteredTool);
  }

  /** @throws ConfigError when a tool that the file allows was not applied. */
  registry(): ToolRegistry {
    const { config, source } = this.#read;
    const missing = config.allowed.filter((name) => !this.#tools.has(name));
    if (missing.length > 0) {
      const issues = new Issues(source);
      for (const name of missing)
        issues.add({
          id: 'MYC513',
          at: config.guards.find((guard) => guard.name === name)?.at,
          path: ['tools', name],
          problem: `a model may call ${name}, and there is no function of it so far`,
          remedy: 'Instrument it, or guard it, before the registry is made; or take it out of registry.allowed.',
        });
      throw issues.error('There is no registry yet', 'Mend what is marked. Nothing of it can be called until then.');
    }
    return new ToolRegistry(
      Object.fromEntries(config.allowed.map((name) => [name, this.#tools.get(name) as RegisteredTool])),
    );
  }

  /** @throws ConfigError as {@link registry}, when no tools are given. UsageError for options that make no sense. */
  async runner(tools?: CallableTools, options: Omit<ToolRunnerOptions, 'tools'> = {}): Promise<ToolRunner> {
    const { ToolRunner } = await import('../../runner/tool-runner.js');
    const { runner } = this.#read.config;
    const settings = Object.entries(RUNNER_OPTIONS).flatMap(([key, option]) => {
      const value = runner[key as keyof typeof RUNNER_OPTIONS];
      return value === undefined ? [] : [[option, value]];
    });
    return new ToolRunner({ ...Object.fromEntries(settings), ...options, tools: tools ?? this.registry() });
  }
}
