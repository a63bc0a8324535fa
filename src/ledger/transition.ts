/**
 * May this call run? The table of design §6 as data, and a pure function over it.
 * Nothing here knows of stores, clocks or promises: what it needs to know is in the {@link Situation}.
 */

/** What running a tool does to the world, from harmless to final. */
export type EffectClass = 'read' | 'idempotent_mutate' | 'keyed_mutate' | 'non_idempotent_mutate' | 'irreversible';

/** A tool whose class nobody declared is treated as `unclassified`. */
export type RecordedClass = EffectClass | 'unclassified';

/** Every class, in the order of the table. */
export const EFFECT_CLASSES: readonly RecordedClass[] = [
  'read',
  'idempotent_mutate',
  'keyed_mutate',
  'non_idempotent_mutate',
  'irreversible',
  'unclassified',
];

/** `intended → attempting → committed | aborted | unknown`. */
export type Phase = 'intended' | 'attempting' | 'committed' | 'aborted' | 'unknown';

/** What an aborted record says of its body: it did not execute, or running again is harmless or was accepted. */
export type Aborted = 'not-executed' | 'may-rerun';

/** What the caller does next. */
export type Gate = 'ALLOW' | 'RETURN' | 'POLL' | 'RECLAIM' | 'RECONCILE' | 'HARD_BLOCK';

/** Where a record stands, as far as the table is concerned. */
export type Standing = 'absent' | 'committed' | Aborted | 'held' | 'intended-expired' | 'ambiguous-expired';

/** A cell names what to do, the first entry whose condition holds. */
export type Entry = Gate | 'RECLAIM_IN_WINDOW' | 'RECONCILE_IF_POSSIBLE';

type Row = Readonly<Record<RecordedClass, readonly Entry[]>>;

function everywhere(entry: Entry): Row {
  const cell = [entry];
  return {
    read: cell,
    idempotent_mutate: cell,
    keyed_mutate: cell,
    non_idempotent_mutate: cell,
    irreversible: cell,
    unclassified: cell,
  };
}

const AMBIGUOUS: Row = {
  read: ['RECLAIM'],
  idempotent_mutate: ['RECLAIM'],
  // A key makes the second run harmless only where the provider still remembers it.
  keyed_mutate: ['RECLAIM_IN_WINDOW', 'RECONCILE_IF_POSSIBLE', 'HARD_BLOCK'],
  non_idempotent_mutate: ['RECONCILE_IF_POSSIBLE', 'HARD_BLOCK'],
  irreversible: ['RECONCILE_IF_POSSIBLE', 'HARD_BLOCK'],
  unclassified: ['RECONCILE_IF_POSSIBLE', 'HARD_BLOCK'],
};

/** The table. A test walks every cell under every condition. */
export const TRANSITIONS: Readonly<Record<Standing, Row>> = {
  absent: everywhere('ALLOW'),
  committed: everywhere('RETURN'),
  'not-executed': everywhere('ALLOW'),
  'may-rerun': { ...AMBIGUOUS, read: ['ALLOW'], idempotent_mutate: ['ALLOW'], unclassified: ['ALLOW'] },
  held: everywhere('POLL'),
  'intended-expired': everywhere('RECLAIM'),
  'ambiguous-expired': AMBIGUOUS,
};

/** All that the decision depends on. */
export interface Situation {
  readonly standing: Standing;
  /** The class the record was claimed under; `undefined` when there is no record. */
  readonly recorded: RecordedClass | undefined;
  /** The class the tool has now. */
  readonly current: RecordedClass;
  /** Whether the provider still honours the key, with a whole body deadline to spare. */
  readonly windowOpen: boolean;
  /** Whether a reconciler is at hand. */
  readonly reconciler: boolean;
  /** Whether another worker is asking its reconciler right now. */
  readonly resolving: boolean;
  /** Whether a superseded worker left proof that its body succeeded. */
  readonly evidence: boolean;
  /** False once `maxAttempts` claims were made. */
  readonly attemptsLeft: boolean;
}

/** Whether a record with this phase and lease may have had its effect, and whose turn it is. */
export function standingOf(
  record: { readonly phase: Phase; readonly aborted?: Aborted } | undefined,
  leaseHeld: boolean,
): Standing {
  if (record === undefined) return 'absent';
  switch (record.phase) {
    case 'committed':
      return 'committed';
    case 'aborted':
      return record.aborted ?? 'may-rerun';
    case 'intended':
      return leaseHeld ? 'held' : 'intended-expired';
    case 'attempting':
    case 'unknown':
      return leaseHeld ? 'held' : 'ambiguous-expired';
  }
}

const CLASS_STRICTNESS: readonly RecordedClass[] = [
  'read',
  'idempotent_mutate',
  'unclassified',
  'keyed_mutate',
  'non_idempotent_mutate',
  'irreversible',
];

/** The class that allows less. */
export function stricterClass(one: RecordedClass, other: RecordedClass): RecordedClass {
  return CLASS_STRICTNESS.indexOf(one) > CLASS_STRICTNESS.indexOf(other) ? one : other;
}

/** From the one that lets most happen to the one that lets least. */
const STRICTNESS: Readonly<Record<Gate, number>> = {
  RETURN: 0,
  ALLOW: 1,
  RECLAIM: 2,
  POLL: 3,
  RECONCILE: 4,
  HARD_BLOCK: 5,
};

/** Gates that let a body start. */
export function runsBody(gate: Gate): gate is 'ALLOW' | 'RECLAIM' {
  return gate === 'ALLOW' || gate === 'RECLAIM';
}

function fromTable(standing: Standing, effect: RecordedClass, situation: Situation): Gate {
  for (const entry of TRANSITIONS[standing][effect]) {
    if (entry === 'RECLAIM_IN_WINDOW') {
      if (situation.windowOpen) return 'RECLAIM';
    } else if (entry === 'RECONCILE_IF_POSSIBLE') {
      if (situation.reconciler) return 'RECONCILE';
    } else {
      return entry;
    }
  }
  return 'HARD_BLOCK';
}

/**
 * Decides what a caller does with a record.
 *
 * @returns the gate. With `evidence`, `RECONCILE` means: adopt the result that the superseded worker left.
 */
export function decide(situation: Situation): Gate {
  const { standing } = situation;
  const current = fromTable(standing, situation.current, situation);
  // The stricter of the recorded and the current class decides: a deploy that loosens a tool frees nothing.
  const recorded = fromTable(standing, situation.recorded ?? situation.current, situation);
  const gate = STRICTNESS[recorded] > STRICTNESS[current] ? recorded : current;
  if (gate === 'RETURN' || gate === 'POLL' || standing === 'absent') return gate;
  if (situation.evidence) return 'RECONCILE';
  if (gate === 'RECONCILE' && situation.resolving) return 'POLL';
  if (runsBody(gate) && !situation.attemptsLeft) return 'HARD_BLOCK';
  return gate;
}
