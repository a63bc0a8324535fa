import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { run } from '../../package/package-files.js';

/** Whose request a conversation is sent in; `none`: what the SDK hands to any provider. */
export type Provider = 'openai-chat' | 'openai-responses' | 'anthropic' | 'none';

/** One question to the SDK. */
export interface Question {
  readonly format: 'ai-sdk' | 'ai-sdk-ui';
  readonly messages: readonly unknown[];
  readonly provider: Provider;
  /** The opt-in of version 7; default true. */
  readonly allowSystem?: boolean;
}

/** What the SDK did: refused the messages, or would have sent this. */
export interface Verdict {
  readonly refused?: string;
  readonly request?: { readonly messages?: unknown[]; readonly input?: unknown[] };
}

/** One major version of the AI SDK, as it is installed somewhere. */
export interface Sdk {
  readonly node: string;
  /** `ai`, `@ai-sdk/openai`, `@ai-sdk/anthropic`: where their code is. */
  readonly packages: readonly string[];
}

const require = createRequire(import.meta.url);
const judge = fileURLToPath(new URL('judge.mjs', import.meta.url));
const urlsOf = (files: readonly string[]): string[] => files.map((file) => pathToFileURL(file).href);

/** The versions that run with the Node that this project has. */
export const installed: Readonly<Record<5 | 6, Sdk>> = {
  5: {
    node: process.execPath,
    packages: urlsOf([
      require.resolve('ai-5'),
      require.resolve('@ai-sdk/openai-2'),
      require.resolve('@ai-sdk/anthropic-2'),
    ]),
  },
  6: {
    node: process.execPath,
    packages: urlsOf([require.resolve('ai'), require.resolve('@ai-sdk/openai'), require.resolve('@ai-sdk/anthropic')]),
  },
};

/** The last major version of Node that is too old for version 7. */
const TOO_OLD = 21;

/**
 * Installs version 7 in a folder of its own, and the Node that it needs beside it when this one is older.
 *
 * @throws Error when it cannot be installed.
 */
export function installVersion7(): Sdk & { readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'ai-sdk-7-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    copyFileSync(new URL('ai-7/package.json', import.meta.url), join(folder, 'package.json'));
    const isOld = Number(process.versions.node.split('.')[0]) <= TOO_OLD;
    const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    const { status, stderr } = run('npm', ['install', ...flags, ...(isOld ? [] : ['--omit=optional'])], folder);
    if (status !== 0) throw new Error(`npm could not install version 7 of the AI SDK: ${stderr}`);
    const there = createRequire(join(folder, 'package.json'));
    const packages = ['ai', '@ai-sdk/openai', '@ai-sdk/anthropic'].map((name) => there.resolve(name));
    return { node: isOld ? nodeIn(there) : process.execPath, packages: urlsOf(packages), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** By the names under which the package `node` looks for the programs of its platforms. */
function nodeIn(there: NodeJS.Require): string {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const prefix = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  const name = `${prefix}-${platform}-${process.arch}`;
  try {
    const manifest = there.resolve(`${name}/package.json`);
    return join(manifest, '..', (there(manifest) as { readonly bin: { readonly node: string } }).bin.node);
  } catch (error) {
    throw new Error(`Version 7 of the AI SDK needs Node 22, and npm has no ${name}: run the tests with Node 22`, {
      cause: error,
    });
  }
}

/** Asks one version everything at once, in one process. */
export async function ask({ node, packages }: Sdk, questions: readonly Question[]): Promise<readonly Verdict[]> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE_|VITEST|TEST$)/.test(name)));
  const child = spawn(node, [judge, ...packages], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(questions));
  const [verdicts, complaint] = await Promise.all([
    json(child.stdout).catch(() => undefined),
    text(child.stderr),
    new Promise((done) => child.once('close', done)),
  ]);
  if (!Array.isArray(verdicts) || verdicts.length !== questions.length)
    throw new Error(`the SDK ended early: ${complaint}`);
  return verdicts as Verdict[];
}
