import type { Part } from '../graph.js';
import { isMembers, type Members, memberOf, textMember } from '../shape.js';

/** An image, sound or file, as any format has it: what it is, and where it is or what it says. */
export interface Payload {
  /** As far as the format tells it: `image/png`, `image`. */
  readonly type: string;
  /** A URL, an id, base64; absent when the part has none that is known. */
  readonly data: string | Uint8Array | undefined;
}

/** What is counted for an image whose size is not known: Anthropic's most; OpenAI takes 765 for 1,024 × 1,024 pixels. */
const UNKNOWN_IMAGE = 1_600;

/** Anthropic: an image costs width × height / 750, after it was scaled down to 1,568 pixels. */
const ANTHROPIC_PIXELS = 750;
const ANTHROPIC_EDGE = 1_568;

/** OpenAI (`detail: high`): 85, and 170 for each tile of 512 pixels, after scaling to 2,048 and the short side to 768. */
const OPENAI_BASE = 85;
const OPENAI_TILE = 170;

/** Anthropic: 1,500 to 3,000 for each page of a PDF. A page is taken to have 50 kB. */
const PDF_PAGE = 2_250;
const PDF_PAGE_BYTES = 50_000;

/** OpenAI: one token for 100 ms of sound. Bytes of a second: 24 kHz PCM, and compressed. */
const AUDIO_SECOND = 10;
const PCM_BYTES = 48_000;
const COMPRESSED_BYTES = 16_000;

/** Whether a part is an image, sound or file: some formats take over those of others. */
export function isMedia({ kind, raw }: Part): boolean {
  if (kind === 'media') return true;
  return (
    kind === 'other' &&
    /image|audio|file|media/.test(textMember(raw, 'type') ?? '') &&
    payloadOf(raw).data !== undefined
  );
}

/** The payload of a part: in the fields that the formats have for it. */
export function payloadOf(raw: unknown): Payload {
  try {
    return isMembers(raw) ? payloadIn(raw) : { type: '', data: undefined };
  } catch {
    // A getter or a proxy of the caller's.
    return { type: '', data: undefined };
  }
}

function payloadIn(raw: Members): Payload {
  const kind = textMember(raw, 'type') ?? '';
  for (const holder of holdersOf(raw)) {
    const data = dataOf(holder);
    if (data === undefined) continue;
    const type = ['mediaType', 'media_type', 'mimeType', 'mime_type', 'format']
      .map((name) => textMember(holder, name) ?? textMember(raw, name))
      .find((found) => found !== undefined);
    const inUrl = typeof data === 'string' ? /^data:([^;,]*)/.exec(data.slice(0, 100))?.[1] : undefined;
    return { type: inUrl || type || kind, data: typeof data === 'string' ? plainBase64(data) : data };
  }
  return { type: kind, data: undefined };
}

function holdersOf(raw: Members): Members[] {
  const inner = ['source', 'image_url', 'input_audio', 'file', 'audio', 'inlineData', 'fileData'].map(
    (name) => raw[name],
  );
  return [raw, ...inner.filter(isMembers)];
}

function dataOf(holder: Members): string | Uint8Array | undefined {
  for (const name of ['data', 'image', 'url', 'image_url', 'file_data', 'file_url', 'fileUri', 'file_id']) {
    const value = memberOf(holder, name);
    if (value instanceof Uint8Array) return value;
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (value instanceof URL) return value.href;
    // `data` may say by itself what it is: { type: 'url', url }.
    if (isMembers(value) && name === 'data') return dataOf(value);
    if (typeof value === 'string' && value !== '') return value;
  }
  // Sound of an earlier answer, which the provider keeps.
  return 'type' in holder ? undefined : textMember(holder, 'id');
}

/** Of a data URL, what it says; of other texts, themselves. */
function plainBase64(text: string): string {
  if (!text.startsWith('data:')) return text;
  const comma = text.indexOf(',');
  return comma < 0 ? text : text.slice(comma + 1);
}

/** Tokens by the provider's published formula where the size can be read, else a flat number; never by the length of the text. */
export function mediaTokens(raw: unknown, provider: 'anthropic' | 'openai' | 'unknown'): number {
  const { type, data } = payloadOf(raw);
  const bytes = byteLength(data);
  if (/pdf|document|^file$|^input_file$/.test(type)) {
    return PDF_PAGE * Math.max(1, Math.ceil(bytes / PDF_PAGE_BYTES));
  }
  if (/audio|wav|mp3|pcm/.test(type)) {
    const perSecond = /wav|pcm/.test(type) ? PCM_BYTES : COMPRESSED_BYTES;
    return bytes === 0 ? UNKNOWN_IMAGE : Math.ceil((bytes / perSecond) * AUDIO_SECOND);
  }
  const size = data === undefined ? undefined : sizeOf(headOf(data));
  if (size === undefined) return UNKNOWN_IMAGE;
  const byAnthropic = anthropicTokens(size);
  const byOpenai = openaiTokens(size, textMember(memberOf(raw, 'image_url'), 'detail') ?? textMember(raw, 'detail'));
  if (provider === 'unknown') return Math.max(byAnthropic, byOpenai);
  return provider === 'anthropic' ? byAnthropic : byOpenai;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function anthropicTokens({ width, height }: Size): number {
  const scale = Math.min(1, ANTHROPIC_EDGE / Math.max(width, height));
  return Math.min(UNKNOWN_IMAGE, Math.ceil((width * scale * height * scale) / ANTHROPIC_PIXELS));
}

function openaiTokens({ width, height }: Size, detail: string | undefined): number {
  if (detail === 'low') return OPENAI_BASE;
  const fit = Math.min(1, 2_048 / Math.max(width, height));
  const short = Math.min(1, 768 / (Math.min(width, height) * fit));
  const tiles = Math.ceil((width * fit * short) / 512) * Math.ceil((height * fit * short) / 512);
  return OPENAI_BASE + OPENAI_TILE * tiles;
}

/** Of base64, three bytes for four characters; of a URL or an id nothing is known. */
function byteLength(data: Payload['data']): number {
  if (data === undefined) return 0;
  if (typeof data !== 'string') return data.length;
  return isBase64(data) ? (data.length * 3) / 4 : 0;
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text.slice(0, 200)) && text.length >= 64;
}

/** Where the formats of images say their size; a JPEG says it behind its metadata. */
const HEAD_BYTES = 65_536;

function headOf(data: string | Uint8Array): Uint8Array {
  if (typeof data !== 'string') return data.subarray(0, HEAD_BYTES);
  return isBase64(data) ? Buffer.from(data.slice(0, (HEAD_BYTES / 3) * 4), 'base64') : new Uint8Array();
}

function sizeOf(bytes: Uint8Array): Size | undefined {
  if (bytes.length < 30) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  if (magic === 0x89504e47) return known(view.getUint32(16), view.getUint32(20));
  if (magic === 0x47494638) return known(view.getUint16(6, true), view.getUint16(8, true));
  if (magic >>> 16 === 0xffd8) return jpegSize(view);
  if (magic === 0x52494646 && view.getUint32(8) === 0x57454250) return webpSize(view);
  return undefined;
}

function known(width: number, height: number): Size | undefined {
  return width > 0 && height > 0 ? { width, height } : undefined;
}

/** The frame header, behind any number of other segments. */
function jpegSize(view: DataView): Size | undefined {
  let at = 2;
  while (at + 9 < view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return known(view.getUint16(at + 7), view.getUint16(at + 5));
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

function webpSize(view: DataView): Size | undefined {
  const kind = view.getUint32(12);
  if (kind === 0x56503858) return known(int24(view, 24) + 1, int24(view, 27) + 1);
  if (kind === 0x56503820) return known(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
  if (kind !== 0x5650384c) return undefined;
  const bits = view.getUint32(21, true);
  return known((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
}

function int24(view: DataView, at: number): number {
  return view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getUint8(at + 2) << 16);
}
