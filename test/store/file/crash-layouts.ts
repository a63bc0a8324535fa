import type { TraceEvent } from './traced-files.js';

/** What a crash may leave of a folder. */
export interface Layout {
  readonly files: ReadonlyMap<string, Buffer>;
  /** For the message of a test that fails. */
  readonly what: string;
}

const SECTOR = 512;
/** Of more possibilities than this, a sample is taken. */
const EXHAUSTIVE = 5;
const SAMPLES = 10;

/** A write that was not flushed, or a part of one. */
export interface Piece {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** What a file may hold. */
export interface Image {
  readonly bytes: Buffer;
  readonly what: string;
}

/**
 * The states in which a crash after the first `length` events may leave the folder: whatever was flushed is
 * there; of the rest, any part.
 */
export function* layoutsAfter(events: readonly TraceEvent[], length: number, random: () => number): Generator<Layout> {
  const happened = events.slice(0, length);
  const images = imagesOf(happened, random);
  const namings = namingsOf(happened, random);
  for (const [position, { names, what }] of namings.entries()) {
    const shown = [...new Set(names.values())];
    const layout = (chosen: (file: number) => Image): Layout => ({
      files: new Map([...names].map(([name, file]) => [name, chosen(file).bytes])),
      what: `${what}; ${shown.map((file) => chosen(file).what).join('; ')}`,
    });
    // The first image of a file has lost all that may be lost, the second one nothing.
    for (const whole of [0, 1]) {
      const other = (file: number): Image => images.get(file)![Math.min(whole, images.get(file)!.length - 1)]!;
      yield layout(other);
      // Names that are lost do not change what a file may look like: one naming shows all of that.
      if (position > 0) continue;
      for (const varied of shown) {
        for (const image of images.get(varied)!) yield layout((file) => (file === varied ? image : other(file)));
      }
    }
  }
}

function namingsOf(
  events: readonly TraceEvent[],
  random: () => number,
): { names: Map<string, number>; what: string }[] {
  let durable = 0;
  for (const event of events) if (event.type === 'flush-names') durable = event.covers;
  const changes = events.flatMap((event, at) =>
    event.type === 'name' || event.type === 'unname' ? [{ event, at }] : [],
  );
  const pending = changes.filter(({ at }) => at >= durable);
  return subsets(pending.length, random).map((kept) => {
    const names = new Map<string, number>();
    const lost: string[] = [];
    for (const { event, at } of changes) {
      if (at >= durable && !kept.has(pending.findIndex((other) => other.at === at)))
        lost.push(`${event.type} ${event.name}`);
      else if (event.type === 'name') names.set(event.name, event.file);
      else names.delete(event.name);
    }
    return { names, what: lost.length === 0 ? 'all names' : `without ${lost.join(', ')}` };
  });
}

function imagesOf(events: readonly TraceEvent[], random: () => number): Map<number, Image[]> {
  const images = new Map<number, Image[]>();
  for (const event of events) if (event.type === 'name') images.set(event.file, []);
  for (const file of images.keys()) {
    const flushed: Piece[] = [];
    const doomed: Piece[] = [];
    let unflushed: (Piece & { at: number })[] = [];
    for (const [at, event] of events.entries()) {
      if (!('file' in event) || event.file !== file) continue;
      if (event.type === 'write') unflushed.push({ offset: event.offset, bytes: event.bytes, at });
      if (event.type === 'flush-failed') doomed.push(...unflushed.splice(0));
      if (event.type !== 'flush') continue;
      flushed.push(...unflushed.filter((piece) => piece.at < event.covers));
      unflushed = unflushed.filter((piece) => piece.at >= event.covers);
    }
    const pending = [...doomed, ...unflushed];
    const base = lay(Buffer.alloc(0), flushed);
    const seen = new Set<string>();
    const different: Image[] = [];
    for (const image of imagesFrom(base, pending, random)) {
      const text = image.bytes.toString('latin1');
      if (!seen.has(text)) different.push({ bytes: image.bytes, what: `file ${file}: ${image.what}` });
      seen.add(text);
    }
    images.set(file, different);
  }
  return images;
}

/** What may stand in a file of which `base` was flushed, and the pending writes behind it were not. */
export function* imagesFrom(base: Buffer, pending: readonly Piece[], random: () => number): Generator<Image> {
  yield { bytes: base, what: 'nothing unflushed' };
  yield { bytes: lay(base, pending), what: 'everything' };
  if (pending.length === 0) return;
  const end = endOf(base, pending);
  yield* chosen('writes', base, pending, end, random);
  yield* chosen('sectors', base, pending.flatMap(sectorsOf), end, random);
  yield* cut(base, pending, end, random);
  yield* pageCache(base, pending, random);
}

/** Any of the pieces lost: zeros where others stand behind it, and at the end either zeros or a shorter file. */
function* chosen(
  what: string,
  base: Buffer,
  pieces: readonly Piece[],
  end: number,
  random: () => number,
): Generator<Image> {
  for (const kept of subsets(pieces.length, random)) {
    const remaining = pieces.filter((_, position) => kept.has(position));
    const description = `${what} ${[...kept].join(',')} of ${pieces.length} after byte ${base.length}`;
    yield { bytes: lay(base, remaining), what: description };
    yield { bytes: lay(base, remaining, end), what: `${description}, full length` };
  }
}

/** All of it up to some byte. */
function* cut(base: Buffer, pending: readonly Piece[], end: number, random: () => number): Generator<Image> {
  const whole = lay(base, pending);
  const places = new Set<number>([base.length + 1, base.length + 2, base.length + 20, end - 1, end - 2]);
  for (const { offset } of pending) for (const near of [-1, 1, 2, 7, 34]) places.add(offset + near);
  for (let samples = 0; samples < 4; samples++) places.add(base.length + Math.floor(random() * (end - base.length)));
  for (const place of places) {
    if (place > base.length && place < end) yield { bytes: whole.subarray(0, place), what: `cut at ${place}` };
  }
}

/** Each sector as some flush in the background found it: with the first few of the writes, and no later one. */
function* pageCache(base: Buffer, pending: readonly Piece[], random: () => number): Generator<Image> {
  if (pending.length < 2) return;
  const versions = Array.from({ length: pending.length + 1 }, (_, count) => lay(base, pending.slice(0, count)));
  for (let sample = 0; sample < SAMPLES; sample++) {
    const image = Buffer.alloc(versions[1 + Math.floor(random() * pending.length)]!.length);
    const taken: number[] = [];
    for (let start = 0; start < image.length; start += SECTOR) {
      const version = Math.floor(random() * versions.length);
      taken.push(version);
      versions[version]!.subarray(start, start + SECTOR).copy(image, start);
    }
    yield { bytes: image, what: `sectors as of writes ${taken.join(',')}, ${image.length} bytes` };
  }
}

function lay(base: Buffer, pieces: readonly Piece[], length: number = endOf(base, pieces)): Buffer {
  const bytes = Buffer.alloc(length);
  base.copy(bytes);
  for (const piece of pieces) piece.bytes.copy(bytes, piece.offset);
  return bytes;
}

function endOf(base: Buffer, pieces: readonly Piece[]): number {
  return pieces.reduce((end, { offset, bytes }) => Math.max(end, offset + bytes.length), base.length);
}

function sectorsOf({ offset, bytes }: Piece): Piece[] {
  const sectors: Piece[] = [];
  for (let at = 0; at < bytes.length; ) {
    const next = Math.min(bytes.length, at + SECTOR - ((offset + at) % SECTOR));
    sectors.push({ offset: offset + at, bytes: bytes.subarray(at, next) });
    at = next;
  }
  return sectors;
}

/** Sets of the numbers below `count`: the full one first, then all others, or some. */
function subsets(count: number, random: () => number): Set<number>[] {
  const full = new Set(Array.from({ length: count }, (_, number) => number));
  const sets = [full];
  if (count <= EXHAUSTIVE) {
    for (let bits = 2 ** count - 2; bits >= 0; bits--)
      sets.push(new Set([...full].filter((number) => (bits >> number) & 1)));
  } else {
    for (let sample = 0; sample < SAMPLES; sample++) sets.push(new Set([...full].filter(() => random() < 0.6)));
  }
  return sets;
}
