import { type FileHandle, open } from 'node:fs/promises';
import { type LogPlace, LogStore } from './log.js';
import { ReceiptExportRefusedError } from './log-error.js';
import { frontierFrom, frontierKey, type Leaf, RECEIPT } from './log-records.js';

/** What is to be exported. */
export interface ExportOptions extends LogPlace {
  /** The JSONL file: one receipt a line, in the order of the log. Created when it is not there. */
  readonly file: string;
  readonly signal?: AbortSignal;
  /** Told how many of the receipts in the log are in the file. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** What an export came to. */
export interface ExportReport {
  /** Receipts that were written this time. */
  readonly added: number;
  /** Receipts in the file. */
  readonly lines: number;
  /** False when the signal ended it before all was written. */
  readonly complete: boolean;
}

/**
 * Brings a file up to the sealed log: line `n` is the receipt at position `n`, so the file says by itself how far it
 * is. It goes on after a crash, also one in the middle of a line, and several processes at once write the same bytes
 * at the same places.
 *
 * @throws ReceiptExportRefusedError when the file has something else in it; it is left as it is.
 * @throws StoreUnavailableError, ReceiptLogDamagedError; what was written until then stays, and the next export goes on.
 */
export async function exportReceipts(options: ExportOptions): Promise<ExportReport> {
  const log = new LogStore(options);
  const { records } = await log.read([frontierKey(log.ledger)]);
  const total = frontierFrom(records[0], log.description)?.tree.size;
  if (total === undefined) throw log.damaged(frontierKey(log.ledger), 'cannot be read');
  // Neither truncated nor opened for appending: what others write at the same time is the same.
  const file = await open(options.file, 'a').then(async (made) => {
    await made.close();
    return open(options.file, 'r+');
  });
  try {
    const { lines, end, last } = await extentOf(file);
    const refuse = (what: string): ReceiptExportRefusedError =>
      new ReceiptExportRefusedError({ store: log.description, ledger: log.ledger, file: options.file, what });
    if (lines > total) throw refuse(`it has ${lines} lines, and the log has ${total} receipts`);
    let written = lines;
    let position = end;
    for await (const { first, leaves } of log.chunks(total)) {
      if (first + leaves.length < lines) continue;
      const before = leaves[lines - 1 - first];
      if (before !== undefined && idIn(last) !== before.id)
        throw refuse(`its line ${lines} is not the receipt at that position of the log`);
      const missing = leaves.slice(Math.max(0, written - first));
      if (missing.length === 0) continue;
      if (options.signal?.aborted === true) return { added: written - lines, lines: written, complete: false };
      const bytes = Buffer.from((await textsOf(log, missing)).map((text) => `${text}\n`).join(''), 'utf8');
      await writeAt(file, bytes, position);
      position += bytes.length;
      written += missing.length;
      options.onProgress?.({ done: written, total });
    }
    if (written > lines) await file.datasync();
    return { added: written - lines, lines: written, complete: true };
  } finally {
    await file.close();
  }
}

async function textsOf(log: LogStore, leaves: readonly Leaf[]): Promise<string[]> {
  const keys = leaves.map(({ id, partition }) => ({ partition, kind: RECEIPT, id }));
  const found = await log.readAll(keys);
  return found.map((stored, at) => {
    if (stored === undefined) throw log.damaged(keys[at]!, 'is gone');
    return stored.value;
  });
}

const NEW_LINE = 0x0a;
const READ_BYTES = 1024 * 1024;

/** How many whole lines there are, where they end, and the last of them. What follows them was torn. */
async function extentOf(file: FileHandle): Promise<{ lines: number; end: number; last: string }> {
  const buffer = Buffer.alloc(READ_BYTES);
  let [lines, end, begin] = [0, 0, 0];
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, at);
    if (bytesRead === 0) break;
    const read = buffer.subarray(0, bytesRead);
    for (let found = read.indexOf(NEW_LINE); found !== -1; found = read.indexOf(NEW_LINE, found + 1)) {
      lines += 1;
      begin = end;
      end = at + found + 1;
    }
    at += bytesRead;
  }
  const line = Buffer.alloc(Math.max(0, end - begin - 1));
  await file.read(line, 0, line.length, begin);
  return { lines, end, last: line.toString('utf8') };
}

function idIn(line: string): unknown {
  try {
    return (JSON.parse(line) as { readonly id?: unknown } | null)?.id;
  } catch {
    return undefined;
  }
}

async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
