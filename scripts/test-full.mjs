// `npm run test:full`: the checks, the types on both TypeScripts and all tests. Ends with one line of counts.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checks, olderTypes, printLine, root, runPart, withTemporaryFolder } from './parts.mjs';
import { installTools } from './services.mjs';

const vitestDeadline = 20 * 60_000;

/** @returns {{ passed: number, failed: number }} */
function runTests() {
  return withTemporaryFolder((folder) => {
    const start = performance.now();
    const report = join(folder, 'report.json');
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const words = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const { status } = spawnSync(process.execPath, [vitest, ...words], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: vitestDeadline,
    });
    const { passed, failed, notRun } = existsSync(report)
      ? counts(JSON.parse(readFileSync(report, 'utf8')))
      : { passed: 0, failed: 0, notRun: [] };
    for (const name of notRun) printLine('not run', name, performance.now());
    printLine(status === 0 && failed === 0 ? 'ok' : 'failed', 'tests', start);
    // A run can fail without a failed test: an error outside of tests, a deadline, no report at all.
    return { passed, failed: status !== 0 && failed === 0 ? 1 : failed };
  });
}

/** @typedef {{ status: string, fullName: string }} Assertion */

/**
 * @param {{ testResults: { status: string, name: string, assertionResults: Assertion[] }[] }} report
 * @returns {{ passed: number, failed: number, notRun: string[] }}
 */
function counts({ testResults }) {
  const tests = testResults.flatMap((file) => file.assertionResults);
  const failedTests = tests.filter(({ status }) => status === 'failed').length;
  const brokenFiles = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  );
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: failedTests + brokenFiles.length,
    notRun: tests.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ fullName }) => fullName),
  };
}

const start = performance.now();
installTools();
let { passed, failed } = { passed: 0, failed: 0 };
for (const part of [...checks, olderTypes]) {
  if (runPart(part)) passed += 1;
  else failed += 1;
}
const tests = runTests();
passed += tests.passed;
failed += tests.failed;
printLine(failed === 0 ? 'ok' : 'failed', 'all', start);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
