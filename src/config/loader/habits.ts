/** What people know from YAML 1.1, from Python or from a shell, and YAML 1.2 reads otherwise. */

/** What a value has to be, in words. */
export type Expected =
  | 'a text'
  | 'a list'
  | 'a mapping'
  | 'true or false'
  | 'a number'
  | 'a whole number'
  | 'a duration'
  | (string & {});

/** What to say about a value of the wrong kind, or undefined when it explains itself. */
export function habit(source: string, value: unknown, expected: Expected): string | undefined {
  if (value === null) return emptyHabit(source, expected);
  if (expected === 'a text') {
    if (typeof value === 'boolean') return `YAML reads ${source} as ${value}; quote it: "${source}"`;
    if (typeof value !== 'number') return undefined;
    return String(value) === source
      ? `quote it: "${source}"`
      : `YAML reads ${source} as the number ${value}; quote it: "${source}"`;
  }
  if (typeof value !== 'string') return undefined;
  if (expected.startsWith('true or false')) return switchHabit(source);
  if (expected.endsWith('number') || expected === 'a duration') return numberHabit(source, expected);
  if (expected === 'a mapping' && /^[\w-]+:\S/.test(source))
    return `YAML wants a space behind the colon: ${/^[\w-]+:/.exec(source)?.[0]} …`;
  return undefined;
}

function emptyHabit(source: string, expected: Expected): string | undefined {
  if (source === '') return 'leave the key out, or give it a value';
  return `YAML reads ${source} as no value; leave the key out${expected === 'a text' ? `, or quote it: "${source}"` : ''}`;
}

function switchHabit(source: string): string | undefined {
  if (/^(y|yes|on)$/i.test(source)) return `YAML 1.2 reads ${source} as a text; write true`;
  if (/^(n|no|off)$/i.test(source)) return `YAML 1.2 reads ${source} as a text; write false`;
  return undefined;
}

function numberHabit(source: string, expected: Expected): string | undefined {
  const unit = expected === 'a duration' ? 's' : '';
  if (/^\d+(?::[0-5]?\d)+$/.test(source)) {
    const seconds = source.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    return `YAML 1.1 read ${source} as the number ${seconds}; write ${seconds}${unit}`;
  }
  if (/^\d+(_\d+)+$/.test(source)) {
    const plain = source.replaceAll('_', '');
    return `YAML 1.2 knows no _ in numbers; write ${plain}`;
  }
  if (/^\d{4}-\d\d?-\d\d?/.test(source)) return `YAML 1.2 knows no dates, ${source} is a text`;
  return undefined;
}

/** `0777` is 777 in YAML 1.2, and was 511 in YAML 1.1; undefined for what both read alike. */
export function octalHabit(source: string, value: unknown): string | undefined {
  if (typeof value !== 'number' || !/^[-+]?0\d+$/.test(source)) return undefined;
  const old = /[89]/.test(source) ? Number.NaN : Number.parseInt(source, 8);
  if (old === value) return undefined;
  return `YAML 1.2 reads that as ${value}, and YAML 1.1 as ${Number.isNaN(old) ? 'a text' : old}`;
}

const UNITS: Readonly<Record<string, string>> = {
  milli: 'ms',
  millis: 'ms',
  msec: 'ms',
  milliseconds: 'ms',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hr: 'h',
  hrs: 'h',
  hour: 'h',
  hours: 'h',
  day: 'd',
  days: 'd',
};

/** `5 min` → `5m`; undefined for what cannot be guessed, or is right as it is. */
export function durationMeant(text: string): string | undefined {
  const meant = inUnits(text);
  return meant === text ? undefined : meant;
}

function inUnits(text: string): string | undefined {
  const [, amount, word = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text.slice(0, 40)) ?? [];
  const unit = word.toLowerCase();
  if (amount === undefined) return undefined;
  if (/^(ms|s|m|h|d)$/.test(unit)) return amount + unit;
  if (/^(w|weeks?)$/.test(unit)) return `${Number(amount) * 7}d`;
  return Object.hasOwn(UNITS, unit) ? `${amount}${UNITS[unit]}` : undefined;
}
