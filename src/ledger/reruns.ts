import type { Aborted, Phase, RecordedClass } from './transition.js';

/** Why a body was let run once more for an identity that had run, or may have. */
export type RerunReason =
  /** An operator released it as not executed. */
  | 'released'
  /** Its reconciler said that it was not executed. */
  | 'verdict'
  /** An operator retired the finished identity. */
  | 'retired'
  /** The attempt before proved itself that nothing had happened, or did not start. */
  | 'not-executed'
  /** It threw, and its class allows another run then. */
  | 'after-throw'
  /** Its worker was lost before the point of no return. */
  | 'never-started'
  /** Its worker was lost, and its class allows another run. */
  | 'class-allows'
  /** Its worker was lost, and the provider still knows the idempotency key. */
  | 'same-key';

/** How often, by reason; reasons that never were are not there. */
export type Reruns = Readonly<Partial<Record<RerunReason, number>>>;

/** Reasons by which a worker takes over from one that was lost. */
export const TAKEOVERS: readonly RerunReason[] = ['never-started', 'class-allows', 'same-key'];

/** What of a record says why it is claimed once more. */
interface Claimed {
  readonly phase: Phase;
  readonly aborted?: Aborted;
  readonly effect: RecordedClass;
  readonly resolution?: { readonly by: string; readonly as: string };
  readonly reruns?: Reruns;
}

/** The count with the claim that follows this record. */
export function countedRerun(before: Claimed): Reruns {
  const reason = reasonOf(before);
  const { reruns = {} } = before;
  return { ...reruns, [reason]: (reruns[reason] ?? 0) + 1 };
}

function reasonOf({ phase, aborted, resolution, effect }: Claimed): RerunReason {
  if (phase === 'intended') return 'never-started';
  if (phase !== 'aborted') return effect === 'keyed_mutate' ? 'same-key' : 'class-allows';
  if (aborted === 'may-rerun') return 'after-throw';
  if (resolution === undefined) return 'not-executed';
  if (resolution.as === 'retired') return 'retired';
  return resolution.by === 'operator' ? 'released' : 'verdict';
}
