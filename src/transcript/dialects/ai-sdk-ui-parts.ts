import type { Flaw, Part } from '../graph.js';
import { flaw, isMembers, type Members, otherPart, shown, textMember, textPart } from '../shape.js';

/** What parts of a type must have, as text. Tool parts, words and steering messages are looked at apart. */
const textMembers: Readonly<Record<string, readonly string[]>> = {
  file: ['mediaType', 'url'],
  'reasoning-file': ['mediaType', 'url'],
  'source-url': ['sourceId', 'url'],
  'source-document': ['sourceId', 'mediaType', 'title'],
  custom: ['kind'],
  'step-start': [],
};

/** A part that is no tool part and no words: what it is, or what of it can be kept. */
export function plainPartOf(part: unknown, type: string | undefined, at: string): Part {
  if (type !== undefined && isMembers(part)) {
    if (type.startsWith('data-')) return otherPart(part, at);
    if (type === 'steering-message') return steeringOf(part, at);
    const wanted = Object.hasOwn(textMembers, type) ? textMembers[type] : undefined;
    if (wanted !== undefined) {
      const missing = wanted.find((name) => typeof part[name] !== 'string');
      const flaws =
        missing === undefined ? [] : [flaw('invalid-content', missing, `${missing} is text`, 'drop' as const)];
      if (!type.endsWith('file')) return otherPart(part, at, flaws);
      return { kind: 'media', mediaType: textMember(part, 'mediaType'), raw: part, at, flaws };
    }
  }
  const hint = type === undefined ? 'a part is an object with a type' : `no part has the type ${shown(type)}`;
  const said = typeof part === 'string' ? part : textMember(part, 'text');
  // What it says stays, as text; what says nothing goes.
  if (said !== undefined) return textPart(said, part, at, [flaw('unknown-part', 'type', hint, 'rewrite')]);
  return otherPart(part, at, [flaw('unknown-part', 'type', hint, 'drop')]);
}

/** What a user said while the assistant was at work, since version 7: it stands in the message of the assistant. */
function steeringOf(part: Members, at: string): Part {
  const { id, parts } = mendSteering(part, at);
  const flaws: Flaw[] = [];
  if (id !== part['id']) flaws.push(flaw('invalid-item-id', 'id', 'a message has an id', 'rewrite'));
  if (parts !== part['parts']) {
    const hint = 'the parts of a steering message are texts and files';
    flaws.push(flaw('invalid-content', 'parts', hint, parts.length === 0 ? 'drop' : 'rewrite'));
  }
  return otherPart(part, at, flaws);
}

/** A steering message as it was meant; its own id and parts where they are as they should be. */
export function mendSteering(raw: Members, at: string): { readonly id: string; readonly parts: readonly unknown[] } {
  const id = typeof raw['id'] === 'string' ? raw['id'] : `steering-${at}`;
  const given = Array.isArray(raw['parts']) ? raw['parts'] : [raw['parts'] ?? raw['text'] ?? raw['content']];
  const isWhole = Array.isArray(raw['parts']) && given.every(isOfUser);
  if (isWhole) return { id, parts: given };
  return {
    id,
    parts: given.flatMap((part) => {
      const text = typeof part === 'string' ? part : textMember(part, 'text');
      return isOfUser(part) ? [part] : text === undefined ? [] : [{ type: 'text', text }];
    }),
  };
}

function isOfUser(part: unknown): boolean {
  const type = textMember(part, 'type');
  if (type === 'text') return textMember(part, 'text') !== undefined;
  return type === 'file' && ['mediaType', 'url'].every((name) => textMember(part, name) !== undefined);
}
