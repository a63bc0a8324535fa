import { canonicalJson } from '../encoding/canonical-json.js';
import { fingerprintText, sha256Hex } from '../encoding/fingerprint.js';
import { UnencodableValueError } from '../encoding/unencodable-value-error.js';
import { IdentityMissingError } from '../errors/call.js';
import type { RecordKey } from '../store/contract.js';
import type { RecordedClass } from './transition.js';

/** Where an identity came from, best first. */
export type IdentitySource = 'request-id' | 'id-from' | 'task' | 'tool-call-id' | 'run' | 'random';

/** Everything an identity may be made of. Nothing here is read from what a model wrote unless `idFrom` says so. */
export interface IdentityFacts {
  readonly tool: string;
  readonly effect: RecordedClass;
  readonly requestId: string | undefined;
  readonly occurrence: number;
  /** What `idFrom` selected, or undefined when the tool has none. */
  readonly selected: Selected | undefined;
  /** The record id of the task around this call. */
  readonly task: string | undefined;
  readonly toolCallId: string | undefined;
  readonly threadId: string | undefined;
  readonly run: { readonly id: string; readonly given: boolean } | undefined;
  /** For reads that are shared for a while: which period of `replayFor` this is. */
  readonly period: string | undefined;
  /** The protected execution that this call is part of: what it reads, it reads anew. */
  readonly execution: string | undefined;
  readonly fingerprint: string;
  readonly random: () => string;
}

/** The values that `idFrom` selected. */
export interface Selected {
  /** Field names, or none for a selector. For messages only: values count, not their spelling. */
  readonly fields: readonly string[];
  readonly values: readonly unknown[];
}

/** A durable identity. */
export interface Identity {
  /** For people: `inv-42`. */
  readonly requestId: string;
  /** Canonical JSON of what makes it this identity; no two identities share a text. */
  readonly parts: string;
  readonly source: IdentitySource;
  /** Of a read with a business id: its parts without the run or period that reads are told apart by. */
  readonly unscopedParts?: string;
}

/** Shows 12 characters of a hash: enough to tell calls of a run apart in a listing. */
function short(hash: string): string {
  return hash.slice(0, 12);
}

function checkSelected(tool: string, { fields, values }: Selected): void {
  if (values.length === 0)
    throw new IdentityMissingError({
      tool,
      problem: 'its idFrom selected nothing',
      remedy: 'Let idFrom give at least one value.',
    });
  for (const [position, value] of values.entries()) {
    const field = fields[position] ?? 'idFrom';
    const blank =
      value === undefined ||
      value === null ||
      (typeof value === 'string' && value.trim() === '') ||
      Number.isNaN(value);
    if (blank) {
      throw new IdentityMissingError({
        tool,
        field,
        problem: `its identity comes from ${field}, which is ${typeof value === 'string' ? 'blank' : String(value)}`,
        remedy: `Call it with a value for ${field}.`,
      });
    }
  }
}

function selectedIdentity(tool: string, selected: Selected): { requestId: string; part: unknown } {
  checkSelected(tool, selected);
  const [only] = selected.values;
  if (selected.values.length === 1 && typeof only === 'string') return { requestId: only, part: only };
  const text = comparableText(tool, selected);
  return { requestId: selected.values.length === 1 ? text.slice(1, -1) : text, part: JSON.parse(text) };
}

/** The form in which arguments are compared, so that Dates and bigints can identify a call too. */
function comparableText(tool: string, { fields, values }: Selected): string {
  try {
    return fingerprintText(values);
  } catch (error) {
    if (!(error instanceof UnencodableValueError)) throw error;
    const field = fields[Number(/^\[(\d+)\]/.exec(error.path)?.[1])] ?? 'idFrom';
    throw new IdentityMissingError({
      tool,
      field,
      problem: `its identity comes from ${field}, which gives ${error.what}`,
      remedy: 'Let idFrom give plain data: texts, numbers, dates.',
    });
  }
}

/**
 * The identity of a call, first hit wins: `requestId`, `idFrom`, the task around it, the model's call id in its
 * thread or run, the run, and otherwise a random one, which nothing will ever find again.
 *
 * @throws IdentityMissingError when `idFrom` names a field without a value.
 */
export function identify(facts: IdentityFacts): Identity {
  const found = withoutOccurrence(facts);
  // Reads are keyed by their run or period, so that they are never remembered for ever.
  const { occurrence } = facts;
  const scope = facts.effect === 'read' ? readScope(facts, found.source) : undefined;
  return {
    requestId: occurrence > 1 ? `${found.requestId} #${occurrence}` : found.requestId,
    source: found.source,
    parts: partsText(found.part, scope, occurrence),
    ...(scope !== undefined && (found.source === 'request-id' || found.source === 'id-from')
      ? { unscopedParts: partsText(found.part, undefined, occurrence) }
      : {}),
  };
}

function partsText(part: unknown, scope: unknown, occurrence: number): string {
  // The common case is one text; the general one gives the same.
  if (typeof part === 'string' && scope === undefined && occurrence === 1) return `[${canonicalJson(part)},null,1]`;
  return canonicalJson([part, scope ?? null, occurrence]);
}

function withoutOccurrence(facts: IdentityFacts): { requestId: string; part: unknown; source: IdentitySource } {
  const { fingerprint, run } = facts;
  // The same text from the caller and from a field is the same business id, so it is the same call.
  if (facts.requestId !== undefined) return { requestId: facts.requestId, part: facts.requestId, source: 'request-id' };
  if (facts.selected !== undefined) return { ...selectedIdentity(facts.tool, facts.selected), source: 'id-from' };
  // Shared for a period means: whatever the task and the run.
  if (facts.effect === 'read' && facts.period !== undefined)
    return { requestId: short(fingerprint), part: { fingerprint }, source: 'run' };
  if (facts.task !== undefined)
    return { requestId: short(fingerprint), part: { task: facts.task, fingerprint }, source: 'task' };
  const { toolCallId } = facts;
  if (toolCallId !== undefined && toolCallId !== '') {
    if (facts.threadId !== undefined)
      return { requestId: toolCallId, part: { thread: facts.threadId, call: toolCallId }, source: 'tool-call-id' };
    if (run?.given === true)
      return { requestId: toolCallId, part: { run: run.id, call: toolCallId }, source: 'tool-call-id' };
  }
  if (run?.given === true) return { requestId: short(fingerprint), part: { run: run.id, fingerprint }, source: 'run' };
  const random = facts.random();
  return { requestId: `random-${short(random)}`, part: { random }, source: 'random' };
}

function readScope(facts: IdentityFacts, source: IdentitySource): unknown {
  // What `protect` runs again is too old, or a write outdated it: an earlier record is no answer.
  if (facts.execution !== undefined) return { execution: facts.execution };
  if (facts.period !== undefined) return { period: facts.period };
  if (source !== 'request-id' && source !== 'id-from') return undefined;
  if (facts.task !== undefined) return { task: facts.task };
  if (facts.run !== undefined) return { run: facts.run.id };
  return { random: facts.random() };
}

/** Whose record it is. */
export interface KeyFacts {
  readonly ledger: string;
  readonly tenant: string | undefined;
  readonly kind: 'tool' | 'task';
  readonly tool: string;
  readonly parts: string;
}

/**
 * The key of a call: a hash over (ledger, tenant, kind, tool, identity). The agent, the class and the version of
 * the code are no part of it, so a deploy re-opens nothing.
 */
export function callKey(facts: KeyFacts, partitions: number): RecordKey {
  const whose = `${JSON.stringify(facts.ledger)},${JSON.stringify(facts.tenant ?? null)},"${facts.kind}",${JSON.stringify(facts.tool)}`;
  const id = sha256Hex(`[${whose},${facts.parts}]`).slice(0, 32);
  return keyOfId(facts.kind, id, partitions);
}

/** The key that belongs to a record id: its partition is a hash of the id and of nothing else. */
export function keyOfId(kind: string, id: string, partitions: number): RecordKey {
  return { partition: Number.parseInt(id.slice(0, 8), 16) % partitions, kind, id };
}

/** The companion that keeps what a superseded worker proved; in the same partition as its call. */
export function evidenceKey(key: RecordKey): RecordKey {
  return { partition: key.partition, kind: 'evidence', id: key.id };
}

/** Where a retired record is kept. */
export function archiveKey(key: RecordKey, fence: number): RecordKey {
  return { partition: key.partition, kind: 'retired', id: `${key.id}.${fence}` };
}

/**
 * The key handed to providers: the same for every attempt at a call, and another one after a retirement, which
 * asks for a new effect.
 */
export function idempotencyKeyOf(key: RecordKey, retiredThrough: number | undefined): string {
  return retiredThrough === undefined ? `myc_${key.id}` : `myc_${key.id}_${retiredThrough}`;
}
