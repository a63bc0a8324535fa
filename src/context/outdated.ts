/** Most marks that are kept one by one; what is older than the oldest of them counts as outdated. */
const MOST_MARKS = 10_000;

/** What a read is about. */
export interface Subject {
  /** None: it may be about any. */
  readonly entities: readonly string[];
  readonly tool: string;
  readonly tags: readonly string[];
  /** What its body read on the way: what outdates that outdates it, too. */
  parts: Set<Subject> | undefined;
}

/** What counts no longer. */
export interface Outdated {
  readonly entities: readonly string[] | 'all';
  readonly tools: readonly string[];
  readonly tags: readonly string[];
}

/** When a read began, in the order of what was outdated, and what was found out of it since. */
export interface Moment {
  readonly since: number;
  /** Up to here nothing outdated it. */
  checked: number;
}

/**
 * What was outdated, in its order: shared by a run and all runs in it, because a write in one of them outdates what the
 * others remember. Nothing is looked for and removed; a read that is asked for is compared with what came after it began.
 */
export class OutdatedReads {
  readonly #marks = new Map<string, number>();
  #now = 0;
  /** All that began up to here is outdated. */
  #all = 0;
  /** When any entity was outdated last. */
  #anyEntity = 0;

  moment(): Moment {
    return { since: this.#now, checked: this.#now };
  }

  outdate({ entities, tools, tags }: Outdated): void {
    this.#now += 1;
    if (entities === 'all') this.#all = this.#now;
    else if (entities.length > 0) {
      this.#anyEntity = this.#now;
      for (const entity of entities) this.#mark(`entity ${entity}`);
    }
    for (const tool of tools) this.#mark(`tool ${tool}`);
    for (const tag of tags) this.#mark(`tag ${tag}`);
  }

  #mark(name: string): void {
    this.#marks.delete(name);
    this.#marks.set(name, this.#now);
    if (this.#marks.size <= MOST_MARKS) return;
    const [[oldest, at]] = this.#marks as unknown as [[string, number]];
    this.#marks.delete(oldest);
    this.#all = Math.max(this.#all, at);
  }

  /** Whether the read is still what it was. */
  counts(moment: Moment, subject: Subject): boolean {
    if (moment.checked === this.#now) return true;
    if (this.#outdates(moment.since, subject)) return false;
    moment.checked = this.#now;
    return true;
  }

  #outdates(since: number, subject: Subject): boolean {
    if (this.#all > since) return true;
    if (subject.parts === undefined) return this.#marked(since, subject);
    // Parts are shared, and may go in a circle.
    const subjects = new Set([subject]);
    for (const one of subjects) {
      if (this.#marked(since, one)) return true;
      for (const part of one.parts ?? []) subjects.add(part);
    }
    return false;
  }

  #marked(since: number, { entities, tool, tags }: Subject): boolean {
    const after = (name: string): boolean => (this.#marks.get(name) ?? 0) > since;
    if (entities.length === 0 ? this.#anyEntity > since : entities.some((entity) => after(`entity ${entity}`)))
      return true;
    return after(`tool ${tool}`) || tags.some((tag) => after(`tag ${tag}`));
  }
}
