import fs from 'node:fs';

/** How flushes are made: on the thread pool, or on the event loop, which is faster for one call at a time. */
export type Flush = 'asynchronous' | 'synchronous';

/** What a file is like at an instant. */
export interface FileFacts {
  readonly size: number;
  /** No name leads to the file any more: what is appended to it nobody will find. */
  readonly removed: boolean;
}

/** A file that is only read and appended to. */
export class LogFile {
  readonly path: string;
  /** Whether a flush is one. */
  readonly flushes: boolean;
  readonly #descriptor: number;
  readonly #synchronous: boolean;
  #closed = false;

  private constructor(path: string, descriptor: number, flush: Flush, flushes: boolean) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#synchronous = flush === 'synchronous';
    this.flushes = flushes;
  }

  /**
   * Opens a file that exists.
   *
   * @param flushes - false makes `flush` do nothing, which only a test of the tests may want.
   */
  static open(path: string, flush: Flush, flushes: boolean): LogFile {
    return new LogFile(path, fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_APPEND), flush, flushes);
  }

  facts(): FileFacts {
    const { size, nlink } = fs.fstatSync(this.#descriptor);
    return { size, removed: nlink === 0 };
  }

  /**
   * Reads the bytes from `at` on; fewer than `length` only at the end of the file.
   *
   * @param into - where to put them, if it is large enough.
   */
  read(at: number, length: number, into?: Buffer): Buffer {
    const bytes = into !== undefined && into.length >= length ? into : Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const count = fs.readSync(this.#descriptor, bytes, filled, length - filled, at + filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  }

  /** One write at the end of the file. Answers how many bytes were taken, which may be fewer. */
  append(bytes: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#synchronous) resolve(fs.writeSync(this.#descriptor, bytes));
      else
        fs.write(this.#descriptor, bytes, 0, bytes.length, null, (error, count) =>
          error === null ? resolve(count) : reject(error),
        );
    });
  }

  /** Resolves when everything in the file is on the disk. */
  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.flushes) resolve();
      else if (this.#synchronous) resolve(fs.fdatasyncSync(this.#descriptor));
      else fs.fdatasync(this.#descriptor, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    fs.closeSync(this.#descriptor);
  }
}
