import { setImmediate as nextTurn } from 'node:timers/promises';
import { memoryStore, openFileStore, type Store } from 'mycelium-runtime/store';
import { counted, type Row } from './row.js';
import { fill, guardedPay, type Scale } from './workload.js';

interface Weight {
  /** Bytes of heap per completed key, without keys and values. */
  readonly bytesPerKey: number;
  readonly payloadPerKey: number;
  readonly timers: number;
}

type InChild = (program: 'heap', words: readonly string[]) => Weight;

/** Target T14, in a process of its own. The payload is the text of the record's value and of its key. */
export function heapRows(kind: 'memory' | 'file', folder: string, scale: Scale, inChild: InChild): Row[] {
  const weight = inChild('heap', [kind, String(scale.many), folder, String(scale.seed)]);
  const payload = Math.round(weight.payloadPerKey);
  const what = `${kind}, heap per completed key at ${scale.many} keys, without its ${payload} bytes of payload`;
  return [
    counted({ id: `${kind}-heap`, target: 'T14', what }, 'bytes', [weight.bytesPerKey], 400),
    counted(
      { id: `${kind}-timers`, target: 'T14', what: `${kind}, timers left when all calls are done` },
      'timers',
      [weight.timers],
      0,
    ),
  ];
}

export async function heapProgram([kind, count, folder, seed]: readonly string[]): Promise<Weight> {
  const store = kind === 'file' ? await openFileStore(folder ?? '') : memoryStore();
  const tool = guardedPay(store);
  await fill(tool, 500, Number(seed));
  const before = heapBytes();
  await fill(tool, Number(count), Number(seed));
  const grown = heapBytes() - before;
  // The turn in which the last call was answered may still be ending.
  await nextTurn();
  await nextTurn();
  const timers = process
    .getActiveResourcesInfo()
    .filter((resource) => resource === 'Timeout' || resource === 'Immediate');
  const { records, bytes } = await payloadOf(store);
  await store.close();
  const payloadPerKey = bytes / records;
  return { bytesPerKey: grown / Number(count) - payloadPerKey, payloadPerKey, timers: timers.length };
}

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('weighing the heap needs --expose-gc');
  // Twice: what the first collection only marks as finished goes with the second.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function payloadOf(store: Store): Promise<{ records: number; bytes: number }> {
  let records = 0;
  let bytes = 0;
  let after: string | undefined;
  do {
    const page = await store.list({ kind: 'tool', limit: 1000, ...(after === undefined ? {} : { after }) });
    for (const { key, value } of page.records) bytes += key.id.length + value.length;
    records += page.records.length;
    after = page.next;
  } while (after !== undefined);
  return { records, bytes };
}
