import { createRequire } from 'node:module';

/** The formats that a field may have. */
export const FORMAT_NAMES = ['date', 'date-time', 'time', 'email', 'uri', 'uuid', 'ipv4', 'ipv6', 'hostname'] as const;

export type FormatName = (typeof FORMAT_NAMES)[number];

/** No text of these formats is longer, and no check should have to read one that is. */
const LONGEST = 8192;

/** A check of one format, by the rules of zod. Loaded when the first format is. */
export function compileFormat(name: FormatName): (text: string) => boolean {
  const { z } = createRequire(import.meta.url)('zod') as typeof import('zod');
  const schema = {
    date: () => z.iso.date(),
    'date-time': () => z.iso.datetime({ offset: true }),
    time: () => z.iso.time(),
    email: () => z.email(),
    uri: () => z.url(),
    uuid: () => z.uuid(),
    ipv4: () => z.ipv4(),
    ipv6: () => z.ipv6(),
    hostname: () => z.hostname(),
  }[name]();
  return (text) => text.length <= LONGEST && schema.safeParse(text).success;
}
