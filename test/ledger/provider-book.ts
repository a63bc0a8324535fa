/** What a provider did, by its own book: the judge of every simulation. It never forgets, and it counts truthfully. */
export interface ProviderBook {
  /** Carries out an effect now. Where it knows the key, it only says again what it did. */
  land(identity: string, key: string | undefined): Charge;
  /** Sends an effect that lands later. */
  landLater(identity: string, key: string | undefined, milliseconds: number): void;
  /** The first charge for the identity. */
  find(identity: string): Charge | undefined;
  /** How many charges there were for the identity. */
  count(identity: string): number;
  /** Whether something sent has not landed yet. */
  underWay(identity: string): boolean;
}

export interface Charge {
  readonly identity: string;
  readonly number: number;
  readonly at: Date;
}

interface Time {
  /** Real milliseconds, which no clock jump moves. */
  monotonic(): number;
  wall(): number;
  schedule(callback: () => void, milliseconds: number): unknown;
}

/** How long the provider honours a key from its first use: longer than tools declare, as a careful one says less. */
const PROVIDER_KEY_MS = 600_000;

export function providerBook(clock: Time): ProviderBook {
  const charges: Charge[] = [];
  const keys = new Map<string, { readonly at: number; readonly charge: Charge }>();
  const sent = new Map<string, number>();
  const of = (identity: string): Charge[] => charges.filter((charge) => charge.identity === identity);
  const book: ProviderBook = {
    land(identity, key) {
      const known = key === undefined ? undefined : keys.get(key);
      if (known !== undefined && clock.monotonic() - known.at < PROVIDER_KEY_MS) return known.charge;
      const charge = { identity, number: charges.length + 1, at: new Date(clock.wall()) };
      charges.push(charge);
      if (key !== undefined) keys.set(key, { at: clock.monotonic(), charge });
      return charge;
    },
    landLater(identity, key, milliseconds) {
      sent.set(identity, (sent.get(identity) ?? 0) + 1);
      clock.schedule(() => {
        sent.set(identity, (sent.get(identity) ?? 0) - 1);
        book.land(identity, key);
      }, milliseconds);
    },
    find: (identity) => of(identity)[0],
    count: (identity) => of(identity).length,
    underWay: (identity) => (sent.get(identity) ?? 0) > 0,
  };
  return book;
}
