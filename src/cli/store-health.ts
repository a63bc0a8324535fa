import { type CommonOptions, usableConfig } from './configuration.js';
import { type Examined, examine, examinedLines, exitFor } from './examine.js';
import type { ExitCode } from './exit.js';
import { storesOf } from './open-ledgers.js';
import type { Terminal } from './terminal.js';

/** What `store health` is told. */
export interface HealthOptions extends CommonOptions {
  /** Create the stores that are not there yet. */
  readonly create?: boolean;
}

/** `mycelium store health`: what every store of the configuration runs on, and what can go wrong with it. */
export async function storeHealth(options: HealthOptions, terminal: Terminal): Promise<ExitCode> {
  const { config, source } = usableConfig(options);
  const stores: Examined[] = [];
  for (const location of storesOf(config)) stores.push(await examine(location, options.create === true));
  if (options.json === true) {
    terminal.out(JSON.stringify({ file: source.name, profile: config.profile, stores }, null, 2));
  } else {
    terminal.out(stores.map((store) => examinedLines(store, terminal).join('\n')).join('\n\n'));
    const missing = stores.some(({ problem }) => problem === 'missing');
    if (missing) terminal.note('Looking creates no store; with --create those that are not there are created.');
  }
  return exitFor(stores);
}
