/**
 * What must hold whatever happens, said without the rules of the engine: over effects that really happened and
 * answers that callers really got.
 */
import type { CallRecord } from '../../../src/ledger/record.js';
import type { Gate, RecordedClass } from '../../../src/ledger/transition.js';
import { currentLife, type HeldClaim, type Life, now, type Scenario, setLife, type World } from './world.js';

/** An invariant that does not hold. */
export class Violation extends Error {}

export function demand(holds: boolean, what: string): void {
  if (!holds) throw new Violation(what);
}

const ORDER: readonly RecordedClass[] = [
  'read',
  'idempotent_mutate',
  'unclassified',
  'keyed_mutate',
  'non_idempotent_mutate',
  'irreversible',
];

function strictest(one: RecordedClass | undefined, other: RecordedClass): RecordedClass {
  return one !== undefined && ORDER.indexOf(one) > ORDER.indexOf(other) ? one : other;
}

/** Whether somebody else's lease stands on the record, by the store's clock. */
export function held(world: World): boolean {
  const lease = world.call?.stored.lease;
  return lease !== undefined && now(world) < lease.until;
}

/** A claim applied: fences rise, held leases are respected, no proof of success is passed over; counts what may follow. */
export function claimed(before: World, after: World, declared: RecordedClass): World {
  const record = after.call?.record as CallRecord;
  demand(before.last === undefined || record.fence > before.last.fence, 'two claims have one fence');
  demand(!held(before), 'a claim took over a lease that was held');
  const retired = before.call?.record.retiredThrough ?? 0;
  demand(
    !(before.proof?.record.successes.some(({ fence }) => fence > retired) ?? false),
    'a claim passed over the proof that a body had succeeded',
  );
  const life = currentLife(before);
  const was = before.lives[life] as Life;
  const strict = strictest(was.strictest, declared);
  const harmless = strict === 'read' || strict === 'idempotent_mutate' || (strict === 'unclassified' && was.threw);
  const credits = was.strictest !== undefined && harmless ? was.credits + 1 : was.credits;
  return setLife({ ...after, last: { owner: record.owner, fence: record.fence } }, life, {
    credits,
    strictest: strict,
    threw: false,
  });
}

/** An attempt that is known not to have executed, when nothing before it is open, leaves nothing unsettled. */
export function settledAsNotExecuted(world: World, verdict: boolean): World {
  const life = currentLife(world);
  const { strictest: _, ...rest } = world.lives[life] as Life;
  const settled: Life = { ...rest, threw: false, verdicts: rest.verdicts + (verdict ? 1 : 0) };
  return { ...world, lives: world.lives.map((one, at) => (at === life ? settled : one)) };
}

/** Invariant 1: one effect, one more per verdict, and what the classes allow. */
export function effectsAllowed(world: World, life: number): void {
  const { verdicts, credits } = world.lives[life] as Life;
  const counted = world.effects.filter((effect) => effect.life === life && !effect.forgotten).length;
  demand(
    counted <= 1 + verdicts + credits,
    `${counted} effects, with ${verdicts} "not executed" verdicts and ${credits} allowed repetitions`,
  );
}

/** A believed "not executed" is true of everything that had happened, under a held lease, when its turn to be asked began. */
export function verdictTrue(world: World, askedAfter: number): void {
  const life = currentLife(world);
  const seen = world.effects.slice(0, askedAfter).some((effect) => effect.life === life && !effect.late);
  const earlier = (world.lives[life] as Life).verdicts > 0;
  demand(!seen || earlier, 'a "not executed" verdict was believed, and it was false');
}

/** Invariant 2: what one caller was given, every later one is given; and it is what a body or a person said. */
export function answered(world: World, life: number, value: string): World {
  const one = world.lives[life] as Life;
  demand(
    one.answered === undefined || one.answered === value,
    `two results for one identity: ${one.answered} and ${value}`,
  );
  const known =
    one.told.includes(value) || world.effects.some((effect) => effect.life === life && effect.value === value);
  demand(known, `a result that nobody produced: ${value}`);
  return one.answered === undefined ? setLife(world, life, { answered: value }) : world;
}

/** Invariant 4, for every write under a claim. */
export function mayWrite(world: World, claim: HeldClaim): void {
  const record = world.call?.record;
  demand(
    world.last?.fence === claim.fence && world.last.owner === claim.owner && record?.fence === claim.fence,
    'a superseded claim changed the record',
  );
}

/** Never away from a committed result, except by retiring it. */
export function keepsWhatIsCommitted(before: World, record: CallRecord): void {
  const was = before.call?.record;
  if (was === undefined) return;
  demand(record.fence >= was.fence, 'a fence went back');
  const retired = (record.retiredThrough ?? 0) > (was.retiredThrough ?? 0);
  demand(
    was.phase !== 'committed' || retired || (record.phase === 'committed' && record.result === was.result),
    'a committed result was lost',
  );
}

/** A success that was not committed needs a newer claim that explains it. */
export function supersededByClaim(world: World, claim: HeldClaim): void {
  const newer = world.last !== undefined && world.last.fence > claim.fence;
  demand(newer, 'a success was refused although no newer claim exists');
}

/** What a caller is told while somebody's lease is held on an open record: to wait. */
export function gateAllowed(world: World, gate: Gate): void {
  const phase = world.call?.record.phase;
  const open = phase === 'intended' || phase === 'attempting' || phase === 'unknown';
  demand(!(open && held(world)) || gate === 'POLL', `a caller was told ${gate} while a worker holds the lease`);
  demand(phase !== 'committed' || gate === 'RETURN', `a caller was told ${gate} of a committed call`);
}

/** The provider's answer to who asks now, with what it does not show yet left out. */
export function visible(world: World, scenario: Scenario): readonly string[] {
  const life = currentLife(world);
  return world.effects
    .filter((effect) => effect.life === life && effect.at + scenario.providerLag <= world.real)
    .map((effect) => effect.value);
}
