// `npm run check`: every check prints one line; a failed one also what its tool said.
import { checks, runPart } from './parts.mjs';

const failed = checks.filter((check) => !runPart(check));
process.exitCode = failed.length === 0 ? 0 : 1;
