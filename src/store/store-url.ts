import { UsageError } from '../errors/usage.js';

/** The error for a URL that names no store. Callers quote no more than its scheme: what follows may carry a password. */
export function refusedUrl(problem: string, remedy: string): UsageError {
  return new UsageError({ place: 'openStore(url)', problem, remedy });
}
