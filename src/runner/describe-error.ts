import { isSecretName } from '../encoding/redact.js';

/** What of an error a model is told, when the error does not say it itself. */
export type DescribeError = (error: unknown, tool: string) => string;

const LONGEST_MESSAGE = 500;
/** Nothing beyond is looked at, nor told. A secret that begins before the end of what is told ends within it. */
const LONGEST_LOOK = 8 * LONGEST_MESSAGE;
const BLANK = '[redacted]';

/**
 * The error of a tool in a sentence, without what looks like a credential. What a tool throws may say more than a model
 * should read all the same: see `describeError`.
 */
export const describeToolError: DescribeError = (error, tool) => {
  const message = error instanceof Error ? error.message : String(error);
  return `${tool} ended with an error: ${shortened(withoutSecrets(String(message).slice(0, LONGEST_LOOK)))}`;
};

export function shortened(text: string): string {
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE).toWellFormed()}…` : text;
}

/** Before the `@` of a URL. One that says `user:` may have anything in its password, but then it is no port. */
const IN_URL = /:\/\/(?:[^\s/?#"'<>@]*:(?!\d+[/?#])[^\s"'<>]*|[^\s/?#"'<>]*)@/g;
/** One that is a word of a sentence has no digits. */
const BEARER = /\b(Bearer\s+)(?=[^\s"',;]*\d)[^\s"',;]{8,}/gi;

/** `name=`, `name: `, `"name":`, also within JSON text that is itself in JSON text. */
const NAMED = /([\p{L}\p{N}_.$-]{1,60}(?: [\p{L}\p{N}_.$-]{1,60}){0,2})[\\"'`\]]*\s{0,8}(?:=>|[=:])\s{0,8}/gu;
/** In quotes; or an object, which goes to the end of its line; or, where words may follow a scheme, up to a space. */
const VALUE =
  /\\+"[^"\n]*"?|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?|[{[][^\n]*|(?:(?:Bearer|Basic|Digest|Token)\s+)?[^\s"'`&;]+/iy;
/** Headers whose values have spaces in them. */
const HEADER = /\\+"[^"\n]*"?|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|[^\n"']+/y;

function withoutSecrets(text: string): string {
  return withoutNamed(text.replace(IN_URL, `://${BLANK}@`)).replace(BEARER, `$1${BLANK}`);
}

function withoutNamed(text: string): string {
  let told = '';
  let at = 0;
  NAMED.lastIndex = 0;
  for (let found = NAMED.exec(text); found !== null; found = NAMED.exec(text)) {
    const [, name = ''] = found;
    // What stands behind a name that is none may have a name of its own.
    if (!isSecretName(name)) continue;
    const value = /(?:cookie|authorization)$/i.test(name) ? HEADER : VALUE;
    value.lastIndex = NAMED.lastIndex;
    if (value.exec(text) === null) continue;
    told += `${text.slice(at, NAMED.lastIndex)}${BLANK}`;
    at = value.lastIndex;
    NAMED.lastIndex = at;
  }
  return told + text.slice(at);
}
