import type { Attribute, Item } from './client.js';

/** Judges a condition of DynamoDB's expression language, as far as the model knows it. */
export function conditionHolds(expression: string, values: Item, item: Item | undefined): boolean {
  const tokens = expression.match(/<=|>=|<>|[()=<>,]|[:\w]+/g) ?? [];
  let position = 0;
  const take = (): string => tokens[position++] ?? '';

  const value = (token: string): Attribute | undefined => {
    if (!token.startsWith(':')) return item?.[token];
    const given = values[token];
    if (given === undefined) throw invalid(`the expression uses ${token}, which has no value`);
    return given;
  };
  const either = (): boolean => {
    let holds = both();
    while (tokens[position] === 'OR') {
      position += 1;
      holds = both() || holds;
    }
    return holds;
  };
  const both = (): boolean => {
    let holds = one();
    while (tokens[position] === 'AND') {
      position += 1;
      holds = one() && holds;
    }
    return holds;
  };
  const one = (): boolean => {
    const token = take();
    if (token === '(') {
      const holds = either();
      take();
      return holds;
    }
    if (token === 'attribute_exists' || token === 'attribute_not_exists') {
      take();
      const there = value(take()) !== undefined;
      take();
      return there === (token === 'attribute_exists');
    }
    return compare(value(token), take(), value(take()));
  };

  const holds = either();
  if (position !== tokens.length) throw invalid(`the expression ends at ${tokens[position]}: ${expression}`);
  return holds;
}

/** Attributes of different types, and missing ones, satisfy no comparison. */
function compare(left: Attribute | undefined, operator: string, right: Attribute | undefined): boolean {
  if (left === undefined || typeof left !== typeof right || right === undefined) return false;
  if (operator === '=') return left === right;
  if (operator === '<=') return left <= right;
  throw invalid(`the model knows no operator ${operator}`);
}

/** The attributes that `SET name = :value, …` gives. */
export function updated(expression: string, values: Item): Item {
  const changes: Record<string, Attribute> = {};
  for (const part of expression.replace(/^SET /, '').split(', ')) {
    const [name = '', token = ''] = part.split(' = ');
    const given = values[token];
    if (given === undefined) throw invalid(`cannot read ${part}`);
    changes[name] = given;
  }
  return changes;
}

export function invalid(message: string): Error {
  return Object.assign(new Error(message), { name: 'ValidationException' });
}
