/** Keys and values that are right in the Python library. */

/** What is said otherwise of a server, in whatever section names one. */
const SERVERS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['host', 'port', 'user', 'username', 'password', 'db', 'database'].map((key) => [
      key,
      'a part of url (redis) or dsn (postgres)',
    ]),
  ),
  cluster: 'said in the url: redis://one:6379,two:6379?cluster=true',
  ssl: 'tls',
  key_prefix: 'prefix',
  table: 'schema: the tables in it have names of their own',
};

/** Claims expire by leases; what guards an effect never does by itself. */
const IN_FLIGHT_TTL = 'lease, of each tool';

/** What a key of the Python library is here, by section. */
export const RENAMED_KEYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '': {
    transition: 'lease, wait_for and side_effect_class of each tool',
  },
  action_ledger: {
    unclassified_policy: 'strict: true, which refuses undeclared tools',
    request_identity_policy: 'strict: true, which refuses calls that nothing identifies',
    on_args_drift: 'always hard: the same identity with other arguments is refused',
    lease_ttl: 'lease, of each tool',
    in_flight_ttl: IN_FLIGHT_TTL,
    ...SERVERS,
  },
  task_ledger: { in_flight_ttl: IN_FLIGHT_TTL, ...SERVERS },
  state_flush: SERVERS,
  history_guard: { detect_duplicates: 'repeats' },
  'tools.*.ledger': { in_flight_ttl: 'lease, one level up', ...SERVERS },
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
  'tasks.*.ledger': { id_from: 'id_from, one level up', in_flight_ttl: 'lease, one level up', ...SERVERS },
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
