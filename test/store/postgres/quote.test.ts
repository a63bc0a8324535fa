import fc from 'fast-check';
import type { Sql } from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { placeOf, tokenOf } from '../../../src/store/postgres/layout.js';
import { arrayText, inline, quoteIdentifier, quoteText } from '../../../src/store/postgres/sql/quote.js';
import { toWire } from '../../../src/store/wire-text.js';
import { adminOf } from './scratch.js';

let admin: Sql;

beforeAll(() => {
  admin = adminOf();
});

afterAll(() => admin.end());

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom("'", '\\', '"', '{', '}', ',', '$', '1', '0', 'E', ';', '-', '\n', 'N', ' '),
    maxLength: 20,
  }),
  fc.constantFrom('NULL', 'null', '', "\\'; DROP TABLE x; --", '$1', '$0', 'E\\', '\\\\', "''", '{}', '"'),
);

test('texts come back from the server to the last character, however it reads backslashes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(nasty, { minLength: 1, maxLength: 6 }), fc.boolean(), async (texts, standard) => {
      const wired = texts.map(toWire);
      const statement = `SELECT $0::text, ${wired.map((_, at) => `$${at + 1}::text`).join(', ')}, $${wired.length + 1}::text[]`;
      const text = inline(statement, [...wired, arrayText(wired)], 'tag');
      const rows = await admin.begin(async (transaction) => {
        await transaction.unsafe(
          `SET LOCAL standard_conforming_strings = ${standard ? 'on' : 'off'}; SET LOCAL escape_string_warning = off`,
        );
        return transaction.unsafe(text).values();
      });
      expect(rows[0]).toEqual(['tag', ...wired, wired]);
    }),
    { numRuns: 150 },
  );
});

test('numbers and nothing come back as they were', async () => {
  const numbers = [0, -0, 1, -1, 1.5, 1e300, 5e-324, 2 ** 53, 1_795_828_882_273];
  const statement = `SELECT $0::text, $1::float8, $2::float8[], $3::text`;
  for (const number of numbers) {
    const [row] = await admin.unsafe(inline(statement, [number, arrayText([number, number]), null], 't')).values();
    expect(row).toEqual(['t', number === 0 ? 0 : number, [number === 0 ? 0 : number, number === 0 ? 0 : number], null]);
  }
});

test('names of tables and roles are quoted whole', () => {
  expect(quoteIdentifier('a"b')).toBe('"a""b"');
  expect(quoteText("it's")).toBe("'it''s'");
  expect(quoteText('a\\b')).toBe("E'a\\\\b'");
});

test('ids that are too long for an index lie under their digest, and under no other', () => {
  const long = 'x'.repeat(5_000);
  const place = placeOf({ partition: 1, kind: 'call', id: long });
  expect(place.longId).toBe(long);
  expect(place.id.length).toBeLessThan(100);
  const others = [`${long}y`, place.id, 'x'.repeat(600)].map((id) => placeOf({ partition: 1, kind: 'call', id }));
  expect(new Set([place, ...others].map(({ id }) => id)).size).toBe(4);
  expect(new Set([place, ...others].map(tokenOf)).size).toBe(4);
  expect(placeOf({ partition: 1, kind: 'k'.repeat(5_000), id: 'a' }).kind.length).toBeLessThan(100);
});
