/** `mycelium-runtime/runner`: runs what a model calls, and answers every call once. */
export { ToolRunExhaustedError } from '../errors/runner.js';
export { UsageError } from '../errors/usage.js';
export type { DescribeError, ToolAnswer } from './answer.js';
export type { CallableTools, ToolRunnerOptions } from './options.js';
export { type AnsweredTurn, type FinishedRun, type Model, ToolRunner } from './tool-runner.js';
