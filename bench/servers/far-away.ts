import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A server behind a long line. */
export interface FarAway {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Stands before a server and hands every request on after exactly this time. Timers have whole milliseconds, in which
 * 200 us of work more or less would vanish; so this one waits with the processor busy, as nothing else runs here while
 * one call waits for its answer.
 *
 * @param ms - a round trip takes so long and what it takes without the line.
 */
export async function farAway(url: string, ms: number): Promise<FarAway> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const listener = createServer({ noDelay: true }, (client) => {
    const server = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    const onTheWay: { readonly due: number; readonly bytes: Buffer }[] = [];
    const deliver = (): void => {
      while (onTheWay[0] !== undefined && onTheWay[0].due <= performance.now()) {
        server.write(onTheWay[0].bytes);
        onTheWay.shift();
      }
      if (onTheWay.length > 0) setImmediate(deliver);
    };
    client.on('data', (bytes) => {
      onTheWay.push({ due: performance.now() + ms, bytes });
      if (onTheWay.length === 1) setImmediate(deliver);
    });
    server.on('data', (bytes) => client.write(bytes));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const near = new URL(url);
  near.hostname = '127.0.0.1';
  near.port = String((listener.address() as AddressInfo).port);
  return {
    url: near.href,
    async close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}
