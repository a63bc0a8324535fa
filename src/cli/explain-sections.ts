import type { AuditConfig } from '../config/loader/audit.js';
import type { Config, StateFlushConfig } from '../config/loader/config.js';
import type { Origin } from '../config/loader/origin.js';
import { locationText, PLACE_KEYS } from '../config/loader/storage.js';
import { exactly } from '../encoding/duration.js';
import { type MessageSections, messageSectionsOf } from './explain-messages.js';
import type { Value } from './explain-value.js';

/** What the file says once, for everything in it. Absent: it says nothing of it. */
export interface Sections extends MessageSections {
  readonly audit_receipt?: readonly Value[];
  readonly state_flush?: readonly Value[];
}

/** Who signs, how the states of runs are kept, and what holds for messages, with where each value comes from. */
export function sectionsOf(config: Config, from: (origin: Origin) => string): Sections {
  const { audit, stateFlush } = config;
  return {
    ...(audit === undefined ? {} : { audit_receipt: auditValues(audit, from) }),
    ...(stateFlush === undefined ? {} : { state_flush: stateValues(stateFlush, from) }),
    ...messageSectionsOf(config, from),
  };
}

/** The key itself is for nobody's eyes: where it is will do. */
function auditValues(audit: AuditConfig, from: (origin: Origin) => string): readonly Value[] {
  const { agent, key, values, exportTo, sealEvery, origin } = audit;
  const exported = origin('path') === 'default' ? origin('storage') : origin('path');
  const kept = (['arguments', 'result'] as const).filter((part) => values?.[part] === true);
  const blanked = kept.length === 0 || values?.redact === undefined ? '' : `, without ${values.redact.join(', ')}`;
  const rows: readonly (readonly [key: string, value: string, origin: Origin])[] = [
    ['agent_id', agent, origin('agent_id')],
    [key.said, whereTheKeyIs(key), origin(key.said)],
    ['values', kept.length === 0 ? 'none' : `${kept.join(', ')}${blanked}`, origin('values')],
    ['seal_every', sealEvery === undefined ? 'by command' : exactly(sealEvery), origin('seal_every')],
    ['exported to', exportTo === undefined ? 'nowhere' : `file ${exportTo}`, exported],
  ];
  return rows.map(([name, value, said]) => ({ key: name, value, from: from(said) }));
}

function whereTheKeyIs({ said, source }: AuditConfig['key']): string {
  if (typeof source === 'object' && 'file' in source) return `file ${source.file}`;
  if (said === 'signing_key') return 'in the configuration';
  return source === undefined ? 'the variable is not set' : 'in the environment';
}

function stateValues({ location, settings, origin }: StateFlushConfig, from: (origin: Origin) => string): Value[] {
  const { flushOn = ['cancel', 'disconnect', 'error'], flushOnComplete = true, durable = false, signals } = settings;
  const place = PLACE_KEYS.map((key) => origin(key)).find((one) => one !== 'default') ?? 'default';
  return [
    { key: 'durable', value: String(durable), from: from(origin('durable')) },
    { key: 'flush_on', value: listed(flushOn), from: from(origin('flush_on')) },
    { key: 'flush_on_complete', value: String(flushOnComplete), from: from(origin('flush_on_complete')) },
    { key: 'signals', value: listed(signals ?? []), from: from(origin('signals')) },
    { key: 'recorded in', value: locationText(location), from: from(place) },
  ];
}

function listed(words: readonly string[]): string {
  return words.length === 0 ? 'none' : words.join(', ');
}
