// Puts in place what the tests need of the system, where that is possible: as root, with apt.
import { spawnSync } from 'node:child_process';
import { printLine } from './parts.mjs';

/**
 * @typedef {object} Tool
 * @property {string} program
 * @property {string} name - of the package
 * @property {string} [without] - what goes untried without it; when nothing is said, tests fail without it
 */

/** @type {Tool[]} */
const tools = [
  { program: 'redis-server', name: 'redis-server' },
  { program: 'initdb', name: 'postgresql' },
  { program: 'pgbouncer', name: 'pgbouncer' },
  { program: 'strace', name: 'strace', without: 'faults injected into the system calls of a real process' },
  { program: 'faketime', name: 'faketime', without: 'wall clocks that are wrong in a real process' },
];

/** Daemons are not on the PATH of everybody, and the programs of PostgreSQL on that of nobody. */
const PRESENT = 'PATH="$PATH:/usr/sbin:/usr/local/sbin"; command -v "$0" || ls /usr/lib/postgresql/*/bin/"$0"';

/**
 * The servers belong to the tests: while the packages are installed a policy, unless there is one, keeps them from
 * starting as services of the machine. It goes again, however this ends.
 */
const INSTALL = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' >"$policy" && chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
install() { apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@"; }
install "$@" || { apt-get update && install "$@"; }
`;

/** @param {string[]} words */
const succeeds = (...words) =>
  spawnSync('/bin/sh', ['-c', ...words], { stdio: 'ignore', timeout: 300_000 }).status === 0;

/** Says of everything that was missing whether it is there now. */
export function installTools() {
  const mayInstall = process.getuid?.() === 0 && succeeds('command -v apt-get');
  for (const { program, name, without } of tools) {
    const start = performance.now();
    const present = () => succeeds(PRESENT, program);
    if (present()) continue;
    if (mayInstall) succeeds(INSTALL, 'install', name);
    const command = `apt-get install -y --no-install-recommends ${name}`;
    if (present()) printLine('ok', `${name} installed`, start);
    else if (without !== undefined) printLine('not run', `${name}: ${without}`, start);
    else printLine('failed', `${name} is not installed, and its tests fail without it; run: ${command}`, start);
  }
}
