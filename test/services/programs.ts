import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where the packages of the distributions put PostgreSQL, one folder per version. */
const POSTGRES_HOMES = ['/usr/lib/postgresql', '/usr/local/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'];

/**
 * Finds a server program: on the PATH, where daemons are, and in the folders of PostgreSQL, newest version first.
 * @param packages - the Debian packages that hold it, for the message
 * @throws Error with the command that installs it
 */
export function findProgram(name: string, packages: string): string {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    ...postgresFolders(),
  ];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(`${name} is not installed. Install it with: apt-get install -y --no-install-recommends ${packages}`);
}

function postgresFolders(): string[] {
  const folders = POSTGRES_HOMES.filter((home) => existsSync(home)).flatMap((home) =>
    readdirSync(home).map((version) => join(home, version, 'bin')),
  );
  folders.push('/usr/pgsql/bin');
  return folders.sort((a, b) => versionIn(b) - versionIn(a));
}

const versionIn = (folder: string): number => Number(/(\d+)\/bin$/.exec(folder)?.[1] ?? 0);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A user without privileges. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** Whom to run as what refuses to run as root: nobody else when we are not root. */
export function unprivileged(): Identity | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name = '', , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  );
  const user = users.get('postgres') ?? users.get('nobody');
  if (user === undefined) throw new Error('/etc/passwd names neither postgres nor nobody to run the server as.');
  return user;
}
