#!/usr/bin/env node
import { main } from '../dist/cli/main.js';

const { code, out, error } = main(process.argv.slice(2));
if (out !== undefined) process.stdout.write(`${out}\n`);
if (error !== undefined) process.stderr.write(`${error}\n`);
process.exitCode = code;
