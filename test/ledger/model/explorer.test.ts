import { describe, expect, it } from 'vitest';
import { explore, tell } from './explorer.js';
import { LIMITS, MUTANTS } from './mutants.js';
import { SCENARIOS } from './scenarios.js';

const LONG = 120_000;
const happened = new Map<string, number>();

describe('every interleaving of', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    '%s keeps the invariants',
    (_name, scenario) => {
      const found = explore(scenario);
      expect(found.violation, tell(found)).toBeUndefined();
      // A walk that hardly gets anywhere shows nothing.
      expect(found.states).toBeGreaterThan(1_000);
      for (const [kind, count] of found.happened) happened.set(kind, (happened.get(kind) ?? 0) + count);
    },
    LONG,
  );

  it('includes everything that is said to be walked', () => {
    const wanted = [
      'claims fence #',
      'does not get the claim',
      'claims fence #, and the answer is lost',
      'sends a claim that is delayed',
      'the delayed claim of w# applies',
      'the delayed claim of w# arrives for nothing',
      'sends the claim again: fence # is its own',
      'sends the claim again: not won',
      'sends the claim again, too late: gives fence # back',
      'gives the claim back unstarted',
      'makes its attempt durable',
      'may not start its effect',
      'has its effect e#',
      'has its effect e#, late',
      'calls a provider that knows the key, and has e#',
      'throws NotExecutedError',
      'throws before its effect',
      'throws after its effect',
      'times out; the body goes on',
      'renews its lease',
      'completes with e#',
      'completes with e#, and the answer is lost',
      'completes: settled already',
      'completes: superseded',
      'keeps its success as evidence',
      'adopts the evidence',
      'cannot adopt the evidence',
      'takes the turn to ask',
      'does not get the turn to ask',
      'hears: committed',
      'hears: not-executed',
      'hears: unknown',
      'settles it as committed',
      'settles it as committed: it has moved',
      'settles it as not executed',
      'settles it as not executed: it has moved',
      'gives the turn back',
      'crashes',
      'operator looks, and will release it as completed, by force',
      'operator looks, and will release it as not-executed, by force',
      'operator releases it as completed',
      'operator releases it as not executed',
      'operator cannot release it: it has moved',
      'operator retires it',
      "the store's clock jumps forward",
      "the store's clock jumps back",
      'is given e#',
    ];
    expect(wanted.filter((kind) => !happened.has(kind))).toEqual([]);
  });
});

describe('the explorer notices when', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    '%s',
    (_name, { scenario, rules, breaks }) => {
      const found = explore(scenario, rules);
      expect(found.violation?.what ?? tell(found), tell(found)).toMatch(breaks);
      // The same walk by the rules as they are finds nothing, unless the scenario itself is the fault.
      expect(found.violation?.trace.length).toBeGreaterThan(2);
    },
    LONG,
  );
});

describe('known limits: nothing here prevents that', () => {
  it.each(LIMITS.map((limit) => [limit.name, limit] as const))(
    '%s',
    (_name, { scenario, rules, breaks }) => {
      const found = explore(scenario, rules);
      expect(found.violation?.what ?? tell(found), tell(found)).toMatch(breaks);
    },
    LONG,
  );
});
