import { changeOne, type FuzzFormat, isObject, list, listMutators, type Message, type Mutator } from './format.js';

const partsOf = (content: unknown): Message[] =>
  list(isObject(content) ? content['parts'] : undefined).filter(isObject);
const has =
  (kind: string) =>
  (content: Message): boolean =>
    partsOf(content).some((part) => isObject(part[kind]));

/** Changes one call or result: what is below `functionCall` or `functionResponse`. */
const changePart = (
  kind: 'functionCall' | 'functionResponse',
  change: (body: Message) => Message | undefined,
): Mutator =>
  changeOne(has(kind), (content, dice) => {
    const parts = [...list(content['parts'])];
    const at = dice.pick(parts.flatMap((part, at) => (isObject(part) && isObject(part[kind]) ? [at] : [])));
    const part = parts[at] as Message;
    const changed = change(part[kind] as Message);
    parts.splice(at, 1, ...(changed === undefined ? [] : [{ ...part, [kind]: changed }]));
    return { ...content, parts };
  });

/** Gemini contents. */
export const gemini: FuzzFormat = {
  format: 'gemini',
  render(said) {
    const withIds = said.length % 2 === 0;
    return said.flatMap((one): Message[] => {
      if (one.by === 'system') return [];
      if (one.by === 'user') {
        const image = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };
        return [{ role: 'user', parts: [{ text: one.text }, ...(one.image ? [image] : [])] }];
      }
      if (one.by !== 'assistant') return [];
      const { calls, text, thinking } = one;
      const idOf = (id: string): Message => (withIds ? { id } : {});
      const parts = [
        ...(thinking === '' ? [] : [{ text: thinking, thought: true, thoughtSignature: `sig ${thinking}` }]),
        ...(text === '' ? [] : [{ text }]),
        ...calls.map(({ id, name, input }, at) => ({
          functionCall: { ...idOf(id), name, args: input },
          ...(at === 0 ? { thoughtSignature: `sig ${id}` } : {}),
        })),
      ];
      if (calls.length === 0) return [{ role: 'model', parts }];
      const results = calls.map(({ id, name, output }) => ({
        functionResponse: { ...idOf(id), name, response: { output } },
      }));
      return [
        { role: 'model', parts },
        { role: 'user', parts: results },
      ];
    });
  },
  mutators: {
    ...listMutators,
    'insert user': (contents, dice) => {
      const parts = [{ text: `wait ${dice.below(1_000)}` }];
      contents.splice(dice.below(contents.length + 1), 0, { role: 'user', parts });
      return contents;
    },
    'null parts': changeOne(
      () => true,
      (content) => ({ ...content, parts: null }),
    ),
    'no parts': changeOne(
      () => true,
      (content) => ({ ...content, parts: [] }),
    ),
    'text instead of parts': changeOne(
      ({ role }) => role === 'user',
      (content) => ({ ...content, parts: 'just text' }),
    ),
    'one part instead of parts': changeOne(
      ({ role }) => role === 'user',
      (content) => ({ ...content, parts: { text: 'just one' } }),
    ),
    'text as part': changeOne(
      () => true,
      (content) => ({ ...content, parts: ['just text', ...list(content['parts'])] }),
    ),
    'unknown part': changeOne(
      () => true,
      (content) => ({ ...content, parts: [...list(content['parts']), { hologram: 1 }] }),
    ),
    'number as text': changeOne(
      () => true,
      (content) => ({ ...content, parts: [...list(content['parts']), { text: 7 }] }),
    ),
    'no role': changeOne(
      ({ role }) => role === 'user',
      ({ role: _role, ...content }) => content,
    ),
    'role of older versions': changeOne(has('functionResponse'), (content) => ({ ...content, role: 'function' })),
    'result dropped': changePart('functionResponse', () => undefined),
    'call dropped': changePart('functionCall', () => undefined),
    'other name of a result': changePart('functionResponse', (body) => ({ ...body, name: 'other' })),
    'other id of a result': changePart('functionResponse', (body) => ({ ...body, id: 'call_x' })),
    'id of digits': changePart('functionCall', (body) => ({ ...body, id: 7 })),
    'no response': changePart('functionResponse', ({ response: _response, ...body }) => body),
    'response as text': changePart('functionResponse', (body) => ({ ...body, response: 'plain' })),
    'response as list': changePart('functionResponse', (body) => ({ ...body, response: [1] })),
    'args as text': changePart('functionCall', (body) => ({ ...body, args: JSON.stringify(body['args']) })),
    'no args': changePart('functionCall', ({ args: _args, ...body }) => body),
    'null args': changePart('functionCall', (body) => ({ ...body, args: null })),
    'no name of a call': changePart('functionCall', ({ name: _name, ...body }) => body),
    'calls of user': changeOne(has('functionCall'), (content) => ({ ...content, role: 'user' })),
    'results of model': changeOne(has('functionResponse'), (content) => ({ ...content, role: 'model' })),
    'result twice': changeOne(has('functionResponse'), (content) => ({
      ...content,
      parts: [...list(content['parts']), structuredClone(list(content['parts'])[0])],
    })),
    'text before results': changeOne(has('functionResponse'), (content) => ({
      ...content,
      parts: [{ text: 'meanwhile' }, ...list(content['parts'])],
    })),
    'results split': (contents) => {
      const at = contents.findIndex(
        (content) => partsOf(content).filter(isObject).length > 1 && has('functionResponse')(content as Message),
      );
      if (at < 0) return undefined;
      const parts = partsOf(contents[at]);
      return contents.toSpliced(
        at,
        1,
        { role: 'user', parts: parts.slice(0, 1) },
        { role: 'user', parts: parts.slice(1) },
      );
    },
    'one id for all': (contents) => {
      for (const part of contents.flatMap(partsOf)) {
        for (const body of [part['functionCall'], part['functionResponse']]) if (isObject(body)) body['id'] = 'call_1';
      }
      return contents;
    },
  },
  oracle,
  kept: (contents) =>
    contents.flatMap((content) => {
      const old = isObject(content) && typeof content['parts'] === 'string' ? [content['parts']] : [];
      // The signature of a call goes with the call.
      const words = partsOf(content).flatMap((part) => [
        part['thought'] === true ? '' : part['text'],
        'text' in part ? part['thoughtSignature'] : '',
      ]);
      const one = isObject(content) && isObject(content['parts']) ? [content['parts']['text']] : [];
      return [...old, ...one, ...words].filter(
        (text): text is string => typeof text === 'string' && text.trim() !== '',
      );
    }),
};

/** Parts that nothing is asked of. */
const others = ['inlineData', 'fileData', 'executableCode', 'codeExecutionResult'];

/** Calls stand behind a content of the user, and are answered in the next content, each by one response of its id, or of its name where it has none. */
function oracle(contents: readonly unknown[]): string[] {
  const problems: string[] = [];
  if (contents.length === 0) problems.push('empty');
  let open: string[] = [];
  let before = '';
  const key = ({ id, name }: Message): string =>
    id === undefined ? `name ${String(name)}` : `id ${String(id)} ${String(name)}`;
  for (const content of contents) {
    const role = isObject(content) ? (content['role'] ?? 'user') : '';
    if (!isObject(content) || (role !== 'user' && role !== 'model' && role !== 'function')) {
      problems.push('no content');
      before = '';
      continue;
    }
    if (!Array.isArray(content['parts']) || content['parts'].length === 0) problems.push('parts');
    const calls: string[] = [];
    for (const part of list(content['parts'])) {
      const { functionCall: call, functionResponse: result, text } = isObject(part) ? part : {};
      if (isObject(call)) {
        if (role !== 'model') problems.push('call of somebody else');
        if (
          typeof call['name'] !== 'string' ||
          call['name'] === '' ||
          (call['args'] !== undefined && !isObject(call['args']))
        )
          problems.push('call');
        if (
          call['id'] !== undefined &&
          (typeof call['id'] !== 'string' || calls.some((one) => one.startsWith(`id ${String(call['id'])} `)))
        )
          problems.push('id');
        calls.push(key(call));
      } else if (isObject(result)) {
        if (role === 'model') problems.push('result of the model');
        if (!isObject(result['response'])) problems.push('response');
        if (result['id'] !== undefined && typeof result['id'] !== 'string') problems.push('id');
        const at = open.indexOf(key(result));
        if (at < 0) problems.push('result of no call');
        else open.splice(at, 1);
      } else if (typeof text !== 'string' && !(isObject(part) && others.some((kind) => isObject(part[kind]))))
        problems.push('part');
    }
    if (open.length > 0) problems.push('no result');
    if (calls.length > 0 && (before === 'model' || before === '')) problems.push('calls behind nobody');
    before = String(role);
    open = calls;
  }
  if (open.length > 0) problems.push('no result');
  return problems;
}
