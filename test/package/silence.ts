import { format } from 'node:util';
import { afterEach, beforeEach } from 'vitest';

// The library reports through diagnostics channels: whatever reaches the console during a test is a defect.
const methods = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const;
const printed: string[] = [];

for (const method of methods) {
  console[method] = (...values: unknown[]): void => {
    printed.push(`console.${method}: ${format(...values)}`);
  };
}

beforeEach(() => {
  printed.length = 0;
});

afterEach(() => {
  if (printed.length > 0) throw new Error(`The test printed:\n${printed.splice(0).join('\n')}`);
});
