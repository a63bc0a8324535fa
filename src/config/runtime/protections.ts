import type { ProtectOptions } from '../../context/options.js';
import { definitionsOf, type GuardDefinition } from '../../tool/guard.js';
import type { ProtectData } from '../loader/data.js';
import { spellings } from '../loader/names.js';
import { DEFAULT_TTL_MS, isWrite } from '../loader/protect-rules.js';
import type { ReadConfig } from '../loader/read-config.js';

/** What keeps reads of tools true, by their names in the file. */
export type Protections = ReadonlyMap<string, GuardDefinition>;

/** Makes the guards of what the file protects. What remembers reads is loaded only when there is something. */
export async function protectionsOf({ config, issues }: ReadConfig): Promise<Protections> {
  const found = new Map<string, GuardDefinition>();
  const protectedOnes = config.guards.filter((guard) => guard.protect !== undefined);
  if (protectedOnes.length === 0 || issues.errors) return found;
  const { protect } = await import('../../context/protect.js');
  for (const { name, protect: data } of protectedOnes) {
    const [definition] = definitionsOf(protect(optionsOf(name, data as ProtectData)));
    if (definition !== undefined) found.set(name, definition);
  }
  return found;
}

function optionsOf(name: string, data: ProtectData): ProtectOptions {
  if (isWrite(data)) {
    const { invalidates, invalidates_tools: tools, invalidates_tags: tags } = data;
    const entity = invalidates === undefined ? {} : { entity: valuesOf(invalidates) };
    return {
      name,
      invalidates: { ...entity, ...(tools === undefined ? {} : { tools }), ...(tags === undefined ? {} : { tags }) },
    };
  }
  const { entity_param: entity, ttl, key, tags, negative_ttl: negativeTtl, max } = data;
  return {
    name,
    ttl: ttl ?? DEFAULT_TTL_MS,
    ...(entity === undefined ? {} : { entity: valuesOf(entity) }),
    ...(key === undefined ? {} : { key: valuesOf(key) }),
    ...(tags === undefined ? {} : { tags }),
    ...(negativeTtl === undefined ? {} : { negativeTtl }),
    ...(max === undefined ? {} : { max }),
  };
}

/** Reads fields, each as it is spelt in the file, else in camelCase. */
function valuesOf(said: string | readonly string[]): (input: unknown) => readonly unknown[] {
  const names = (typeof said === 'string' ? [said] : said).map(spellings);
  return (input) => {
    const record = typeof input === 'object' && input !== null ? (input as Readonly<Record<string, unknown>>) : {};
    return names.map((spelt) => spelt.filter((name) => Object.hasOwn(record, name)).map((name) => record[name])[0]);
  };
}
