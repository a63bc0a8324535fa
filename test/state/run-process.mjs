// A process with a run whose state is recorded, for tests that end it.
//
//     fork('run-process.mjs', [JSON of { dist, url, options, flush, runId, steps, how? }])
//
// It records its steps one by one, says `recorded`, and then waits for its end, unless `how` says otherwise.
const { dist, url, options, flush, runId, steps, how } = JSON.parse(process.argv[2]);
const { openStore, stateFlush } = await import(new URL('index.js', dist).href);

const say = (message) => new Promise((resolve) => process.send(message, resolve));
const ways = {
  // As the README has it, for whoever ends a process in an orderly way.
  drain: () =>
    process.once('SIGTERM', async () => {
      await say('draining');
      await new Promise((resolve) => setTimeout(resolve, 300));
      await say('drained');
      process.exit(7);
    }),
  // What many packages load.
  'signal-exit': () => {
    const emitter = { count: 1 };
    process.__signal_exit_emitter__ = emitter;
    const listener = () => {
      if (process.listeners('SIGTERM').length !== emitter.count) return;
      process.off('SIGTERM', listener);
      process.kill(process.pid, 'SIGTERM');
    };
    process.on('SIGTERM', listener);
  },
};
ways[how]?.();

const store = await openStore(url, options);
// Not a timer: nothing but the run keeps the process alive, and the channel.
process.on('message', () => undefined);
const stuck = { encrypt: () => say('writing').then(() => new Promise(() => undefined)), decrypt: (text) => text };
await stateFlush({ store, ...flush, ...(how === 'stuck' && { encryption: stuck }) }).run({ runId }, async (run) => {
  for (const [step, members] of steps.entries()) await run.record({ step, ...members });
  await say('recorded');
  await new Promise(() => undefined);
});
