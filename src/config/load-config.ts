import type { Encryption } from '../encoding/encryption.js';
import type { StateEncryptionContext } from '../state/types.js';
import type { Mycelium } from './runtime/mycelium.js';

/** How a configuration is read. */
export interface LoadOptions {
  /** What `${env:NAME}` is taken from. @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Applied to the states that `state_flush` keeps, and to the text of errors with them. @default none */
  readonly stateEncryption?: Encryption<StateEncryptionContext>;
}

/**
 * Loads a configuration. The signing key of its receipts is read and its schemas are compiled; no store and no connection
 * is opened, and nothing is guarded before somebody calls.
 *
 * @param path - the file, relative to the working directory, or its URL. Without it, `mycelium.yaml` or `mycelium.yml` there (both are an error);
 *   and where there is none, the defaults: a file store under `./.mycelium`, for what is guarded in code.
 * @param options - `environment`: what references are taken from.
 * @returns the runtime that guards tools as the file says.
 * @throws ConfigError with everything that is wrong: file, line and column, what was probably meant, what to do; also for a
 *   signing key that cannot be used.
 *   UsageError for a path that is none.
 * @example
 * ```ts
 * const mycelium = await loadConfig();
 * await mycelium.run({ threadId: 'thread-1' }, async (run) => run.threadId); // → 'thread-1'
 * await mycelium.close();
 * ```
 */
export async function loadConfig(path?: string | URL, options: LoadOptions = {}): Promise<Mycelium> {
  const { createMycelium, loadParts, readConfig } = await import('./config-module.js');
  const read = readConfig(path, process.cwd(), options?.environment ?? process.env);
  return createMycelium(read, await loadParts(read), options?.stateEncryption);
}

/**
 * The same from a text.
 *
 * @param text - YAML.
 * @param options - `folder`: where relative paths start, by default the working directory; `name`: for messages;
 *   `environment`: what references are taken from.
 * @throws ConfigError. UsageError for what is no text.
 * @example
 * ```ts
 * const mycelium = await loadConfigFromString('tools: { send_payment: { side_effect_class: irreversible, id_from: [to] } }');
 * const sendPayment = mycelium.guard('send_payment')(async ({ to }: { to: string }) => `paid ${to}`);
 * await sendPayment({ to: 'Ada' }); // → 'paid Ada'
 * await mycelium.close();
 * ```
 */
export async function loadConfigFromString(
  text: string,
  options: LoadOptions & { readonly folder?: string; readonly name?: string } = {},
): Promise<Mycelium> {
  const { createMycelium, loadParts, parseConfig, UsageError } = await import('./config-module.js');
  if (typeof text !== 'string') {
    throw new UsageError({
      place: 'loadConfigFromString(text)',
      problem: `got ${typeof text}, and not a text`,
      remedy: 'Pass the YAML as a string; a file is loaded by loadConfig(path).',
    });
  }
  const { folder = process.cwd(), name = 'mycelium.yaml', environment = process.env, stateEncryption } = options;
  const read = parseConfig(text, { name, folder, environment, file: undefined });
  return createMycelium(read, await loadParts(read), stateEncryption);
}
