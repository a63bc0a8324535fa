import { type Major, uiPartVersions } from '../dialects/ai-sdk-majors.js';
import { mendSteering } from '../dialects/ai-sdk-ui-parts.js';
import type { Draft } from '../draft.js';
import { type CallPart, edited, type Part, type Turn } from '../graph.js';
import type { Finding, RepairContext, RuleCore } from '../rule.js';
import * as approvals from '../rules/approvals.js';
import * as states from '../rules/states.js';
import { isMembers, type Members, memberOf, textMember } from '../shape.js';
import type { Transcript } from '../transcript.js';
import { partsThat } from './ai-sdk-versions.js';

/** What of `UIMessage`s one of these versions does not have. Repairs write it as the first of them has it. */
export function ofUiMessages(versions: readonly Major[]): readonly RuleCore[] {
  return [
    ...(versions.some((major) => major < 7) ? [foreignParts(versions)] : []),
    ...(versions.includes(5) ? [statesOfApproval] : []),
    ...(versions.includes(7) ? [bytesAsUrl] : []),
  ];
}

/** Parts that came with a later version. */
function foreignParts(versions: readonly Major[]): RuleCore {
  return {
    code: 'part-not-allowed',
    find: (transcript) =>
      partsThat(transcript, ({ raw }) => {
        const type = textMember(raw, 'type') ?? '';
        const first = uiPartVersions.get(type);
        const without = versions.find((major) => first !== undefined && major < first);
        return without === undefined
          ? undefined
          : { at: 'type', hint: `parts of the type ${type} came with version ${first}, version ${without} has none` };
      }),
    repair(findings, draft, { transcript }) {
      const steered = new Map<number, Finding[]>();
      for (const finding of findings) {
        const isSteering =
          textMember(transcript.turns[finding.turn]!.parts[finding.part!]!.raw, 'type') === 'steering-message';
        if (isSteering) steered.set(finding.turn, [...(steered.get(finding.turn) ?? []), finding]);
        else draft.dropPart(finding, 'removed, this version of the SDK has no such part');
      }
      for (const [turn, found] of steered) splitAt(turn, found, draft, transcript);
    },
  };
}

/** What a user said in the middle of an answer becomes a message, and so does what the assistant said after it. */
function splitAt(turnAt: number, findings: readonly Finding[], draft: Draft, { dialect, turns }: Transcript): void {
  const turn = turns[turnAt]!;
  const { raw, id } = messageOf(turn);
  findings.forEach((finding, nth) => {
    const at = finding.part!;
    const said = turn.parts[at]!;
    const message = isMembers(said.raw) ? mendSteering(said.raw, said.at) : { id, parts: [] };
    const behind = rawsOf(turn.parts.slice(at + 1, findings[nth + 1]?.part));
    draft.note(finding, 'move', 'what the user said is a message of its own');
    draft.putBehind(turnAt, dialect.parse({ id: message.id, role: 'user', parts: message.parts }, -1));
    if (behind.length > 0)
      draft.putBehind(turnAt, dialect.parse({ ...raw, id: `${id}-${nth + 2}`, parts: behind }, -1));
  });
  for (let at = findings[0]!.part!; at < turn.parts.length; at += 1) draft.take(turnAt, at);
}

/**
 * Version 5 takes the states of approval of tools that it knows, and makes calls without results of them; of dynamic tools
 * it refuses them. A denied call has failed; what waits or was approved did not run.
 */
const statesOfApproval: RuleCore = {
  code: 'invalid-state',
  find: (transcript) =>
    partsThat(transcript, (part) => {
      const state = textMember(part.raw, 'state') ?? '';
      return part.kind === 'call' && /^(approval-|output-denied$)/.test(state)
        ? { at: 'state', hint: `the state ${state} came with version 6, version 5 sends such a call without a result` }
        : undefined;
    }),
  repair(findings, draft, { transcript }) {
    for (const finding of findings) {
      const { parts } = transcript.turns[finding.turn]!;
      const call = parts[finding.part!] as CallPart;
      const { approval, ...rest } = call.raw as Record<string, unknown>;
      const denied = memberOf(approval, 'approved') === false;
      const errorText = textMember(approval, 'reason') ?? 'Tool call execution denied.';
      const raw = denied ? { ...rest, state: 'output-error', errorText } : { ...rest, state: 'input-available' };
      for (let at = finding.part! + 1; parts[at]?.raw === call.raw; at += 1) draft.take(finding.turn, at);
      const what = denied ? 'the call has failed: it was denied' : 'the call did not run';
      draft.setPart({ ...finding, part: finding.part! }, { ...edited(call, {}), raw }, 'rewrite', what);
      const { id, name, executedBy, at } = call;
      if (denied)
        draft.putBehindPart(finding.turn, finding.part!, {
          kind: 'result',
          ...{ id, name, output: errorText, failed: true, executedBy, raw, at, flaws: [] },
        });
    }
  },
};

/** Bytes in the place of an address: version 7 throws at them, those before it read them as base64. */
const bytesAsUrl: RuleCore = {
  code: 'invalid-content',
  find: (transcript) =>
    urlsThat(transcript, (url) =>
      URL.canParse(url) ? undefined : 'version 7 has an address here; bytes are a data: URL in base64',
    ),
  repair: writeAddresses,
};

/** The data of a `data:` URL is read as base64 of the type that the URL names, whether it is that or not. */
export const misreadUrls: RuleCore = {
  code: 'invalid-content',
  find: (transcript) =>
    urlsThat(transcript, (url) =>
      dataUrl.test(url) && addressOf(url, '') !== url
        ? 'a data: URL names its type, and its data is base64: the SDK reads nothing else'
        : undefined,
    ),
  repair: writeAddresses,
};

function urlsThat(transcript: Transcript, wrong: (url: string) => string | undefined): Finding[] {
  return partsThat(transcript, (part) => {
    const url = part.kind === 'media' ? textMember(part.raw, 'url') : undefined;
    const hint = url === undefined ? undefined : wrong(url);
    if (url === undefined || hint === undefined) return undefined;
    return { at: 'url', hint, ...(addressOf(url, '') === undefined ? { unfixable: true } : {}) };
  });
}

function writeAddresses(findings: readonly Finding[], draft: Draft, { transcript }: RepairContext): void {
  for (const finding of findings) {
    const part = transcript.turns[finding.turn]!.parts[finding.part!]!;
    const raw = part.raw as Members;
    const url = addressOf(textMember(raw, 'url')!, textMember(raw, 'mediaType')!);
    const what = 'written as a data: URL in base64';
    draft.setPart({ ...finding, part: finding.part! }, { ...edited(part, {}), raw: { ...raw, url } }, 'rewrite', what);
  }
}

const dataUrl = /^data:([^,]*),(.*)$/is;

/** The address as every version reads it, the same where it is; `undefined` when nobody can tell what was meant. */
function addressOf(url: string, mediaType: string): string | undefined {
  const type = /^[^,;]+/.exec(mediaType)?.[0] ?? 'application/octet-stream';
  const [, head, data] = dataUrl.exec(url) ?? [];
  if (head === undefined || data === undefined) {
    if (URL.canParse(url)) return url;
    const isBase64 = url.length > 0 && url.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(url);
    return isBase64 ? `data:${type};base64,${url}` : undefined;
  }
  const isBase64 = /;base64$/i.test(head);
  if (isBase64 && !head.startsWith(';')) return url;
  return `data:${type};base64,${isBase64 ? data : Buffer.from(unescaped(data)).toString('base64')}`;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** As in the versions before, without what version 7 leaves out by itself: questions that a later user turn overtook. */
export const pendingSince7: RuleCore = {
  ...approvals.pendingApproval,
  find(transcript) {
    const lastWords = transcript.turns.findLastIndex(({ role }) => role === 'user');
    return approvals.pendingApproval.find(transcript).filter(({ turn }) => turn > lastWords);
  },
};

/** As in the versions before, without calls that were denied: version 7 makes their results by itself. */
export const unansweredSince7: RuleCore = {
  ...states.unansweredStep,
  find: (transcript) =>
    states.unansweredStep.find(transcript).filter(({ turn, part }) => {
      const { raw } = transcript.turns[turn]!.parts[part!]!;
      return (
        textMember(raw, 'state') !== 'approval-responded' || memberOf(memberOf(raw, 'approval'), 'approved') !== false
      );
    }),
};

export function messageOf({ raw, index }: Turn): { readonly raw: Members; readonly id: string } {
  return { raw: isMembers(raw) ? raw : {}, id: textMember(raw, 'id') ?? `message-${index}` };
}

/** The parts as the message has them: a tool part is several parts of the graph. */
export function rawsOf(parts: readonly Part[]): readonly unknown[] {
  return [...new Set(parts.map(({ raw }) => raw))];
}
