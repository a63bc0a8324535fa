import type { Part, Turn } from '../graph.js';
import { flawRule, type RuleCore } from '../rule.js';
import { parsedObject } from '../shape.js';

/** Flaws that parsers find, one rule for each code. */
export const mixedFormat: RuleCore = flawRule('mixed-format');
export const unrecognizedMessage: RuleCore = flawRule('unrecognized-message');
export const unknownRole: RuleCore = flawRule('unknown-role');
export const malformedCalls: RuleCore = flawRule('malformed-calls');
export const emptyCalls: RuleCore = flawRule('empty-calls');
export const invalidArguments: RuleCore = flawRule('invalid-arguments');
export const idShape: RuleCore = flawRule('invalid-id');
export const missingContent: RuleCore = flawRule('missing-content');
export const invalidContent: RuleCore = flawRule('invalid-content');
export const emptyContent: RuleCore = flawRule('empty-content');
export const unknownPart: RuleCore = flawRule('unknown-part');
export const partNotAllowed: RuleCore = flawRule('part-not-allowed');
export const invalidResult: RuleCore = flawRule('invalid-result');
export const obsoleteShape: RuleCore = flawRule('obsolete-shape');
export const sdkArtefact: RuleCore = flawRule('sdk-artefact');

/** Nothing to send. */
export const emptyTranscript: RuleCore = {
  code: 'empty-transcript',
  find: ({ turns }) => (turns.length === 0 ? [{ turn: -1, hint: 'at least one message' }] : []),
};

/** Instructions alone, where they do not count as messages. */
export const nothingButSystem: RuleCore = {
  code: 'empty-transcript',
  find: ({ turns }) =>
    turns.every(({ role }) => role === 'system')
      ? [{ turn: -1, hint: 'at least one message beside the instructions' }]
      : [],
};

/**
 * A call that somebody else than the assistant makes. What only an assistant says was said by it: the turn becomes the
 * assistant's. Beside words of somebody else, the call goes into a turn of the assistant's behind them, so that its
 * result keeps its call; in formats where the result is beside the call, both go.
 */
export const callNotAllowed: RuleCore = {
  code: 'call-not-allowed',
  find: ({ links, turns }) =>
    links.calls
      .filter(({ turn }) => turns[turn]!.role !== 'assistant')
      .map(({ turn, part, call }) => ({
        turn,
        part,
        ...(call.id === undefined ? {} : { callId: call.id }),
        hint: `only the assistant calls tools, this is ${turns[turn]!.label}`,
      })),
  repair(findings, draft, { transcript: { turns, dialect } }) {
    const moved = new Map<number, Part[]>();
    for (const finding of findings) {
      const { parts } = turns[finding.turn]!;
      const own = parts.some(({ kind }) => kind === 'reasoning') || parts.every(({ kind }) => kind === 'call');
      if (own) draft.setRole(finding, 'assistant', 'assistant', "the message is now the assistant's");
      else if (dialect.answers.place === 'inline') draft.dropPart(finding, 'removed, only the assistant calls tools');
      else {
        draft.take(finding.turn, finding.part);
        const others = moved.get(finding.turn);
        if (others === undefined) moved.set(finding.turn, [parts[finding.part!]!]);
        else others.push(parts[finding.part!]!);
        draft.note(finding, 'move', 'moved into a message of the assistant behind this one');
      }
    }
    for (const [turn, parts] of moved) draft.putBehind(turn, assistantTurn(parts));
  },
};

function assistantTurn(parts: readonly Part[]): Turn {
  return { role: 'assistant', label: 'assistant', index: -1, raw: undefined, parts, flaws: [] };
}

/** Arguments that should be a JSON object, in formats that carry text. Nobody can tell what was meant. */
export const argumentsNotJson: RuleCore = {
  code: 'invalid-arguments',
  find: ({ links }) =>
    links.calls
      .filter(
        ({ call }) =>
          typeof call.input === 'string' && call.isFreeText !== true && parsedObject(call.input) === undefined,
      )
      .map(({ turn, part, call }) => ({
        turn,
        part,
        ...(call.id === undefined ? {} : { callId: call.id }),
        hint: 'the arguments are not the JSON text of an object; conversions to other formats fail on them',
      })),
};
