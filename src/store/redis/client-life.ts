import type { RedisClient } from './driver.js';
import { inTime } from './in-time.js';

/** What a connection that is asked to end may take for that. */
const END_MS = 1_000;

/** Resolves when the client is connected. @param patient - false: the first error is the answer. */
export function becomesReady(client: RedisClient, closing: AbortSignal, patient: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      client.off('ready', ready);
      client.off('end', ended);
      if (!patient) client.off('error', failed);
      closing.removeEventListener('abort', ended);
      act();
    };
    const ready = (): void => settle(resolve);
    const ended = (): void => settle(() => reject(new Error('the client is closed')));
    const failed = (error: Error): void => settle(() => reject(error));
    client.on('ready', ready);
    client.on('end', ended);
    if (!patient) client.on('error', failed);
    closing.addEventListener('abort', ended);
    if (client.status === 'ready') ready();
    else if (client.status === 'end' || closing.aborted) ended();
    else if (client.status === 'wait') client.connect().catch(() => undefined);
  });
}

/** Ends a connection of ours. */
export async function end(client: RedisClient): Promise<void> {
  // An error of a connection that is being ended is nobody's any more, but would be printed.
  client.on('error', () => undefined);
  const { status } = client;
  client.disconnect();
  // One that waits to connect again has nothing that could end, and says nothing.
  if (status === 'end' || status === 'wait' || status === 'reconnecting') return;
  await inTime(new Promise((resolve) => client.once('end', () => resolve(undefined))), END_MS, notInTime).catch(
    () => undefined,
  );
}

function notInTime(): Error {
  return new Error('not ended in time');
}
