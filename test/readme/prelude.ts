// What the snippets of the README and of the TSDoc examples use without declaring it: small real parts, no mocks.
// A name that a snippet declares or imports itself is not taken from here.

/** A payment gateway that books every charge it is asked for, and dedupes nothing. */
export const gateway = {
  book: [] as { reference: string; amount: number }[],
  async charge(
    payment: { amount: number },
    options: { idempotencyKey: string },
  ): Promise<{ status: 'paid'; amount: number }> {
    gateway.book.push({ reference: options.idempotencyKey, amount: payment.amount });
    return { status: 'paid', amount: payment.amount };
  },
  async findByReference(reference: string): Promise<{ status: 'paid'; amount: number } | undefined> {
    const found = gateway.book.find((entry) => entry.reference === reference);
    return found && { status: 'paid', amount: found.amount };
  },
};
