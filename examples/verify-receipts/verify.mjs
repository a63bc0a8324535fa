// Verifies receipts with nothing but Node and docs/receipts.md: node verify.mjs jwks.json receipts.jsonl
// The receipts are JSON lines or one JSON array. Exits with 1 when one of them is not what its signer signed.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

// The members, by how their JSON looks.
const [text, whole, object, digest] = [/^"/, /^\d{1,16}$/, /^\{/, /^"[\da-f]{64}"$/];
const kind = /^"(tool|task|release|reconciliation|denial)"$/;
const required = { format: /^"mycelium-receipt\/1"$/, id: digest, agent: text, kind, ledger: text, call: text };
Object.assign(required, { tool: text, requestId: text, fence: whole, attempt: whole, effect: text });
Object.assign(required, { outcome: /^"(committed|aborted|unknown)"$/, arguments: digest, claimedAt: whole, at: whole });
Object.assign(required, { key: /^"[\w-]{42}[AEIMQUYcgkosw048]"$/, signature: /^"[\w-]{85}[AQgw]"$/ });
const optional = { tenant: text, aborted: /^"(not-executed|may-rerun)"$/, result: digest, externalRef: text };
Object.assign(optional, { values: object, settled: object });
const by = /^"(operator|reconciler|evidence)"$/;
const half = /(?<!\\)(?:\\\\)*\\ud[89a-f]/; // of a surrogate pair, as JSON.stringify writes it
const settled = { by, as: /^"(completed|not-executed|retired)"$/, reason: text };

const isRight = (value, required, optional) =>
  Object.entries(required).every(([name, form]) => form.test(JSON.stringify(value[name]))) &&
  Object.entries(optional).every(([name, form]) => !(name in value) || form.test(JSON.stringify(value[name])));

function canonical(value) {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const names = Object.keys(value).sort(); // by UTF-16 units
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
}

function fault(receipt, keys) {
  const json = JSON.stringify(receipt);
  if (!object.test(json) || half.test(json) || !isRight(receipt, required, optional)) return 'malformed';
  if ('settled' in receipt && !isRight(receipt.settled, settled, { who: text })) return 'malformed';
  const { signature, ...signed } = receipt;
  const { id, ...content } = signed;
  if (createHash('sha256').update(canonical(content)).digest('hex') !== id) return 'id';
  const { x, nbf = 0, exp = Number.POSITIVE_INFINITY } = keys.get(receipt.key) ?? {};
  if (x === undefined) return 'unknown-key';
  if (receipt.at < nbf * 1000 || receipt.at >= exp * 1000) return 'key-not-valid-then';
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, canonical(signed), key, Buffer.from(signature, 'base64url')) ? undefined : 'signature';
}

const [keyFile, receiptFile] = process.argv.slice(2);
if (receiptFile === undefined) throw new Error('Call it so: node verify.mjs jwks.json receipts.jsonl');
const keys = new Map();
for (const jwk of JSON.parse(readFileSync(keyFile, 'utf8')).keys.filter(({ crv }) => crv === 'Ed25519')) {
  const y = BigInt(`0x${Buffer.from(jwk.x, 'base64url').reverse().toString('hex')}`) & (2n ** 255n - 1n);
  const [P, y8] = [2n ** 255n - 19n, 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n];
  if (y < 2n || y > P - 2n || y === y8 || y === P - y8) throw new Error(`Anything can be signed under ${jwk.x}`);
  const thumbprint = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`);
  keys.set(thumbprint.digest('base64url'), jwk);
}
const file = readFileSync(receiptFile, 'utf8').trim();
const receipts = file.startsWith('[') ? JSON.parse(file) : file.split('\n').map((line) => JSON.parse(line));
const faults = receipts.map((receipt) => fault(receipt, keys));
for (const [index, why] of faults.entries()) console.log(why ?? 'OK', receipts[index]?.id ?? `at ${index + 1}`);
process.exitCode = faults.every((why) => why === undefined) ? 0 : 1;
