import { createRequire } from 'node:module';

/** The formats that a field may have. */
export const FORMAT_NAMES = ['date', 'date-time', 'time', 'email', 'uri', 'uuid', 'ipv4', 'ipv6', 'hostname'] as const;

export type FormatName = (typeof FORMAT_NAMES)[number];

/** No text of these formats is longer, and no check should have to read one that is. */
const LONGEST = 8192;

/** A check of one format, by the rules of zod, which is loaded when the first text is checked: it takes its time. */
export function compileFormat(name: FormatName): (text: string) => boolean {
  let schema: { safeParse(text: string): { success: boolean } } | undefined;
  return (text) => {
    if (text.length > LONGEST) return false;
    schema ??= schemaOf(name);
    return schema.safeParse(text).success;
  };
}

function schemaOf(name: FormatName): { safeParse(text: string): { success: boolean } } {
  const { z } = createRequire(import.meta.url)('zod') as typeof import('zod');
  switch (name) {
    case 'date':
      return z.iso.date();
    case 'date-time':
      return z.iso.datetime({ offset: true });
    case 'time':
      return z.iso.time();
    case 'email':
      return z.email();
    case 'uri':
      return z.url();
    case 'uuid':
      return z.uuid();
    case 'ipv4':
      return z.ipv4();
    case 'ipv6':
      return z.ipv6();
    case 'hostname':
      return z.hostname();
  }
}
