import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type LogPlace, LogStore } from './log.js';
import { ReceiptExportFailedError, ReceiptExportRefusedError } from './log-error.js';
import { frontierFrom, frontierKey, type Leaf, RECEIPT } from './log-records.js';
import { hashText, leafHash } from './merkle/hashing.js';

/** What is to be exported. */
export interface ExportOptions extends LogPlace {
  /** The JSONL file: one receipt a line, in the order of the log. Created, with its folder, when it is not there. */
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
 * @throws ReceiptExportFailedError when it cannot be written, or is no file: a folder, a device.
 * @throws StoreUnavailableError, ReceiptLogDamagedError; what was written until then stays, and the next export goes on.
 */
export async function exportReceipts(options: ExportOptions): Promise<ExportReport> {
  const log = new LogStore(options);
  const facts = { store: log.description, ledger: log.ledger, file: options.file };
  const refuse = (what: string): ReceiptExportRefusedError => new ReceiptExportRefusedError({ ...facts, what });
  /** What the system says of the file, in words of ours. */
  const onFile = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      if (cause instanceof ReceiptExportFailedError) throw cause;
      const what = cause instanceof Error ? cause.message : String(cause);
      throw new ReceiptExportFailedError({ ...facts, what, cause });
    }
  };
  const file = await onFile(openedFile(options.file, facts));
  try {
    const { lines, end, last, torn } = await onFile(extentOf(file));
    // Asked after the file was read: others export as well, and a log is never shorter than a file that it was before.
    const { records } = await log.read([frontierKey(log.ledger)]);
    const total = frontierFrom(records[0], log.description)?.tree.size;
    if (total === undefined) throw log.damaged(frontierKey(log.ledger), 'cannot be read');
    if (lines > total) throw refuse(`it has ${lines} lines, and the log has ${total} receipts`);
    const other = `what follows its line ${lines} is not the beginning of the receipt at that position of the log`;
    if (lines === total && torn.length > 0) throw refuse(other);
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
      if (written === lines && !isBeginning(torn, bytes)) throw refuse(other);
      await onFile(writeAt(file, bytes, position));
      position += bytes.length;
      written += missing.length;
      options.onProgress?.({ done: written, total });
    }
    if (written > lines) await onFile(file.datasync());
    return { added: written - lines, lines: written, complete: true };
  } finally {
    await file.close();
  }
}

/** Neither truncated nor opened for appending: what others write at the same time is the same. */
async function openedFile(
  path: string,
  facts: { readonly store: string; readonly ledger: string; readonly file: string },
): Promise<FileHandle> {
  const there = await stat(path).catch(() => undefined);
  // A device may have no end, and a pipe nobody who reads it.
  if (there?.isFile() === false) throw new ReceiptExportFailedError({ ...facts, what: 'it is there, and is no file' });
  if (there === undefined) {
    await mkdir(dirname(path), { recursive: true });
    await (await open(path, 'a')).close();
  }
  return open(path, 'r+');
}

/** Whether a crash can have left it: the receipt as far as it came, and zeros where the disk did not get it. */
function isBeginning(torn: Buffer, bytes: Buffer): boolean {
  return torn.every((byte, at) => byte === bytes[at] || byte === 0);
}

async function textsOf(log: LogStore, leaves: readonly Leaf[]): Promise<string[]> {
  const keys = leaves.map(({ id, partition }) => ({ partition, kind: RECEIPT, id }));
  const found = await log.readAll(keys);
  return found.map((stored, at) => {
    if (stored === undefined) throw log.damaged(keys[at]!, 'is gone');
    // What was changed since is not passed on as a receipt of this log.
    if (hashText(leafHash(stored.value)) !== leaves[at]?.hash)
      throw log.damaged(keys[at]!, 'is not the receipt that was sealed');
    return stored.value;
  });
}

const NEW_LINE = 0x0a;
const READ_BYTES = 1024 * 1024;

/** How many whole lines there are, where they end, the last of them, and the torn one that follows. */
async function extentOf(file: FileHandle): Promise<{ lines: number; end: number; last: string; torn: Buffer }> {
  const buffer = Buffer.alloc(READ_BYTES);
  let [lines, end, begin] = [0, 0, 0];
  let size = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, size);
    if (bytesRead === 0) break;
    const read = buffer.subarray(0, bytesRead);
    for (let found = read.indexOf(NEW_LINE); found !== -1; found = read.indexOf(NEW_LINE, found + 1)) {
      lines += 1;
      begin = end;
      end = size + found + 1;
    }
    size += bytesRead;
  }
  const last = await readAt(file, begin, Math.max(0, end - begin - 1));
  return { lines, end, last: last.toString('utf8'), torn: await readAt(file, end, size - end) };
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  return bytes.subarray(0, bytesRead);
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
