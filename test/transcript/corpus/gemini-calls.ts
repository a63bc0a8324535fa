import type { Breakage } from './breakage.js';
import {
  areTold,
  bodyOf,
  changeCall,
  changed,
  changeResult,
  hasIds,
  isAnswering,
  isCall,
  partsOf,
  withoutIds,
} from './gemini-places.js';
import { ofResults } from './gemini-results.js';
import { omit, whole } from './places.js';

/** For each call with an id: its id changed, and that of its result. */
function rename(ofCall: (id: string) => unknown, ofResult: (id: string) => unknown): Breakage['at'] {
  return (messages) =>
    messages
      .flatMap(partsOf)
      .filter((part) => isCall(part) && 'id' in bodyOf(part))
      .map((one) => {
        const id = String(bodyOf(one)['id']);
        return changed(messages, (part) => {
          if (bodyOf(part)['id'] !== id) return part;
          if (isCall(part)) return { ...part, functionCall: { ...bodyOf(part), id: ofCall(id) } };
          return { ...part, functionResponse: { ...bodyOf(part), id: ofResult(id) } };
        });
      });
}

const ids: Breakage[] = [
  {
    name: 'an id of digits in call and result',
    breaks: ['invalid-id'],
    at: rename(
      () => 7,
      () => 7,
    ),
  },
  {
    name: 'an id of digits in the call',
    breaks: ['invalid-id'],
    at: rename(
      () => 7,
      () => '7',
    ),
  },
  {
    name: 'an id of digits in the result',
    breaks: ['invalid-id'],
    at: rename(
      () => '7',
      () => 7,
    ),
  },
  {
    name: 'no ids where there were some',
    breaks: [],
    at: whole((messages) => {
      if (!messages.some(hasIds)) return undefined;
      return changed(messages, (part) =>
        isCall(part)
          ? { ...part, functionCall: omit(bodyOf(part), 'id') }
          : { ...part, functionResponse: omit(bodyOf(part), 'id') },
      );
    }),
  },
  {
    name: 'a result without the id of its call',
    breaks: ['missing-result-id', 'orphan-result', 'unanswered-call'],
    at: changeResult((body) => omit(body, 'id'), hasIds),
  },
  {
    name: 'a call without the id that its result has',
    breaks: ['missing-call-id', 'orphan-result', 'unanswered-call'],
    at: changeCall((body) => omit(body, 'id'), hasIds),
  },
  {
    name: 'a call with an id, without its name',
    breaks: ['missing-name'],
    at: changeCall((body) => omit(body, 'name'), hasIds),
  },
  {
    name: 'a call without id and name',
    breaks: ['missing-name', 'orphan-result', 'unanswered-call'],
    at: changeCall(
      (body) => omit(body, 'name'),
      (message) => withoutIds(message) && areTold(message),
    ),
  },
  { name: 'an empty name', breaks: ['missing-name'], at: changeCall((body) => ({ ...body, name: '' }), hasIds) },
  {
    name: 'one id for parallel calls and their results',
    breaks: ['duplicate-call-id'],
    at: (messages) =>
      messages.flatMap((message) => {
        const made = partsOf(message).filter((part) => isCall(part) && 'id' in bodyOf(part));
        if (made.length < 2) return [];
        const mine = new Set(made.map((part) => bodyOf(part)['id']));
        const id = bodyOf(made[0]!)['id'];
        // In the order of the calls, since their ids do not tell them apart any more.
        const order = made.map((part) => bodyOf(part)['id']);
        const sorted = messages.map((other) =>
          isAnswering(other) && partsOf(other).every((part) => mine.has(bodyOf(part)['id']))
            ? {
                ...other,
                parts: partsOf(other).toSorted(
                  (one, two) => order.indexOf(bodyOf(one)['id']) - order.indexOf(bodyOf(two)['id']),
                ),
              }
            : other,
        );
        return [
          changed(sorted, (part) => {
            if (!mine.has(bodyOf(part)['id'])) return part;
            const kind = isCall(part) ? 'functionCall' : 'functionResponse';
            return { ...part, [kind]: { ...bodyOf(part), id } };
          }),
        ];
      }),
  },
];

/** What goes wrong with calls and their results. */
export const ofCalls: Breakage[] = [...ids, ...ofResults];
