import type { Terminal } from '../../src/cli/terminal.js';

/** A terminal that keeps what is written to it. */
export interface FakeTerminal extends Terminal {
  readonly printed: string[];
  readonly noted: string[];
  /** What was printed, as one text. */
  text(): string;
}

/** @param colours - marks what is painted, as `<red>error</red>`. */
export function fakeTerminal(how: { readonly colours?: boolean; readonly watched?: boolean } = {}): FakeTerminal {
  const { colours = false, watched = false } = how;
  const printed: string[] = [];
  const noted: string[] = [];
  return {
    printed,
    noted,
    text: () => printed.join('\n'),
    out: (text) => void printed.push(text),
    note: (text) => void noted.push(text),
    progress: () => undefined,
    paint: (style, text) => (colours ? `<${style}>${text}</${style}>` : text),
    watched,
    command: 'mycelium',
  };
}
