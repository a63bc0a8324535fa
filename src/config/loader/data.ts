/** What a configuration says, when it is of the right shape. `schema.ts` has the shape. */

/** A configuration of the right shape; durations in milliseconds. */
export interface ConfigData {
  readonly profile?: 'development' | 'production' | undefined;
  readonly action_ledger?:
    | (LedgerData & { readonly strict?: boolean | undefined; readonly tools?: Selector })
    | undefined;
  readonly task_ledger?: (LedgerData & { readonly tasks?: Selector }) | undefined;
  readonly state_flush?: StateFlushData | undefined;
  readonly audit_receipt?: AuditReceiptData | undefined;
  readonly registry?: RegistryData | undefined;
  readonly runner?: RunnerData | undefined;
  readonly history_guard?: HistoryGuardData | undefined;
  readonly message_validator?: boolean | MessageValidatorData | undefined;
  readonly tools?: Readonly<Record<string, ToolData>> | undefined;
  readonly tasks?: Readonly<Record<string, ToolData>> | undefined;
}

/** Where a section records. */
export interface StorageData {
  readonly storage?: 'file' | 'memory' | 'redis' | 'postgres' | undefined;
  readonly path?: string | undefined;
  readonly url?: string | undefined;
  /** The variable of the environment that holds the URL. */
  readonly url_env?: string | undefined;
  readonly prefix?: string | undefined;
  readonly durability?: { readonly replicas?: number | undefined; readonly timeout?: number | undefined } | undefined;
  readonly dsn?: string | undefined;
  readonly dsn_env?: string | undefined;
  readonly schema?: string | undefined;
  readonly connections?: number | undefined;
  readonly tls?: boolean | undefined;
}

/** Where the states of runs are kept, and when they are written. */
export interface StateFlushData extends StorageData {
  readonly flush_on?: readonly ('cancel' | 'disconnect' | 'error')[] | undefined;
  readonly flush_on_complete?: boolean | undefined;
  readonly durable?: boolean | undefined;
  readonly signals?: readonly ('SIGINT' | 'SIGTERM')[] | undefined;
}

/** How what a model calls is run. */
export interface RunnerData {
  readonly max_llm_retries?: number | undefined;
  readonly max_tool_retries?: number | undefined;
  readonly max_turns?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly backoff?: number | undefined;
}

/** How messages are mended and judged before a model is asked. */
export interface MessageValidatorData {
  readonly enabled?: boolean | undefined;
  /** A name of a profile of rules: of a provider, an endpoint, a family of models. */
  readonly provider?: string | undefined;
  readonly unanswered?: 'answer' | 'drop' | undefined;
  readonly orphan?: 'drop' | 'demote' | undefined;
  readonly prefill?: 'report' | 'continue' | undefined;
}

/** How long the messages of a run may get, and what of them may not be lost. */
export interface HistoryGuardData {
  readonly max_tokens?: number | undefined;
  readonly max_messages?: number | undefined;
  readonly warn_at?: number | undefined;
  readonly repeats?: boolean | number | undefined;
  readonly counter?: 'o200k_base' | 'o200k_harmony' | 'cl100k_base' | undefined;
  readonly redact?: boolean | undefined;
  readonly trim?: boolean | undefined;
  readonly on_loss?: 'error' | 'warn' | undefined;
}

/** How long results of a read may be given again within a run, or what a write outdates. */
export interface ProtectData {
  readonly entity_param?: string | readonly string[] | undefined;
  readonly ttl?: number | undefined;
  readonly key?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly negative_ttl?: number | undefined;
  readonly max?: number | undefined;
  readonly invalidates?: string | readonly string[] | undefined;
  readonly invalidates_tools?: readonly string[] | undefined;
  readonly invalidates_tags?: readonly string[] | undefined;
}

/** Which tools a model may call by name. */
export interface RegistryData {
  readonly allowed?: readonly string[] | undefined;
  readonly auto?: boolean | undefined;
}

/** What a tool may be called with, reach for and give back. */
export interface BoundedData {
  readonly schema?: Readonly<Record<string, unknown>> | undefined;
  readonly output_schema?: Readonly<Record<string, unknown>> | undefined;
  readonly coerce?: 'strict' | 'llm' | undefined;
  readonly unknown_fields?: 'refuse' | 'strip' | undefined;
  readonly redact?: readonly string[] | undefined;
  readonly entity_param?: string | readonly string[] | undefined;
  readonly entity_pattern?: string | undefined;
  readonly allowed_paths?: readonly string[] | undefined;
  readonly path_param?: string | readonly string[] | undefined;
  readonly base?: string | undefined;
  readonly allowed_hosts?: readonly string[] | undefined;
  readonly url_param?: string | readonly string[] | undefined;
  readonly url_schemes?: readonly ('https' | 'http' | 'wss' | 'ws' | 'ftp')[] | undefined;
}

/** Who signs receipts, with which key, and what becomes of them beside the ledger. */
export interface AuditReceiptData {
  readonly agent_id?: string | undefined;
  readonly signing_key?: string | undefined;
  /** The variable of the environment that holds the key. */
  readonly signing_key_env?: string | undefined;
  readonly signing_key_file?: string | undefined;
  readonly auto?: boolean | undefined;
  readonly values?:
    | {
        readonly arguments?: boolean | undefined;
        readonly result?: boolean | undefined;
        readonly redact?: readonly string[] | undefined;
      }
    | undefined;
  readonly storage?: 'file' | 'memory' | undefined;
  readonly path?: string | undefined;
  readonly seal_every?: number | undefined;
}

/** A section: where it records, and how long what is finished is kept. */
interface LedgerData extends StorageData {
  readonly retention?: number | undefined;
}

/** `all`, or names. */
export type Selector = 'all' | readonly string[] | undefined;

type Keep = 'full' | 'redacted' | 'digest';

/** A tool or a task. */
export interface ToolData {
  readonly ledger?: boolean | StorageData | undefined;
  readonly protect?: ProtectData | undefined;
  readonly bounded?: BoundedData | undefined;
  readonly audit_receipt?: boolean | undefined;
  readonly side_effect_class?:
    | 'read'
    | 'idempotent_mutate'
    | 'keyed_mutate'
    | 'non_idempotent_mutate'
    | 'irreversible'
    | undefined;
  readonly boundary?: 'implicit' | 'explicit' | undefined;
  readonly id_from?: readonly string[] | undefined;
  readonly key_valid_for?: number | undefined;
  readonly lease?: number | undefined;
  readonly wait_for?: number | undefined;
  readonly timeout?: number | undefined;
  readonly settle_after?: number | undefined;
  readonly replay_for?: number | undefined;
  readonly max_attempts?: number | undefined;
  readonly store?:
    | {
        readonly input?: Keep | undefined;
        readonly result?: Keep | undefined;
        readonly redact?: readonly string[] | undefined;
        readonly max_result_length?: number | undefined;
      }
    | undefined;
}
