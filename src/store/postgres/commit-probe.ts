import type { Connection } from './connection.js';
import { codeOf } from './postgres-error.js';
import type { RawAnswer } from './sent-statement.js';

/**
 * A query that the server runs no earlier than at the commit, where it fails. It touches nothing and asks for no right;
 * random(), so that nothing of it is worked out before. The text is for who reads the log of the server.
 */
const FAILS_AT_COMMIT = `DECLARE mycelium_commit_probe CURSOR WITH HOLD FOR
SELECT ('mycelium: meant to fail, it shows that the driver waits for the commit' || left(random()::text, 0))::int`;
const INVALID_TEXT = '22P02';

const PREPARED = { prepare: true, simple: false };

/**
 * Whether the driver answers a prepared statement when it is committed. postgres.js before 3.4.8 answers when it is
 * complete, and says nothing of a commit that fails afterwards. A statement that is not prepared is committed before
 * the server calls it complete, so without preparing there is no harm in it.
 *
 * It is found out by behaviour, because a client that is passed in does not know its version.
 */
export async function waitsForCommit(connection: Connection): Promise<boolean> {
  try {
    const query = connection.sql.unsafe(FAILS_AT_COMMIT, [], PREPARED).raw();
    await connection.within(query as PromiseLike<unknown> as PromiseLike<RawAnswer>);
    return false;
  } catch (error) {
    if (codeOf(error) === INVALID_TEXT) return true;
    // A server that has no such cursors leaves it open, and then the careful way is the right one.
    if (/^(0A|42)/.test(codeOf(error) ?? '')) return false;
    throw connection.unavailable('open', error);
  }
}
