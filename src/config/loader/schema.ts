import { z } from 'zod';
import { parseDuration } from '../../encoding/duration.js';
import { MyceliumError } from '../../errors/mycelium-error.js';
import type { ConfigData } from './data.js';

/** The shape of a configuration. What the shape cannot say stands in `rules.ts`. */

/** Adds what a schema alone cannot say: an id of its own and a remedy. */
function wrong(context: z.RefinementCtx, id: string, problem: string, remedy: string): never {
  context.addIssue({ code: 'custom', message: problem, params: { id, remedy } });
  return z.NEVER;
}

const LONGEST = 36_525 * 86_400_000;
const FORMS = 'Write a number of seconds, or a text such as 250ms, 30s, 15m, 24h or 7d.';

/** In milliseconds. A bare number is seconds. */
const duration = z.unknown().transform((value, context): number => {
  if (typeof value !== 'string' && typeof value !== 'number') return wrong(context, 'MYC203', 'is no duration', FORMS);
  try {
    const milliseconds = parseDuration(typeof value === 'number' ? value * 1000 : value.trim(), '');
    if (milliseconds <= LONGEST) return milliseconds;
  } catch (error) {
    if (!(error instanceof MyceliumError)) throw error;
    return wrong(context, 'MYC203', 'is no duration', FORMS);
  }
  return wrong(context, 'MYC203', 'is more than a hundred years', 'Write a shorter duration.');
});

const text = z
  .string()
  .refine((value) => value.trim() !== '', {
    message: 'is blank',
    params: { id: 'MYC208', remedy: 'Give it a value, or leave the key out.' },
  })
  .refine((value) => !value.includes('\0'), {
    message: 'has a NUL character in it',
    params: { id: 'MYC201', remedy: 'Remove it.' },
  });

/** What other programs would understand, and here would become the name of a folder. */
const folder = text
  .refine((value) => !/^~($|[/\\])/.test(value), {
    message: 'begins with ~, which is not your home folder here',
    params: { id: 'MYC207', remedy: `Write \${env:HOME}, or ./~ for a folder of that name.` },
  })
  .refine((value) => !/^(file|memory):|^[a-z][a-z0-9+.-]+:\/\//i.test(value), {
    message: 'begins like a URL, and is a path',
    params: { id: 'MYC201', remedy: 'Write the path alone, e.g. ./.mycelium, and storage: file or memory beside it.' },
  });

const name = text.refine((value) => value.trim() === value || value.trim() === '', {
  message: 'begins or ends with a blank',
  params: { id: 'MYC208', remedy: 'Remove it: names count to the last character.' },
});

const names = z.array(name).min(1);
const keep = z.enum(['full', 'redacted', 'digest']);
const count = z.number().int().min(1);

/** How long something finished is kept. */
const period = duration.refine((value) => value >= 60_000, {
  message: 'is less than a minute',
  params: { id: 'MYC203', remedy: 'Write how long finished calls are kept, e.g. 30d.' },
});

/** What may carry a password is not quoted by anything that is said of it, so its content is for the rules. */
const address = z.string().refine((value) => value.trim() !== '', {
  message: 'is blank',
  params: { id: 'MYC208', remedy: 'Give it a value, or leave the key out.' },
});

const durability = z.strictObject({ replicas: count.optional(), timeout: duration.optional() });

const storage = z.strictObject({
  storage: z.enum(['file', 'memory', 'redis', 'postgres']).optional(),
  path: folder.optional(),
  url: address.optional(),
  url_env: address.optional(),
  prefix: text
    .refine((value) => !/[{}\s]/.test(value) || value.trim() === '', {
      message: 'has braces or blanks in it',
      params: { id: 'MYC201', remedy: 'Use letters, digits and colons: braces decide where in a cluster a key lies.' },
    })
    .optional(),
  durability: durability.optional(),
  dsn: address.optional(),
  dsn_env: address.optional(),
  schema: text
    .refine((value) => /^(?!pg_)[a-z_][a-z0-9_]{0,47}$/.test(value) || value.trim() === '', {
      message: 'cannot be the schema of a store',
      params: {
        id: 'MYC201',
        remedy: 'Use up to 48 lower case letters, digits and underscores, not beginning with pg_ or a digit.',
      },
    })
    .optional(),
  connections: count.optional(),
  tls: z.boolean().optional(),
});

const storedForm = z.strictObject({
  input: keep.optional(),
  result: keep.optional(),
  redact: names.optional(),
  max_result_length: count.optional(),
});

const receiptValues = z.strictObject({
  arguments: z.boolean().optional(),
  result: z.boolean().optional(),
  redact: names.optional(),
});

/** Where the key that signs is. The key itself is quoted by nothing that is said of it. */
const auditReceipt = z.strictObject({
  agent_id: text.optional(),
  signing_key: address.optional(),
  signing_key_env: address.optional(),
  signing_key_file: folder.optional(),
  auto: z.boolean().optional(),
  values: receiptValues.optional(),
  storage: z.enum(['file', 'memory']).optional(),
  path: folder.optional(),
  seal_every: duration
    .refine((value) => value >= 1000, {
      message: 'is less than a second',
      params: { id: 'MYC203', remedy: 'Write how often receipts are sealed, e.g. 15m.' },
    })
    .optional(),
});

/** What tools and tasks share. */
const common = {
  ledger: z.union([z.boolean(), storage]).optional(),
  side_effect_class: z
    .enum(['read', 'idempotent_mutate', 'keyed_mutate', 'non_idempotent_mutate', 'irreversible'])
    .optional(),
  id_from: names.optional(),
  lease: duration.optional(),
  wait_for: duration.optional(),
  timeout: duration.optional(),
  max_attempts: count.optional(),
  audit_receipt: z.boolean().optional(),
  store: storedForm.optional(),
};

/** Specs by field, or a JSON Schema: what is wrong with them the boundary tells. */
const specs = z.record(z.string(), z.unknown());
const params = z.union([name, names]);

const bounded = z.strictObject({
  schema: specs.optional(),
  output_schema: specs.optional(),
  coerce: z.enum(['strict', 'llm']).optional(),
  unknown_fields: z.enum(['refuse', 'strip']).optional(),
  redact: names.optional(),
  entity_param: params.optional(),
  entity_pattern: text.optional(),
  allowed_paths: z.array(text).optional(),
  path_param: params.optional(),
  base: folder.optional(),
  allowed_hosts: z.array(text).optional(),
  url_param: params.optional(),
  url_schemes: z.array(z.enum(['https', 'http', 'wss', 'ws', 'ftp'])).optional(),
});

const protect = z.strictObject({
  entity_param: params.optional(),
  ttl: duration.optional(),
  key: names.optional(),
  tags: names.optional(),
  negative_ttl: duration.optional(),
  max: count.optional(),
  invalidates: params.optional(),
  invalidates_tools: names.optional(),
  invalidates_tags: names.optional(),
});

const tool = z.strictObject({
  ...common,
  protect: protect.optional(),
  bounded: bounded.optional(),
  boundary: z.enum(['implicit', 'explicit']).optional(),
  key_valid_for: duration.optional(),
  settle_after: duration.optional(),
  replay_for: duration.optional(),
});

const task = z.strictObject(common);

/** Which of them a section covers. */
const selector = z.union([z.literal('all'), names]).optional();

const actionLedger = z.strictObject({
  ...storage.shape,
  retention: period.optional(),
  strict: z.boolean().optional(),
  tools: selector,
});
const taskLedger = z.strictObject({ ...storage.shape, retention: period.optional(), tasks: selector });

const stateFlush = z.strictObject({
  ...storage.shape,
  flush_on: z.array(z.enum(['cancel', 'disconnect', 'error'])).optional(),
  flush_on_complete: z.boolean().optional(),
  durable: z.boolean().optional(),
  signals: z.array(z.enum(['SIGINT', 'SIGTERM'])).optional(),
});

const registry = z.strictObject({ allowed: z.array(name).optional(), auto: z.boolean().optional() });

const retries = z.number().int().min(0);

const runner = z.strictObject({
  max_llm_retries: retries.optional(),
  max_tool_retries: retries.optional(),
  max_turns: count.optional(),
  concurrency: count.optional(),
  backoff: duration.optional(),
});

const messageValidator = z.strictObject({
  enabled: z.boolean().optional(),
  provider: name.optional(),
  unanswered: z.enum(['answer', 'drop']).optional(),
  orphan: z.enum(['drop', 'demote']).optional(),
  prefill: z.enum(['report', 'continue']).optional(),
});

const historyGuard = z.strictObject({
  max_tokens: count.optional(),
  max_messages: count.optional(),
  warn_at: z.number().gt(0).max(1).optional(),
  repeats: z.union([z.boolean(), count]).optional(),
  counter: z.enum(['o200k_base', 'o200k_harmony', 'cl100k_base']).optional(),
  redact: z.boolean().optional(),
  trim: z.boolean().optional(),
  on_loss: z.enum(['error', 'warn']).optional(),
});

const root = z.strictObject({
  profile: z.enum(['development', 'production']).optional(),
  action_ledger: actionLedger.optional(),
  task_ledger: taskLedger.optional(),
  state_flush: stateFlush.optional(),
  audit_receipt: auditReceipt.optional(),
  registry: registry.optional(),
  runner: runner.optional(),
  history_guard: historyGuard.optional(),
  message_validator: z.union([z.boolean(), messageValidator]).optional(),
  tools: z.record(z.string(), tool).optional(),
  tasks: z.record(z.string(), task).optional(),
});

export const configSchema: z.ZodType<ConfigData> = root;

/** The keys of every section, by its path with `*` for a name. */
export const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(root.shape),
  action_ledger: Object.keys(actionLedger.shape),
  task_ledger: Object.keys(taskLedger.shape),
  state_flush: Object.keys(stateFlush.shape),
  audit_receipt: Object.keys(auditReceipt.shape),
  'audit_receipt.values': Object.keys(receiptValues.shape),
  registry: Object.keys(registry.shape),
  runner: Object.keys(runner.shape),
  history_guard: Object.keys(historyGuard.shape),
  message_validator: Object.keys(messageValidator.shape),
  'tools.*.protect': Object.keys(protect.shape),
  'tools.*.bounded': Object.keys(bounded.shape),
  'tools.*': Object.keys(tool.shape),
  'tasks.*': Object.keys(task.shape),
  'tools.*.ledger': Object.keys(storage.shape),
  'tasks.*.ledger': Object.keys(storage.shape),
  'tools.*.store': Object.keys(storedForm.shape),
  'tasks.*.store': Object.keys(storedForm.shape),
  ...Object.fromEntries(
    ['action_ledger', 'task_ledger', 'state_flush', 'tools.*.ledger', 'tasks.*.ledger'].map((section) => [
      `${section}.durability`,
      Object.keys(durability.shape),
    ]),
  ),
};
