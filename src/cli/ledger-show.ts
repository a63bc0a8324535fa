import { columns } from '../config/table.js';
import { onOneLine } from '../encoding/printable.js';
import type { CallView } from '../ledger/call-view.js';
import { callAsJson, callLines, titleOf } from './call-text.js';
import { type CommonOptions, usableConfig } from './configuration.js';
import { EXIT, type ExitCode } from './exit.js';
import { type Ledgers, withLedgers } from './open-ledgers.js';
import { nextCommand, type Terminal } from './terminal.js';

/** `mycelium ledger show`: everything known of a call, and what can be done about it. */
export async function showCall(id: string, options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const { config } = usableConfig(options);
  return withLedgers(config, async (ledgers) => {
    const { call } = await ledgers.find(id);
    if (options.json === true) {
      terminal.out(JSON.stringify(callAsJson(call), null, 2));
      return EXIT.done;
    }
    const { paint } = terminal;
    terminal.out(paint('bold', titleOf(call)));
    const lines = callLines(call).map(([name, value]) => [`  ${name}`, value]);
    terminal.out(columns(lines));
    if (call.stuck)
      terminal.out(await waysToSettle(ledgers, call, (words) => nextCommand(terminal, words, options.config)));
    return EXIT.done;
  });
}

/** The ways out of being stuck, to copy. */
async function waysToSettle(ledgers: Ledgers, call: CallView, command: (words: string) => string): Promise<string> {
  const id = (await ledgers.shortIds([call.id])).get(call.id) ?? call.id;
  const who = `--by YOU --reason 'WHAT YOU SAW'`;
  const where = call.externalRef === undefined ? '' : onOneLine(` or the external reference ${call.externalRef}`);
  return [
    '',
    'It may have happened, so it does not run again until somebody says.',
    `Look at the provider for ${call.idempotencyKey}${where}.`,
    '  It happened:',
    `    ${command(`ledger release ${id} --as completed --result 'ITS RESULT AS JSON' ${who}`)}`,
    '  It did not, and no longer can:',
    `    ${command(`ledger release ${id} --as not-executed ${who}`)}`,
  ].join('\n');
}
