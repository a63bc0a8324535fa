import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How a command line ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A new user's folder. */
export class Project {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'walk-'));

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  /** Runs a line as a shell does; not in the way of other projects that walk at the same time. */
  sh(line: string): Promise<Ended> {
    // What a test runner or npm around us says in the environment is not what a user's shell says.
    const inherited = Object.entries(process.env).filter(([name]) => !/^(NODE_|VITEST|TEST$|npm_)/.test(name));
    const child = spawn('sh', ['-c', line], {
      cwd: this.folder,
      env: Object.fromEntries(inherited),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (part: string) => {
        text[stream] += part;
      });
    }
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve({ status, ...text }));
    });
  }

  /** Runs a line and requires that it ends well. @returns what it printed. */
  async done(line: string): Promise<string> {
    const { status, stdout, stderr } = await this.sh(line);
    if (status !== 0) throw new Error(`${line}: ended with ${status}\n${stdout}${stderr}`);
    return stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
