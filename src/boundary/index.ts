/** `mycelium-runtime/boundary`: what a tool may be called with, what it may reach for, and what it may give back. */
export { type BoundaryCode, type BoundaryIssue, type BoundaryPhase, ToolBoundaryError } from '../errors/boundary.js';
export { UsageError } from '../errors/usage.js';
export { bounded } from './bounded.js';
export type {
  BoundarySchema,
  BoundedOptions,
  BoundedScope,
  ExactSchema,
  JsonSchema,
  SchemaInput,
  SchemaOutput,
} from './options.js';
export { type RegisteredTool, type RegisteredTools, ToolRegistry } from './registry.js';
export type { FieldSpec, FieldSpecs, InferFields, InferFieldsInput } from './schema/field-specs.js';
export type { StandardSchema } from './schema/standard.js';
export type { AllowedHosts, AllowedPaths, EntityPattern } from './scope/scope.js';
