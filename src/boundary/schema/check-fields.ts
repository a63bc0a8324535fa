import { isPlain } from '../describe.js';
import type { Finding } from './finding.js';
import type { FormatName } from './formats.js';
import type { Step } from './node.js';
import type { Matcher } from './pattern.js';

/** A field spec, checked and ready: a JSON Schema node with what its checks need. */
export type FieldNode = {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  readonly nullable: boolean;
  /** Without a prototype. */
  readonly properties?: Readonly<Record<string, FieldNode>>;
  readonly required?: readonly string[];
  /** The same, in the form that a check goes through. */
  readonly members?: readonly Member[];
  /** `strip`: others are left out. */
  readonly additionalProperties?: FieldNode | boolean | 'strip';
  readonly items?: FieldNode;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly (string | number)[];
  /** `pattern` is what JSON Schema calls a pattern that may match a part. */
  readonly wholePattern?: string;
  readonly matcher?: Matcher;
  readonly format?: FormatName;
  readonly isOfFormat?: (text: string) => boolean;
  readonly default?: unknown;
};

interface Member {
  readonly name: string;
  readonly node: FieldNode;
  readonly required: boolean;
}

/**
 * The value that a tool gets: objects and lists that the specs describe are new, so that nothing changes between the
 * check and the tool. What is wrong is added to the findings; then the value is of no use.
 *
 * @param path - where the value stands. It is the same list all the way, and is copied for a finding.
 */
export function checkField(node: FieldNode, value: unknown, path: Step[], findings: Finding[]): unknown {
  if (value === null && node.nullable) return null;
  switch (node.type) {
    case 'string':
      if (typeof value !== 'string') return add(findings, path, 'type');
      return checkText(node, value, path, findings);
    case 'integer':
      if (!Number.isSafeInteger(value)) return add(findings, path, 'type');
      return checkNumber(node, value as number, path, findings);
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return add(findings, path, 'type');
      return checkNumber(node, value, path, findings);
    case 'boolean':
      return typeof value === 'boolean' ? value : add(findings, path, 'type');
    case 'array':
      return Array.isArray(value) ? checkList(node, value, path, findings) : add(findings, path, 'type');
    case 'object':
      return isPlain(value) ? checkObject(node, value, path, findings) : add(findings, path, 'type');
  }
}

function add(findings: Finding[], path: readonly Step[], code: Finding['code']): undefined {
  findings.push({ path: [...path], code });
}

function checkText(node: FieldNode, text: string, path: Step[], findings: Finding[]): string {
  if (node.enum !== undefined && !node.enum.includes(text)) add(findings, path, 'choice');
  else if (!isOfLength(node, text)) add(findings, path, 'length');
  else if (node.matcher !== undefined && !node.matcher.matches(text)) add(findings, path, 'pattern');
  else if (node.isOfFormat !== undefined && !node.isOfFormat(text)) add(findings, path, 'format');
  return text;
}

function isOfLength({ minLength, maxLength }: FieldNode, text: string): boolean {
  if (minLength === undefined && maxLength === undefined) return true;
  const least = minLength ?? 0;
  const most = maxLength ?? Number.POSITIVE_INFINITY;
  // A character is one unit or two. Mostly that is enough to know.
  if (text.length < least || text.length > 2 * most) return false;
  if (text.length <= most && text.length >= 2 * least) return true;
  const length = characters(text);
  return length >= least && length <= most;
}

function characters(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; count += 1) index += (text.codePointAt(index) as number) > 0xffff ? 2 : 1;
  return count;
}

function checkNumber(node: FieldNode, value: number, path: Step[], findings: Finding[]): number {
  if (node.enum !== undefined && !node.enum.includes(value)) add(findings, path, 'choice');
  else if (node.minimum !== undefined && value < node.minimum) add(findings, path, 'range');
  else if (node.maximum !== undefined && value > node.maximum) add(findings, path, 'range');
  return value;
}

function checkList(node: FieldNode, list: readonly unknown[], path: Step[], findings: Finding[]): unknown[] {
  const length = list.length;
  if (length < (node.minItems ?? 0) || length > (node.maxItems ?? length)) add(findings, path, 'length');
  const output: unknown[] = [];
  for (let index = 0; index < length; index += 1) {
    path.push(index);
    output.push(checkField(node.items as FieldNode, list[index], path, findings));
    path.pop();
  }
  return output;
}

function checkObject(
  node: FieldNode,
  value: Readonly<Record<string, unknown>>,
  path: Step[],
  findings: Finding[],
): Record<string, unknown> {
  const output: Record<string, unknown> = {};
  const { members = [], additionalProperties } = node;
  let known = 0;
  for (const { name, node: field, required } of members) {
    const isThere = Object.hasOwn(value, name);
    if (isThere) known += 1;
    const given = isThere ? value[name] : undefined;
    if (given !== undefined) {
      path.push(name);
      put(output, name, checkField(field, given, path, findings));
      path.pop();
    } else if (field.default !== undefined) put(output, name, structuredClone(field.default));
    else if (required) findings.push({ path: [...path, name], code: 'missing' });
  }
  const names = Object.keys(value);
  if (names.length > known && additionalProperties !== 'strip') checkOthers(node, names, value, output, path, findings);
  return output;
}

/** Fields that nobody named. */
function checkOthers(
  { properties = {}, additionalProperties }: FieldNode,
  names: readonly string[],
  value: Readonly<Record<string, unknown>>,
  output: Record<string, unknown>,
  path: Step[],
  findings: Finding[],
): void {
  const fields = Object.keys(properties);
  for (const name of names) {
    if (Object.hasOwn(properties, name)) continue;
    path.push(name);
    if (additionalProperties === true) put(output, name, value[name]);
    else if (typeof additionalProperties === 'object')
      put(output, name, checkField(additionalProperties, value[name], path, findings));
    else findings.push({ path: [...path], code: 'unknown-field', fields });
    path.pop();
  }
}

/** `__proto__` is a name like any other, and would set the prototype. */
function put(output: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') output[name] = value;
  else Object.defineProperty(output, name, { value, enumerable: true, configurable: true, writable: true });
}
