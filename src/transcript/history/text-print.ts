/**
 * A text without its white space, as two polynomials and a length. Prints of texts that were joined can be told from the
 * prints of their pieces, so that a conversion that joins or splits texts loses nothing, and no text need be kept.
 */
export interface TextPrint {
  readonly length: number;
  readonly first: number;
  readonly second: number;
}

// Products stay below 2 ** 53.
const FIRST = { base: 31_415_927, prime: 67_108_859 } as const;
const SECOND = { base: 27_182_819, prime: 67_108_837 } as const;

export function printOf(text: string): TextPrint {
  let length = 0;
  let first = 0;
  let second = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isSpace(code)) continue;
    length += 1;
    first = (first * FIRST.base + code + 1) % FIRST.prime;
    second = (second * SECOND.base + code + 1) % SECOND.prime;
  }
  return { length, first, second };
}

/** The print of one text behind another. */
export function joined(one: TextPrint, other: TextPrint): TextPrint {
  return {
    length: one.length + other.length,
    first: (((one.first * power(FIRST, other.length)) % FIRST.prime) + other.first) % FIRST.prime,
    second: (((one.second * power(SECOND, other.length)) % SECOND.prime) + other.second) % SECOND.prime,
  };
}

export function printKey({ length, first, second }: TextPrint): string {
  return `${length}:${first}:${second}`;
}

function power({ base, prime }: { readonly base: number; readonly prime: number }, exponent: number): number {
  let result = 1;
  let square = base % prime;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}

/** What `\s` matches. */
function isSpace(code: number): boolean {
  if (code <= 32) return code === 32 || (code >= 9 && code <= 13);
  if (code < 0x1680) return code === 0xa0;
  return (
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000 ||
    code === 0xfeff ||
    code === 0x1680
  );
}
