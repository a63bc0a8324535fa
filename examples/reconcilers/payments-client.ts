/** What the tools know of the provider: its API over HTTP. */
import type { PaymentIntent } from './payment-intent.js';

export interface Payments {
  /** Creates a payment, and charges it at once with `confirm`. */
  create(order: Order, key: string, options: { readonly confirm: boolean }): Promise<PaymentIntent>;
  /** Charges it. */
  confirm(id: string): Promise<PaymentIntent>;
  /** What it is now. */
  retrieve(id: string): Promise<PaymentIntent | undefined>;
  /** What the search shows by now of the payments made under a key. */
  search(key: string): Promise<PaymentIntent | undefined>;
  /** Cancels it, unless something else was quicker. @returns what it is then. */
  cancel(id: string): Promise<PaymentIntent | undefined>;
  /** Uses up a key without charging anything. @returns false when another request has used it. */
  burn(key: string): Promise<boolean>;
}

/** What is paid, and how. */
export interface Order {
  readonly invoiceId: string;
  readonly amountCents: number;
  readonly paymentMethod: string;
}

type Form = Readonly<Record<string, string>>;

const PATH = '/v1/payment_intents';

/** @param signal - ends what is being asked. */
export function paymentsAt(url: string, signal?: AbortSignal): Payments {
  const send = async (path: string, form?: Form, key?: string): Promise<Response> =>
    fetch(new URL(path, url), {
      ...(signal === undefined ? {} : { signal }),
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
      ...(key === undefined ? {} : { headers: { 'Idempotency-Key': key } }),
    });
  const expectOk = async (response: Response): Promise<Response> => {
    if (response.ok) return response;
    throw new Error(`the provider answered ${response.status}: ${await response.text()}`);
  };
  const intentIn = async (response: Response): Promise<PaymentIntent> =>
    (await (await expectOk(response)).json()) as PaymentIntent;

  const payments: Payments = {
    async create({ invoiceId, amountCents, paymentMethod }, key, { confirm }) {
      const form = {
        amount: String(amountCents),
        payment_method: paymentMethod,
        confirm: String(confirm),
        'metadata[key]': key,
        'metadata[invoice]': invoiceId,
      };
      return intentIn(await send(PATH, form, key));
    },
    confirm: async (id) => intentIn(await send(`${PATH}/${id}/confirm`, {})),
    async retrieve(id) {
      const response = await send(`${PATH}/${id}`);
      return response.status === 404 ? undefined : intentIn(response);
    },
    async search(key) {
      const query = new URLSearchParams({ query: `metadata['key']:'${key}'` });
      const response = await expectOk(await send(`${PATH}/search?${query}`));
      const { data } = (await response.json()) as { readonly data: readonly PaymentIntent[] };
      return data[0];
    },
    async cancel(id) {
      const response = await send(`${PATH}/${id}/cancel`, {});
      // Refused: it has been charged, or is being charged.
      return response.status === 400 ? payments.retrieve(id) : intentIn(response);
    },
    async burn(key) {
      // Always the same request, so that burning twice is burning once. Its metadata does not name the key: nobody is
      // to find it in place of a payment.
      const response = await send(PATH, { amount: '1', confirm: 'false', 'metadata[burnt]': key }, key);
      if (response.status === 400 || response.status === 409) return false;
      const { id } = await intentIn(response);
      await payments.cancel(id);
      return true;
    },
  };
  return payments;
}
