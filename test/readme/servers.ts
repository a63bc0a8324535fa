import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { type RedisServer, startRedis } from '../services/redis-server.js';
import { postgresService } from '../services/services.js';

/** A Redis and a database that are there for the programs of the README alone, under the names that it uses. */
export class ReadmeServers {
  /** What a reader has in the environment. */
  readonly environment: Record<string, string> = {};
  #redis: RedisServer | undefined;
  readonly #database = `readme_${randomBytes(6).toString('hex')}`;

  async start(): Promise<void> {
    this.#redis = await startRedis({ appendonly: 'always', config: { 'maxmemory-policy': 'noeviction' } });
    await this.#administer(`CREATE DATABASE ${this.#database}`);
    const database = new URL(postgresService());
    database.pathname = `/${this.#database}`;
    Object.assign(this.environment, { REDIS_URL: this.#redis.url, DATABASE_URL: database.href });
    // The programs inherit it.
    Object.assign(process.env, this.environment);
  }

  async stop(): Promise<void> {
    for (const name of Object.keys(this.environment)) delete process.env[name];
    await this.#redis?.stop();
    await this.#administer(`DROP DATABASE IF EXISTS ${this.#database} WITH (FORCE)`);
  }

  async #administer(statement: string): Promise<void> {
    const sql = postgres(postgresService(), { max: 1, onnotice: () => undefined });
    try {
      await sql.unsafe(statement);
    } finally {
      await sql.end();
    }
  }
}
