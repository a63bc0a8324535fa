/**
 * About all statements of a store. The first column of each row they answer is `$0`, a text that is made up for each
 * time: the connection puts it in as the last parameter, and believes no answer that does not carry it. The driver can
 * take one answer for another when what it prepared is gone from a session.
 */

/** The server's clock in whole milliseconds: read once, so that all of a statement happens at one instant. */
export const NOW: string = `floor(date_part('epoch', clock_timestamp()) * 1000)`;

/**
 * The clock of a statement that writes. With it, what the statement writes is on the disk before it is answered,
 * whatever the server, the database or the role is set to: set here it holds to the end of this very transaction, over
 * any connection. `remote_apply` is more than `on` and is left.
 */
export const DURABLE_CLOCK: string = `clock AS MATERIALIZED (
  SELECT ${NOW} AS now, set_config('synchronous_commit',
    CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true) AS durable
)`;

/**
 * The state of a record in a table with this alias, as one text of JSON: revision, value, written at, owner, fence and
 * end of the lease, fields. One column costs less than seven, and most answers have no use for them.
 */
export function stateOf(alias: string): string {
  return `json_build_array(${STATE.map((column) => `${alias}.${column}`).join(', ')})::text`;
}

const STATE = ['revision', 'value', 'written_at', 'lease_owner', 'lease_fence', 'lease_until', 'fields'];
