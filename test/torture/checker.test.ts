import { describe, expect, test } from 'vitest';
import { type Counter, check, type Verdict } from './checker.js';
import type { Job } from './order.js';
import { resultOf, textOf } from './provider.js';
import type { Answered, Event, Requested } from './witness.js';

const KEY = 'inv-1';

function job(tool: string, changes: Partial<Job> = {}): Job {
  return { key: KEY, tool, bodyMs: 0, padding: 3, ...changes };
}

function invoked(call: string, key: string = KEY): Event {
  return { type: 'invoked', worker: 'w', call, key };
}

function body(call: string, attempt = 1, key: string = KEY): Event {
  return { type: 'body', worker: 'w', call, key, attempt };
}

function requested(receipt: string, changes: Partial<Requested> = {}): Requested {
  return { type: 'requested', worker: 'w', key: KEY, attempt: 1, receipt, at: 1_000, ...changes };
}

function answered(call: string, request: Requested, key: string = KEY): Answered {
  return { type: 'answered', worker: 'w', call, key, value: textOf(resultOf(request, 3)) };
}

function blocked(call: string): Event {
  return {
    type: 'failed',
    worker: 'w',
    call,
    key: KEY,
    ending: 'blocked',
    code: 'LEDGER_BLOCKED',
    message: 'may have run',
  };
}

const recovering: Event = { type: 'recovering' };

function recorded(phase = 'committed', key: string = KEY): Event {
  return { type: 'recorded', key, phase };
}

/** A call that ran, was answered, and is replayed to a later worker. */
function wellDone(request: Requested): Event[] {
  return [
    invoked('a'),
    body('a'),
    request,
    answered('a', request),
    recovering,
    invoked('z'),
    answered('z', request),
    recorded(),
  ];
}

function verdictOn(tool: string | Job, events: readonly Event[], everyoneLives = false): Verdict {
  return check({ jobs: [typeof tool === 'string' ? job(tool) : tool], events, everyoneLives });
}

function counted({ findings }: Verdict): Partial<Record<Counter, number>> {
  const counts: Partial<Record<Counter, number>> = {};
  for (const { counter } of findings) counts[counter] = (counts[counter] ?? 0) + 1;
  return counts;
}

const ONCE = 'non_idempotent_mutate.implicit';

test('a call that ran once and is replayed breaks no promise', () => {
  const verdict = verdictOn(ONCE, wellDone(requested('one')));
  expect(verdict).toEqual({
    findings: [],
    bodies: 1,
    answered: 2,
    blocked: 0,
    falseBlocks: 0,
    lateArrivals: 0,
    receipts: 0,
  });
});

describe('duplicates', () => {
  const one = requested('one');
  const two = requested('two', { attempt: 2 });
  const twice = [
    invoked('a'),
    body('a'),
    one,
    invoked('b'),
    body('b', 2),
    two,
    answered('b', two),
    recovering,
    invoked('z'),
    answered('z', two),
    recorded(),
  ];

  test.each([
    ['read.implicit', 0],
    ['idempotent_mutate.implicit', 0],
    ['keyed_mutate.implicit', 1],
    ['non_idempotent_mutate.implicit', 1],
    ['irreversible.explicit', 1],
    ['unclassified.implicit', 1],
  ])('%s: two effects are %i too many', (tool, expected) => {
    expect(counted(verdictOn(tool, twice)).duplicates ?? 0).toBe(expected);
  });

  test('an unclassified tool may run again after it threw, once per throw', () => {
    const threw: Event = { type: 'threw', key: KEY, after: true };
    const [invocation, first, ...rest] = twice as [Event, Event, ...Event[]];
    const withThrow = [invocation, first, ...rest.slice(0, 1), threw, ...rest.slice(1)];
    expect(counted(verdictOn('unclassified.implicit', withThrow))).toEqual({});
    expect(counted(verdictOn('irreversible.implicit', withThrow))).toEqual({ duplicates: 1 });
    const third = [...withThrow.slice(0, -3), requested('three', { attempt: 3 }), ...withThrow.slice(-3)];
    expect(counted(verdictOn('unclassified.implicit', third))).toEqual({ duplicates: 1 });
  });

  test('a release as not executed allows no second effect: the operator reads the book', () => {
    const released: Event = { type: 'released', key: KEY, as: 'not-executed' };
    expect(counted(verdictOn(ONCE, [...twice.slice(0, 3), released, ...twice.slice(3)])).duplicates).toBe(1);
  });

  test('of a key that the provider honours only requests outside its window count', () => {
    const idempotency = { key: 'k', ms: 500 };
    const keyed = (late: number): Event[] => {
      const first = requested('one', { idempotency });
      const second = requested('two', { idempotency, attempt: 2, at: 1_000 + late });
      const answer = late < 500 ? first : second;
      return [
        invoked('a'),
        body('a'),
        first,
        invoked('b'),
        body('b', 2),
        second,
        answered('b', answer),
        recovering,
        answered('z', answer),
        recorded(),
      ];
    };
    expect(counted(verdictOn('keyed_mutate.implicit', keyed(499)))).toEqual({});
    expect(counted(verdictOn('keyed_mutate.implicit', keyed(500)))).toEqual({ duplicates: 1 });
  });

  test('what a provider refuses, because a reconciler had the attempt closed, is no effect', () => {
    const closed: Event = { type: 'closed', key: KEY, through: 1 };
    const late = requested('late');
    const verdict = verdictOn(ONCE, [
      invoked('a'),
      body('a'),
      closed,
      late,
      ...wellDone(requested('one', { attempt: 2 })),
    ]);
    expect(counted(verdict)).toEqual({});
    expect(verdict.lateArrivals).toBe(1);
  });
});

describe('lost', () => {
  const one = requested('one');
  const [invocation, first, effect, answer] = wellDone(one) as [Event, Event, Event, Event];

  test('an answer whose record is gone, open, or given to nobody afterwards', () => {
    const before = [invocation, first, effect, answer, recovering];
    expect(counted(verdictOn(ONCE, [...before, invoked('z'), answered('z', one)]))).toEqual({ lost: 1 });
    expect(counted(verdictOn(ONCE, [...before, invoked('z'), answered('z', one), recorded('attempting')]))).toEqual({
      lost: 1,
    });
    expect(counted(verdictOn(ONCE, [...before, recorded()]))).toEqual({ lost: 1, stuck_without_remedy: 1 });
  });

  test('an answer without any effect', () => {
    expect(
      counted(verdictOn(ONCE, [invocation, first, answer, recovering, invoked('z'), answered('z', one), recorded()])),
    ).toEqual({ lost: 1 });
  });

  test('a body for a call that was made after the answer, even where running again is harmless', () => {
    const again = [...wellDone(one).slice(0, 5), invoked('z'), body('z', 2), answered('z', one), recorded()];
    expect(counted(verdictOn('idempotent_mutate.implicit', again))).toEqual({ lost: 1 });
  });

  test('but not a body of a slow worker whose call was made before the answer', () => {
    const slow = [
      invoked('slow'),
      invocation,
      first,
      effect,
      answer,
      body('slow', 2),
      recovering,
      invoked('z'),
      answered('z', one),
      recorded(),
    ];
    expect(counted(verdictOn('idempotent_mutate.implicit', slow))).toEqual({});
  });

  test('a claim that nobody used, only where no worker was lost', () => {
    const events = [invoked('a'), blocked('a'), ...wellDone(one)];
    expect(counted(verdictOn(ONCE, events, true))).toEqual({ lost: 1 });
    expect(counted(verdictOn(ONCE, events, false))).toEqual({});
    expect(counted(verdictOn(ONCE, [invoked('a'), body('a'), blocked('a'), ...wellDone(one)], true))).toEqual({});
  });
});

describe('wrong replays', () => {
  const one = requested('one');

  test('two callers saw different values', () => {
    const other = requested('other');
    const events = [...wellDone(one).slice(0, 6), other, answered('z', other), recorded()];
    expect(counted(verdictOn('idempotent_mutate.implicit', events))).toEqual({ wrong_replays: 1 });
  });

  test('a value of another type is another value', () => {
    const events = wellDone(one).map((event) =>
      event.type === 'answered' && event.call === 'z'
        ? { ...event, value: textOf({ ...resultOf(one, 3), amount: 1_000 }) }
        : event,
    );
    expect(counted(verdictOn(ONCE, events))).toEqual({ wrong_replays: 1 });
  });

  test('a value that no effect backs', () => {
    const phantom = requested('phantom');
    const events = [
      invoked('a'),
      body('a'),
      one,
      answered('a', phantom),
      recovering,
      invoked('z'),
      answered('z', phantom),
      recorded(),
    ];
    expect(counted(verdictOn(ONCE, events))).toEqual({ wrong_replays: 1 });
  });
});

describe('stuck without a remedy', () => {
  test('recovery brought no answer', () => {
    const verdict = verdictOn(ONCE, [
      invoked('a'),
      body('a'),
      recovering,
      invoked('z'),
      blocked('z'),
      recorded('attempting'),
    ]);
    expect(counted(verdict)).toEqual({ stuck_without_remedy: 1 });
    expect(verdict.findings[0]?.what).toContain('LEDGER_BLOCKED');
  });

  test('a call that was never answered', () => {
    const hung: Event = { type: 'hung', worker: 'w', call: 'a', key: KEY };
    expect(counted(verdictOn(ONCE, [hung, ...wellDone(requested('one'))]))).toEqual({ stuck_without_remedy: 1 });
  });
});

test('an error that nobody announced is counted', () => {
  const failed: Event = {
    type: 'failed',
    worker: 'w',
    call: 'a',
    key: KEY,
    ending: 'unexpected',
    code: 'TypeError',
    message: 'x is not a function',
  };
  expect(counted(verdictOn(ONCE, [failed, ...wellDone(requested('one'))]))).toEqual({ unexpected_errors: 1 });
});

describe('a task', () => {
  const step = job('irreversible.explicit', { key: 'step' });
  const task = job('task', { steps: [step] });
  const effect = requested('one', { key: 'step' });
  const value = { type: 'answered', worker: 'w', call: 'a', key: KEY, value: '[one]' } as const;
  const events: Event[] = [
    invoked('a'),
    body('a'),
    invoked('a>step', 'step'),
    body('a>step', 1, 'step'),
    effect,
    answered('a>step', effect, 'step'),
    value,
    recovering,
    invoked('z'),
    { ...value, call: 'z' },
    recorded(),
    recorded('committed', 'step'),
  ];

  test('has no effect of its own, and its steps need not be called again', () => {
    expect(counted(verdictOn(task, events))).toEqual({});
  });

  test('is judged with its steps', () => {
    expect(counted(verdictOn(task, [...events, requested('two', { key: 'step' })]))).toEqual({ duplicates: 1 });
    expect(counted(verdictOn(task, events.slice(0, -1)))).toEqual({ lost: 1 });
  });
});

test('blocked calls are counted, and those of which nothing had happened', () => {
  const one = requested('one');
  const late = [invoked('a'), blocked('a'), body('a'), one, blocked('b'), ...wellDone(one).slice(3)];
  expect(verdictOn(ONCE, late)).toMatchObject({ blocked: 2, falseBlocks: 1 });
});

test('an outcome that cannot be proven is counted', () => {
  const unproven: Event = { type: 'unproven', key: KEY, what: 'committed, and owes a receipt' };
  expect(counted(verdictOn(ONCE, [...wellDone(requested('one')), unproven]))).toEqual({ unproven: 1 });
});
