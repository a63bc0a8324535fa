import { asJsonText, isMembers, type Members, memberOf, textMember } from '../shape.js';
import { fileDataOf } from './ai-sdk-files.js';
import { type Major, since, type Versions } from './ai-sdk-majors.js';

/** What a result may be, and since which version. */
const outputVersions: Readonly<Record<string, Versions>> = {
  text: since(5),
  json: since(5),
  'error-text': since(5),
  'error-json': since(5),
  content: since(5),
  'execution-denied': since(6),
};

export const outputTypes: readonly string[] = Object.keys(outputVersions);

/** A piece of an output of the type `content`. */
interface Piece {
  readonly versions: Versions;
  readonly isWhole: (piece: Members) => boolean;
}

const has =
  (...names: readonly string[]) =>
  (piece: Members): boolean =>
    names.every((name) => typeof piece[name] === 'string');
const isReference = (value: unknown): boolean =>
  isMembers(value) && Object.values(value).every((id) => typeof id === 'string');
const hasFileId = ({ fileId }: Members): boolean => typeof fileId === 'string' || isReference(fileId);
const hasReference = ({ providerReference }: Members): boolean => isReference(providerReference);

const pieces: Readonly<Record<string, Piece>> = {
  text: { versions: since(5), isWhole: has('text') },
  media: { versions: { from: 5, to: 6 }, isWhole: has('data', 'mediaType') },
  'file-data': { versions: since(6), isWhole: has('data', 'mediaType') },
  'file-url': { versions: since(6), isWhole: has('url') },
  'file-id': { versions: since(6), isWhole: hasFileId },
  'image-data': { versions: since(6), isWhole: has('data', 'mediaType') },
  'image-url': { versions: since(6), isWhole: has('url') },
  'image-file-id': { versions: since(6), isWhole: hasFileId },
  custom: { versions: since(6), isWhole: () => true },
  file: {
    versions: since(7),
    isWhole: (piece) => has('mediaType')(piece) && fileDataOf(piece['data']).form === 'tagged',
  },
  'file-reference': { versions: since(7), isWhole: hasReference },
  'image-file-reference': { versions: since(7), isWhole: hasReference },
};

/** Whether some version takes it. */
export function isOutput(output: unknown): boolean {
  const type = textMember(output, 'type');
  if (type === undefined || !outputTypes.includes(type)) return false;
  const value = memberOf(output, 'value');
  if (type === 'text' || type === 'error-text') return typeof value === 'string';
  if (type === 'content') return Array.isArray(value) && value.every(isPiece);
  if (type === 'execution-denied') return ['string', 'undefined'].includes(typeof memberOf(output, 'reason'));
  return isJson(value);
}

/** What was meant as an output, as one. A plain value becomes a tagged one. */
export function outputOf(given: unknown, failed: boolean): Members {
  if (isMembers(given)) {
    const { type, value } = given;
    if (type === 'content' && Array.isArray(value)) return { ...given, value: value.map(pieceOf) };
    if (type === 'json' || type === 'error-json') return { ...given, ...tagged(value, type === 'error-json') };
    if (type === 'execution-denied') return { type, reason: asJsonText(given['reason']) };
  }
  return tagged(given, failed);
}

/** A value, as an output of the type that it is. */
export function tagged(value: unknown, failed: boolean): Members {
  if (typeof value === 'string') return { type: failed ? 'error-text' : 'text', value };
  const json = jsonValue(value);
  return isJson(json)
    ? { type: failed ? 'error-json' : 'json', value: json }
    : { type: failed ? 'error-text' : 'text', value: asJsonText(json) };
}

/** What of an output a version does not have: the type, or the type of a piece and where it stands. */
export function foreignOutput(
  output: unknown,
  major: Major,
): { readonly type: string; readonly at: string } | undefined {
  const type = textMember(output, 'type') ?? '';
  if (!isOf(outputVersions[type], major)) return { type, at: 'output.type' };
  const list = type === 'content' ? memberOf(output, 'value') : undefined;
  if (!Array.isArray(list)) return undefined;
  const at = list.findIndex((piece) => !isOf(pieces[textMember(piece, 'type') ?? '']?.versions, major));
  return at < 0 ? undefined : { type: textMember(list[at], 'type') ?? '', at: `output.value[${at}]` };
}

/** An output as a version has it. What it has nothing like is told as text. */
export function outputFor(output: unknown, major: Major): unknown {
  if (!isMembers(output)) return output;
  const { type, value } = output;
  if (type === 'execution-denied' && major < 6) {
    return { type: 'error-text', value: textMember(output, 'reason') ?? 'Tool call execution denied.' };
  }
  if (type !== 'content' || !Array.isArray(value)) return output;
  return { ...output, value: value.map((piece) => (isMembers(piece) ? pieceFor(piece, major) : piece)) };
}

function pieceFor(piece: Members, major: Major): Members {
  const { type, ...rest } = piece as Record<string, unknown>;
  if (isOf(pieces[String(type)]?.versions, major)) return piece;
  if (major === 7) return { type: 'file', ...rest, data: { type: 'data', data: rest['data'] } };
  const older = type === 'file' ? untagged(rest) : type === 'media' ? piece : renamed(String(type), rest, piece);
  if (major === 6 || older['type'] === 'text') return older;
  const { data, mediaType } = older;
  if (typeof data === 'string') return { type: 'media', data, mediaType };
  return textPiece(typeof older['url'] === 'string' ? older['url'] : asJsonText(piece));
}

/** Of version 7, as version 6 has it. */
function untagged({ data, ...rest }: Record<string, unknown>): Members {
  const { reference, text, url, inline } = fileDataOf(data);
  if (text !== undefined) return textPiece(text);
  if (reference !== undefined) return ofMediaType('file-id', { ...rest, fileId: reference });
  if (url !== undefined) return ofMediaType('url', { ...rest, url });
  if (typeof inline === 'string') return ofMediaType('data', { ...rest, data: inline });
  return textPiece(asJsonText({ ...rest, data }));
}

/** Providers read images in pieces of their own only. */
function ofMediaType(kind: 'data' | 'url' | 'file-id', piece: Members): Members {
  if (textMember(piece, 'mediaType')?.startsWith('image/') === true) return { ...piece, type: `image-${kind}` };
  return { ...piece, type: kind === 'file-id' ? kind : `file-${kind}` };
}

function renamed(type: string, { providerReference, ...rest }: Record<string, unknown>, piece: Members): Members {
  if (type === 'file-reference') return { ...rest, type: 'file-id', fileId: providerReference };
  if (type === 'image-file-reference') return { ...rest, type: 'image-file-id', fileId: providerReference };
  return piece;
}

function isPiece(piece: unknown): boolean {
  if (!isMembers(piece)) return false;
  const type = textMember(piece, 'type') ?? '';
  return Object.hasOwn(pieces, type) && pieces[type]!.isWhole(piece);
}

/** Of no version: images as the Model Context Protocol has them, which is what tools hand on; else as text. */
function pieceOf(piece: unknown): unknown {
  if (isPiece(piece)) return piece;
  const data = textMember(piece, 'data');
  const mediaType = textMember(piece, 'mediaType') ?? textMember(piece, 'mimeType');
  if (data !== undefined && mediaType !== undefined) return ofMediaType('data', { data, mediaType });
  return textPiece(textMember(piece, 'text') ?? asJsonText(piece));
}

function textPiece(text: string): Members {
  return { type: 'text', text };
}

function isOf(versions: Versions | undefined, major: Major): boolean {
  return versions !== undefined && major >= versions.from && major <= versions.to;
}

/** As JSON has it; what cannot be JSON is told as text. */
function jsonValue(value: unknown): unknown {
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return null;
  return typeof value === 'string' ? value : JSON.parse(asJsonText(value));
}

/** Deeper values are none: a list that holds itself has no end. */
const DEEPEST = 500;

/** Whether a value comes back from JSON as it is: the SDK refuses dates, maps and what is not finite. */
function isJson(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth > DEEPEST) return false;
  if (Array.isArray(value)) return value.every((one) => isJson(one, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return false;
  return Object.values(value).every((one) => one === undefined || isJson(one, depth + 1));
}
