/** `mycelium-runtime/context`: what a run was told stays true as long as it says so. */
export { UsageError } from '../errors/usage.js';
export type {
  ArgumentsFrom,
  EntityFrom,
  Named,
  OutdatedByWrite,
  ProtectedRead,
  ProtectedWrite,
  ProtectOptions,
} from './options.js';
export { protect } from './protect.js';
export { type Invalidation, invalidate, Session, type Sessions } from './session.js';
