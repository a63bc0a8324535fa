import type { Sql } from 'postgres';

/** What the driver keeps of its channels. Not in its types. */
interface Channels {
  readonly channels?: Readonly<Record<string, { listeners: readonly { readonly fn: unknown }[] }>>;
}

/**
 * Takes a listener back from a client that goes on. What the driver gives for that means nothing any more once the
 * connection has broken: it listens again by itself, with the same function, in an entry of which it tells nobody. So
 * the function itself is taken out there. If it was the last one, the channel is given up by means of a listener that
 * hears nothing.
 *
 * @param first - what the driver gave when listening began; absent when it has not yet.
 */
export async function unlisten(
  sql: Sql,
  channel: string,
  hears: (payload: string) => void,
  first: (() => Promise<void>) | undefined,
): Promise<void> {
  await first?.().catch(() => undefined);
  if (!takeOut(sql, channel, hears)) return;
  const nobody = (): void => undefined;
  try {
    const last = await sql.listen(channel, nobody);
    await last.unlisten();
  } finally {
    // Without a connection the driver would listen for it when there is one.
    takeOut(sql, channel, nobody);
  }
}

/** Whether it was there, and the last one. */
function takeOut(sql: Sql, channel: string, hears: (payload: string) => void): boolean {
  const entry = (sql.listen as Channels).channels?.[channel];
  if (entry === undefined || entry.listeners.every(({ fn }) => fn !== hears)) return false;
  entry.listeners = entry.listeners.filter(({ fn }) => fn !== hears);
  return entry.listeners.length === 0;
}
