/** `mycelium-runtime/runner`: runs what a model calls, and answers every call once. */
export { ToolRunExhaustedError } from '../errors/runner.js';
export { UsageError } from '../errors/usage.js';
export type { DescribeError, ToolAnswer } from './answer.js';
export {
  type AnsweredTurn,
  type CallableTools,
  type FinishedRun,
  type Model,
  ToolRunner,
  type ToolRunnerOptions,
} from './tool-runner.js';
