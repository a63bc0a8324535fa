/** `mycelium-runtime/runner`: runs what a model calls, and answers every call once. */
export { ToolRunExhaustedError } from '../errors/runner.js';
export { UsageError } from '../errors/usage.js';
export type { GuardedAs } from '../tool/guard.js';
export type { ToolAnswer } from './answer.js';
export type { DescribeError } from './describe-error.js';
export type { CallableTools, ToolRunnerOptions } from './options.js';
export { type AnsweredTurn, type FinishedRun, type Model, ToolRunner } from './tool-runner.js';
