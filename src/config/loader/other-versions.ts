/** Keys and values that are right elsewhere: in a later version of this library, or in the Python one. */

/** Refused by name, by section: known, and not built yet. */
export const NOT_YET: Readonly<Record<string, ReadonlySet<string>>> = {
  '': new Set(['state_flush', 'audit_receipt', 'registry', 'runner', 'history_guard', 'message_validator']),
  action_ledger: new Set(['url', 'url_env', 'dsn', 'dsn_env', 'prefix', 'table', 'in_flight_ttl']),
  task_ledger: new Set(['url', 'url_env', 'dsn', 'dsn_env', 'prefix', 'table', 'in_flight_ttl']),
  'tools.*': new Set(['protect', 'bounded', 'audit_receipt']),
  'tools.*.ledger': new Set(['url', 'url_env', 'dsn', 'dsn_env', 'prefix', 'table', 'in_flight_ttl']),
  'tasks.*': new Set(['audit_receipt']),
  'tasks.*.ledger': new Set(['url', 'url_env', 'dsn', 'dsn_env', 'prefix', 'table', 'in_flight_ttl']),
};

/** Values of `storage` that are known, and not built yet. */
export const STORAGE_NOT_YET: ReadonlySet<string> = new Set(['redis', 'postgres']);

/** What a key of the Python library is here, by section. */
export const RENAMED_KEYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '': {
    profile: 'action_ledger.strict: true',
    transition: 'lease, wait_for and side_effect_class of each tool',
  },
  action_ledger: {
    unclassified_policy: 'strict: true, which refuses undeclared tools',
    request_identity_policy: 'strict: true, which refuses calls that nothing identifies',
    on_args_drift: 'always hard: the same identity with other arguments is refused',
    lease_ttl: 'lease, of each tool',
  },
  'tools.*': {
    callable: 'said in code: mycelium.instrument(tools), or mycelium.guard(name)(fn)',
    request_id_from: 'id_from',
    provider_idempotency_key_ttl: 'key_valid_for',
    provider_idempotency_key_param: 'call.idempotencyKey, in the code of the tool',
    side_effect_boundary: 'boundary',
    lease_ttl: 'lease',
    poll_timeout: 'wait_for',
    effect: 'side_effect_class',
  },
  'tasks.*': {
    callable: 'said in code: mycelium.instrument(tools), or mycelium.guard(name)(fn)',
    lease_ttl: 'lease',
    effect: 'side_effect_class',
  },
  'tasks.*.ledger': { id_from: 'id_from, one level up' },
};

/** Keys of the Python library that have no counterpart here, in whatever section. */
export const NOT_HERE: ReadonlySet<string> = new Set([
  ...['outcome_emit', 'loop_guard', 'budget', 'budget_guard', 'scope_guard', 'completion', 'state_authority'],
  ...['secret_args', 'secret_fields', 'entity_guard', 'destructive_confirm', 'authority_window', 'use_time_currency'],
  ...[
    'integrations',
    'deployment',
    'verify',
    'memory_storage_policy',
    'retry_permission',
    'spendability',
    'capability',
  ],
]);

/** What a value of the Python library is here. */
export const RENAMED_VALUES: Readonly<Record<string, string>> = {
  sqlite: 'file',
  read_only: 'read',
  idempotent_write: 'idempotent_mutate',
  non_idempotent_write: 'non_idempotent_mutate',
  external_api_mutation: 'keyed_mutate',
  payment: 'keyed_mutate',
  email: 'non_idempotent_mutate',
  subagent: 'non_idempotent_mutate',
  onchain_action: 'irreversible',
};
