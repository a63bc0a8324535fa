import { sep } from 'node:path';

/** The longest path that Linux takes, in bytes. */
const LONGEST_PATH = 4095;

/** Nobody nests so deep, and every part can cost a look at the disk. */
const MOST_PARTS = 255;

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

/** Slashes to the eye, and to code pages that map what they lack to what looks like it. */
const SLASH_LIKE = /[\u2044\u2215\u2216\u2571\u2572\u29f5\u29f8\u29f9]/;

/** On Windows these are devices in every folder, whatever follows the first dot. */
const DEVICE = /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)\d) *(?:\.|$)/i;

const ESCAPES = /(?:%[0-9a-f]{2})+/gi;

/** What is wrong with a text as a path. Each is a form that another program may read otherwise. */
export type PathFlaw =
  | 'empty'
  | 'long'
  | 'surrogate'
  | 'control'
  | 'invisible'
  | 'lookalike'
  | 'space'
  | 'backslash'
  | 'colon'
  | 'root'
  | 'drive'
  | 'home'
  | 'escape'
  | 'ending'
  | 'device';

/** What to do about it, for a model. */
export const PATH_FLAWS: Readonly<Record<PathFlaw, string>> = {
  empty: 'Name a file or a folder.',
  long: `Give a path of at most ${LONGEST_PATH} bytes and ${MOST_PARTS} parts.`,
  surrogate: 'Leave out the half of a character that is in it.',
  control: 'Leave out control characters and line breaks.',
  invisible: 'Leave out invisible characters.',
  lookalike: 'Use plain characters: some of these look or count like slashes, dots or colons.',
  space: 'Leave out the white space around the path.',
  backslash: 'Use forward slashes.',
  colon: 'Give a path without a colon: no URL, no drive letter.',
  root: 'Begin with at most one slash.',
  drive: 'Give a relative path.',
  home: 'Write the folder out: a leading ~ is not expanded.',
  escape: 'Write the characters themselves: percent signs are not decoded.',
  ending: 'No part of a path may end with a dot or a space.',
  device: 'Choose another name: this one is a device on some systems.',
};

/**
 * Whether a text means the same path to every program. The tool gets the text untouched, so whatever somebody on
 * the way could decode, expand, fold, trim or split differently is refused, even where this machine would take
 * it as a plain name: backslashes and colons, a leading `~`, escaped dots and slashes (`%2e`; `%20` is a plain
 * name), device names, names that end with a dot or a space, and all of these as compatibility characters.
 * Variables (`$HOME`) and patterns (`*.txt`) are plain names: a tool that expands them reaches for what it finds,
 * and must check that itself.
 *
 * @param windows - a path that begins with a slash then depends on the current drive.
 */
export function pathFlaw(text: string, windows: boolean = sep === '\\'): PathFlaw | undefined {
  if (text === '') return 'empty';
  if (Buffer.byteLength(text) > LONGEST_PATH) return 'long';
  if (!text.isWellFormed()) return 'surrogate';
  if (CONTROL.test(text)) return 'control';
  if (INVISIBLE.test(text)) return 'invisible';
  if (SLASH_LIKE.test(text)) return 'lookalike';
  if (text.trim() !== text) return 'space';
  const parts = text.split('/');
  if (parts.length > MOST_PARTS) return 'long';
  if (windows && text.startsWith('/')) return 'drive';
  const flaw = flawOfForm(text, parts);
  if (flaw !== undefined) return flaw;
  // What a program sees that folds compatibility characters, as some file systems and all host names do.
  const folded = text.normalize('NFKC');
  if (folded === text) return undefined;
  const foldedParts = folded.split('/');
  const sameParts =
    foldedParts.length === parts.length && foldedParts.every((part, at) => isDots(part) === isDots(parts[at] ?? ''));
  return sameParts && flawOfForm(folded, foldedParts) === undefined ? undefined : 'lookalike';
}

function flawOfForm(text: string, parts: readonly string[]): PathFlaw | undefined {
  if (text.includes('\\')) return 'backslash';
  if (text.includes(':')) return 'colon';
  if (text.startsWith('//')) return 'root';
  if (text.startsWith('~')) return 'home';
  if (hidesCharacters(text)) return 'escape';
  for (const part of parts) {
    if (!isDots(part) && /[. ]$/.test(part)) return 'ending';
    if (DEVICE.test(part)) return 'device';
  }
  return undefined;
}

function isDots(part: string): boolean {
  return part === '.' || part === '..';
}

/** Whether decoding the text, once or more often, would give it another structure. */
function hidesCharacters(text: string): boolean {
  if (!text.includes('%')) return false;
  if (/%u[0-9a-f]{4}/i.test(text)) return true;
  return (text.match(ESCAPES) ?? []).some((run) => {
    const decoded = decodeEscapes(run);
    return decoded === undefined || /[./\\:~%\ufffd]/.test(decoded.normalize('NFKC')) || isOdd(decoded);
  });
}

function isOdd(text: string): boolean {
  return CONTROL.test(text) || INVISIBLE.test(text) || SLASH_LIKE.test(text);
}

/** Overlong forms and other bytes that are no UTF-8 decode to nothing. */
function decodeEscapes(run: string): string | undefined {
  try {
    return decodeURIComponent(run);
  } catch {
    return undefined;
  }
}
