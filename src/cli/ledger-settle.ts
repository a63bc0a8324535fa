import type { CallView } from '../ledger/call-view.js';
import type { Release } from '../ledger/operator.js';
import { callAsJson, titleOf } from './call-text.js';
import { type CommonOptions, signingConfig, usableConfig } from './configuration.js';
import { CommandError, EXIT, type ExitCode } from './exit.js';
import { type Ledgers, withLedgers } from './open-ledgers.js';
import type { Terminal } from './terminal.js';

/** Who settles, and why. */
export interface SettleOptions extends CommonOptions {
  readonly by: string;
  readonly reason: string;
}

/** What `ledger release` is told. */
export interface ReleaseOptions extends SettleOptions {
  readonly as: 'completed' | 'not-executed';
  /** JSON. */
  readonly result?: string;
  readonly withoutResult?: boolean;
  readonly ownerIsDead?: boolean;
}

/** `mycelium ledger release`: settles a call by what was found out. */
export async function releaseCall(id: string, options: ReleaseOptions, terminal: Terminal): Promise<ExitCode> {
  const how = releaseOf(options);
  const { read, audit } = await signingConfig(options);
  const settle = async (ledgers: Ledgers): Promise<ExitCode> => {
    const { ledger, call } = await ledgers.find(id);
    const settled = await ledger.release(call.id, how);
    const next =
      how.as === 'not-executed'
        ? 'The next call with this identity runs.'
        : 'withoutResult' in how
          ? 'Later callers are told that it was carried out, and that its result is not known.'
          : 'Later callers get this result.';
    tell(settled, `is released as ${how.as}. ${next}`, options, terminal);
    return EXIT.done;
  };
  return withLedgers(read.config, settle, audit?.issuer);
}

/** `mycelium ledger retire`: lets a finished identity run anew. */
export async function retireCall(id: string, options: SettleOptions, terminal: Terminal): Promise<ExitCode> {
  const { read, audit } = await signingConfig(options);
  const settle = async (ledgers: Ledgers): Promise<ExitCode> => {
    const { ledger, call } = await ledgers.find(id);
    const retired = await ledger.retire(call.id, { by: options.by, reason: options.reason });
    tell(retired, 'is retired. The next call with this identity runs; what it did before is kept.', options, terminal);
    return EXIT.done;
  };
  return withLedgers(read.config, settle, audit?.issuer);
}

/** `mycelium ledger erase`: takes the values out of a finished call. */
export async function eraseCall(id: string, options: SettleOptions, terminal: Terminal): Promise<ExitCode> {
  const { config } = usableConfig(options);
  return withLedgers(config, async (ledgers) => {
    const { ledger, call } = await ledgers.find(id);
    const erased = await ledger.erase(call.id, { by: options.by, reason: options.reason });
    tell(
      erased,
      'is erased: its arguments and result are gone. It does not run again; later callers are told that its result cannot be given.',
      options,
      terminal,
    );
    return EXIT.done;
  });
}

function tell(call: CallView, what: string, options: CommonOptions, terminal: Terminal): void {
  if (options.json === true) terminal.out(JSON.stringify(callAsJson(call), null, 2));
  else terminal.out(`${titleOf(call)} ${what}`);
}

/** @throws CommandError for words that do not go together. */
function releaseOf({ as, by, reason, result, withoutResult, ownerIsDead }: ReleaseOptions): Release {
  const usage = (message: string, remedy: string): CommandError => new CommandError(EXIT.usage, message, remedy);
  const settled = { by, reason, ...(ownerIsDead === true ? { force: { ownerIsDead } as const } : {}) };
  if (as === 'not-executed') {
    if (result !== undefined || withoutResult === true)
      throw usage('what was not executed has no result', 'Leave --result and --without-result out.');
    return { ...settled, as };
  }
  if (withoutResult === true) return { ...settled, as, withoutResult };
  if (result === undefined)
    throw usage(
      '--as completed needs to know what later callers are given',
      "Give --result with the tool's result as JSON, or --without-result when it is not known.",
    );
  const inexact = inexactNumber(result);
  if (inexact !== undefined)
    throw usage(`--result has a number that would not stay what it is: ${inexact}`, 'Quote it: ids are texts.');
  try {
    return { ...settled, as, result: JSON.parse(result) as unknown };
  } catch (error) {
    throw usage(
      `--result is not JSON: ${(error as Error).message}`,
      `Quote texts inside as well: --result '"done"', --result '{"chargeId":"ch-1"}'.`,
    );
  }
}

/** A whole number in JSON that is too large to be read to its last digit. */
function inexactNumber(json: string): string | undefined {
  const tokens = json.match(/"(?:\\.|[^"\\])*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g) ?? [];
  return tokens.find((token) => /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)));
}
