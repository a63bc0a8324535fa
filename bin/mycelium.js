#!/usr/bin/env node
import { main } from '../dist/cli/main.js';

const code = await main(process.argv.slice(2));
// An answer that cannot be written has set it meanwhile.
process.exitCode ??= code;
