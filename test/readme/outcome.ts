import { inspect, isDeepStrictEqual } from 'node:util';

/** Stands for the `…` of an expected object: other members may be there, and are not looked at. */
export const etc: unique symbol = Symbol('…');

const expected = new Set<string>();

/** Announces the outcomes of a program, so that one in a function that never ran is noticed. */
export function expectOutcomes(places: readonly string[]): void {
  for (const place of places) expected.add(place);
  process.on('exit', (code) => {
    if (code !== 0 || expected.size === 0) return;
    process.stderr.write(`never reached: ${[...expected].join(', ')}\n`);
    process.exitCode = 1;
  });
}

/** Compares what an expression gives with what the document says. */
export async function outcome(place: string, evaluate: () => unknown, value: unknown): Promise<void> {
  const actual = await evaluate();
  expected.delete(place);
  if (!matches(actual, value)) throw new Error(`${place}: is ${inspect(actual)}, the document says ${inspect(value)}`);
}

/** Requires that an expression throws an error of this name. */
export async function throws(place: string, evaluate: () => unknown, name: string): Promise<void> {
  let actual: unknown;
  try {
    actual = await evaluate();
  } catch (error) {
    expected.delete(place);
    if (error instanceof Error && error.name === name) return;
    throw new Error(`${place}: throws another error than ${name}`, { cause: error });
  }
  throw new Error(`${place}: is ${inspect(actual)}, the document says that it throws ${name}`);
}

function matches(actual: unknown, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !(etc in value)) return isDeepStrictEqual(actual, value);
  if (typeof actual !== 'object' || actual === null) return false;
  const members: Record<string, unknown> = { ...actual };
  return Object.entries(value).every(([name, member]) => name in members && matches(members[name], member));
}
