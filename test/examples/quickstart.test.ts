import { expect, test } from 'vitest';
import { start } from './programs.js';

test('the quickstart charges once and names the argument that differs', async () => {
  const { exitCode, stdout, stderr, leftBehind } = await start('quickstart.js').ended;
  expect({ exitCode, stderr, leftBehind }).toEqual({ exitCode: 0, stderr: '', leftBehind: [] });
  const result = "{ invoiceId: 'INV-42', amount: 100, chargeId: 'ch-1' }";
  expect(stdout.split('\n').slice(0, 2)).toEqual([result, result]);
  expect(stdout).toContain('send_payment "INV-42" is committed with other arguments: they differ at amount.');
  expect(stdout).toMatch(/charges: 1\n$/);
});
