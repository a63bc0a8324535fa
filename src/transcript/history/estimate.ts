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
  [0x0980, 0x09ff, 0.45], // Bengali
  [0x0a00, 0x0a7f, 0.68], // Gurmukhi
  [0x0a80, 0x0aff, 0.5], // Gujarati
  [0x0b00, 0x0bff, 0.45], // Odia, Tamil
  [0x0c00, 0x0d7f, 0.52], // Telugu, Kannada, Malayalam
  [0x0d80, 0x0dff, 0.65], // Sinhala
  [0x0e00, 0x0e7f, 0.48], // Thai
  [0x0e80, 0x0eff, 2], // Lao
  [0x1000, 0x109f, 0.7], // Burmese
  [0x10a0, 0x10ff, 0.5], // Georgian
  [0x1200, 0x139f, 2.3], // Ethiopic
  [0x1780, 0x17ff, 0.8], // Khmer
  [0x2000, 0x206f, 1], // Punctuation
  [0x2500, 0x259f, 0.75], // Boxes
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
 * by its script and length. Takes time linear in the text.
 *
 * Against o200k_base, on texts beside the corpus that it was fitted to: documents, source code and JSON of some length
 * within −10 and +25 %; chat in fifty languages within −15 and +50 %, rather too many than too few, most of all for formal
 * Russian, Arabic and Chinese. (Six rare scripts, and Latin that is not English, have their prices from one such text
 * each.) Transliterations, as pinyin, come out a fifth too low. Older tokenizers need more: of cl100k_base it gives all
 * for English and code, half for Cyrillic and Arabic, and a quarter for the scripts of India.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  let letters = 0;
  let accents = 0;
  let unusual = 0;
  let words = 0;
  let open = 0;
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
      // Not in names of code and keys of JSON.
      if (at - start >= 3 && isGap(text, at)) {
        words += 1;
        if (OPEN_ENDS.has(text.charCodeAt(at - 1))) open += 1;
      }
      continue;
    }
    while (at < text.length && kindAt(text, at) === kind) at += 1;
    tokens += runPrice(kind, at - start, kindAt(text, at));
  }
  // Words without accents cost more where words with accents stand beside them, or many end as few words of English do.
  const accented = accents > 0 ? 0.18 * Math.min(1, accents / letters / 0.06) : 0;
  const openEnded = words > 0 ? 0.36 * Math.min(1, Math.max(0, open / words - 0.15) / 0.35) : 0;
  return Math.ceil(tokens + unusual * Math.max(accented, openEnded));
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

function isGap(text: string, at: number): boolean {
  const kind = at < text.length ? kindAt(text, at) : BREAK;
  return kind === SPACE || kind === BREAK;
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

/** How few words of English end, and most of Swahili, Malay or Italian. */
const OPEN_ENDS: ReadonlySet<number> = new Set([...'aiou'].map((letter) => letter.charCodeAt(0)));

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
