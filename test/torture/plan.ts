/** What happens in each run, drawn from a seed. */
import { FAULT_POINTS } from 'mycelium-runtime/testing';
import type { Break, Faults, Job, Life, Point, Settings } from './order.js';
import { type Draw, drawFrom } from './random.js';
import { TASK, TOOL_KINDS, type ToolKind } from './tool-kinds.js';

/** Where the records are. */
export type StoreKind = 'file' | 'memory';

/** Lives that are lived at the same time. */
export interface Phase {
  readonly lives: readonly Life[];
  /** All of them end so many milliseconds after their start, and what was not flushed is gone. */
  readonly powerLossAfterMs?: number;
}

/** One run. */
export interface RunPlan {
  readonly name: string;
  readonly seed: number;
  readonly scenario: string;
  readonly jobs: readonly Job[];
  readonly settings: Settings;
  readonly phases: readonly Phase[];
  /** Nobody is killed, stopped or cut off for longer than a lease. */
  readonly everyoneLives: boolean;
  /** How large the disk is that the log lies on, in bytes. Absent: the machine's. */
  readonly diskBytes?: number;
  /** Whether the way to the store delays, loses, doubles and holds up what is sent. Only for memory stores. */
  readonly unreliableWay?: true;
  readonly broken?: Break;
}

type Making = (plan: Drafting) => Omit<RunPlan, 'name' | 'seed' | 'scenario' | 'broken'>;

const QUICK: Settings = { leaseMs: 400, waitForMs: 1_000, keyValidForMs: 1_600, keyHonouredForMs: 1_600 };
/** For runs in which nobody is lost: a busy machine must not look like a lost worker. */
const CALM: Settings = { ...QUICK, leaseMs: 4_000, waitForMs: 1_500, keyValidForMs: 10_000, keyHonouredForMs: 10_000 };
const TEN_MINUTES_MS = 600_000;
const UNHARMED: Faults = {};

const guarding = (kind: ToolKind): boolean => kind.effect !== 'read' && kind.effect !== 'idempotent_mutate';

/** Draws jobs and lives for one run. */
class Drafting {
  readonly draw: Draw;
  readonly #name: string;
  readonly #seed: number;
  readonly #broken: Break | undefined;
  #workers = 0;

  constructor(name: string, seed: number, broken: Break | undefined) {
    this.draw = drawFrom(seed);
    this.#name = name;
    this.#seed = seed;
    this.#broken = broken;
  }

  /** @param fits - which kinds of tools. Tasks are only drawn without it. */
  jobs(
    count: number,
    options: { fits?: (kind: ToolKind) => boolean; padding?: number; throwing?: boolean } = {},
  ): Job[] {
    const { fits, padding = 20, throwing = true } = options;
    return Array.from({ length: count }, (_, position) => {
      const key = `${this.#name}-${position + 1}`;
      if (fits === undefined && this.draw.chance(0.2)) return this.#task(key, padding);
      return this.#job(key, padding, throwing, (kind) => kind.identified && (fits?.(kind) ?? true));
    });
  }

  #job(key: string, padding: number, throwing: boolean, fits: (kind: ToolKind) => boolean): Job {
    const { draw } = this;
    const tool = draw.pick(TOOL_KINDS.filter(fits)).name;
    const bodyMs = draw.between(0, 25);
    if (!throwing || !draw.chance(0.2)) return { key, tool, bodyMs, padding };
    return { key, tool, bodyMs, padding, throws: draw.pick(['before', 'after', 'not-executed'] as const) };
  }

  #task(key: string, padding: number): Job {
    const steps = Array.from({ length: this.draw.between(2, 3) }, (_, position) =>
      this.#job(`${key}.${position + 1}`, padding, true, () => true),
    );
    return { key, tool: TASK, bodyMs: 0, padding: 0, steps };
  }

  life(jobs: readonly Job[], settings: Settings, faults: Faults, concurrency = 3): Life {
    this.#workers += 1;
    return {
      worker: `${this.#name}-w${this.#workers}`,
      seed: this.#seed * 31 + this.#workers,
      jobs: this.#shuffled(jobs),
      concurrency,
      settings,
      faults,
      ...(this.#broken === undefined ? {} : { broken: this.#broken }),
    };
  }

  #shuffled<Item>(items: readonly Item[]): Item[] {
    const rest = [...items];
    const mixed: Item[] = [];
    while (rest.length > 0) mixed.push(...rest.splice(this.draw.between(0, rest.length - 1), 1));
    return mixed;
  }

  /** One life per given fault, all over the same jobs. */
  phase(jobs: readonly Job[], settings: Settings, faults: readonly Faults[], concurrency?: number): Phase {
    return { lives: faults.map((one) => this.life(jobs, settings, one, concurrency)) };
  }

  killedAt(point: Point, latest = 3): Faults {
    return { kill: { point, nth: this.draw.between(1, latest) } };
  }

  killedSomewhere(): Faults {
    return this.draw.chance(0.5)
      ? this.killedSometime()
      : this.killedAt(this.draw.pick(['in-body', ...FAULT_POINTS.slice(0, 6)]));
  }

  killedSometime(): Faults {
    return { killAfterMs: this.draw.between(1, 150) };
  }

  wrongClock(): Faults {
    const { draw } = this;
    const off = (): number => draw.pick([-TEN_MINUTES_MS, TEN_MINUTES_MS]);
    return {
      clock: {
        shiftMs: draw.chance(0.7) ? off() : 0,
        ...(draw.chance(0.6) ? { jump: { afterMs: draw.between(5, 120), byMs: off() } } : {}),
      },
    };
  }
}

function killPoints(point: Point): Making {
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
function killResolvers(point: Point): Making {
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

const killedSometime: Making = (draft) => {
  const jobs = draft.jobs(7);
  const all = (): Faults[] => [draft.killedSometime(), draft.killedSometime(), draft.killedSometime()];
  return {
    jobs,
    settings: QUICK,
    phases: [draft.phase(jobs, QUICK, all()), draft.phase(jobs, QUICK, all())],
    everyoneLives: false,
  };
};

const stopped: Making = (draft) => {
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

const wrongClocks: Making = (draft) => {
  const jobs = draft.jobs(7);
  const first = [draft.wrongClock(), { ...draft.wrongClock(), ...draft.killedSomewhere() }, UNHARMED];
  return {
    jobs,
    settings: QUICK,
    phases: [draft.phase(jobs, QUICK, first), draft.phase(jobs, QUICK, [draft.wrongClock(), UNHARMED])],
    everyoneLives: false,
  };
};

const fullDisk: Making = (draft) => {
  const jobs = draft.jobs(16, { padding: draft.draw.between(3_000, 9_000) });
  return {
    jobs,
    settings: QUICK,
    phases: [draft.phase(jobs, QUICK, [UNHARMED, UNHARMED, draft.killedSometime()])],
    everyoneLives: false,
    diskBytes: 131_072,
  };
};

const fileSizeLimit: Making = (draft) => {
  const jobs = draft.jobs(16, { padding: draft.draw.between(3_000, 9_000) });
  const limited: Faults = { process: { kind: 'file-size-limit', bytes: 65_536 } };
  return { jobs, settings: QUICK, phases: [draft.phase(jobs, QUICK, [limited, UNHARMED])], everyoneLives: false };
};

function failingFlush(kind: 'flush-error' | 'flush-kill'): Making {
  return (draft) => {
    const jobs = draft.jobs(7);
    const failing = (): Faults => ({
      process: { kind, nth: draft.draw.between(1, 12), onwards: kind === 'flush-error' && draft.draw.chance(0.3) },
    });
    return { jobs, settings: QUICK, phases: [draft.phase(jobs, QUICK, [failing(), UNHARMED])], everyoneLives: false };
  };
}

const compaction: Making = (draft) => {
  const jobs = draft.jobs(8);
  const compacting = (): Faults => ({
    compactEveryMs: draft.draw.between(1, 20),
    ...(draft.draw.chance(0.6) ? draft.killedSometime() : {}),
  });
  const phase = (): Phase => draft.phase(jobs, QUICK, [compacting(), compacting(), draft.killedSomewhere()]);
  return { jobs, settings: QUICK, phases: [phase(), phase()], everyoneLives: false };
};

function powerLoss(third: Faults): Making {
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

const lostAnswers: Making = (draft) => {
  const jobs = draft.jobs(7);
  const losing: Faults = { lostAnswers: 0.3 };
  return { jobs, settings: CALM, phases: [draft.phase(jobs, CALM, [losing, losing, losing])], everyoneLives: true };
};

const storm: Making = (draft) => {
  const jobs = draft.jobs(12);
  return {
    jobs,
    settings: CALM,
    phases: [draft.phase(jobs, CALM, [UNHARMED, UNHARMED, UNHARMED, UNHARMED], 12)],
    everyoneLives: true,
  };
};

const unreliableWay: Making = (draft) => {
  const jobs = draft.jobs(7);
  return {
    jobs,
    settings: QUICK,
    phases: [draft.phase(jobs, QUICK, [UNHARMED, draft.killedSomewhere(), draft.killedSometime()])],
    everyoneLives: false,
    unreliableWay: true,
  };
};

/** A keyed tool whose worker is lost after its effect, and which is called again much later. */
const lateSecondAttempt: Making = (draft) => {
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
const stoppedSecondAttempt: Making = (draft) => {
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
const zombie: Making = (draft) => {
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

type Scenarios = readonly (readonly [name: string, making: Making])[];

const POINTS: Scenarios = FAULT_POINTS.map((point) => {
  const resolving = point === 'before-resolve' || point === 'after-verdict';
  return [`killed at ${point}`, resolving ? killResolvers(point) : killPoints(point)] as const;
});

const COMMON: Scenarios = [
  ...POINTS,
  ['killed in the body', killPoints('in-body')],
  ['killed at a random instant', killedSometime],
  ['stopped beyond the lease', stopped],
  ['zombie', zombie],
  ['wrong clocks', wrongClocks],
  ['answers get lost', lostAnswers],
  ['storm', storm],
  ['second attempt near the end of the key', lateSecondAttempt],
  ['second attempt, stopped', stoppedSecondAttempt],
];

const SCENARIOS: Readonly<Record<StoreKind, Scenarios>> = {
  memory: [...COMMON, ['unreliable way', unreliableWay], ['unreliable way', unreliableWay]],
  file: [
    ...COMMON,
    ['killed at a random instant', killedSometime],
    ['full disk', fullDisk],
    ['limited file size', fileSizeLimit],
    ['a flush fails', failingFlush('flush-error')],
    ['killed at a flush', failingFlush('flush-kill')],
    ['compaction', compaction],
    ['compaction', compaction],
    ['power loss', powerLoss(UNHARMED)],
    ['power loss during compaction', powerLoss({ compactEveryMs: 20 })],
  ],
};

/** Only what can show that the protection is missing. */
const REVEALING: Readonly<Record<Break, Scenarios>> = {
  claim: [['storm', storm]],
  fence: [['zombie', zombie]],
  nonce: [['answers get lost', lostAnswers]],
  flush: [['power loss', powerLoss(UNHARMED)]],
  readback: [['storm', storm]],
  window: [['second attempt near the end of the key', lateSecondAttempt]],
};

/** The faults that a full round of scenarios must have shown. */
export function expectedFaults(store: StoreKind): string[] {
  const common = [
    ...FAULT_POINTS.map((point) => `kill at ${point}`),
    'kill at in-body',
    'kill at a random instant',
    'stop',
    'clock',
    'lost-answer',
  ];
  if (store === 'memory') return [...common, 'unreliable-way'];
  return [...common, 'full-disk', 'file-size-limit', 'flush-error', 'flush-kill', 'compaction', 'power-loss'];
}

/** How many runs show every scenario once. */
export function roundLength(store: StoreKind): number {
  return SCENARIOS[store].length;
}

/** The plans of all runs. */
export function planRuns(store: StoreKind, runs: number, seed: number, broken?: Break): RunPlan[] {
  const scenarios = broken === undefined ? SCENARIOS[store] : REVEALING[broken];
  return Array.from({ length: runs }, (_, position) => {
    const [scenario, making] = scenarios[position % scenarios.length] as Scenarios[number];
    const runSeed = (Math.imul(seed, 0x01000193) ^ (position + 1)) >>> 0;
    const name = `r${position + 1}`;
    const plan = making(new Drafting(name, runSeed, broken));
    return {
      name,
      seed: runSeed,
      scenario,
      ...plan,
      ...(broken === undefined ? {} : { broken, ...broke(plan, broken) }),
    };
  });
}

/** With a window that lasts longer in the declaration than at the provider. */
function broke(plan: Pick<RunPlan, 'settings' | 'phases'>, broken: Break): Pick<RunPlan, 'settings' | 'phases'> {
  if (broken !== 'window') return plan;
  const settings = { ...plan.settings, keyValidForMs: 3_600_000, keyHonouredForMs: 200 };
  return {
    settings,
    phases: plan.phases.map((phase) => ({ ...phase, lives: phase.lives.map((life) => ({ ...life, settings })) })),
  };
}
