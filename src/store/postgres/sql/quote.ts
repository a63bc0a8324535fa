/** A parameter of a statement. */
export type Parameter = string | number | null;

/** An identifier as it stands in SQL. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table in a schema. */
export function qualified(schema: string, table: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

/** A text as it stands in SQL. The form with E means the same however the server is set. */
export function quoteText(text: string): string {
  const quoted = text.replaceAll("'", "''");
  return quoted.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`;
}

/** Several texts as one parameter, in the form of an array. */
export function arrayText(items: readonly Parameter[]): string {
  return `{${items.map(itemText).join(',')}}`;
}

function itemText(item: Parameter): string {
  if (item === null) return 'NULL';
  if (typeof item === 'number') return numberText(item);
  return `"${item.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/**
 * The statement with its parameters in place, for connections on which nothing can be prepared: with parameters apart
 * the driver would ask for their types first, in a round trip of its own.
 */
export function inline(statement: string, parameters: readonly Parameter[], tag: string): string {
  return statement.replace(/\$(\d+)/g, (_, number: string) => {
    const value = number === '0' ? tag : parameters[Number(number) - 1];
    if (value === null || value === undefined) return 'NULL';
    return typeof value === 'number' ? `'${numberText(value)}'` : quoteText(value);
  });
}

/** As Postgres reads it. */
function numberText(value: number): string {
  return Object.is(value, -0) ? '0' : String(value);
}
