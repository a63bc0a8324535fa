import { MyceliumError } from '../../errors/mycelium-error.js';
import { StoreUnavailableError } from '../../errors/store.js';

const remedies: Readonly<Record<string, string>> = {
  EACCES: 'Give this user the right to read and write the folder and the files in it, or name another folder.',
  EPERM: 'Give this user the right to read and write the folder and the files in it, or name another folder.',
  EROFS: 'The file system is mounted read-only. Mount it for writing, or name another folder.',
  ENOTDIR: 'A file stands where the folder should be. Name another path.',
  EEXIST: 'A file stands where the folder should be. Name another path.',
  ENOSPC: 'Make room on the disk.',
  EDQUOT: 'Make room within the quota of this user.',
  EMFILE: 'This process has too many files open. Close some, or raise the limit.',
  ENFILE: 'This machine has too many files open.',
  ENAMETOOLONG: 'Name a shorter path.',
  ELOOP: 'The path leads through symbolic links in a circle. Name another one.',
};

/** What to tell about an error while opening. Ours pass as they are. */
export function openingError(error: unknown, description: string): unknown {
  if (error instanceof MyceliumError) return error;
  const remedy = remedies[(error as NodeJS.ErrnoException).code ?? ''];
  return new StoreUnavailableError({
    store: description,
    during: 'open',
    applied: 'no',
    cause: error,
    remedy: remedy ?? 'Nothing ran on the strength of this store. See to what the file system says, and open it again.',
  });
}
