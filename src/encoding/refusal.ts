import { UnencodableValueError } from './unencodable-value-error.js';
import { pathText, type Segment } from './value-path.js';

/**
 * How deep values may nest: far beyond real data, and so far below where a default stack ends that what was
 * encoded can be decoded even by a caller who is deep in the stack already.
 */
export const MAXIMUM_DEPTH = 500;

/** How long a text may become, in UTF-16 units: a value with shared parts can be exponentially larger as text. */
export const MAXIMUM_LENGTH: number = 2 ** 25;

export const TOO_DEEP: string = `nested more than ${MAXIMUM_DEPTH} levels deep`;
export const TOO_LARGE: string = `larger than ${MAXIMUM_LENGTH} characters as text`;

/**
 * Thrown inside a walk over a value. Every container on the way out adds itself and the step it was at, so
 * a walk that succeeds pays nothing for knowing where it is.
 */
class Refusal extends Error {
  readonly what: string;
  /** Innermost first. */
  readonly segments: Segment[] = [];
  readonly containers: object[] = [];

  constructor(what: string, cause?: unknown) {
    super(what, cause === undefined ? undefined : { cause });
    this.what = what;
  }
}

/** @param what - the offender as a noun phrase (`a function`) or an adjective one (`nested too deep`). */
export function refuse(what: string): never {
  throw new Refusal(what);
}

/** What a container's `catch` throws on: the refusal, with this step added. */
export function within(thrown: unknown, container: object, segment: Segment): Error {
  const refusal = asRefusal(thrown);
  refusal.segments.push(segment);
  refusal.containers.push(container);
  return refusal;
}

/** The public error for what came out of a walk. */
export function unencodable(thrown: unknown, accepts?: string): UnencodableValueError {
  const refusal = asRefusal(thrown);
  const segments = refusal.segments.toReversed();
  // Where the text happened to pass the limit says nothing about what makes it large.
  if (refusal.what === TOO_LARGE) segments.length = 0;
  const { path, what } = cycle(segments, refusal) ?? { path: pathText(segments), what: refusal.what };
  return new UnencodableValueError({
    path,
    what,
    ...(accepts === undefined ? {} : { accepts }),
    ...(refusal.cause === undefined ? {} : { cause: refusal.cause }),
  });
}

function asRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  if (thrown instanceof RangeError) {
    if (thrown.message === 'Maximum call stack size exceeded') return new Refusal(TOO_DEEP);
    if (thrown.message === 'Invalid string length') return new Refusal(TOO_LARGE);
  }
  return new Refusal('a value that throws when it is read', thrown);
}

/** Only a walk that went too deep can have gone in a circle, so only then is a circle looked for. */
function cycle(segments: readonly Segment[], refusal: Refusal): { path: string; what: string } | undefined {
  if (refusal.what !== TOO_DEEP) return undefined;
  const containers = refusal.containers.toReversed();
  const seen = new Map<object, number>();
  for (const [level, container] of containers.entries()) {
    const first = seen.get(container);
    if (first !== undefined) {
      return {
        path: pathText(segments.slice(0, level)),
        what: `a reference back to ${pathText(segments.slice(0, first))}`,
      };
    }
    seen.set(container, level);
  }
  return undefined;
}
