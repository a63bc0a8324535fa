import type { BoundaryIssue } from '../../errors/boundary.js';
import { checkEntities } from './entities.js';
import { checkHosts } from './hosts.js';
import {
  type AllowedHosts,
  type AllowedPaths,
  type CompilePattern,
  type EntityPattern,
  Place,
  readAllowedHosts,
  readAllowedPaths,
  readEntityPattern,
} from './options.js';
import { checkPaths } from './paths.js';
import type { IsSecret } from './words.js';

export type { AllowedHosts, AllowedPaths, CompilePattern, EntityPattern } from './options.js';
export type { IsSecret } from './words.js';

/** What a tool may reach for. An option that is left out allows everything; an empty list allows nothing. */
export interface ScopeOptions {
  readonly allowedPaths?: AllowedPaths | undefined;
  readonly allowedHosts?: AllowedHosts | undefined;
  readonly entityPattern?: EntityPattern | undefined;
}

/** What the scope needs from the guard around it. */
export interface ScopeSurroundings {
  readonly compilePattern: CompilePattern;
  /** Values that are told as `a value` only. */
  readonly isSecret?: IsSecret | undefined;
}

/** One parameter that a scope names. */
export interface ScopeField {
  /** `options.target` */
  readonly name: string;
  /** Where it was named, for an error: `bounded({ allowedPaths.fields })`. */
  readonly place: string;
}

/** The scope of one tool, ready to check its calls. */
export interface Scope {
  /** Every parameter that it names, once for each option: one that the tool lacks would check nothing. */
  readonly fields: readonly ScopeField[];
  /**
   * Everything in the input that the tool may not reach for: paths, then URLs, then entities, each in the order
   * of the options and of the input. The input must be plain data, and be what the tool gets. Answers at once
   * when no option is about paths.
   */
  check(input: unknown): readonly BoundaryIssue[] | Promise<readonly BoundaryIssue[]>;
}

/**
 * Checks the options when the guard is made, and gives what checks the calls; undefined when there is nothing to
 * check.
 *
 * @param guard - the function that the options were given to, for errors.
 * @throws UsageError with the place and what to do, for options that cannot be meant.
 */
export function compileScope(
  options: ScopeOptions,
  guard: string,
  { compilePattern, isSecret }: ScopeSurroundings,
): Scope | undefined {
  const { allowedPaths, allowedHosts, entityPattern } = options;
  const at = (option: keyof ScopeOptions): Place => new Place(guard, option);
  const paths = allowedPaths === undefined ? undefined : readAllowedPaths(allowedPaths, at('allowedPaths'));
  const hosts = allowedHosts === undefined ? undefined : readAllowedHosts(allowedHosts, at('allowedHosts'));
  const entities =
    entityPattern === undefined ? undefined : readEntityPattern(entityPattern, at('entityPattern'), compilePattern);
  if (paths === undefined && hosts === undefined && entities === undefined) return undefined;

  const checkTexts = (input: unknown): readonly BoundaryIssue[] => [
    ...(hosts === undefined ? [] : checkHosts(hosts, input, isSecret)),
    ...(entities === undefined ? [] : checkEntities(entities, input, isSecret)),
  ];
  const fieldsAt = (option: keyof ScopeOptions, member: string, fields: readonly { text: string }[]): ScopeField[] =>
    fields.map(({ text }) => ({ name: text, place: at(option).at(member).text }));
  return {
    fields: [
      ...fieldsAt('allowedPaths', 'fields', paths?.fields ?? []),
      ...fieldsAt('allowedHosts', 'fields', hosts?.fields ?? []),
      ...fieldsAt('entityPattern', 'fields', entities?.fields ?? []),
    ],
    check(input) {
      // Read before anything is waited for: everything is told of the same moment.
      const issues = checkTexts(input);
      if (paths === undefined) return issues;
      return checkPaths(paths, input, isSecret).then((found) => [...found, ...issues]);
    },
  };
}
