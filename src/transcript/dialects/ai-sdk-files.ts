import { isMembers, type Members } from '../shape.js';

/** How the data of a file is given, and what it is. `none`: not as any version has it. */
export interface FileData {
  /** `inline`: the bytes, base64, or a URL; `tagged` and `reference`: as version 7 has it; `stored`: bytes as JSON has them. */
  readonly form: 'inline' | 'tagged' | 'reference' | 'stored' | 'none';
  /** The bytes, as bytes or as base64. */
  readonly inline?: unknown;
  readonly url?: string;
  readonly text?: string;
  /** The ids that providers gave the file. */
  readonly reference?: unknown;
}

/** What the `data` of a file part, or the `image` of an image part, is. */
export function fileDataOf(data: unknown): FileData {
  if (typeof data === 'string' || data instanceof Uint8Array || data instanceof ArrayBuffer || data instanceof URL) {
    return { form: 'inline', inline: data };
  }
  if (!isMembers(data)) return { form: 'none' };
  const bytes = bytesOf(data);
  if (bytes !== undefined) return { form: 'stored', inline: Buffer.from(bytes).toString('base64') };
  switch (data['type']) {
    case 'data': {
      const inner = fileDataOf(data['data']);
      if (inner.form !== 'inline' && inner.form !== 'stored') return { form: 'none' };
      return { ...inner, form: inner.form === 'stored' ? 'none' : 'tagged' };
    }
    case 'url': {
      const { url } = data;
      return typeof url === 'string' || url instanceof URL ? { form: 'tagged', url: String(url) } : { form: 'none' };
    }
    case 'text':
      return typeof data['text'] === 'string' ? { form: 'tagged', text: data['text'] } : { form: 'none' };
    case 'reference':
      return isMembers(data['reference']) ? { form: 'tagged', reference: data['reference'] } : { form: 'none' };
    default: {
      const ids = Object.values(data);
      const isReference = ids.length > 0 && ids.every((id) => typeof id === 'string');
      return isReference ? { form: 'reference', reference: data } : { form: 'none' };
    }
  }
}

/** Data of version 7 as the versions before it have it; `undefined` when they have nothing like it. */
export function untaggedData(data: unknown): unknown {
  const { inline, url, text } = fileDataOf(data);
  if (text !== undefined) return Buffer.from(text, 'utf8').toString('base64');
  return inline ?? url;
}

/** A `Buffer` or a `Uint8Array` that went through JSON: `{ type: 'Buffer', data: [1, 2] }`, `{ 0: 1, 1: 2 }`. */
function bytesOf(data: Members): readonly number[] | undefined {
  const list = data['type'] === 'Buffer' && Array.isArray(data['data']) ? data['data'] : Object.values(data);
  if (list !== data['data'] && Object.keys(data).some((key, at) => key !== String(at))) return undefined;
  return list.length > 0 && list.every(isByte) ? list : undefined;
}

function isByte(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 256;
}
