import { locationText, type StoreLocation } from '../config/loader/storage.js';
import { openLocation } from '../config/runtime/homes.js';
import { columns } from '../config/table.js';
import { onOneLine } from '../encoding/printable.js';
import { MyceliumError } from '../errors/mycelium-error.js';
import { StoreNotFoundError } from '../errors/store.js';
import type { Durability, Store, StoreConcern, StoreHealth } from '../store/contract.js';
import { EXIT, EXIT_OF, type ExitCode } from './exit.js';
import type { Terminal } from './terminal.js';

/** What was found out about a store by opening it. */
export interface Examined {
  /** For people; carries no credentials. */
  readonly store: string;
  /** Its server and what that is set to, or what the store itself promises. Absent when it could not be opened. */
  readonly health?: Pick<StoreHealth, 'facts' | 'concerns'> & { readonly server?: string };
  /** `missing`: there is none yet; otherwise why it cannot be used. */
  readonly problem?: 'missing' | { readonly code: string; readonly message: string; readonly remedy: string };
}

/**
 * Opens a store, asks what it runs on, and closes it. Not as production does, which would not open what is unsafe:
 * here that is told.
 *
 * @param create - also a store that is not there yet, which creates it.
 */
export async function examine(location: StoreLocation, create: boolean): Promise<Examined> {
  const text = locationText(location);
  if (location.storage === 'memory') return { store: text, health: { facts: promised('process'), concerns: [] } };
  let store: Store | undefined;
  try {
    store = await openLocation(location, { create });
    const { server, facts, concerns } = (await store.health?.()) ?? { facts: promised(store.durability), concerns: [] };
    return { store: store.description, health: { ...(server === undefined ? {} : { server }), facts, concerns } };
  } catch (error) {
    if (error instanceof StoreNotFoundError) return { store: text, problem: 'missing' };
    if (!(error instanceof MyceliumError)) throw error;
    const { code, message, remedy } = error;
    return { store: text, problem: { code, message, remedy } };
  } finally {
    await store?.close();
  }
}

const SURVIVES: Readonly<Record<Durability, string>> = {
  process: 'nothing beyond the process',
  machine: 'the process and the machine',
  configured: 'what the server is set to',
};

function promised(durability: Durability): StoreHealth['facts'] {
  return { 'a record survives': SURVIVES[durability] };
}

/** What to exit with for what was found: a store that is weak still works. */
export function exitFor(all: readonly Examined[]): ExitCode {
  const codes = all.map(({ health, problem }): ExitCode => {
    if (problem === 'missing') return EXIT.notFound;
    if (problem !== undefined) return EXIT_OF[problem.code] ?? EXIT.store;
    return health?.concerns.some(({ severity }) => severity === 'unsafe') === true ? EXIT.store : EXIT.done;
  });
  return ([EXIT.store, EXIT.usage, EXIT.notFound] as const).find((code) => codes.includes(code)) ?? EXIT.done;
}

/** A store for people: its facts, and then what can go wrong. */
export function examinedLines({ store, health, problem }: Examined, { paint }: Terminal): readonly string[] {
  const head = paint('bold', onOneLine(store));
  if (problem === 'missing') return [head, '  is not there yet: the first guarded call creates it'];
  if (problem !== undefined) return [head, `  ${paint('red', 'error')}  ${problem.message.replaceAll('\n', '\n  ')}`];
  const { server, facts = {}, concerns = [] } = health ?? {};
  const rows = [...(server === undefined ? [] : [['server', server] as const]), ...Object.entries(facts)];
  const lines =
    rows.length === 0 ? [] : columns(rows.map(([name, value]) => [`  ${name}`, onOneLine(value)])).split('\n');
  return [head, ...lines, ...concerns.flatMap((one) => concernLines(one, paint))];
}

/** What is wrong with a store, for people; nothing when it is safe, or not there yet. */
export function faultLines(examined: Examined, terminal: Terminal): readonly string[] {
  const { store, health, problem } = examined;
  const concerns = health?.concerns ?? [];
  if (isMissing(examined) || (problem === undefined && concerns.length === 0)) return [];
  return examinedLines(problem === undefined ? { store, health: { facts: {}, concerns } } : examined, terminal);
}

/** Whether nothing is wrong but that there is no store yet. */
export function isMissing({ problem }: Examined): boolean {
  return problem === 'missing';
}

function concernLines({ severity, found, risk, remedy }: StoreConcern, paint: Terminal['paint']): readonly string[] {
  const word = paint(severity === 'unsafe' ? 'red' : 'yellow', severity);
  return [`  ${word}  ${onOneLine(`${found}: ${risk}`)}`, `${' '.repeat(severity.length + 4)}${onOneLine(remedy)}`];
}
