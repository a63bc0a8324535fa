import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { type Client, type Job, startClient } from './processes.js';
import { newFolder, opened, readAll } from './scratch.js';

const KEYS = 300;

interface Tally {
  readonly said: readonly string[][];
  readonly kills: number;
}

/** Keeps some clients running for a while, and kills one of them again and again; each is followed by another one. */
async function runWithKills(folder: string, jobs: readonly Job[], kills: number, between: number): Promise<Tally> {
  const all: Client[] = [];
  const current: Client[] = [];
  let lives = 0;
  let stopping = false;
  const start = (place: number): void => {
    const client = startClient(folder, { ...jobs[place]!, prefix: `p${place}l${++lives}` });
    all.push(client);
    current[place] = client;
    // One that has finished is followed by another one as well, which finds the keys taken.
    void client.ended.then(({ signal }) => {
      if (signal !== 'SIGKILL' && !stopping && jobs[place]!.what === 'compact') start(place);
    });
  };
  for (const place of jobs.keys()) start(place);
  let killed = 0;
  for (let round = 0; round < kills; round++) {
    await new Promise((resolve) => setTimeout(resolve, between * (0.5 + Math.random())));
    const place = Math.floor(Math.random() * jobs.length);
    if (current[place]!.process.kill('SIGKILL')) killed++;
    await current[place]!.ended;
    start(place);
  }
  // The last ones may finish their work; compactors have no end of their own.
  stopping = true;
  const ended = await Promise.all(
    current.map(async (client, place) => {
      if (jobs[place]!.what === 'compact') client.process.kill('SIGKILL');
      return { ...(await client.ended), what: jobs[place]!.what };
    }),
  );
  for (const { code, what, complaints } of ended) if (what === 'claim') expect([code, complaints]).toEqual([0, '']);
  return { said: all.flatMap((client) => client.said()), kills: killed };
}

async function checkWinners(folder: string, said: readonly string[][]): Promise<void> {
  const store = await opened(folder);
  const records = await readAll(store);
  const winners = new Map<string, string>();
  for (const [word, id, nonce] of said) {
    expect(word).not.toMatch(/^(failed|differs)$/);
    if (word !== 'won') continue;
    expect(winners.get(id!), `${id} was won twice`).toBeUndefined();
    winners.set(id!, nonce!);
  }
  for (const [id, nonce] of winners) expect(records.get(id)).toMatchObject({ revision: `1:${nonce}`, value: nonce });
  // Who was killed between its claim and saying so has won as well, and nobody else did.
  expect(records.size).toBe(KEYS);
  for (const { revision, value } of records.values()) expect(revision).toBe(`1:${value}`);
  expect(winners.size).toBeGreaterThan(KEYS / 2);
}

describe('four processes that claim the same keys, of which one is killed now and then', () => {
  const claim: Job = { what: 'claim', count: KEYS, pause: 20 };

  test('let exactly one win each key', { timeout: 60_000 }, async () => {
    const folder = await newFolder();
    const { said, kills } = await runWithKills(folder, [claim, claim, claim, claim], 10, 200);
    await checkWinners(folder, said);
    expect(kills).toBeGreaterThanOrEqual(5);
    expect(
      new Set(said.flatMap(([word, , nonce]) => (word === 'won' ? [nonce!.split('n')[0]] : []))).size,
    ).toBeGreaterThan(2);
  });

  test('let exactly one win each key while two others compact, and are killed as well', {
    timeout: 60_000,
  }, async () => {
    const folder = await newFolder();
    const compact: Job = { what: 'compact', times: 1000, pause: 5 };
    const { said } = await runWithKills(folder, [claim, claim, claim, claim, compact, compact], 14, 200);
    await checkWinners(folder, said);
    expect(said.filter(([word]) => word === 'compacted').length).toBeGreaterThan(10);
    const logs = (await readdir(folder)).filter((name) => name.endsWith('.log'));
    expect(logs).toHaveLength(1);
    expect(Number.parseInt(logs[0]!, 10)).toBeGreaterThan(10);
  });
});
