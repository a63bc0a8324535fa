import { fastRoot, newFolder, type OpenStore, put, readAll } from './scratch.js';
import { traceFiles } from './traced-files.js';

/** How a burst of five transactions came out. */
export interface Burst {
  readonly folder: string;
  readonly ok: number;
  readonly refused: readonly unknown[];
}

/** Sends five transactions at once through a disk that takes of each append what it is told to. */
export async function burstWith(openStore: OpenStore, append: (bytes: Buffer, nth: number) => number): Promise<Burst> {
  const folder = await newFolder(fastRoot);
  let appends = 0;
  const trace = traceFiles(folder, () => 0, {
    append: (name, bytes) => (name.endsWith('.log') ? append(bytes, ++appends) : bytes.length),
  });
  try {
    const store = await openStore(folder);
    const answers = await Promise.allSettled([0, 1, 2, 3, 4].map((number) => put(store, `${number}`, 'v'.repeat(100))));
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
    await store.close();
    return { folder, ok: 5 - refused.length, refused };
  } finally {
    trace.restore();
  }
}

/** What goes wrong when the first append is cut after so many bytes, and the disk takes all others. */
export async function shortWriteProblems(openStore: OpenStore, lengths: readonly number[]): Promise<string[]> {
  const problems: string[] = [];
  for (const length of lengths) {
    const { folder, ok } = await burstWith(openStore, (bytes, nth) =>
      nth === 1 ? Math.min(length, bytes.length) : bytes.length,
    );
    if (ok !== 5) problems.push(`cut after ${length} bytes, ${5 - ok} of 5 were refused`);
    const store = await openStore(folder);
    const { size } = await readAll(store);
    if (size !== ok) problems.push(`cut after ${length} bytes, ${ok} were acknowledged and ${size} stand`);
    if (!(await put(store, 'next', 'v')).ok) problems.push(`cut after ${length} bytes, nothing can be written`);
    await store.close();
  }
  return problems;
}
