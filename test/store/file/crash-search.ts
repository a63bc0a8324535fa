import { layoutsAfter } from './crash-layouts.js';
import { problemWith, type Run } from './crash-run.js';
import { type OpenStore, seeded } from './scratch.js';

/** What came of trying all crashes. */
export interface Search {
  /** How many different pairs of a folder and what had been answered were opened. */
  readonly states: number;
  readonly problems: readonly string[];
}

/** Lets a recorded run crash behind each of its events, in every way, and opens what is left. */
export async function searchCrashes(openStore: OpenStore, run: Run, seed: number, atMostProblems = 5): Promise<Search> {
  const random = seeded(seed);
  const seen = new Set<string>();
  const problems: string[] = [];
  for (let length = 0; length <= run.events.length; length++) {
    const answered = run.shown.filter(({ after }) => after <= length).length;
    for (const layout of layoutsAfter(run.events, length, random)) {
      const text = [...layout.files].map(([name, bytes]) => `${name}\t${bytes.toString('latin1')}`).join('\n');
      const state = `${answered} ${text}`;
      if (seen.has(state)) continue;
      seen.add(state);
      const problem = await problemWith(openStore, layout, run, length, random);
      if (problem !== undefined) problems.push(`after ${length} events, ${layout.what}: ${problem}`);
      if (problems.length >= atMostProblems) return { states: seen.size, problems };
    }
  }
  return { states: seen.size, problems };
}
