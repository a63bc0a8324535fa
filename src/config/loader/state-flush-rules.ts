import type { Config } from './config.js';
import type { ConfigData } from './data.js';
import type { Add } from './storage-rules.js';

interface ReadStateFlush {
  readonly data: Pick<ConfigData, 'state_flush'>;
  readonly config: Pick<Config, 'stateFlush' | 'profile'>;
  /** Dotted paths of what was left out: nothing is concluded from what is not there. */
  readonly uncertain: ReadonlySet<string>;
}

const ENDS = 'the states of runs end with the process';
const REMEDY = 'Write storage: file, redis or postgres in state_flush.';

/** What of a state flush does not go together. */
export function checkStateFlush(read: ReadStateFlush, add: Add): void {
  const { data, config } = read;
  if (data.state_flush?.durable === true && data.state_flush.flush_on_complete === false) {
    add({
      id: 'MYC320',
      path: ['state_flush', 'flush_on_complete'],
      problem: 'state_flush.flush_on_complete has no effect: durable writes every record, and then the end',
      remedy: 'Remove one of the two.',
    });
  }
  if (config.profile === 'production' && isInMemory(read))
    add({ id: 'MYC321', path: ['state_flush'], problem: `production: ${ENDS}`, remedy: REMEDY });
}

/** What loads, and should be looked at. */
export function warnOfStateFlush(read: ReadStateFlush, add: Add): void {
  if (read.data.state_flush?.durable !== true || !isInMemory(read)) return;
  const path = ['state_flush', 'durable'];
  add({ id: 'MYC358', severity: 'warning', path, problem: `state_flush is durable, and ${ENDS}`, remedy: REMEDY });
}

function isInMemory({ config, uncertain }: ReadStateFlush): boolean {
  const certain = ['', 'state_flush', 'action_ledger'].every(
    (path) => !uncertain.has(path) && !uncertain.has(path === '' ? 'storage' : `${path}.storage`),
  );
  return certain && config.stateFlush?.location.storage === 'memory';
}
