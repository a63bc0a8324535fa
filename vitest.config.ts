import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** One copy of the package in a test process, whether a test imports it by path or by name. */
const alias = [
  { find: /^mycelium-runtime$/, replacement: source('index.ts') },
  {
    find: /^mycelium-runtime\/(store|receipts|boundary|context|transcript|runner|testing)$/,
    replacement: source('$1/index.ts'),
  },
  { find: /^mycelium-runtime\/(redis|postgres)$/, replacement: source('store/$1/index.ts') },
];

const transform = {
  // esbuild lowers standard decorators only for a target that lacks them.
  esbuild: { target: 'es2022' },
  resolve: { alias },
} satisfies ViteUserConfig;

const shared = {
  pool: 'forks' as const,
  // Many tests wait for processes and leases most of the time.
  maxWorkers: 3,
  setupFiles: ['./test/package/silence.ts'],
  testTimeout: 30_000,
  hookTimeout: 60_000,
  // Real servers and processes on a machine that others use: once may be its doing, twice is a defect.
  retry: process.env['CI'] === 'true' ? 1 : 0,
};

const config: ViteUserConfig = defineConfig({
  test: {
    // Here and not in the projects, which extend nothing: it would run once more for each of them.
    globalSetup: ['./test/package/global-setup.ts'],
    teardownTimeout: 10_000,
    projects: [
      {
        ...transform,
        test: { ...shared, name: 'tests', include: ['test/**/*.test.ts'], exclude: ['test/**/*.alone.test.ts'] },
      },
      {
        ...transform,
        // What measures time runs after everything else, one file at a time.
        test: {
          ...shared,
          name: 'alone',
          include: ['test/**/*.alone.test.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});

export default config;
