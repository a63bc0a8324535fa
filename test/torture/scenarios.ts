/** What can happen in a run, one function for each kind of trouble. */
import type { Drafting } from './drafting.js';
import type { Faults, Point, Settings } from './order.js';
import type { Phase, RunPlan } from './run-plan.js';
import type { ToolKind } from './tool-kinds.js';

/** Makes a run out of what is drawn. */
export type Making = (plan: Drafting) => Omit<RunPlan, 'name' | 'seed' | 'scenario' | 'broken'>;

export const QUICK: Settings = {
  leaseMs: 400,
  waitForMs: 1_000,
  // Short, so that a life over a broken disk comes to its end.
  storeDeadlineMs: 2_000,
  keyValidForMs: 1_600,
  keyHonouredForMs: 1_600,
};
/** For runs in which nobody is lost: a machine that is busy for seconds must not look like a lost worker. */
export const CALM: Settings = {
  leaseMs: 6_000,
  waitForMs: 1_500,
  storeDeadlineMs: 5_000,
  keyValidForMs: 24_000,
  keyHonouredForMs: 24_000,
};
export const UNHARMED: Faults = {};

const guarding = (kind: ToolKind): boolean => kind.effect !== 'read' && kind.effect !== 'idempotent_mutate';

export function killPoints(point: Point): Making {
  return (draft) => {
    const jobs = draft.jobs(7);
    const first = [draft.killedAt(point), draft.killedAt(point), draft.killedSomewhere()];
    const second = [draft.killedSomewhere(), UNHARMED];
    return {
      jobs,
      settings: QUICK,
      phases: [draft.phase(jobs, QUICK, first), draft.phase(jobs, QUICK, second)],
      everyoneLives: false,
    };
  };
}

/** For the points that are passed by whoever finds a call whose worker was lost after its effect. */
export function killResolvers(point: Point): Making {
  return (draft) => {
    const jobs = draft.jobs(7, { fits: (kind) => kind.reconciles, throwing: false });
    const lost = [draft.killedAt('after-effect', 2), draft.killedAt('after-effect', 2)];
    const resolving = (): Faults => draft.killedAt(point, 1);
    return {
      jobs,
      settings: QUICK,
      phases: [
        draft.phase(jobs, QUICK, lost),
        draft.phase(jobs, QUICK, [resolving(), resolving()]),
        draft.phase(jobs, QUICK, [resolving(), UNHARMED]),
      ],
      everyoneLives: false,
    };
  };
}

export const killedSometime: Making = (draft) => {
  const jobs = draft.jobs(7);
  const all = (): Faults[] => [draft.killedSometime(), draft.killedSometime(), draft.killedSometime()];
  return {
    jobs,
    settings: QUICK,
    phases: [draft.phase(jobs, QUICK, all()), draft.phase(jobs, QUICK, all())],
    everyoneLives: false,
  };
};

export const stopped: Making = (draft) => {
  const jobs = draft.jobs(6);
  const points: Point[] = [
    'in-body',
    'in-body',
    'before-claim',
    'after-claim',
    'before-effect',
    'after-effect',
    'before-complete',
  ];
  const stop = (): Faults => ({
    stop: { point: draft.draw.pick(points), nth: draft.draw.between(1, 2), forMs: draft.draw.between(500, 1_200) },
  });
  return {
    jobs,
    settings: QUICK,
    phases: [draft.phase(jobs, QUICK, [stop(), stop(), UNHARMED])],
    everyoneLives: false,
  };
};

export const wrongClocks: Making = (draft) => {
  const jobs = draft.jobs(7);
  const first = [draft.wrongClock(), { ...draft.wrongClock(), ...draft.killedSomewhere() }, UNHARMED];
  return {
    jobs,
    settings: QUICK,
    phases: [draft.phase(jobs, QUICK, first), draft.phase(jobs, QUICK, [draft.wrongClock(), UNHARMED])],
    everyoneLives: false,
  };
};

export const fullDisk: Making = (draft) => {
  const jobs = draft.jobs(16, { padding: draft.draw.between(3_000, 9_000) });
  return {
    jobs,
    settings: QUICK,
    phases: [draft.phase(jobs, QUICK, [UNHARMED, UNHARMED, draft.killedSometime()])],
    everyoneLives: false,
    diskBytes: 131_072,
  };
};

export const fileSizeLimit: Making = (draft) => {
  const jobs = draft.jobs(16, { padding: draft.draw.between(3_000, 9_000) });
  const limited: Faults = { process: { kind: 'file-size-limit', bytes: 65_536 } };
  return { jobs, settings: QUICK, phases: [draft.phase(jobs, QUICK, [limited, UNHARMED])], everyoneLives: false };
};

export function failingFlush(kind: 'flush-error' | 'flush-kill'): Making {
  return (draft) => {
    const jobs = draft.jobs(7);
    const failing = (): Faults => ({
      process: { kind, nth: draft.draw.between(1, 12), onwards: kind === 'flush-error' && draft.draw.chance(0.3) },
    });
    return { jobs, settings: QUICK, phases: [draft.phase(jobs, QUICK, [failing(), UNHARMED])], everyoneLives: false };
  };
}

export const compaction: Making = (draft) => {
  const jobs = draft.jobs(8);
  const compacting = (): Faults => ({
    compactEveryMs: draft.draw.between(1, 20),
    ...(draft.draw.chance(0.6) ? draft.killedSometime() : {}),
  });
  const phase = (): Phase => draft.phase(jobs, QUICK, [compacting(), compacting(), draft.killedSomewhere()]);
  return { jobs, settings: QUICK, phases: [phase(), phase()], everyoneLives: false };
};

export function powerLoss(third: Faults): Making {
  return (draft) => {
    const jobs = draft.jobs(7);
    const first = {
      ...draft.phase(jobs, QUICK, [UNHARMED, UNHARMED, third]),
      powerLossAfterMs: draft.draw.between(20, 300),
    };
    return {
      jobs,
      settings: QUICK,
      phases: [first, draft.phase(jobs, QUICK, [UNHARMED, draft.killedSomewhere()])],
      everyoneLives: false,
    };
  };
}

export function lostAnswers(probability: number): Making {
  return (draft) => {
    const jobs = draft.jobs(14);
    const losing: Faults = { lostAnswers: probability };
    return { jobs, settings: CALM, phases: [draft.phase(jobs, CALM, [losing, losing, losing])], everyoneLives: true };
  };
}

export const storm: Making = (draft) => {
  const jobs = draft.jobs(12);
  return {
    jobs,
    settings: CALM,
    phases: [draft.phase(jobs, CALM, [UNHARMED, UNHARMED, UNHARMED, UNHARMED], 12)],
    everyoneLives: true,
  };
};

export const unreliableWay: Making = (draft) => {
  const settings = { ...QUICK, storeDeadlineMs: 1_000 };
  const jobs = draft.jobs(7);
  return {
    jobs,
    settings,
    phases: [draft.phase(jobs, settings, [UNHARMED, draft.killedSomewhere(), draft.killedSometime()])],
    everyoneLives: false,
    unreliableWay: true,
  };
};

/** A keyed tool whose worker is lost after its effect, and which is called again much later. */
export const lateSecondAttempt: Making = (draft) => {
  const settings = { ...QUICK, waitForMs: 1_500 };
  const jobs = draft.jobs(5, {
    fits: ({ effect, reconciles }) => effect === 'keyed_mutate' && !reconciles,
    throwing: false,
  });
  return {
    jobs,
    settings,
    phases: [
      draft.phase(jobs, settings, [draft.killedAt('after-effect'), draft.killedAt('before-complete')]),
      draft.phase(jobs, settings, [UNHARMED]),
    ],
    everyoneLives: false,
  };
};

/** A second attempt is stopped before its effect, until the provider no longer knows the key. */
export const stoppedSecondAttempt: Making = (draft) => {
  const settings = { ...QUICK, waitForMs: 1_500 };
  const jobs = draft.jobs(5, { fits: ({ effect }) => effect === 'keyed_mutate', throwing: false });
  const stop: Faults = {
    stop: { point: 'in-body', nth: draft.draw.between(1, 3), forMs: draft.draw.between(900, 2_000) },
  };
  return {
    jobs,
    settings,
    phases: [
      draft.phase(jobs, settings, [draft.killedAt('after-effect')]),
      draft.phase(jobs, settings, draft.draw.chance(0.5) ? [stop] : [stop, stop]),
    ],
    everyoneLives: false,
  };
};

/** A worker is stopped before its effect until another one has carried the call out. */
export const zombie: Making = (draft) => {
  const settings = { ...QUICK, waitForMs: 2_000 };
  const jobs = draft.jobs(5, {
    fits: (kind) => guarding(kind) && kind.boundary === 'explicit' && kind.effect !== 'keyed_mutate',
    throwing: false,
  });
  const stopping: Faults = { stop: { point: 'in-body', nth: 1, forMs: draft.draw.between(900, 1_200) } };
  return {
    jobs,
    settings,
    phases: [draft.phase(jobs, settings, [stopping, UNHARMED, stopping])],
    everyoneLives: false,
  };
};
