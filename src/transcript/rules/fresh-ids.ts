import { createHash } from 'node:crypto';
import type { Transcript } from '../transcript.js';

/** The ids of a transcript, and new ones that are none of them. */
export class FreshIds {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  constructor({ links }: Transcript) {
    for (const { call } of links.calls) if (call.id !== undefined) this.#taken.add(call.id);
    for (const { result } of links.results) if (result.id !== undefined) this.#taken.add(result.id);
  }

  /** The wanted one, or the first with a number that is free. */
  free(wanted: string): string {
    return this.#taken.has(wanted) ? this.next(wanted) : this.#take(wanted);
  }

  /** The next with a number that is free. */
  next(id: string): string {
    let count = this.#counts.get(id) ?? 1;
    let name: string;
    do {
      count += 1;
      name = numbered(id, count);
    } while (this.#taken.has(name));
    this.#counts.set(id, count);
    return this.#take(name);
  }

  #take(id: string): string {
    this.#taken.add(id);
    return id;
  }
}

/** Short enough for every provider. */
function numbered(id: string, count: number): string {
  const end = `_${count}`;
  return id.length + end.length <= 40 ? id + end : `${id.slice(0, 22)}_${digest(id)}${end}`;
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 10);
}
