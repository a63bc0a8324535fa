/** Kinds of characters that tokenizers treat alike. */
const LOWER = 0;
const UPPER = 1;
const DIGIT = 2;
const SPACE = 3;
const BREAK = 4;
const SIGN = 5;
/** Letters of Latin script that are not ASCII: with them, words are cut into more pieces. */
const ACCENTED = 6;
/** Everything else is priced by the character. */
const OTHER = 7;

/** Tokens for each UTF-16 unit, by script. Measured with o200k_base, and rounded up. The first range that fits counts. */
const scripts: readonly (readonly [first: number, last: number, price: number])[] = [
  [0x0370, 0x03ff, 0.52], // Greek
  [0x0400, 0x052f, 0.36], // Cyrillic
  [0x0530, 0x058f, 0.6], // Armenian
  [0x0590, 0x05ff, 0.5], // Hebrew
  [0x0600, 0x06ff, 0.42], // Arabic
  [0x0900, 0x097f, 0.38], // Devanagari
  [0x0980, 0x0dff, 0.45], // Bengali to Sinhala
  [0x0e00, 0x0e7f, 0.48], // Thai
  [0x10a0, 0x10ff, 0.5], // Georgian
  [0x2000, 0x206f, 1], // Punctuation
  [0x3000, 0x303f, 0.9], // CJK punctuation
  [0x3040, 0x30ff, 0.8], // Kana
  [0x3400, 0x9fff, 0.9], // Han
  [0xac00, 0xd7af, 0.75], // Hangul
  [0xd800, 0xdfff, 1.3], // Emoji and what is rare: two units each
  [0xfe00, 0xfe0f, 0.7], // Variation selectors
  [0xff00, 0xffef, 1], // Full width
];

/** What is in no range: about one token for every second byte of UTF-8. */
const RARE = 1.5;

/** By code of the character: its kind, for ASCII. */
const kinds: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code >= 97 && code <= 122) return LOWER;
  if (code >= 65 && code <= 90) return UPPER;
  if (code >= 48 && code <= 57) return DIGIT;
  if (code === 32 || code === 9) return SPACE;
  return code === 10 || code === 13 ? BREAK : SIGN;
});

/**
 * About how many tokens a text is, without a tokenizer: cut into words, numbers and signs as tokenizers do, each priced
 * by its script and length. For o200k_base it lies between 0.8 and 1.35 of the truth for texts of some length. Older tokenizers
 * need more for scripts that are not Latin, up to three times for Hindi. Takes time linear in the text.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  let letters = 0;
  let accents = 0;
  let unusual = 0;
  let at = 0;
  while (at < text.length) {
    const kind = kindAt(text, at);
    const start = at;
    if (kind === OTHER) {
      tokens += priceOf(text.charCodeAt(at));
      at += 1;
      continue;
    }
    if (kind === LOWER || kind === UPPER || kind === ACCENTED) {
      at = endOfWord(text, at);
      const marks = accentsIn(text, start, at);
      tokens += wordPrice(text, start, at, marks);
      letters += at - start;
      accents += marks;
      if (marks === 0) unusual += Math.max(0, at - start - 4);
      continue;
    }
    while (at < text.length && kindAt(text, at) === kind) at += 1;
    tokens += runPrice(kind, at - start, kindAt(text, at));
  }
  // Words without accents cost more where words with accents stand beside them: they are not English.
  if (accents > 0) tokens += 0.18 * unusual * Math.min(1, accents / letters / 0.06);
  return Math.ceil(tokens);
}

function accentsIn(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at += 1) if (kindAt(text, at) === ACCENTED) count += 1;
  return count;
}

/** Capitals and then small letters are one word, and a capital after small ones begins the next. */
function endOfWord(text: string, from: number): number {
  let at = from;
  while (at < text.length && kindAt(text, at) === UPPER) at += 1;
  while (at < text.length && isSmall(kindAt(text, at))) at += 1;
  return at;
}

function isSmall(kind: number): boolean {
  return kind === LOWER || kind === ACCENTED;
}

function wordPrice(text: string, start: number, end: number, accents: number): number {
  const length = end - start;
  let capitals = 0;
  let vowels = 0;
  for (let at = start; at < end; at += 1) {
    const kind = kindAt(text, at);
    if (kind === UPPER) capitals += 1;
    if (kind === ACCENTED || VOWELS.has(text.charCodeAt(at))) vowels += 1;
  }
  // Nobody speaks it: hashes, keys, base64.
  if (length > 3 && vowels * 6 < length) return length / 1.6;
  if (capitals > 1 && capitals < length) return Math.max(1, length / 1.6);
  if (accents > 0) return Math.max(1, 0.3 + length / 4.2 + accents * 0.25);
  if (capitals > 1) return Math.max(1, length / 2.9);
  return length <= 5 ? 1 : 1 + (length - 5) * 0.24;
}

const VOWELS: ReadonlySet<number> = new Set([...'aeiouyAEIOUY'].map((letter) => letter.charCodeAt(0)));

function runPrice(kind: number, length: number, next: number): number {
  switch (kind) {
    case DIGIT:
      return Math.ceil(length / 3);
    case SPACE:
      // One space belongs to the word behind it.
      return length === 1 && next !== DIGIT ? 0 : Math.max(0.6, length / 40);
    case BREAK:
      return Math.max(0.9, length / 10);
    default:
      return Math.max(0.85, length / 2.4);
  }
}

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code < 128) return kinds[code]!;
  return (code >= 0xc0 && code <= 0x24f) || (code >= 0x1e00 && code <= 0x1eff) || (code >= 0x300 && code <= 0x36f)
    ? ACCENTED
    : OTHER;
}

function priceOf(code: number): number {
  if (code < 0xc0) return 1;
  for (const [first, last, price] of scripts) {
    if (code < first) break;
    if (code <= last) return price;
  }
  return RARE;
}
