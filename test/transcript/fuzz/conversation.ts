import type { Dice } from './random.js';

/** What a conversation says, before it is written in any format. */
export type Said =
  | { readonly by: 'system' | 'user'; readonly text: string; readonly image: boolean }
  | {
      readonly by: 'assistant';
      /** Empty when it only calls tools. */
      readonly text: string;
      readonly refuses: boolean;
      readonly thinking: string;
      readonly calls: readonly SaidCall[];
    };

export interface SaidCall {
  readonly id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly output: string;
}

const names = ['pay', 'search', 'fetch_customer', 'send-mail'];
const words = ['order', 'später', '支払い', 'inv-42', 'ok', 'yes', 'no result', '🙂'];

/** A valid conversation of one to eight rounds. */
export function conversation(dice: Dice): Said[] {
  const said: Said[] = [];
  let count = 0;
  const number = (): number => {
    count += 1;
    return count;
  };
  const text = (): string => `${dice.pick(words)} ${dice.pick(words)} ${number()}`;
  if (dice.chance(0.4)) said.push({ by: 'system', text: text(), image: false });
  const rounds = 1 + dice.below(8);
  for (let round = 0; round < rounds; round += 1) {
    said.push({ by: 'user', text: text(), image: dice.chance(0.1) });
    const steps = dice.below(4);
    for (let step = 0; step < steps; step += 1) {
      const calls = Array.from({ length: 1 + dice.below(3) }, () => ({
        id: `call_${number()}`,
        name: dice.pick(names),
        input: dice.chance(0.2) ? {} : { id: dice.pick(words), amount: dice.below(100) },
        output: dice.chance(0.3) ? 'ok' : text(),
      }));
      const thinking = dice.chance(0.3) ? text() : '';
      said.push({ by: 'assistant', text: dice.chance(0.4) ? text() : '', refuses: false, thinking, calls });
    }
    const last = round === rounds - 1;
    if (!last || dice.chance(0.5)) {
      said.push({ by: 'assistant', text: text(), refuses: dice.chance(0.1), thinking: '', calls: [] });
    }
  }
  return said;
}
