import { locationText, schemaOf } from '../config/loader/storage.js';
import { openLocation } from '../config/runtime/homes.js';
import { onOneLine } from '../encoding/printable.js';
import { type CommonOptions, usableConfig } from './configuration.js';
import { CommandError, EXIT, type ExitCode } from './exit.js';
import { storesOf } from './open-ledgers.js';
import type { Terminal } from './terminal.js';

/** What `store migrate` is told. */
export interface MigrateOptions extends CommonOptions {
  /** Print the SQL, and connect to nothing. */
  readonly print?: boolean;
  /** The role that is to work with the store, when another one runs the SQL. */
  readonly role?: string;
}

/** `mycelium store migrate`: creates the tables of the stores on Postgres, or brings them up to date. */
export async function storeMigrate(options: MigrateOptions, terminal: Terminal): Promise<ExitCode> {
  const { config } = usableConfig(options);
  if (options.role !== undefined && options.print !== true)
    throw new CommandError(
      EXIT.usage,
      '--role is for --print',
      'Add --print, and run the SQL as the role that may create.',
    );
  const { migrationStatements } = await import('../store/postgres/index.js');
  for (const location of storesOf(config)) {
    const store = onOneLine(locationText(location));
    if (location.storage !== 'postgres') {
      // Beside the SQL, which may go straight to a file.
      if (options.print === true) terminal.note(`${store}: nothing to migrate`);
      else terminal.out(`${store}: nothing to migrate`);
    } else if (options.print === true) {
      const role = options.role === undefined ? {} : { role: options.role };
      const statements = migrationStatements(schemaOf(location), role).map((statement) => `${statement};`);
      terminal.out([`-- ${store}`, 'BEGIN;', ...statements, 'COMMIT;'].join('\n'));
    } else {
      const opened = await openLocation(location);
      await opened.close();
      terminal.out(`${store}: its tables are there, and of this version`);
    }
  }
  return EXIT.done;
}
