/** What the tools know of the payment gateway: three requests over HTTP. */

/** What the gateway is asked to book. */
export interface Order {
  /** The caller's own name for the payment, by which it can be found again. */
  readonly reference: string;
  readonly invoiceId: string;
  readonly amountCents: number;
}

/** What the gateway has booked. */
export interface Charge extends Order {
  readonly chargeId: string;
}

/** What the gateway says of a reference. */
export type Answer =
  | { readonly found: 'yes'; readonly charge: Charge }
  | { readonly found: 'no' }
  | { readonly found: 'cannot say'; readonly why: string };

async function send(method: 'GET' | 'POST', path: string, body?: Order): Promise<Response> {
  const url = new URL(path, process.env['GATEWAY_URL']);
  return fetch(url, body === undefined ? { method } : { method, body: JSON.stringify(body) });
}

async function expectOk(response: Response): Promise<Response> {
  if (!response.ok) throw new Error(`the gateway answered ${response.status}: ${await response.text()}`);
  return response;
}

export const gateway = {
  /** Moves money. Every request is a charge of its own. */
  async charge(order: Order): Promise<Charge> {
    const response = await expectOk(await send('POST', '/charges', order));
    return (await response.json()) as Charge;
  },

  /** Asks whether a charge is in the book. */
  async find(reference: string): Promise<Answer> {
    const response = await send('GET', `/charges?reference=${encodeURIComponent(reference)}`);
    if (response.status === 404) return { found: 'no' };
    if (response.status === 503) return { found: 'cannot say', why: await response.text() };
    return { found: 'yes', charge: (await (await expectOk(response)).json()) as Charge };
  },

  async receipt(chargeId: string): Promise<string> {
    return (await expectOk(await send('GET', `/receipts/${chargeId}`))).text();
  },
};
