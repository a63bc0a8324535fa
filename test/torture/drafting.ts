/** Draws the parts of a run. */
import { FAULT_POINTS } from 'mycelium-runtime/testing';
import type { Break, Faults, Job, Life, Point, Settings } from './order.js';
import { type Draw, drawFrom } from './random.js';
import type { Phase } from './run-plan.js';
import { TASK, TOOL_KINDS, type ToolKind } from './tool-kinds.js';

/** How far a wall clock can be off, in milliseconds. */
const WRONG_BY_MS = [-18_000_000, -600_000, 600_000, 18_000_000] as const;

/** Draws jobs and lives for one run. */
export class Drafting {
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
    const off = (): number => draw.pick(WRONG_BY_MS);
    return {
      clock: {
        shiftMs: draw.chance(0.7) ? off() : 0,
        ...(draw.chance(0.6) ? { jump: { afterMs: draw.between(5, 120), byMs: off() } } : {}),
      },
    };
  }
}
