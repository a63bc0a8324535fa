/** What can happen to a server and on the way to it. */
import type { Drafting } from './drafting.js';
import type { Faults } from './order.js';
import type { Disturbance, NetworkFault, RunPlan, ServerFaults } from './run-plan.js';
import { CALM, type Making, QUICK, UNHARMED } from './scenarios.js';

type Outage = NonNullable<ServerFaults['outages']>[number];

function outages(draft: Drafting, how: Outage['how']): ServerFaults {
  const { draw } = draft;
  return {
    outages: Array.from({ length: draw.between(2, 4) }, () => ({
      how,
      afterMs: draw.between(5, 120),
      forMs: draw.between(1, 150),
    })),
  };
}

/** Two phases of several workers, some of which are lost as well. */
function throughout(draft: Drafting, server: () => ServerFaults): ReturnType<Making> {
  const jobs = draft.jobs(14);
  const phase = (faults: readonly Faults[]): RunPlan['phases'][number] => ({
    ...draft.phase(jobs, QUICK, faults),
    server: server(),
  });
  return {
    jobs,
    settings: QUICK,
    phases: [phase([UNHARMED, UNHARMED, draft.killedSomewhere()]), phase([UNHARMED, UNHARMED])],
    everyoneLives: false,
  };
}

export function serverEnds(how: Outage['how']): Making {
  return (draft) => throughout(draft, () => outages(draft, how));
}

export function troubled(chance: number, ...faults: NetworkFault[]): Making {
  return (draft) => throughout(draft, () => ({ network: { faults, chance } }));
}

/** Connections that end, and requests that come twice, lose nobody: whatever is blocked then was lost on the way. */
export function troubledInPeace(chance: number, ...faults: NetworkFault[]): Making {
  return (draft) => {
    const jobs = draft.jobs(8);
    const phase = {
      ...draft.phase(jobs, CALM, [UNHARMED, UNHARMED, UNHARMED]),
      server: { network: { faults, chance } },
    };
    return { jobs, settings: CALM, phases: [phase], everyoneLives: true };
  };
}

/** @param everyMs - at most so long between two of them. */
export function disturbed(what: Disturbance, everyMs: number): Making {
  return (draft) => throughout(draft, () => ({ disturbance: { what, everyMs: draft.draw.between(1, everyMs) } }));
}

/** The primary is lost in the middle, and its replica, which had not heard of everything, takes its place. */
export const failover: Making = (draft) => ({
  ...throughout(draft, () => {
    const deafAfterMs = draft.draw.between(1, 80);
    return { failover: { deafAfterMs, lostAfterMs: deafAfterMs + draft.draw.between(1, 200) } };
  }),
  replicated: true,
});

/** The replica hears nothing of what a whole phase does; the next one is served by that replica. */
export const unheardFailover: Making = (draft) => {
  const jobs = draft.jobs(5, {
    fits: ({ effect }) => effect === 'non_idempotent_mutate' || effect === 'irreversible',
    throwing: false,
  });
  const unheard = { ...draft.phase(jobs, QUICK, [UNHARMED]), server: { failover: { deafAfterMs: 0 } } };
  return {
    jobs,
    settings: QUICK,
    phases: [unheard, draft.phase(jobs, QUICK, [UNHARMED, UNHARMED])],
    everyoneLives: false,
    replicated: true,
  };
};

/** The primary is lost together with workers, whose results others have read there that the replica has not heard of. */
export const failoverOfRead: Making = (draft) => {
  const { draw } = draft;
  // Long bodies, all under way when the replica hears the last.
  const jobs = draft
    .jobs(10, { fits: ({ effect }) => effect === 'read' || effect === 'idempotent_mutate', throwing: false })
    .map((job) => ({ ...job, bodyMs: draw.between(50, 150) }));
  const lost = (): Faults => ({ killAfterMs: draw.between(400, 700) });
  const heard = {
    ...draft.phase(jobs, QUICK, [UNHARMED, lost(), lost()], jobs.length),
    server: { failover: { deafAfterMs: draw.between(50, 150) } },
  };
  return {
    jobs,
    settings: QUICK,
    phases: [heard, draft.phase(jobs, QUICK, [UNHARMED, UNHARMED])],
    everyoneLives: false,
    replicated: true,
  };
};

/** Transactions that the server makes wait for each other, and refuses when it sees no order for them. */
export const serializable: Making = (draft) => {
  const jobs = draft.jobs(10);
  return {
    jobs,
    settings: QUICK,
    phases: [draft.phase(jobs, QUICK, [UNHARMED, UNHARMED, UNHARMED, draft.killedSomewhere()], 10)],
    everyoneLives: false,
    serializable: true,
  };
};

/** Workers that do not agree on the number of partitions: whoever comes second is refused. */
export const otherPartitions: Making = (draft) => {
  const jobs = draft.jobs(6);
  const lives = [{ partitions: 16 }, { partitions: 8 }, UNHARMED];
  return { jobs, settings: QUICK, phases: [draft.phase(jobs, QUICK, lives)], everyoneLives: false };
};
