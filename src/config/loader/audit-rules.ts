import { SIGNING_KEYS } from './audit.js';
import type { Config } from './config.js';
import type { ConfigData } from './data.js';
import type { YamlTree } from './document.js';
import { dotted } from './issues.js';
import { type Add, checkVariable } from './storage-rules.js';

interface ReadAudit {
  readonly data: ConfigData;
  readonly config: Pick<Config, 'guards'>;
  readonly tree: YamlTree;
  /** Dotted paths of what was left out: nothing is concluded from what is not there. */
  readonly uncertain: ReadonlySet<string>;
}

const MAKE_ONE = 'mycelium keys generate --out FILE makes a key, and without --out prints one for a secret manager';

/** What of the receipts does not go together. Whether the key is one is found out when it is read. */
export function checkAudit({ data, config, uncertain }: ReadAudit, add: Add): void {
  const section = data.audit_receipt;
  const perhaps = (...keys: readonly string[]): boolean =>
    ['', 'audit_receipt', ...keys.map((key) => `audit_receipt.${key}`)].some((path) => uncertain.has(path));
  if (section === undefined) {
    if (perhaps()) return;
    for (const { kind, name, path } of config.guards) {
      if ((kind === 'tool' ? data.tools : data.tasks)?.[name]?.audit_receipt !== true) continue;
      const at = [...path, 'audit_receipt'];
      add({
        id: 'MYC322',
        path: at,
        problem: `${dotted(at)} is true, and nothing says who signs`,
        remedy: 'Add audit_receipt: { agent_id, signing_key_env } at the top, or remove it.',
      });
    }
    return;
  }
  const path = ['audit_receipt'];
  if (section.agent_id === undefined && !perhaps('agent_id'))
    add({
      id: 'MYC323',
      path,
      problem: 'audit_receipt does not say who acts',
      remedy: 'Add agent_id, the name of the agent as readers of its receipts are to see it, e.g. billing-agent.',
    });
  const [first, second] = SIGNING_KEYS.filter((key) => section[key] !== undefined);
  if (first !== undefined && second !== undefined)
    add({
      id: 'MYC324',
      path: [...path, second],
      problem: `audit_receipt has ${first} and ${second}`,
      remedy: 'Keep one of them: receipts are signed with one key.',
    });
  else if (first === undefined && !perhaps(...SIGNING_KEYS))
    add({
      id: 'MYC324',
      path,
      problem: 'audit_receipt does not say where its signing key is',
      remedy: `Add signing_key_env with the name of a variable, or signing_key_file; ${MAKE_ONE}.`,
    });
  const { signing_key_env: variable } = section;
  if (variable !== undefined)
    checkVariable(variable, [...path, 'signing_key_env'], 'the key itself is written as signing_key', add);
  if (section.storage === 'memory')
    add({
      id: 'MYC325',
      path: [...path, 'storage'],
      problem: 'audit_receipt.storage is memory, and receipts are kept with the calls they are of',
      remedy: 'Remove it; storage: file exports them to a file as well.',
    });
}

/** What loads, and should be looked at. */
export function warnOfAudit({ data, config, tree }: ReadAudit, add: Add): void {
  const section = data.audit_receipt;
  if (section === undefined) return;
  const warn = (id: string, key: string, problem: string, remedy: string): void =>
    add({ id, severity: 'warning', path: ['audit_receipt', key], problem, remedy });
  const asks = config.guards.some(({ ledger }) => ledger?.options.receipt === true);
  if (section.auto === false && !asks)
    warn(
      'MYC359',
      'auto',
      'audit_receipt.auto is false, and no tool asks for a receipt',
      'Write audit_receipt: true with the tools that are to have them, or remove auto.',
    );
  const key = tree.written(['audit_receipt', 'signing_key']);
  if (key !== undefined && key.variables.length === 0)
    warn(
      'MYC360',
      'signing_key',
      'the signing key stands in the file, for whoever can read it',
      'Write signing_key_env with the name of a variable, or signing_key_file.',
    );
}
