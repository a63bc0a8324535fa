import { fileURLToPath } from 'node:url';

/** The folder that what follows `file:` names. @throws what `refused` makes of a problem and a remedy. */
export function directoryOf(rest: string, refused: (problem: string, remedy: string) => Error): string {
  if (/[?#]/.test(rest)) {
    throw refused(
      'a file URL carries no "?" or "#" part',
      'Pass settings as the second argument; write "?" in a path as %3F and "#" as %23.',
    );
  }
  if (rest.startsWith('//')) {
    const host = rest.slice(2).split('/', 1)[0] ?? '';
    if (host !== '' && host !== 'localhost') {
      throw refused(
        `"${host}" stands where a file URL names a host`,
        'Write "file:./directory" for a relative path and "file:///directory" for an absolute one.',
      );
    }
  }
  let path: string;
  try {
    path = rest.startsWith('//') ? fileURLToPath(`file:${rest}`) : decodeURIComponent(rest);
  } catch (cause) {
    throw refused(
      `the path cannot be decoded (${cause instanceof Error ? cause.message : String(cause)})`,
      'Write a percent sign in a path as %25, and no encoded slashes.',
    );
  }
  if (path === '' || path.includes('\0'))
    throw refused('the URL names no directory', 'Write one after "file:", e.g. "file:./.mycelium".');
  return path;
}
