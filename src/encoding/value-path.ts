import { ROOT_PATH } from './unencodable-value-error.js';

/** One step into a value: a member, an item, or a place that only words can name (an entry of a Map). */
export type Segment = string | number | { readonly label: string };

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const MOST_SEGMENTS = 32;

/** The steps as people write them: `order.lines[2].price`, `["odd name"].x`; without steps, `ROOT_PATH`. */
export function pathText(segments: readonly Segment[]): string {
  if (segments.length === 0) return ROOT_PATH;
  let text = '';
  for (const segment of segments.slice(0, MOST_SEGMENTS)) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else if (typeof segment === 'object') text += segment.label;
    else if (!IDENTIFIER.test(segment)) text += `[${JSON.stringify(segment)}]`;
    else text += text === '' ? segment : `.${segment}`;
  }
  return segments.length > MOST_SEGMENTS ? `${text}…` : text;
}
