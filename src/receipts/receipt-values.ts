import { fingerprintText } from '../encoding/fingerprint.js';
import { redact } from '../encoding/redact.js';
import { UsageError } from '../errors/usage.js';
import type { ReceiptValues } from '../tool/receipt.js';

/** Which values stand in receipts themselves, and what of them does not. */
export interface ValueOptions {
  /** @default false */
  readonly arguments?: boolean;
  /** @default false */
  readonly result?: boolean;
  /**
   * What is blanked, beside members with secret-looking names: paths such as `arguments.customer.email` or
   * `result.lines.*.note`, where `*` is every member or item.
   */
  readonly redact?: readonly string[];
}

/** Makes of the values of a call what stands in its receipt; undefined when nothing does. */
export type ChosenValues = (values: ReceiptValues) => ReceiptValues | undefined;

/** What stands in place of what is blanked, as in redacted arguments. */
const REDACTED = '[redacted]';
/** A longer JSON text is left out: a receipt is written in the transaction of the outcome, which must not fail for it. */
const LONGEST = 65_536;

type Part = keyof ReceiptValues;

/** @returns undefined when no values are wanted. @throws UsageError for a path that can name nothing. */
export function chosenValues(options: ValueOptions | undefined, place: string): ChosenValues | undefined {
  if (options === undefined) return undefined;
  if (
    typeof options !== 'object' ||
    options === null ||
    (options.redact !== undefined && !Array.isArray(options.redact))
  )
    throw new UsageError({ place, problem: 'is not { arguments?, result?, redact? }', remedy: REMEDY });
  const parts = (['arguments', 'result'] as const).filter((part) => options[part] === true);
  const paths = (options.redact ?? []).map((path) => segmentsOf(path, place));
  if (parts.length === 0) return undefined;
  return (values) => {
    const chosen = parts.flatMap((part) => {
      const value = jsonOf(values[part], pathsBelow(part, paths));
      return value === undefined ? [] : [[part, value] as const];
    });
    return chosen.length === 0 ? undefined : Object.fromEntries(chosen);
  };
}

const REMEDY =
  'Write { arguments: true, redact: ["arguments.customer.email", "result.lines.*.note"] }, with * for every member or item.';

function segmentsOf(path: unknown, place: string): readonly string[] {
  const segments = typeof path === 'string' ? path.split('.') : [];
  if ((segments[0] === 'arguments' || segments[0] === 'result') && !segments.includes('')) return segments;
  throw new UsageError({
    place,
    problem: `${JSON.stringify(path)} in redact is no path into the arguments or the result`,
    remedy: REMEDY,
  });
}

function pathsBelow(part: Part, paths: readonly (readonly string[])[]): (readonly string[])[] {
  return paths.filter(([first]) => first === part).map(([, ...rest]) => rest);
}

/** The JSON form that fingerprints are taken of. @returns undefined for what has none. */
function jsonOf(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (value === undefined) return undefined;
  let text: string;
  try {
    text = fingerprintText(redact(value));
  } catch {
    // The fingerprint speaks for it, and the effect has happened: no reason to have no receipt.
    return undefined;
  }
  if (text.length > LONGEST) return undefined;
  let json: unknown = JSON.parse(text);
  for (const path of paths) json = blanked(json, path);
  return json;
}

function blanked(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return REDACTED;
  if (typeof value !== 'object' || value === null) return value;
  const members = value as Record<string, unknown>;
  // The JSON form doubles the $ at the beginning of a name.
  const own = name.startsWith('$') ? `$${name}` : name;
  for (const one of name === '*' ? Object.keys(members) : [own])
    if (Object.hasOwn(members, one)) members[one] = blanked(members[one], rest);
  return value;
}
