import { closeSync, fdatasync, fdatasyncSync, openSync, write, writeSync } from 'node:fs';

/** A log that only appends and flushes: what a durable claim and a durable result cost at the very least. */
export interface FloorLog {
  /** Through the thread pool, like a program that must not block. */
  append(bytes: Buffer): Promise<void>;
  /** Blocking. */
  appendSync(bytes: Buffer): void;
  close(): void;
}

export function openFloorLog(path: string): FloorLog {
  const file = openSync(path, 'a');
  return {
    append: (bytes) =>
      new Promise((resolve, reject) => {
        write(file, bytes, 0, bytes.length, null, (failed) => {
          if (failed !== null) reject(failed);
          else
            fdatasync(file, (unflushed) =>
              unflushed === null || unflushed === undefined ? resolve() : reject(unflushed),
            );
        });
      }),
    appendSync(bytes) {
      writeSync(file, bytes, 0, bytes.length, null);
      fdatasyncSync(file);
    },
    close: () => closeSync(file),
  };
}
