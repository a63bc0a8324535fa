import type { Draft } from '../draft.js';
import { edited, type Part, type TextPart, type Turn } from '../graph.js';
import type { Finding, RepairContext, RuleCore } from '../rule.js';
import type { Transcript } from '../transcript.js';
import { userTurn } from './slots.js';

/** Text blocks without text, where a provider refuses them. The block goes; a turn of nothing else goes with it. */
export const emptyText: RuleCore = {
  code: 'empty-content',
  find({ turns }) {
    const findings: Finding[] = [];
    turns.forEach((turn, turnAt) => {
      turn.parts.forEach((part, partAt) => {
        if (part.kind === 'text' && part.text.trim() === '') {
          findings.push({ turn: turnAt, part: partAt, hint: 'text is not empty, and not only white space' });
        }
      });
    });
    return findings;
  },
  repair(findings, draft) {
    for (const finding of findings) draft.dropPart(finding, 'removed, there is no text in it');
  },
};

/** A turn without anything in it. `mayBeLast`: the last turn may be empty, when the assistant is to speak. */
export function emptyTurn(mayBeLast: boolean): RuleCore {
  return {
    code: 'empty-content',
    find: ({ turns }) =>
      turns.flatMap((turn, at) => {
        if (turn.parts.length > 0 || turn.role === 'unknown' || turn.flaws.some(({ mend }) => mend !== undefined))
          return [];
        if (mayBeLast && at === turns.length - 1 && turn.role === 'assistant') return [];
        return [{ turn: at, at: 'content', hint: 'a message has content' }];
      }),
    repair(findings, draft) {
      for (const finding of findings) draft.dropTurn(finding, 'removed, there is nothing in it');
    },
  };
}

/** The last assistant turn is the beginning of an answer, and models refuse it when it ends with white space. */
export const prefillWhitespace: RuleCore = {
  code: 'prefill-whitespace',
  find(transcript) {
    const last = lastText(transcript);
    return last === undefined || last.part.text.trimEnd() === last.part.text || last.part.text.trim() === ''
      ? []
      : [{ turn: last.turn, part: last.at, hint: 'the last assistant text does not end with white space' }];
  },
  repair(findings, draft, { transcript }) {
    for (const finding of findings) {
      const { part, at } = lastText(transcript)!;
      const text = part.text.trimEnd();
      draft.setPart({ ...finding, part: at }, edited(part, { text }), 'rewrite', 'white space at the end removed');
    }
  },
};

function lastText({ turns }: Transcript): { turn: number; at: number; part: TextPart } | undefined {
  const turn = turns.at(-1);
  const part = turn?.parts.at(-1);
  if (turn?.role !== 'assistant' || part?.kind !== 'text') return undefined;
  return { turn: turns.length - 1, at: turn.parts.length - 1, part };
}

/** The list ends with the assistant, and the model does not go on from there. */
export const prefill: RuleCore = {
  code: 'prefill-not-allowed',
  find({ turns }) {
    const last = turns.at(-1);
    return last?.role === 'assistant'
      ? [
          {
            turn: turns.length - 1,
            hint: 'this model does not continue an assistant message: the list ends with a user message',
          },
        ]
      : [];
  },
  repair(findings, draft, context) {
    if (context.policies.prefill === 'report') return;
    for (const finding of findings) addUser(finding, finding.turn, 'Continue.', draft, context);
  },
};

/** Some endpoints want the user to speak first. */
export const userFirst: RuleCore = {
  code: 'first-not-user',
  find({ turns }) {
    const at = turns.findIndex(({ role }) => role !== 'system');
    const first = turns[at];
    return first === undefined || first.role === 'user' || first.role === 'unknown'
      ? []
      : [{ turn: at, hint: `the first message is of the user, this is ${first.label}` }];
  },
  repair(findings, draft, context) {
    const text = 'The conversation begins with what you said here:';
    for (const finding of findings) addUser(finding, finding.turn - 1, text, draft, context);
  },
};

/** Some endpoints refuse two messages of one role in a row. They become one. */
export const alternating: RuleCore = {
  code: 'roles-not-alternating',
  find: ({ turns }) =>
    turns.flatMap((turn, at) =>
      at > 0 && turn.role === turns[at - 1]!.role && (turn.role === 'user' || turn.role === 'assistant')
        ? [{ turn: at, hint: `user and assistant take turns, and the message before this is of ${turn.label}, too` }]
        : [],
    ),
  repair(findings, draft, { transcript }) {
    let into = -1;
    let before = -2;
    for (const finding of findings) {
      // A run of several goes into its first.
      if (finding.turn - 1 !== before) into = finding.turn - 1;
      before = finding.turn;
      for (const part of transcript.turns[finding.turn]!.parts) draft.putLast(into, part);
      draft.take(finding.turn);
      draft.note(finding, 'move', 'joined with the message before it');
    }
  },
};

/** System messages stand elsewhere: in an option of the request, or at the beginning. Only people know what to do. */
export function systemTurns(allowed: (at: number, turns: readonly Turn[]) => boolean, hint: string): RuleCore {
  return {
    code: 'system-misplaced',
    find: ({ turns }) =>
      turns.flatMap((turn, at) =>
        turn.role === 'system' && !allowed(at, turns) ? [{ turn: at, at: 'role', hint }] : [],
      ),
  };
}

/** The role that a family of models has for instructions. */
export function systemRole(label: string): RuleCore {
  return {
    code: 'system-role',
    find: ({ turns }) =>
      turns.flatMap((turn, at) =>
        turn.role === 'system' && turn.label !== label
          ? [{ turn: at, at: 'role', hint: `these models have ${label}, not ${turn.label}` }]
          : [],
      ),
    repair(findings, draft) {
      for (const finding of findings) draft.setRole(finding, 'system', label, `the role is now ${label}`);
    },
  };
}

/** Cache breakpoints beyond what a request may have. The last ones reach furthest, so the first ones go. */
export function breakpoints(most: number): RuleCore {
  return {
    code: 'too-many-breakpoints',
    find({ turns }) {
      const findings: Finding[] = [];
      turns.forEach((turn, turnAt) => {
        turn.parts.forEach((part, partAt) => {
          if (part.breakpoint) {
            findings.push({
              turn: turnAt,
              part: partAt,
              at: 'cache_control',
              hint: `a request has at most ${most} cache breakpoints`,
            });
          }
        });
      });
      return findings.slice(0, Math.max(0, findings.length - most));
    },
    repair: dropBreakpoints,
  };
}

/** A cache breakpoint where none may be. */
export function breakpointPlace(forbidden: (part: Part) => boolean, hint: string): RuleCore {
  return {
    code: 'breakpoint-not-allowed',
    find({ turns }) {
      const findings: Finding[] = [];
      turns.forEach((turn, turnAt) => {
        turn.parts.forEach((part, partAt) => {
          if (part.breakpoint && forbidden(part))
            findings.push({ turn: turnAt, part: partAt, at: 'cache_control', hint });
        });
      });
      return findings;
    },
    repair: dropBreakpoints,
  };
}

function dropBreakpoints(findings: readonly Finding[], draft: Draft, { transcript }: RepairContext): void {
  for (const finding of findings) {
    const part = transcript.turns[finding.turn]!.parts[finding.part!]!;
    draft.setPart(
      { ...finding, part: finding.part! },
      edited(part, { breakpoint: false }),
      'rewrite',
      'breakpoint removed',
    );
  }
}

function addUser(finding: Finding, behind: number, text: string, draft: Draft, { transcript }: RepairContext): void {
  draft.putBehind(behind, userTurn(transcript, text));
  draft.note(finding, 'add', `added a message of the user: ${text}`);
}
