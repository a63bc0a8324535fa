import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { installPacked } from '../package/packed-project.js';
import { commandLines, fileName, firstWalk } from '../readme/readme.js';
import { type Ended, Project } from './project.js';

const project = new Project();
afterAll(() => project.remove());

const payments = (invoiceId: string): number =>
  project
    .read('payments.txt')
    .split('\n')
    .filter((line) => line.startsWith(invoiceId)).length;

const quiet = { status: 0, stdout: '', stderr: '' };
const paid = "{ invoiceId: 'inv-42', amount: 120, status: 'paid' }\n";

/** What the README says of each of its commands. */
const outcomes: Readonly<Record<string, (ended: Ended) => void>> = {
  'npm init --yes && npm pkg set type=module': ({ status }) => expect(status).toBe(0),
  'npx mycelium init': ({ status, stdout }) => {
    expect(status).toBe(0);
    expect(stdout.split('\n').map((line) => line.trim())).toEqual([
      'Wrote mycelium.yaml. Put your own tools in place of its examples. Next:',
      'npx mycelium check                whether it is right, and what it leaves open',
      'npx mycelium explain              what guards each tool, and where each value comes from',
      'npx mycelium ledger list --stuck  which calls wait for a person',
      '',
    ]);
  },
  'npx mycelium check': (ended) => {
    expect(ended).toEqual(quiet);
    expect(existsSync(join(project.folder, '.mycelium'))).toBe(false);
  },
  'node app.js': (ended) => {
    expect(ended).toEqual({ ...quiet, stdout: paid });
    expect(payments('inv-42')).toBe(1);
  },
  'CRASH=1 node app.js inv-43': ({ status }) => {
    expect(status).toBe(137);
    expect(payments('inv-43')).toBe(1);
  },
  'npx mycelium ledger list --stuck': ({ status, stdout, stderr }) => {
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(
      /^ID {5}TOOL {10}REQUEST {2}STATE {13}AGE +NEXT\n[0-9a-f]{4,}… {2}send_payment {2}inv-43 {3}attempting, lost {2}(?:now|\d+s) +npx mycelium ledger show [0-9a-f]{4,}\n$/,
    );
  },
};

test('the README, command by command, from an empty folder to a settled payment', { timeout: 180_000 }, async () => {
  const lines: string[] = [];
  let blocked: Ended | undefined;
  let id = '';
  for (const block of firstWalk) {
    const name = fileName(block);
    // What init wrote is what the README shows, apart from its comments.
    if (name === 'mycelium.yaml') expect(parse(project.read(name))).toEqual(parse(block.code));
    else if (name !== undefined) project.write(name, block.code);
    if (block.language !== 'sh') continue;
    for (const line of commandLines(block)) {
      lines.push(line);
      if (line === 'npm install mycelium-runtime') {
        installPacked(project.folder);
      } else if (line.startsWith('npx mycelium ledger release 0d9e ')) {
        const released = await project.done(line.replace('0d9e', id));
        expect(released).toBe('send_payment "inv-43" is released as completed. Later callers get this result.\n');
      } else if (line === 'node app.js inv-43' && blocked !== undefined) {
        expect(await project.done(line)).toBe("{ status: 'paid' }\n");
      } else if (line === 'node app.js inv-43') {
        blocked = await project.sh(line);
        expect(blocked.status).toBe(1);
        expect(blocked.stderr).toContain('LedgerBlockedError: send_payment "inv-43" may already have run');
      } else {
        const ended = await project.sh(line);
        expect(outcomes[line], `nothing is known of ${line}`).toBeDefined();
        outcomes[line]?.(ended);
        id = /show ([0-9a-f]+)\n/.exec(ended.stdout)?.[1] ?? id;
      }
    }
  }
  expect(lines).toHaveLength(11);
  expect(payments('inv-43')).toBe(1);
  // The error's own command leads to the same call.
  const [, said = ''] = /(mycelium ledger show [0-9a-f]+)/.exec(blocked?.stderr ?? '') ?? [];
  expect(await project.done(`npx ${said}`)).toContain('send_payment "inv-43"');
  expect(await project.done('npx mycelium ledger list --stuck')).toBe('No call waits for a person.\n');
});
