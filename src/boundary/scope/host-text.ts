import { isIPv4 } from 'node:net';
import { domainToUnicode } from 'node:url';

/** A host as it is compared. */
export interface Host {
  /** Lower case, punycode, without the dot at the end; IPv6 in brackets. */
  readonly name: string;
  readonly isAddress: boolean;
  readonly port: number | undefined;
}

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^:]+)(?::(0|[1-9]\d{0,4}))?$/i;

/** Letters and digits of any script. Symbols, which some parsers allow, can look like what ends a host. */
const NAME = /^[\p{L}\p{M}\p{Nd}._-]+$/u;

/** One standard writes these otherwise than the next. */
const DEVIATING = /[\u00df\u1e9e\u03c2]/;

/**
 * A host with or without a port, when every parser reads it the same way. That leaves out escapes, numbers that
 * some take for IPv4 addresses (`0x7f.1`, `2130706433`), dots and letters of other scripts that fold to ASCII,
 * and a port with leading zeros or without digits. IPv6 may be spelled in every way; an IPv4 address mapped into
 * it stays an IPv6 address.
 */
export function readHost(text: string): Host | undefined {
  const [, written, digits] = AUTHORITY.exec(text) ?? [];
  if (written === undefined) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && port > 65_535) return undefined;
  const parsed = parseHost(written);
  if (parsed === undefined) return undefined;
  if (written.startsWith('[')) return { name: parsed, isAddress: true, port };
  if (!NAME.test(written) || DEVIATING.test(written)) return undefined;
  const lower = written.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  const isAscii = /^[\0-\x7f]+$/.test(written);
  if ((isAscii ? parsed : domainToUnicode(parsed)) !== lower) return undefined;
  const name = parsed.endsWith('.') ? parsed.slice(0, -1) : parsed;
  if (name.length > 253 || name.split('.').some((label) => label === '' || label.length > 63)) return undefined;
  return { name, isAddress: isIPv4(name), port };
}

function parseHost(text: string): string | undefined {
  try {
    return new URL(`https://${text}`).hostname;
  } catch {
    return undefined;
  }
}
