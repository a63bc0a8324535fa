import { hash } from 'node:crypto';
import { paired, wholeTimed } from './measure.js';
import { latency, type Row } from './row.js';
import { freshPayments, type Scale } from './workload.js';

interface Fingerprints {
  fingerprint(value: unknown): string;
}

/** Target T11. */
export async function measureEncoding(scale: Scale, note: (what: string) => void): Promise<Row[]> {
  note('encoding: fingerprints');
  // Not part of the public surface; the file that is published is the one to measure.
  const file = new URL('./encoding/fingerprint.js', import.meta.resolve('mycelium-runtime'));
  const { fingerprint } = (await import(file.href)) as Fingerprints;
  const small = freshPayments(64, scale.seed);
  const large = Array.from({ length: 64 }, () => invoice(scale.seed));

  const over = (inputs: readonly unknown[], digest: (value: unknown) => string) =>
    wholeTimed(
      (count) => count,
      (count) => {
        let sink = 0;
        for (let done = 0; done < count; done++) sink += digest(inputs[done % inputs.length]).length;
        if (sink !== count * 64) throw new Error('a SHA-256 has 64 digits');
      },
    );
  const native = (value: unknown): string => hash('sha256', JSON.stringify(value), 'hex');
  const blocks = scale.quick ? 10 : 60;
  const tiny = await paired(
    { ours: over(small, fingerprint), floor: over(small, native) },
    { rounds: scale.rounds, blocks, count: 2000 },
  );
  const big = await paired(
    { ours: over(large, fingerprint), floor: over(large, native) },
    { rounds: scale.rounds, blocks, count: 100 },
  );

  const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
  const named = (id: string, value: unknown) => ({
    id,
    target: 'T11',
    what: `fingerprint of ${bytes(value)} bytes of arguments`,
  });
  const floor = 'JSON.stringify + SHA-256';
  return [
    latency(named('fingerprint-small', small[0]), tiny.ours, { name: floor, sample: tiny.floor }, { p50_us: 1.2 }),
    latency(named('fingerprint-large', large[0]), big.ours, { name: floor, sample: big.floor }, { p50_us: 50 }),
  ];
}

/** About 4.5 kB as JSON: an invoice with its lines, as a model would hand it to a tool. */
function invoice(seed: number): unknown {
  return {
    ...freshPayments(1, seed)[0],
    lines: freshPayments(28, seed).map((payment, position) => ({
      position,
      sku: `sku-${payment.amount}`,
      text: `Item number ${position}, as ordered on ${payment.note}`,
      quantity: (position % 7) + 1,
      price: payment.amount / 100,
      taxable: position % 3 !== 0,
    })),
    billing: { name: 'Ada Lovelace', street: '12 St James Square', city: 'London', country: 'GB', vat: null },
  };
}
