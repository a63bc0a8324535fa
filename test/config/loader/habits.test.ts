import { describe, expect, it } from 'vitest';
import { read } from './broken-config.js';

/** The only error of a text. */
function error(yaml: string): { id: string; path: string; says: string } {
  const { issues } = read(yaml);
  const [issue, ...others] = issues.all.filter(({ severity }) => severity === 'error');
  expect(others).toEqual([]);
  return { id: issue?.id ?? '', path: issue?.path ?? '', says: `${issue?.problem} | ${issue?.remedy}` };
}

function loaded(yaml: string): ReturnType<typeof read>['config'] {
  const { issues, config } = read(yaml);
  expect(issues.text('error')).toBe('');
  return config;
}

describe('habits of YAML 1.1', () => {
  it.each(['yes', 'Yes', 'YES', 'y', 'Y', 'on', 'On', 'ON'])('%s is no longer true', (word) => {
    for (const [yaml, path] of [
      [`action_ledger: { strict: ${word} }`, 'action_ledger.strict'],
      [`tools: { pay: { ledger: ${word} } }`, 'tools.pay.ledger'],
    ] as const) {
      expect(error(yaml)).toMatchObject({ id: 'MYC201', path });
      expect(error(yaml).says).toContain(`YAML 1.2 reads ${word} as a text; write true.`);
    }
  });

  it.each(['no', 'No', 'NO', 'n', 'N', 'off', 'Off', 'OFF'])('%s is no longer false', (word) => {
    expect(error(`tools: { pay: { ledger: ${word} } }`).says).toContain(
      `YAML 1.2 reads ${word} as a text; write false.`,
    );
  });

  it('they are texts where a text is wanted, and names where a name is', () => {
    const { guards } = loaded('tools: { on: { id_from: [yes, no, off, y], side_effect_class: read } }');
    expect(guards.map(({ name, ledger }) => [name, ledger?.options.idFrom])).toEqual([
      ['on', ['yes', 'no', 'off', 'y']],
    ]);
  });

  it('nothing is said of booleans to who quotes the word', () => {
    expect(error('action_ledger: { strict: "yes" }').says).toContain('Write true or false, without quotes.');
  });

  it.each([
    ['2026.10', 'YAML reads 2026.10 as the number 2026.1; quote it: "2026.10".'],
    ['1e3', 'YAML reads 1e3 as the number 1000; quote it: "1e3".'],
    ['0x1F', 'YAML reads 0x1F as the number 31; quote it: "0x1F".'],
    ['0o17', 'YAML reads 0o17 as the number 15; quote it: "0o17".'],
    ['.5', 'YAML reads .5 as the number 0.5; quote it: ".5".'],
    ['7', 'Quote it: "7".'],
    ['true', 'YAML reads true as true; quote it: "true".'],
    ['~', 'YAML reads ~ as no value; leave the key out, or quote it: "~".'],
    ['null', 'YAML reads null as no value; leave the key out, or quote it: "null".'],
  ])('%s is no text', (value, says) => {
    expect(error(`action_ledger: { path: ${value} }`)).toMatchObject({ id: 'MYC201', path: 'action_ledger.path' });
    expect(error(`action_ledger: { path: ${value} }`).says).toContain(says);
  });

  it('a version without quotes stays what it is as a name in a list that is quoted', () => {
    expect(
      loaded('tools: { pay: { id_from: ["2026.10"], side_effect_class: read } }').guards[0]?.ledger?.options,
    ).toEqual({
      effect: 'read',
      idFrom: ['2026.10'],
    });
  });

  it.each([
    ['1:30', '90'],
    ['1:30:00', '5400'],
    ['190:20:30', '685230'],
  ])('%s is no longer a number of seconds', (value, seconds) => {
    expect(error(`tools: { pay: { lease: ${value} } }`).says).toContain(
      `YAML 1.1 read ${value} as the number ${seconds}; write ${seconds}s.`,
    );
    expect(error(`tools: { pay: { max_attempts: ${value} } }`).says).toContain(`write ${seconds}.`);
  });

  it.each([
    ['1_000', '1000'],
    ['10_00_0', '10000'],
  ])('%s is no number', (value, plain) => {
    for (const key of ['lease', 'max_attempts'])
      expect(error(`tools: { pay: { ${key}: ${value} } }`).says).toContain(
        `YAML 1.2 knows no _ in numbers; write ${plain}.`,
      );
  });

  it.each([
    ['0777', '777', '511'],
    ['010', '10', '8'],
    ['-010', '-10', '-8'],
    ['08', '8', 'a text'],
  ])('%s would be read in two ways', (value, now, before) => {
    for (const key of ['lease', 'max_attempts']) {
      const { id, says } = error(`tools: { pay: { ${key}: ${value} } }`);
      expect(id).toBe('MYC201');
      expect(says).toContain(`is ${value}: YAML 1.2 reads that as ${now}, and YAML 1.1 as ${before} | Write ${now}`);
    }
  });

  it('zeros that change nothing are read', () => {
    expect(loaded('tools: { pay: { max_attempts: 007, wait_for: 00 } }').guards[0]?.ledger?.options).toEqual({
      maxAttempts: 7,
      waitFor: 0,
    });
  });

  it.each(['2026-10-01', '2026-10-01T12:00:00Z', '2026-1-2'])('%s is no date', (value) => {
    expect(error(`tools: { pay: { timeout: ${value} } }`).says).toContain(
      `YAML 1.2 knows no dates, ${value} is a text.`,
    );
    expect(loaded(`action_ledger: { path: ${value} }`).locations.tool).toEqual({
      storage: 'file',
      directory: `/srv/app/${value}`,
    });
  });

  it.each(['~', 'null', 'Null', 'NULL'])('%s is no value', (value) => {
    expect(error(`action_ledger: { strict: ${value} }`).says).toContain(
      `is empty, and has to be true or false | YAML reads ${value} as no value; leave the key out.`,
    );
    expect(loaded(`action_ledger: ${value}\ntools: { pay: ${value} }`).guards).toMatchObject([{ name: 'pay' }]);
  });

  it('merge keys are named', () => {
    expect(error('tools: { a: &a { ledger: false }, b: { <<: *a, ledger: false } }').says).toContain(
      'YAML 1.2 has no merge keys',
    );
  });
});

describe('habits of Python and of a shell', () => {
  it.each(['True', 'TRUE', 'False', 'FALSE'])('%s is read, as in YAML', (word) => {
    expect(loaded(`action_ledger: { strict: ${word} }`).strict).toBe(word.startsWith('T'));
  });

  it('None is no value', () => {
    expect(error('tools: { pay: { lease: None } }').says).toContain('is no duration: "None"');
  });

  it.each([
    ['5 min', '5m'],
    ['10sec', '10s'],
    ['2 Hours', '2h'],
    ['1.5 days', '1.5d'],
    ['1w', '7d'],
    ['30S', '30s'],
  ])('%s is probably %s', (value, meant) => {
    const [issue] = read(`tools: { pay: { lease: ${value} } }`).issues.all;
    expect(issue).toMatchObject({ id: 'MYC203', suggestion: meant });
  });
});
