import type { FindingKind, ReceiptFinding } from './verify-options.js';

const MOST_FINDINGS = 1_000;

/** What was found: all of it counted and told, the first of it kept. */
export class Findings {
  readonly first: ReceiptFinding[] = [];
  readonly counts: Map<FindingKind, number> = new Map();
  total = 0;
  readonly #most: number;
  readonly #tell: ((finding: ReceiptFinding) => void) | undefined;

  constructor(most: number = MOST_FINDINGS, tell?: (finding: ReceiptFinding) => void) {
    this.#most = most;
    this.#tell = tell;
  }

  readonly add: (finding: ReceiptFinding) => void = (finding) => {
    this.total += 1;
    this.counts.set(finding.kind, (this.counts.get(finding.kind) ?? 0) + 1);
    if (this.first.length < this.#most) this.first.push(finding);
    this.#tell?.(finding);
  };
}
