/**
 * A payment provider in the shape of Stripe, small enough to read. It is true to the original in what a reconciler
 * has to know:
 *
 * - A key with the same parameters is answered as it was the first time, and with other parameters it is refused.
 * - Reading a payment by its id gives what it is now. The search shows a payment only some time after it was made.
 * - `succeeded` and `canceled` are final.
 *
 * It charges nothing twice by itself, but every request with a key of its own is a charge of its own.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { isOpen, type PaymentIntent, type Status } from './payment-intent.js';

export interface ProviderOptions {
  /** How long a payment exists before the search shows it. */
  readonly searchLagMs: number;
  /** A request to create one is on its way; it arrives when this resolves. */
  readonly onTheWay?: (invoiceId: string) => Promise<void> | undefined;
  /** A charge is made; its answer is sent when this resolves. */
  readonly onCharged?: (intent: PaymentIntent) => Promise<void> | undefined;
}

export interface Provider {
  readonly url: string;
  /** Everything in the book, in the order in which it was made. */
  readonly intents: () => readonly PaymentIntent[];
  /** A payment that was processing comes to its end. */
  readonly finish: (id: string, status: 'succeeded' | 'requires_payment_method') => void;
  readonly close: () => Promise<void>;
}

interface Booked extends PaymentIntent {
  status: Status;
  readonly method: string | undefined;
  readonly madeAt: number;
}

type Reply = readonly [status: number, body: unknown];

/** What becomes of a charge, by means of payment. */
const OUTCOMES: Readonly<Record<string, Status>> = {
  pm_card: 'succeeded',
  pm_card_declined: 'requires_payment_method',
  pm_bank_debit: 'processing',
};

/** Starts a provider on a free port of this machine. */
export async function startProvider(options: ProviderOptions): Promise<Provider> {
  const book: Booked[] = [];
  const keys = new Map<string, { readonly parameters: string; readonly reply: Reply }>();
  const find = (id: string): Booked | undefined => book.find((booked) => booked.id === id);

  const charge = async (intent: Booked): Promise<Reply> => {
    intent.status = OUTCOMES[intent.method ?? ''] ?? 'requires_payment_method';
    const reply: Reply = [200, shown(intent)];
    if (intent.status === 'succeeded') await options.onCharged?.(shown(intent));
    return reply;
  };

  const create = async (parameters: string, key: string): Promise<Reply> => {
    const form = new URLSearchParams(parameters);
    const metadata = Object.fromEntries(
      [...form].flatMap(([name, value]) => {
        const member = /^metadata\[(.+)\]$/.exec(name)?.[1];
        return member === undefined ? [] : [[member, value]];
      }),
    );
    await options.onTheWay?.(metadata['invoice'] ?? '');
    const before = keys.get(key);
    if (before !== undefined) {
      return before.parameters === parameters
        ? before.reply
        : refusal('idempotency_error', `${key} was used with other parameters`);
    }
    const intent: Booked = {
      id: `pi_${book.length + 1}`,
      status: form.has('payment_method') ? 'requires_confirmation' : 'requires_payment_method',
      amount: Number(form.get('amount')),
      metadata,
      method: form.get('payment_method') ?? undefined,
      madeAt: performance.now(),
    };
    book.push(intent);
    if (form.get('confirm') !== 'true') {
      const reply: Reply = [200, shown(intent)];
      keys.set(key, { parameters, reply });
      return reply;
    }
    // Known from before the answer: whoever asks again meanwhile is not to charge.
    keys.set(key, { parameters, reply: [409, { error: { type: 'idempotency_key_in_use' } }] });
    const reply = await charge(intent);
    keys.set(key, { parameters, reply });
    return reply;
  };

  const act = async (intent: Booked, action: string | undefined): Promise<Reply> => {
    if (!isOpen(intent)) return refusal('invalid_request_error', `${intent.id} is ${intent.status}`);
    if (action === 'confirm') return charge(intent);
    intent.status = 'canceled';
    return [200, shown(intent)];
  };

  const search = (query: string): Reply => {
    const [, name = '', value] = /^metadata\['(.+)'\]:'(.+)'$/.exec(query) ?? [];
    const visible = book.filter(({ madeAt }) => performance.now() - madeAt >= options.searchLagMs);
    return [200, { data: visible.filter(({ metadata }) => metadata[name] === value).map(shown) }];
  };

  const serve = async (request: IncomingMessage): Promise<Reply> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://provider');
    const [id, action] = pathname.split('/').slice(3);
    if (id === undefined) return create(await text(request), String(request.headers['idempotency-key']));
    if (id === 'search') return search(searchParams.get('query') ?? '');
    const intent = find(id);
    if (intent === undefined) return [404, { error: { type: 'resource_missing' } }];
    return request.method === 'POST' ? act(intent, action) : [200, shown(intent)];
  };

  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const [status, body] = await serve(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    intents: () => book.map(shown),
    finish(id, status) {
      const intent = find(id);
      if (intent?.status === 'processing') intent.status = status;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function shown({ id, status, amount, metadata }: Booked): PaymentIntent {
  return { id, status, amount, metadata };
}

function refusal(type: string, message: string): Reply {
  return [400, { error: { type, message } }];
}
