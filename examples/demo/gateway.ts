/**
 * A payment gateway: a process of its own with a book of its own. It books what it is asked to book, and dedupes
 * nothing: ask twice, and the money moves twice. It books a request within a second, while its caller is
 * connected, or never.
 *
 * Three moments in the life of a payment can be seen from here. At each the gateway holds still and tells the
 * supervisor, who either lets it go on or kills the caller.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { enter, readBook } from './book.js';
import type { Order } from './gateway-client.js';
import type { Moment } from './story.js';

/** To the supervisor: this caller has come to this moment. */
export interface Reached {
  readonly ticket: number;
  readonly moment: Moment;
  readonly invoiceId: string;
}

/** Status and body; without one the caller is gone. */
type Reply = readonly [number, string];

const BOOKED_WITHIN_MS = 1_000;
const [bookFile = '', notIndexed = ''] = process.argv.slice(2);
const held = new Map<number, () => void>();
let tickets = 0;

/** Holds still until the supervisor says "go on". @returns false when the caller is gone instead. */
async function reach(moment: Moment, invoiceId: string, response: ServerResponse): Promise<boolean> {
  const reached: Reached = { ticket: ++tickets, moment, invoiceId };
  const stillThere = await new Promise<boolean>((resolve) => {
    held.set(reached.ticket, () => resolve(true));
    response.once('close', () => resolve(false));
    process.send?.(reached);
  });
  held.delete(reached.ticket);
  return stillThere;
}

async function charge(request: IncomingMessage, response: ServerResponse): Promise<Reply | undefined> {
  const arrivedAt = performance.now();
  const order = JSON.parse(await text(request)) as Order;
  if (!(await reach('before', order.invoiceId, response))) return;
  if (performance.now() - arrivedAt > BOOKED_WITHIN_MS) return [504, 'too late, not booked'];

  const booked = { chargeId: `ch-${readBook(bookFile).length + 1}`, ...order };
  enter(bookFile, booked);
  if (!(await reach('between', order.invoiceId, response))) return;
  return [201, JSON.stringify(booked)];
}

function find(reference: string | null): Reply {
  const found = readBook(bookFile).find((booked) => booked.reference === reference);
  if (found === undefined) return [404, 'no such charge'];
  if (found.invoiceId === notIndexed) return [503, "the gateway's index is behind"];
  return [200, JSON.stringify(found)];
}

/** Whoever asks for a receipt has recorded the payment: this is the agent's next step. */
async function receipt(chargeId: string, response: ServerResponse): Promise<Reply | undefined> {
  const found = readBook(bookFile).find((booked) => booked.chargeId === chargeId);
  if (found === undefined) return [404, 'no such charge'];
  if (!(await reach('after', found.invoiceId, response))) return;
  return [200, `receipt for ${found.invoiceId}, ${chargeId}`];
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<Reply | undefined> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://gateway');
  if (request.method === 'POST') return charge(request, response);
  if (pathname === '/charges') return find(searchParams.get('reference'));
  return receipt(pathname.replace('/receipts/', ''), response);
}

const server = createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
  const reply = await serve(request, response).catch((error: unknown): Reply => [500, String(error)]);
  if (reply !== undefined) response.writeHead(reply[0]).end(reply[1]);
});

process.on('message', (ticket: number) => held.get(ticket)?.());
process.on('disconnect', () => process.exit());
await once(server.listen(0, '127.0.0.1'), 'listening');
process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
