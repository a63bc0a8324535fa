import { expect, test } from 'vitest';
import { CommandLineError, parseOptions } from './options.js';
import { BREAKS } from './order.js';
import { enoughRuns, expectedFaults, planRuns } from './plan.js';
import { judgeRequests } from './provider.js';
import { exitCodeOf, Totals } from './totals.js';

test('a seed gives the same plan each time, and another seed another one', () => {
  expect(planRuns('file', 60, 7)).toEqual(planRuns('file', 60, 7));
  expect(planRuns('file', 60, 7)).not.toEqual(planRuns('file', 60, 8));
});

test('a run is the same in a longer and in a shorter plan', () => {
  expect(planRuns('memory', 5, 3)).toEqual(planRuns('memory', 40, 3).slice(0, 5));
});

test('plans are plain data, as they are sent to other processes', () => {
  const plans = planRuns('file', enoughRuns('file'), 1);
  expect(JSON.parse(JSON.stringify(plans))).toEqual(plans);
});

test('a control is a run without a protection, in a plan that has all others', () => {
  const plans = planRuns('redis', enoughRuns('redis'), 1);
  const controls = plans.filter(({ broken }) => broken !== undefined);
  expect(new Set(controls.map(({ scenario, broken }) => `${scenario}: ${broken}`))).toEqual(
    new Set(['failover without durability: durability']),
  );
  expect(controls.every(({ phases }) => phases.every(({ lives }) => lives.every((life) => life.broken)))).toBe(true);
  expect(plans.filter(({ scenario }) => scenario === 'failover, unheard')).toHaveLength(controls.length);
});

test.each(['redis', 'postgres'] as const)('the servers of %s meet every fault that is expected of them', (store) => {
  const planned = new Set(
    planRuns(store, enoughRuns(store), 1).flatMap(({ phases, serializable }) =>
      phases.flatMap(({ server, lives }) => [
        ...(serializable === true ? ['serializable'] : []),
        ...(server?.outages ?? []).map(({ how }) => how),
        ...(server?.network?.faults ?? []),
        ...(server?.disturbance === undefined ? [] : [server.disturbance.what]),
        ...(server?.failover === undefined ? [] : ['failover']),
        ...lives.flatMap(({ faults }) => [
          ...(faults.kill === undefined ? [] : [`kill at ${faults.kill.point}`]),
          ...(faults.killAfterMs === undefined ? [] : ['kill at a random instant']),
          ...(faults.partitions === undefined ? [] : ['other-partitions']),
          ...(faults.stop === undefined ? [] : ['stop']),
          ...(faults.clock === undefined ? [] : ['clock']),
          ...(faults.lostAnswers === undefined ? [] : ['lost-answer']),
        ]),
      ]),
    ),
  );
  expect(expectedFaults(store).filter((fault) => !planned.has(fault))).toEqual([]);
});

test.each(BREAKS)('without %s, every worker is told to go without it', (broken) => {
  const lives = planRuns('file', 3, 1, broken).flatMap(({ phases }) => phases.flatMap((phase) => phase.lives));
  expect(lives.length).toBeGreaterThan(0);
  expect(lives.every((life) => life.broken === broken)).toBe(true);
});

test('the command line', () => {
  expect(parseOptions(['--store', 'file', '--seed', '4'])).toEqual({
    store: 'file',
    runs: 300,
    seed: 4,
    json: false,
    broken: undefined,
  });
  expect(parseOptions(['--store=memory', '--runs=2', '--seed=0', '--json', '--break', 'claim'])).toEqual({
    store: 'memory',
    runs: 2,
    seed: 0,
    json: true,
    broken: 'claim',
  });
  expect(parseOptions(['--help'])).toBe('help');
});

test.each([
  [[], /--store is missing/],
  [['--store', 'sqlite'], /--store sqlite: there are memory, file, redis, postgres/],
  [['--store', 'file', '--runs', '0'], /--runs 0/],
  [['--store', 'file', '--seed', 'x'], /--seed x/],
  [['--store', 'file', '--what'], /--what/],
  [['--store', 'file', 'again'], /again/],
  [['--store', 'file', '--break', 'luck'], /--break luck/],
  [['--store', 'memory', '--break', 'flush'], /no log/],
  [['--store', 'memory', '--break', 'readback'], /no log/],
  [['--store', 'redis', '--break', 'flush'], /no log/],
  [['--store', 'postgres', '--break', 'durability'], /no replicas to wait for; use --store redis/],
])('%j is refused', (words, why) => {
  expect(() => parseOptions(words)).toThrow(CommandLineError);
  expect(() => parseOptions(words)).toThrow(why);
});

test('a harness in which nothing happened is not content with itself', () => {
  const totals = new Totals('memory', 1, undefined);
  for (const plan of planRuns('memory', enoughRuns('memory'), 1))
    totals.add({ ...plan, jobs: [] }, { events: [], kills: 0 });
  const report = totals.report(1, new Map([['stop', 'not here']]));
  expect(report.not_shown).toContain('no call was answered');
  expect(report.not_shown).toContain('never struck: clock');
  expect(report.not_shown).toContain('no receipt was issued');
  expect(report.not_shown).not.toContain('never struck: stop');
  expect(report.not_shown).toHaveLength(expectedFaults('memory').length + 2);
  expect(exitCodeOf(report)).toBe(1);
});

test('a missing protection that nobody noticed is a blind harness', () => {
  const report = new Totals('file', 1, 'fence').report(1, new Map());
  expect(report).toMatchObject({ broken: 'fence', found: false });
  expect(exitCodeOf(report)).toBe(1);
});

test('what a control shows is no broken promise, and one that shows nothing is blind', () => {
  const plan = planRuns('redis', enoughRuns('redis'), 1).find(({ broken }) => broken !== undefined);
  const [job] = plan?.jobs ?? [];
  if (plan === undefined || job === undefined) throw new Error('no control was planned');
  const request = { type: 'requested', worker: 'w', key: job.key, attempt: 1, at: 1 } as const;
  const totals = new Totals('redis', 1, undefined);
  const blind = totals.report(1, new Map());
  expect(blind).toMatchObject({ failover_without_durability: 0 });
  const twice = [
    { ...request, receipt: 'before' },
    { ...request, receipt: 'after' },
  ];
  expect(totals.add(plan, { events: twice, kills: 0 })).toEqual([]);
  const report = totals.report(1, new Map());
  expect(report).toMatchObject({
    failover_without_durability: 1,
    duplicates: 0,
    stuck_without_remedy: 0,
    unproven: 0,
    findings: [],
  });
  // The same events in a run that has every protection.
  const { broken: _control, ...protectedPlan } = plan;
  expect(totals.add(protectedPlan, { events: twice, kills: 0 })).not.toEqual([]);
  expect(totals.report(1, new Map())).toMatchObject({ failover_without_durability: 1, duplicates: 1 });
});

test('an operator who releases has the book opened again', () => {
  const request = { type: 'requested', worker: 'w', key: 'k', attempt: 1, at: 1 } as const;
  const [refused, accepted] = [
    { ...request, receipt: 'before' },
    { ...request, receipt: 'after' },
  ];
  const outcomes = judgeRequests([
    { type: 'closed', key: 'k', through: 2 },
    refused,
    { type: 'released', key: 'k', as: 'not-executed' },
    accepted,
  ]);
  expect(outcomes.get(refused)).toEqual({ outcome: 'refused' });
  expect(outcomes.get(accepted)).toEqual({ outcome: 'accepted' });
});
