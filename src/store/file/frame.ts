import { crc32 } from 'node:zlib';

/**
 * One record of a log as bytes, written as one line of text:
 *
 *     ⏎MYC1 <payload length> <payload checksum> <header checksum> <payload>⇥
 *
 * The three numbers have eight hexadecimal digits each. A payload is JSON, in which a raw line break or tab
 * cannot stand: no frame can be spelled inside another one, and none ends before its end. The first and
 * the last byte may read as zero: a lost disk sector that held only one of them leaves a whole frame. All
 * others lose two bytes or more, which tells them from one changed byte.
 */
const MAGIC = 'MYC1 ';
const DIGITS = 8;

/** Where in a frame its numbers stand, and where its payload begins. */
const LENGTH = 1 + MAGIC.length;
const PAYLOAD_CHECKSUM = LENGTH + DIGITS + 1;
const HEADER_CHECKSUM = PAYLOAD_CHECKSUM + DIGITS + 1;
const HEADER = HEADER_CHECKSUM + DIGITS + 1;

const NEWLINE = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const magicBytes: Buffer = Buffer.from(MAGIC, 'latin1');

/** Bytes of a frame that are not payload. */
const FRAME_OVERHEAD: number = HEADER + 1;

/** The unit that a disk loses or keeps as a whole; what was never written reads as zeros. */
const SECTOR = 512;

/** The frame goes on beyond the bytes at hand, or another one begins inside it. */
const INCOMPLETE = 0;
/** These bytes are not a frame. */
export const BROKEN = -1;

/** Writes a payload, which must not contain a line break or a tab, as a frame. */
export function encodeFrame(payload: string): Buffer {
  const length = Buffer.byteLength(payload);
  const frame = Buffer.allocUnsafe(length + FRAME_OVERHEAD);
  frame.write(payload, HEADER, length, 'utf8');
  frame[0] = NEWLINE;
  for (let at = 0; at < magicBytes.length; at++) frame[1 + at] = magicBytes[at]!;
  putDigits(frame, LENGTH, length);
  putDigits(frame, PAYLOAD_CHECKSUM, crc32(frame.subarray(HEADER, HEADER + length)));
  putDigits(frame, HEADER_CHECKSUM, headerChecksum(frame, 0));
  frame[HEADER + length] = TAB;
  return frame;
}

/** Where the frame that starts at `from` ends, when it is whole before `to`; else INCOMPLETE or BROKEN. */
export function frameEnd(bytes: Buffer, from: number, to: number): number {
  const header = headerAt(bytes, from, to);
  if (header <= INCOMPLETE) return header;
  const end = from + FRAME_OVERHEAD + header - 1;
  if (end > to) return INCOMPLETE;
  const stop = bytes[end - 1];
  if (stop !== TAB && stop !== 0) return BROKEN;
  const checksum = digitsAt(bytes, from + PAYLOAD_CHECKSUM);
  return crc32(bytes.subarray(from + HEADER, end - 1)) === checksum ? end : BROKEN;
}

/** The payload of the whole frame between these two offsets. */
export function payloadOf(bytes: Buffer, from: number, end: number): string {
  return bytes.toString('utf8', from + HEADER, end - 1);
}

/** Where the next whole frame starts, at `from` or later, or -1. */
export function findFrame(bytes: Buffer, from: number, to: number): number {
  for (
    let magic = bytes.indexOf(magicBytes, from + 1);
    magic !== -1 && magic < to;
    magic = bytes.indexOf(magicBytes, magic + 1)
  ) {
    if (frameEnd(bytes, magic - 1, to) > 0) return magic - 1;
  }
  return -1;
}

/**
 * Judges bytes that lie between whole frames or behind the last one. A crash explains the beginning of a
 * frame, which is a torn write, and a hole: zeros up to the end of a sector or of a write, where pages were
 * never flushed, also when later ones were. Answers the offset of the first byte that neither explains, or -1.
 *
 * @param base - the offset of `bytes` in its file, which decides where sectors lie.
 */
export function unexplained(bytes: Buffer, from: number, to: number, base: number): number {
  for (let at = from; at < to; ) {
    const header = headerAt(bytes, at, to);
    if (header === INCOMPLETE) return -1;
    const end = header > 0 ? at + FRAME_OVERHEAD + header - 1 : -1;
    const next = nextBeginning(bytes, at + 1, to);
    const hole = holeIn(bytes, at, next, base);
    if (hole === undefined) {
      // A line break alone in the place of the last byte is that byte, changed, rather than a write cut after one.
      const changed = next === end - 1 && bytes[next + 1] !== magicBytes[0];
      const torn =
        header > 0 ? (next < end && !changed) || end > to : next < at + HEADER && beginsHeader(bytes, at, next);
      if (!torn || breaksOff(bytes, at + 1, next)) return at;
      at = next;
      continue;
    }
    // Up to the hole stands the beginning of a frame; behind it the rest of that one, or of another.
    const begins = header > 0 ? hole.from < end : hole.from < at + HEADER && beginsHeader(bytes, at, hole.from);
    if (!begins || breaksOff(bytes, at + 1, hole.from)) return at;
    at = endOfRest(bytes, hole.to, to);
  }
  return -1;
}

/**
 * Where the rest of a frame ends of which the part before is lost: behind its tab, or where another frame
 * begins. One whose line break was changed begins there too: it is no part of the rest, and has to be found.
 */
function endOfRest(bytes: Buffer, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    if (bytes[at] === TAB) return at + 1;
    if (bytes[at] === NEWLINE || statedLength(bytes, at, to) !== -1) return at;
  }
  return to;
}

/** The first hole in these bytes. A single zero is none, unless it stands alone: it might be a changed byte. */
function holeIn(bytes: Buffer, from: number, to: number, base: number): { from: number; to: number } | undefined {
  for (let start = bytes.indexOf(0, from); start !== -1 && start < to; start = bytes.indexOf(0, start)) {
    let end = start;
    while (end < to && bytes[end] === 0) end++;
    const wide = end - start >= 2 || to - from === 1;
    if (wide && (end === to || (base + end) % SECTOR === 0)) return { from: start, to: end };
    start = end;
  }
  return undefined;
}

/** Whether something stands there that cannot be inside a frame. */
function breaksOff(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === NEWLINE || bytes[at] === TAB) return true;
  return false;
}

/** One more than the payload length when a whole valid header starts here; else INCOMPLETE or BROKEN. */
function headerAt(bytes: Buffer, from: number, to: number): number {
  if (to - from < HEADER) return beginsHeader(bytes, from, to) ? INCOMPLETE : BROKEN;
  const fresh = bytes[from];
  if (fresh !== NEWLINE && fresh !== 0) return BROKEN;
  const length = statedLength(bytes, from, to);
  return length === -1 ? BROKEN : length + 1;
}

/** The payload length that the valid header says which starts here, whatever its first byte is; else -1. */
function statedLength(bytes: Buffer, from: number, to: number): number {
  if (to - from < HEADER) return -1;
  for (let at = 0; at < magicBytes.length; at++) if (bytes[from + 1 + at] !== magicBytes[at]) return -1;
  const length = digitsAt(bytes, from + LENGTH);
  const stated = digitsAt(bytes, from + HEADER_CHECKSUM);
  if (length === -1 || stated === -1 || bytes[from + HEADER - 1] !== SPACE) return -1;
  return headerChecksum(bytes, from) === stated ? length : -1;
}

/** Whether these bytes, fewer than a header, could be the beginning of one. */
function beginsHeader(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const position = at - from;
    const byte = bytes[at]!;
    if (position === 0) {
      if (byte !== NEWLINE) return false;
    } else if (position <= MAGIC.length) {
      if (byte !== magicBytes[position - 1]) return false;
    } else if ((position - 1 - MAGIC.length) % (DIGITS + 1) === DIGITS) {
      if (byte !== SPACE) return false;
    } else if (digit(byte) === -1) return false;
  }
  return true;
}

/** Where something that looks like the beginning of a frame stands, at `from` or later, or `to`. */
function nextBeginning(bytes: Buffer, from: number, to: number): number {
  let first = to;
  for (let at = bytes.indexOf(NEWLINE, from); at !== -1 && at < first; at = bytes.indexOf(NEWLINE, at + 1)) {
    if (at + 1 === to || bytes[at + 1] === magicBytes[0] || bytes[at + 1] === NEWLINE) first = at;
  }
  for (let at = bytes.indexOf(magicBytes, from + 1); at !== -1 && at <= first; at = bytes.indexOf(magicBytes, at + 1)) {
    if (bytes[at - 1] === 0) first = at - 1;
  }
  return first;
}

/** FNV-1a, each step of which can be undone: no change of a single byte leaves it the same. */
function headerChecksum(bytes: Buffer, from: number): number {
  let checksum = 0x811c9dc5;
  for (let at = from + 1; at < from + HEADER_CHECKSUM - 1; at++)
    checksum = Math.imul(checksum ^ bytes[at]!, 0x01000193);
  return checksum >>> 0;
}

/** Writes a number and the space behind it. */
function putDigits(bytes: Buffer, from: number, value: number): void {
  for (let at = from + DIGITS - 1, rest = value; at >= from; at--) {
    const one = rest & 15;
    bytes[at] = one < 10 ? 0x30 + one : 0x57 + one;
    rest >>>= 4;
  }
  bytes[from + DIGITS] = SPACE;
}

function digitsAt(bytes: Buffer, from: number): number {
  let value = 0;
  for (let at = from; at < from + DIGITS; at++) {
    const one = digit(bytes[at]!);
    if (one === -1) return -1;
    value = value * 16 + one;
  }
  return value;
}

function digit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57;
  return -1;
}
