/**
 * Walks every interleaving of a scenario, breadth first, so that the first violation found has the shortest trace.
 */
import { everythingOver, moves } from './actor-moves.js';
import { Violation } from './invariants.js';
import { ENGINE, type Rules } from './rules.js';
import { demandWayOut } from './way-out.js';
import { fingerprintOf, look, numberOf, type Scenario, start, type World } from './world.js';

export interface Exploration {
  readonly states: number;
  readonly moves: number;
  /** How often each thing happened, so that a test can see that it did. */
  readonly happened: ReadonlyMap<string, number>;
  readonly violation?: { readonly what: string; readonly trace: readonly string[] };
}

interface Node {
  readonly from: Node | undefined;
  readonly label: string;
}

interface Reached {
  readonly world: World;
  readonly node: Node;
}

function traceOf(node: Node, last: string): readonly string[] {
  const labels = [last];
  for (let one: Node | undefined = node; one?.from !== undefined; one = one.from) labels.unshift(one.label);
  return labels;
}

/** Moves without the workers and numbers in them. */
function kindsOf(counts: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const kinds = new Map<string, number>();
  for (const [label, count] of counts) {
    const kind = label.replace(/^w\d /, '').replace(/\d+/g, '#');
    kinds.set(kind, (kinds.get(kind) ?? 0) + count);
  }
  return kinds;
}

/** Explores until nothing new is reachable, or until an invariant is broken. */
export function explore(scenario: Scenario, rules: Rules = ENGINE, atMost = 3_000_000): Exploration {
  const policies = [...new Set(scenario.workers.map(({ policy }) => policy))];
  const first = start(scenario);
  const known = new Set([fingerprintOf(first, scenario)]);
  const exits = new Set<string>();
  const counts = new Map<string, number>();
  let level: Reached[] = [{ world: first, node: { from: undefined, label: '' } }];
  let made = 0;
  const broken = (node: Node, label: string, error: unknown): Exploration => {
    if (!(error instanceof Violation)) throw error;
    return {
      states: known.size,
      moves: made,
      happened: kindsOf(counts),
      violation: { what: error.message, trace: traceOf(node, label) },
    };
  };
  while (level.length > 0) {
    const next: Reached[] = [];
    for (const { world, node } of level) {
      for (const make of moves(scenario, rules, world)) {
        let reached: ReturnType<typeof make>;
        try {
          reached = make();
        } catch (error) {
          return broken(node, `then: ${(error as Error).message}`, error);
        }
        for (const { label, to } of reached) {
          made += 1;
          counts.set(label, (counts.get(label) ?? 0) + 1);
          const text = fingerprintOf(to, scenario);
          if (known.has(text)) continue;
          known.add(text);
          const reachedNode: Node = { from: node, label };
          try {
            checkExit(scenario, rules, policies, to, exits);
          } catch (error) {
            return broken(reachedNode, `then: ${(error as Error).message}`, error);
          }
          next.push({ world: to, node: reachedNode });
        }
      }
    }
    if (known.size > atMost) throw new Error(`${scenario.name} has more than ${atMost} states; make it smaller`);
    level = next;
  }
  return { states: known.size, moves: made, happened: kindsOf(counts) };
}

/** Each record once: what leads out of it does not depend on who else is where. */
function checkExit(
  scenario: Scenario,
  rules: Rules,
  policies: Parameters<typeof demandWayOut>[1],
  world: World,
  exits: Set<string>,
): void {
  const view = { ...look(world), now: everythingOver(world) };
  if (view.seen === undefined) return;
  const text = `${numberOf(view.seen.record)},${view.evidence === undefined ? '' : numberOf(view.evidence.record)},${scenario.timed ? view.now : ''}`;
  if (exits.has(text)) return;
  exits.add(text);
  demandWayOut(rules, policies, view);
}

/** A trace for people. */
export function tell(exploration: Exploration): string {
  const { violation } = exploration;
  if (violation === undefined) return 'no invariant is broken';
  return [
    `${violation.what}, after ${exploration.states} states:`,
    ...violation.trace.map((label, position) => `  ${position + 1}. ${label}`),
  ].join('\n');
}
