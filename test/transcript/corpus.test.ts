import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { profiles } from '../../src/transcript/formats.js';
import type { ProfileName } from '../../src/transcript/index.js';
import { MessageValidator, type TranscriptFormat } from '../../src/transcript/index.js';
import { type Case, casesOf } from './corpus/cases.js';
import { corpusFormats } from './corpus/formats.js';
import { fromLines, linesOf } from './corpus/lines.js';
import { untold } from './corpus/untold.js';
import { fuzzFormats } from './fuzz/formats.js';

const FEWEST_OF_A_FORMAT = 300;
const MOST_KILOBYTES = 450;

const folder = fileURLToPath(new URL('../transcripts', import.meta.url));
const handMadeOf = (format: string): readonly Case[] =>
  JSON.parse(readFileSync(join(folder, `${format}.json`), 'utf8')) as readonly Case[];
const generatedFile = (format: string): string => join(folder, 'generated', `${format}.jsonl`);

test('every format has its cases, and no others are there', () => {
  const formats = fuzzFormats.map(({ format }) => format).sort();
  expect(corpusFormats.map(({ format }) => format).sort()).toEqual(formats);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.jsonl?$/.test(name));
  expect(names.sort()).toEqual(
    formats.flatMap((format) => [`${format}.json`, join('generated', `${format}.jsonl`)]).sort(),
  );
});

describe.each(corpusFormats)('$format', (corpus) => {
  const { format } = corpus;
  const handMade = handMadeOf(format);
  const generated = existsSync(generatedFile(format)) ? fromLines(readFileSync(generatedFile(format), 'utf8')) : [];
  const all = [...handMade, ...generated];

  test('the generated cases are those that npm run corpus makes', () => {
    const cases = casesOf(corpus);
    const fresh = linesOf(cases);
    expect(generated.map(({ name }) => name)).toEqual(cases.map(({ name }) => name));
    expect(readFileSync(generatedFile(format), 'utf8') === fresh, 'run npm run corpus').toBe(true);
    expect(fresh.length / 1024).toBeLessThan(MOST_KILOBYTES);
  });

  test('there are several hundred, each with its own name, and each breakage made some', () => {
    expect(all.length).toBeGreaterThanOrEqual(FEWEST_OF_A_FORMAT);
    expect(repeated(all.map(({ name }) => name))).toEqual([]);
    const made = new Set(generated.map(({ name }) => name.split(' · ')[0]));
    expect(corpus.breakages.map(({ name }) => name).filter((name) => !made.has(name))).toEqual([]);
    expect(repeated(corpus.breakages.map(({ name }) => name))).toEqual([]);
  });

  test('every rule of every profile is broken by one', () => {
    const [standard] = profiles.filter((profile) => profile.format === format);
    const broken = new Set(
      all.flatMap(({ profile = standard!.name, breaks, warns = [] }) =>
        profiles
          .find(({ name }) => name === profile)!
          .rules.filter(({ code, severity }) => (severity === 'error' ? breaks : warns).includes(code)),
      ),
    );
    const whole = profiles
      .filter((profile) => profile.format === format)
      .flatMap(({ name, rules }) =>
        rules.filter((rule) => !broken.has(rule)).map(({ code, severity }) => `${name} ${severity} ${code}`),
      );
    expect(whole).toEqual([]);
  });

  test.each([
    ['made by hand', handMade],
    ['generated', generated],
  ])('what is said of the cases %s is so', (_, cases) => {
    expect(cases.flatMap((one) => complaintsOf(one, format).map((what) => `${one.name}: ${what}`))).toEqual([]);
  });

  test('an oracle that shares nothing with the library tells valid from broken as the labels do', () => {
    const { oracle } = fuzzFormats.find((one) => one.format === format)!;
    const exceptions = Object.keys(untold[format] ?? {});
    const parts = (name: string): string[] => name.split(' · ');
    const isKnown = ({ name, profile }: Case): boolean =>
      profile === undefined && !parts(name).some((part) => exceptions.includes(part));
    const wrong = all
      .filter((one) => isKnown(one) && oracle(one.messages).length > 0 !== one.breaks.length > 0)
      .map((one) => `${one.name}: [${one.breaks.join()}], the oracle says [${oracle(one.messages).join()}]`);
    expect(wrong).toEqual([]);
    // An exception that is none any more goes.
    const named = new Set(all.flatMap(({ name }) => parts(name)));
    expect(exceptions.filter((name) => !named.has(name))).toEqual([]);
  });
});

const validators = new Map<string, MessageValidator>();

function validatorOf(format: TranscriptFormat, profile: ProfileName | undefined): MessageValidator {
  const key = profile ?? format;
  let validator = validators.get(key);
  if (validator === undefined) {
    validator = new MessageValidator({ format, ...(profile === undefined ? {} : { profile }) });
    validators.set(key, validator);
  }
  return validator;
}

/** Where what the library says of a case, and does with it, is not as the case's label says. */
function complaintsOf({ name, messages, breaks, warns, profile, remaining }: Case, format: TranscriptFormat): string[] {
  const complaints: string[] = [];
  const same = (what: string, found: readonly string[], wanted: readonly string[]): void => {
    if (sorted(found) !== sorted(wanted)) complaints.push(`${what} [${sorted(found)}], not [${sorted(wanted)}]`);
  };
  const validator = validatorOf(format, profile);
  const before = JSON.stringify(messages);
  const { ok, issues } = validator.check(messages);
  const codes = (severity: string): string[] =>
    issues.filter((one) => one.severity === severity).map(({ code }) => code);
  same('errors', codes('error'), breaks);
  same('warnings', codes('warning'), warns ?? []);
  if (ok !== (breaks.length === 0)) complaints.push(`ok is ${ok}`);
  const repaired = validator.repair(messages);
  if (JSON.stringify(messages) !== before) complaints.push('the repair changed what it was given');
  same('remaining', codesOf(repaired.remaining), remaining ?? []);
  const after = validator.check(repaired.messages);
  if (after.ok !== (repaired.remaining.length === 0)) complaints.push('remaining is not what check finds');
  const again = validator.repair(repaired.messages);
  if (again.changes.length > 0 || again.messages.some((message, at) => message !== repaired.messages[at]))
    complaints.push('a second repair changes something');
  const { oracle, kept } = fuzzFormats.find((one) => one.format === format)!;
  const left = kept(repaired.messages);
  const lost = kept(messages).filter((text) => !left.includes(text));
  if (lost.length > 0) complaints.push(`the repair lost ${JSON.stringify(lost)}`);
  if (profile === undefined && repaired.remaining.length === 0 && !isUntold(name, format)) {
    same('the oracle of what was repaired', oracle(repaired.messages), []);
  }
  return complaints;
}

function isUntold(name: string, format: TranscriptFormat): boolean {
  return name.split(' · ').some((part) => Object.hasOwn(untold[format] ?? {}, part));
}

function codesOf(issues: readonly { readonly code: string }[]): string[] {
  return issues.map(({ code }) => code);
}

function sorted(codes: Iterable<string>): string {
  return [...new Set(codes)].sort().join(', ');
}

function repeated(names: readonly string[]): string[] {
  return names.filter((name, at) => names.indexOf(name) !== at);
}
