import { readFile } from 'node:fs/promises';
import { judge, type SampleLog, sameRecords } from './sample-logs.js';
import type { OpenStore } from './scratch.js';

export interface FlipResults {
  readonly stopped: number;
  /** Where a flip changed nothing, by position in the frame: 0 is its first byte, -1 its last. */
  readonly harmless: ReadonlyMap<number, number>;
  readonly problems: readonly string[];
}

/** Flips every byte of a log with every mask, and opens what that makes of it. */
export async function flipBytes(
  openStore: OpenStore,
  file: string,
  log: SampleLog,
  masks: readonly number[],
  atMostProblems = 5,
): Promise<FlipResults> {
  const harmless = new Map<number, number>();
  const problems: string[] = [];
  let stopped = 0;
  for (let at = 0; at < log.bytes.length; at++) {
    // What a crash left stands for nothing, and a flip in it loses nothing.
    if (log.debris.some(([from, to]) => at >= from && at < to)) continue;
    const begin = log.frames.filter((frame) => frame <= at).at(-1)!;
    const end = log.frames.find((frame) => frame > at)!;
    for (const mask of masks) {
      const bytes = Buffer.from(log.bytes);
      bytes[at]! ^= mask;
      const verdict = await judge(openStore, file, bytes, false);
      const flip = `byte ${at} (${at - begin} of ${end - begin}) with ${mask}`;
      if (verdict.opened) {
        const place = at === end - 1 ? -1 : at - begin;
        harmless.set(place, (harmless.get(place) ?? 0) + 1);
        if (!sameRecords(log.records, verdict.records)) problems.push(`${flip} was read as another log`);
      } else {
        stopped++;
        const { code, details, remedy } = verdict.error;
        const named =
          details?.file === file && (details.record ?? 0) >= 1 && (details.offset ?? -1) >= 0 && remedy !== '';
        if (code !== 'STORE_DAMAGED' || !named) problems.push(`${flip} was refused with ${String(verdict.error)}`);
        else if (details.offset! > at) problems.push(`${flip} was reported at byte ${details.offset}`);
      }
      const now = await readFile(file).catch(() => Buffer.alloc(0));
      if (!now.equals(bytes)) problems.push(`${flip}: opening changed the file`);
      if (problems.length >= atMostProblems) return { stopped, harmless, problems };
    }
  }
  return { stopped, harmless, problems };
}
