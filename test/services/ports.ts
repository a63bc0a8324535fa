import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range from which systems take the ports of outgoing connections: nobody takes the port of a server while
 * a test has it down.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 21_999;

/** How far the bus port of a Redis Cluster node lies above its port. */
export const CLUSTER_BUS_OFFSET = 10_000;

/** A port of the loopback interface that is free now, and its cluster bus port too. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if ((await isFree(port)) && (await isFree(port + CLUSTER_BUS_OFFSET))) return port;
  }
}

/** Starts something on a free port; on another one when somebody was faster. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      const taken = /EADDRINUSE|address already in use/i.test(String(error));
      if (!taken || attempt === 5) throw error;
    }
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
