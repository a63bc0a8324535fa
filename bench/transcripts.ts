import { HistoryGuard, MessageValidator, type TranscriptFormat } from 'mycelium-runtime/transcript';
import type { Said } from '../test/transcript/fuzz/conversation.js';
import type { FuzzFormat } from '../test/transcript/fuzz/format.js';
import { fuzzFormats } from '../test/transcript/fuzz/formats.js';
import { growthOf, PARTS } from './growth.js';
import { paired, wholeTimed } from './measure.js';
import { counted, latency, type Row } from './row.js';
import type { Scale } from './workload.js';

/** 10 is linear, 100 a square. Of broken messages, what was found and made is garbage in the end. */
const MOST_GROWTH = { check: 12, repair: 15 };
const LONG = 5_000;
const SHORT = LONG / PARTS;

/** A valid conversation of 5,000 messages: a question, a call and its result, again and again. */
export function longConversation(render: FuzzFormat['render']): unknown[] {
  const said = Array.from({ length: LONG / 2 }, (_, at): Said[] => [
    { by: 'user', text: `question ${at}`, image: false },
    {
      by: 'assistant',
      text: '',
      refuses: false,
      thinking: '',
      calls: [{ id: `call_${at}`, name: 'pay', input: { at }, output: 'ok' }],
    },
  ]);
  return render(said.flat()).slice(0, LONG);
}

/** Every tenth of it without every seventh message, with some twice, and from its end to its beginning. */
export function brokenAlike(messages: readonly unknown[]): unknown[] {
  return Array.from({ length: PARTS }, (_, part) => {
    const all = messages.slice(part * SHORT, (part + 1) * SHORT);
    const kept = all.filter((_, at) => at % 7 !== 3);
    return [...kept, ...all.slice(0, SHORT - kept.length)].reverse();
  }).flat();
}

/** What looking at the messages costs before each model call, over writing them once as JSON, which every SDK does. */
export async function measureTranscripts(scale: Scale, note: (what: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { format, render } of fuzzFormats) {
    note(`transcripts: ${format}`);
    rows.push(...(await formatRows(format as TranscriptFormat, longConversation(render), scale)));
  }
  return rows;
}

async function formatRows(format: TranscriptFormat, messages: readonly unknown[], scale: Scale): Promise<Row[]> {
  const validator = new MessageValidator({ format });
  const guard = new HistoryGuard({ format, maxTokens: 10_000_000 });
  const broken = brokenAlike(messages);
  const few = messages.slice(0, SHORT);
  const on = (list: readonly unknown[], work: (list: readonly unknown[]) => void) =>
    wholeTimed(
      () => list,
      (items) => work(items),
    );
  const { check, repair, history, json } = await paired(
    {
      check: on(few, (list) => void validator.check(list)),
      repair: on(few, (list) => void validator.repair(list)),
      history: on(few, (list) => void guard.check(list)),
      json: on(few, (list) => void JSON.stringify(list)),
    },
    { rounds: scale.rounds, blocks: scale.quick ? 2 : 30, count: SHORT },
  );
  const floor = { name: 'JSON.stringify', sample: json };
  const growth = (list: readonly unknown[], work: (list: readonly unknown[]) => void): number[] =>
    Array.from({ length: scale.quick ? 1 : scale.rounds }, () => growthOf(list, work, scale.quick ? 3 : 20).ratio);
  const row = (id: string, what: string): { id: string; target: string; what: string } => ({
    id: `transcripts-${format}-${id}`,
    target: 'transcripts',
    what: `${format}: ${what}`,
  });
  return [
    latency(row('check', 'check, per message'), check, floor, undefined),
    latency(row('repair', 'repair of what is valid, per message'), repair, floor, undefined),
    latency(row('history', 'HistoryGuard, per message'), history, floor, undefined),
    counted(
      row('check-growth', `check of ${LONG} messages over ${SHORT}`),
      'times',
      growth(messages, (list) => void validator.check(list)),
      MOST_GROWTH.check,
    ),
    counted(
      row('repair-growth', `repair of ${LONG} broken messages over ${SHORT}`),
      'times',
      growth(broken, (list) => void validator.repair(list)),
      MOST_GROWTH.repair,
    ),
  ];
}
