import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ledger, loadConfig, loadConfigFromString, type RecordedRun } from '../../../src/index.js';
import { failure } from '../../ledger/workers.js';
import { folder, onDisk, runtime, sleep } from './surroundings.js';

describe('state_flush', () => {
  it('keeps what runs record where the tools are, or in a place of its own, for whoever comes later', async () => {
    for (const section of ['state_flush: { durable: true }', 'state_flush: { path: ./states, flush_on: [error] }']) {
      const at = await folder();
      await writeFile(join(at, 'mycelium.yaml'), `action_ledger: { storage: file }\n${section}\n`);
      const first = await loadConfig(join(at, 'mycelium.yaml'));
      const error = await failure(
        first.run({ runId: 'r', threadId: 't' }, async (run) => {
          void run.record({ step: 'invoiced' });
          throw new Error('gone');
        }),
      );
      expect(error.message).toBe('gone');
      await first.close();
      const next = await loadConfig(join(at, 'mycelium.yaml'));
      expect(await next.resume('r')).toMatchObject({ status: 'error', threadId: 't', state: { step: 'invoiced' } });
      expect(await next.run({ runId: 'r' }, (run) => run.state)).toEqual({ step: 'invoiced' });
      expect((await next.runs({ status: 'completed' })).runs).toMatchObject([{ runId: 'r' }]);
      expect(await failure(next.resume('other'))).toMatchObject({ code: 'STATE_NOT_FOUND' });
      await next.close();
    }
  });

  it('goes by what the file says', async () => {
    const mycelium = await runtime('state_flush: { flush_on: [cancel], flush_on_complete: false }');
    const controller = new AbortController();
    await mycelium.run({ runId: 'done' }, (run) => run.record({ step: 1 }));
    await failure(mycelium.run({ runId: 'failed' }, () => Promise.reject(new Error('no'))));
    await failure(
      mycelium.run({ runId: 'cancelled', signal: controller.signal }, async (run) => {
        void run.record({ step: 1 });
        controller.abort();
        controller.signal.throwIfAborted();
      }),
    );
    expect((await mycelium.runs()).runs).toMatchObject([{ runId: 'cancelled', status: 'aborted', reason: 'cancel' }]);
  });

  it('leaves the calls inside as they were: recorded, and identified by the run', async () => {
    const mycelium = await runtime('state_flush: {}');
    const refund = ledger({ name: 'refund', effect: 'irreversible' })(async ({ id }: { id: string }) => id);
    await mycelium.run({ runId: 'r' }, () => refund({ id: 'a' }));
    const [call] = (await (await mycelium.ledger()).list({ run: 'r' })).calls;
    expect(call).toMatchObject({ tool: 'refund', runId: 'r' });
  });

  it('is written when the runtime is closed under a run, which then has no more to record to', async () => {
    const at = await folder();
    const yaml = 'action_ledger: { storage: file }\nstate_flush: {}';
    // Slow, so that only a close that waits for it comes after it.
    const stateEncryption = {
      encrypt: async (text: string) => {
        await sleep(300);
        return text;
      },
      decrypt: (text: string) => text,
    };
    const mycelium = await loadConfigFromString(yaml, { folder: at, stateEncryption });
    const error = await failure(
      mycelium.run({ runId: 'r' }, async (run) => {
        void run.record({ step: 1 });
        await mycelium.close();
        void run.record({ step: 2 });
      }),
    );
    expect(error).toMatchObject({ code: 'STATE_NOT_SAVED', state: { step: 2 } });
    const next = await loadConfigFromString(yaml, { folder: at, stateEncryption });
    expect(await next.resume('r')).toMatchObject({ status: 'aborted', reason: 'close', state: { step: 1 } });
    await next.close();
  });

  it('encrypts with what code gives', async () => {
    const at = await folder();
    const stateEncryption = {
      encrypt: (text: string) => Buffer.from(text).toString('base64'),
      decrypt: (text: string) => Buffer.from(text, 'base64').toString(),
    };
    const yaml = 'action_ledger: { storage: file }\nstate_flush: {}';
    const mycelium = await loadConfigFromString(yaml, { folder: at, stateEncryption });
    await mycelium.run({ runId: 'r' }, (run) => run.record({ card: '4242-4242' }));
    expect((await mycelium.resume('r')).state).toEqual({ card: '4242-4242' });
    await mycelium.close();
    expect(await onDisk(at)).not.toContain('4242-4242');
    expect(await failure((await runtime(yaml, at)).resume('r'))).toMatchObject({ code: 'USAGE' });
  });

  it('that is missing is named by whoever would lose something by it, and by nobody else', async () => {
    const mycelium = await runtime('');
    const uses: ((run: RecordedRun) => unknown)[] = [
      (run) => run.record({ step: 1 }),
      (run) => run.state,
      (run) => run.flush(),
      (run) => run.disconnect(),
    ];
    for (const use of uses) {
      const error = await failure(mycelium.run({}, (run) => void use(run)));
      expect(error).toMatchObject({ code: 'USAGE', remedy: 'Add it, e.g. state_flush: { durable: true }.' });
      expect(error.message).toContain('there is no state_flush in mycelium.yaml');
    }
    for (const refused of [mycelium.resume('r'), mycelium.runs()])
      expect(await failure(refused)).toMatchObject({ code: 'USAGE' });
    const { signal } = new AbortController();
    expect(await mycelium.run({ runId: 'r', threadId: 't', signal }, (run) => ({ ...run }))).toEqual({
      id: 'r',
      threadId: 't',
    });
  });
});
