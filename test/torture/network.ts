/** What the network does, as the proxy is asked to do it. */
import type { Fault, FaultProxy } from '../services/proxy.js';
import type { Draw } from './random.js';
import type { NetworkFault, ServerFaults } from './run-plan.js';
import type { Struck } from './sites.js';

/** How long a late reply takes: longer than the lease of a run with faults like this. */
const LATE_MS = { least: 500, most: 900 } as const;
/** A reply that is cut off in it ends after so many bytes at most. */
const MOST_BYTES = 40;

/** Lets a proxy do it to what clients send, by lot. @returns what ends that. */
export function troubleNetwork(
  proxy: FaultProxy,
  { faults, chance }: NonNullable<ServerFaults['network']>,
  draw: Draw,
  struck: Struck,
): () => void {
  proxy.decide = ({ executed }) => {
    if (executed.length === 0 || !draw.chance(chance)) return undefined;
    const name = draw.pick(faults);
    struck(name);
    return faultNamed(name, draw);
  };
  return () => {
    proxy.decide = () => undefined;
  };
}

function faultNamed(name: NetworkFault, draw: Draw): Fault {
  switch (name) {
    case 'cut-reply':
      return { type: name, bytes: draw.between(1, MOST_BYTES) };
    case 'late-reply':
      return { type: 'delay', replyMs: draw.between(LATE_MS.least, LATE_MS.most) };
    case 'cut-before':
    case 'cut-after':
    case 'swallow-request':
    case 'swallow-reply':
    case 'duplicate':
      return { type: name };
  }
}
