import { createRequire } from 'node:module';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../encoding/duration.js';
import { EXIT, type ExitCode } from './exit.js';
import type { Terminal } from './terminal.js';

const EXIT_CODES = `
Exit codes:
  ${EXIT.done}  all is well
  ${EXIT.findings}  something was found, or refused
  ${EXIT.usage}  the call or the configuration is wrong
  ${EXIT.store}  the store cannot be reached, or cannot be trusted
  ${EXIT.notFound}  there is no such thing`;

/** The commands. What a command does is loaded when it is called, so that the others start fast. */
export function makeProgram(terminal: Terminal): { program: Command; exitCode: () => ExitCode } {
  let code: ExitCode = EXIT.done;
  const does =
    <Args extends unknown[]>(action: (...args: Args) => ExitCode | Promise<ExitCode>) =>
    async (...args: Args): Promise<void> => {
      code = await action(...args);
    };

  const program = new Command('mycelium')
    .description('Agent tools that run at most once: what guards them, and what became of their calls.')
    .version(version(), '-V, --version')
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText('after', EXIT_CODES);

  onConfig(program.command('init').description('write a configuration that works as it stands'), 'the file to write')
    .addOption(new Option('--minimal', 'no more than it takes').conflicts('full'))
    .option('--full', 'every key, with what it does')
    .option('--print', 'print it, and write nothing')
    .option('--force', 'overwrite the file')
    .action(does(async (options) => (await import('./init.js')).init(options, terminal)));

  onConfig(program.command('check').description('what is wrong with the configuration, and what it leaves open'))
    .option('--connect', 'also open its stores, and tell what is wrong with them; creates none')
    .addOption(json())
    .action(
      does(async (options) => {
        const { check, checkConnected } = await import('./check.js');
        return (options.connect === true ? checkConnected : check)(options, terminal);
      }),
    );

  onConfig(program.command('explain').description('what guards a tool, and where every value comes from'))
    .argument('[tool]', 'a tool or task of the configuration; all of them without it')
    .addOption(json())
    .action(
      does(async (tool: string | undefined, options) =>
        (await import('./explain.js')).explain(tool, options, terminal),
      ),
    );

  const ledger = program.command('ledger').description('what became of calls, and settling those that are stuck');

  onConfig(ledger.command('list').description('calls, the latest first'))
    .option('--stuck', 'only those that wait for a person')
    .option('--tool <name>', 'only of this tool or task')
    .option('--run <id>', 'only of this run')
    .option('--limit <count>', 'at most this many (default: 50, and all with --json)', wholeNumber)
    .addOption(json())
    .action(does(async (options) => (await import('./ledger-list.js')).listCalls(options, terminal)));

  onConfig(ledger.command('show').description('everything known of a call'))
    .argument('<id>', 'its id, or the beginning of it')
    .addOption(json())
    .action(does(async (id: string, options) => (await import('./ledger-show.js')).showCall(id, options, terminal)));

  onConfig(settles(ledger.command('release').description('say what became of a call that is stuck')))
    .addOption(
      new Option('--as <what>', 'what was found out').choices(['completed', 'not-executed']).makeOptionMandatory(),
    )
    .option('--result <json>', 'what later callers are given, for a completed one')
    .addOption(new Option('--without-result', 'its result is not known; later callers are told so').conflicts('result'))
    .option('--owner-is-dead', 'also if a worker holds it: only when you know that the worker is gone')
    .addOption(json())
    .action(
      does(async (id: string, options) => (await import('./ledger-settle.js')).releaseCall(id, options, terminal)),
    );

  onConfig(settles(ledger.command('retire').description('let a finished identity run anew; its record is kept')))
    .addOption(json())
    .action(
      does(async (id: string, options) => (await import('./ledger-settle.js')).retireCall(id, options, terminal)),
    );

  onConfig(settles(ledger.command('erase').description('take the values out of a finished call; it stays finished')))
    .addOption(json())
    .action(does(async (id: string, options) => (await import('./ledger-settle.js')).eraseCall(id, options, terminal)));

  onConfig(ledger.command('stats').description('how many calls, how often they ran again and why, and duplicates'))
    .addOption(json())
    .action(does(async (options) => (await import('./ledger-stats.js')).ledgerStats(options, terminal)));

  onConfig(ledger.command('reconcile').description('ask the reconcilers of your tools about every call that was lost'))
    .requiredOption('--import <module>', 'the built module that exports the guarded tools')
    .option('--watch <pause>', 'go on, and ask again after this long, e.g. 30s', duration('--watch'))
    .addOption(json())
    .action(does(async (options) => (await import('./ledger-reconcile.js')).reconcileCalls(options, terminal)));

  onConfig(ledger.command('prune').description('forget calls that finished long ago; the same calls would run again'))
    .option(
      '--older-than <duration>',
      'how long ago, e.g. 30d (default: the retention of the file)',
      duration('--older-than'),
    )
    .option('--dry-run', 'tell what would be forgotten, and change nothing')
    .addOption(json())
    .action(does(async (options) => (await import('./ledger-prune.js')).pruneCalls(options, terminal)));

  const store = program.command('store').description('what the stores of the configuration run on');

  onConfig(store.command('health').description('every store: its server, what it is set to, and what can go wrong'))
    .option('--create', 'create the stores that are not there yet')
    .addOption(json())
    .action(does(async (options) => (await import('./store-health.js')).storeHealth(options, terminal)));

  onConfig(store.command('migrate').description('create or change the tables of the stores on Postgres'))
    .option('--print', 'print the SQL, and connect to nothing')
    .option('--role <name>', 'with --print: a role that is to work with the tables, when another one creates them')
    .action(does(async (options) => (await import('./store-migrate.js')).storeMigrate(options, terminal)));

  const keys = program.command('keys').description('the keys that sign receipts');

  keys
    .command('generate')
    .description('make a new signing key: into a file for its owner only, or printed for a secret manager')
    .option('--out <file>', 'the file to write; never one that is there')
    .option('--env <name>', 'as NAME=… for the environment, instead of a PEM', variable)
    .addOption(json())
    .action(does(async (options) => (await import('./keys.js')).generateKey(options, terminal)));

  keys
    .command('show')
    .description('the public part of a signing key: what whoever verifies receipts is given')
    .argument('[file]', 'the file of the key')
    .option('--env <name>', 'the variable of the environment that holds it')
    .option('--jwks', 'as the JWK set that receipts verify --keys reads')
    .addOption(json())
    .action(
      does(async (file: string | undefined, options) => (await import('./keys.js')).showKey(file, options, terminal)),
    );

  const receipts = program
    .command('receipts')
    .description('the signed receipts of calls, and the log they are sealed in');

  onConfig(receipts.command('seal').description('add new receipts to the log, sign its head, and export them'))
    .addOption(json())
    .action(does(async (options) => (await import('./receipts-seal.js')).sealAll(options, terminal)));

  onConfig(receipts.command('verify').description('whether every receipt is as it was signed, and none is missing'))
    .option('--keys <file>', 'the public keys: a JWK set, or a did:key per line (default: that of the configuration)')
    .option('--head <file...>', 'signed heads that were kept elsewhere, of the log beside the tools')
    .option('--since <what>', 'only receipts after this many, or after this time; everything before is still compared')
    .addOption(
      new Option('--proof <file>', 'instead: whether what receipts prove wrote holds; opens no store').conflicts([
        'head',
        'since',
      ]),
    )
    .addOption(json())
    .action(does(async (options) => (await import('./receipts-verify.js')).verifyAll(options, terminal)));

  onConfig(receipts.command('prove').description('prove to whoever has the public keys that a receipt is in the log'))
    .argument('<id>', 'the id of the receipt; mycelium ledger show has that of a call')
    .option('--out <file>', 'write it there; never over a file')
    .addOption(json())
    .action(does(async (id: string, options) => (await import('./receipts-prove.js')).proveOne(id, options, terminal)));

  return { program, exitCode: () => code };
}

function version(): string {
  return (createRequire(import.meta.url)('../../package.json') as { version: string }).version;
}

function onConfig(command: Command, what = 'the configuration (default: mycelium.yaml)'): Command {
  return command.option('-c, --config <file>', what);
}

function settles(command: Command): Command {
  return command
    .argument('<id>', 'its id, or the beginning of it')
    .requiredOption('--by <name>', 'who answers for it')
    .requiredOption('--reason <text>', 'what was looked at');
}

function json(): Option {
  return new Option('--json', 'answer in JSON');
}

function duration(option: string): (text: string) => number {
  return (text) => {
    try {
      return parseDuration(text, option);
    } catch {
      throw new InvalidArgumentError('It is a duration such as 30d, 12h or 30s.');
    }
  };
}

function variable(name: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new InvalidArgumentError('It is a name such as RECEIPT_SIGNING_KEY.');
  return name;
}

function wholeNumber(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('It is a whole number from 1.');
  return count;
}
