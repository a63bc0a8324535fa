/** Steps from one word to another: letters put in, taken out, changed or swapped with their neighbour. */
function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    const above = rows[row - 1] as number[];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1] ? 0 : 1;
      let least = Math.min(
        (above[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (above[column - 1] as number) + same,
      );
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped)
        least = Math.min(least, ((rows[row - 2] as number[])[column - 2] as number) + 1);
      current.push(least);
    }
    rows.push(current);
  }
  return (rows[from.length] as number[])[to.length] as number;
}

const LONGEST_WORD = 60;

/** The word that was probably meant, if one is near enough. Case and separators count for nothing. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  const plain = (text: string): string => text.toLowerCase().replace(/[-_\s]/g, '');
  const wanted = plain(word);
  const candidates = [...words];
  let best: { readonly word: string; readonly steps: number } | undefined;
  for (const candidate of candidates) {
    const steps = distance(wanted, plain(candidate));
    if (steps <= Math.floor(Math.max(wanted.length, 3) / 3) && (best === undefined || steps < best.steps))
      best = { word: candidate, steps };
  }
  return best?.word ?? completed(wanted, candidates, plain);
}

const SHORTEST_BEGINNING = 4;

/** The one word that begins like this: `side_effect` is the beginning of `side_effect_class`. */
function completed(wanted: string, words: readonly string[], plain: (text: string) => string): string | undefined {
  if (wanted.length < SHORTEST_BEGINNING) return undefined;
  const found = words.filter((word) => plain(word).startsWith(wanted));
  return found.length === 1 ? found[0] : undefined;
}
