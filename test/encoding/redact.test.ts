import assert from 'node:assert/strict';
import { types } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact } from '../../src/encoding/redact.js';
import { encodeValue } from '../../src/encoding/value-codec.js';
import { anyStorable, withMembers } from './arbitrary-values.js';
import { Invoice, nested, refusal } from './refusals.js';

describe('names', () => {
  it.each([
    'password',
    'Password',
    'PASSWORD',
    'user_password',
    'userPassword',
    'password2',
    'passwd',
    'secret',
    'clientSecret',
    'client-secret',
    'token',
    'accessToken',
    'refresh_token',
    'apiKey',
    'api_key',
    'APIKey',
    'x-api-key',
    'stripeApiKey',
    'STRIPE_API_KEY',
    'Authorization',
    'cookie',
    'Set-Cookie',
    'privateKey',
    'PRIVATE KEY',
    'cardNumber',
    'card.number',
    'cvc',
    'CVV',
    'cvv2',
    'iban',
    'IBAN',
    'customerIban',
    'ssn',
  ])('%s is secret', (name) => {
    expect(redact({ deep: [{ [name]: { any: 'thing' } }] })).toEqual({ deep: [{ [name]: '[redacted]' }] });
  });

  it.each([
    'maxTokens',
    'tokens',
    'tokenizer',
    'secretary',
    'shipping',
    'keyboard',
    'card',
    'number',
    'passenger',
    'author',
    'cookieBanner',
    'id',
    '',
  ])('%s is not', (name) => {
    expect(redact({ [name]: 'kept' })).toEqual({ [name]: 'kept' });
  });

  it('given by the caller match whole names, whatever their case and separators', () => {
    const value = { birthDate: 1, birth_date: 2, BIRTHDATE: 3, birthDateShown: 4, e_mail: 5 };
    expect(redact(value, ['birth-date', 'email'])).toEqual({
      birthDate: '[redacted]',
      birth_date: '[redacted]',
      BIRTHDATE: '[redacted]',
      birthDateShown: 4,
      e_mail: '[redacted]',
    });
  });
});

describe('containers', () => {
  it('are copied, and what they hold is not touched', () => {
    const instance = Object.assign(new Invoice(), { token: 'kept' });
    const date = new Date(0);
    const value = { list: [{ token: 'x', date }], instance, text: 'password=1', run: redact };
    const copy = redact(value) as typeof value;
    expect(copy).toEqual({ list: [{ token: '[redacted]', date }], instance, text: 'password=1', run: redact });
    expect(value.list[0]?.token).toBe('x');
    expect(copy).not.toBe(value);
    expect(copy.list).not.toBe(value.list);
    expect(copy.list[0]?.date).toBe(date);
    expect(copy.instance).toBe(instance);
  });

  it('Maps, Sets and built-in errors are looked into', () => {
    const error = Object.assign(new TypeError('refused', { cause: { token: 'x' } }), {
      headers: { authorization: 'Bearer x' },
    });
    const value = {
      map: new Map<unknown, unknown>([
        ['token', 'x'],
        ['a', { cvc: 1 }],
      ]),
      set: new Set([{ cvc: 1 }]),
      error,
    };
    const copy = redact(value) as typeof value & { error: { stack: string; cause: object } };
    assert.deepStrictEqual(
      copy.map,
      new Map<unknown, unknown>([
        ['token', '[redacted]'],
        ['a', { cvc: '[redacted]' }],
      ]),
    );
    assert.deepStrictEqual(copy.set, new Set([{ cvc: '[redacted]' }]));
    expect(types.isNativeError(copy.error)).toBe(true);
    expect(copy.error).not.toBe(error);
    expect(copy.error.headers).toEqual({ authorization: '[redacted]' });
    expect(copy.error.cause).toEqual({ token: '[redacted]' });
    expect(copy.error.stack).toBe('TypeError: refused');
    expect(error.headers.authorization).toBe('Bearer x');
  });

  it('keep their shape: holes, missing prototypes, __proto__, shared parts and cycles', () => {
    const holes = Object.assign([], { 2: 1, length: 4 });
    assert.deepStrictEqual(redact(holes), holes);
    const bare = withMembers(Object.create(null) as object, [['__proto__', { pin: 1 }]]);
    assert.deepStrictEqual(
      redact(bare),
      withMembers(Object.create(null) as object, [['__proto__', { pin: '[redacted]' }]]),
    );
    const loop: Record<string, unknown> = { token: 'x' };
    loop['self'] = loop;
    const copy = redact(loop) as typeof loop;
    expect(copy['self']).toBe(copy);
    expect(copy['token']).toBe('[redacted]');
  });

  it('that cannot be read are refused with the path', () => {
    const value = {
      a: [
        {
          get broken(): number {
            throw new Error('read');
          },
        },
      ],
    };
    expect(refusal(() => redact(value)).path).toBe('a[0].broken');
    expect(refusal(() => redact(nested(10_000))).what).toMatch(/^nested/);
  });
});

describe('properties', () => {
  it('a value without secret names comes back equal, and as a copy that the original does not show through', () => {
    fc.assert(
      fc.property(anyStorable, (value) => {
        const before = encodeValue(value);
        assert.deepStrictEqual(redact(value), value);
        expect(encodeValue(redact(value))).toBe(before);
        expect(encodeValue(value)).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  it('no secret survives anywhere', () => {
    fc.assert(
      fc.property(anyStorable, (value) => {
        const secret = 'hunter2-hunter2';
        const buried = {
          a: [
            value,
            new Map<unknown, unknown>([
              [value, { apiKey: [secret, value] }],
              ['password', secret],
            ]),
          ],
        };
        expect(encodeValue(redact(buried))).not.toContain(secret);
      }),
      { numRuns: 300 },
    );
  });
});
