import { nearest } from '../../encoding/nearest.js';
import { dotted, type Finding, type Path } from './issues.js';
import { NOT_HERE, RENAMED_KEYS } from './other-versions.js';
import { SECTIONS } from './schema.js';
import type { Range } from './source.js';

/** `tools.send_payment.ledger` → `tools.*.ledger` */
function sectionOf(path: Path): string {
  return path
    .map((part, index) => (index === 1 && (path[0] === 'tools' || path[0] === 'tasks') ? '*' : part))
    .join('.');
}

/** What to say of a key that is not known where it stands. */
export function unknownKey(path: Path, at: Range | undefined): Finding {
  const key = String(path.at(-1));
  const above = path.slice(0, -1);
  const section = sectionOf(above);
  const where = above.length === 0 ? 'the file' : dotted(above);
  const unknown = { id: 'MYC204', at, path, problem: `unknown key ${JSON.stringify(key)} in ${where}` };
  if (key === '<<') return { ...unknown, remedy: 'YAML 1.2 has no merge keys: write the keys out.' };
  const [, joined] = /^([\w-]+:)\S/.exec(key) ?? [];
  if (joined !== undefined) return { ...unknown, remedy: `YAML wants a space behind the colon: ${joined} ….` };
  const known = SECTIONS[section] ?? [];
  const renamed = own(RENAMED_KEYS[section] ?? {}, key);
  if (renamed !== undefined)
    return known.includes(renamed)
      ? { ...unknown, suggestion: renamed, remedy: `Here it is ${renamed}.` }
      : { ...unknown, remedy: `Here it is ${renamed}.` };
  if (NOT_HERE.has(key))
    return { ...unknown, remedy: 'The Python library has it; there is nothing like it here. Remove it.' };
  const home = homeOf(key, section);
  if (home !== undefined) return { ...unknown, remedy: `It belongs in ${home}.` };
  const list = known.join(', ');
  const remedy =
    section === ''
      ? `The sections are ${list}; a tool or a task stands below its section, further to the right.`
      : `The keys here are ${list}.`;
  return { ...unknown, suggestion: nearest(key, known), remedy };
}

/** A member that is really there: keys of a file may be called `constructor`, too. */
export function own(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Where a key would be right: the nearest place first. */
function homeOf(key: string, section: string): string | undefined {
  const group = /^(tools|tasks)\./.exec(section)?.[0];
  const distance = (home: string): number =>
    group === undefined ? (home === '' ? 1 : 0) : home.startsWith(group) ? 0 : home === '' ? 1 : 2;
  const [found] = Object.entries(SECTIONS)
    .filter(([, keys]) => keys.includes(key))
    .map(([home]) => home)
    .sort((one, other) => distance(one) - distance(other));
  if (found === undefined) return undefined;
  return found === '' ? 'the first column of the file' : found.replace('*', '<name>');
}
