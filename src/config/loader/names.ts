/** How names in YAML, which are snake_case, meet names in code, which are camelCase. */

/** `send_payment` → `sendPayment`; what has no underscore stays as it is. */
export function camelCase(name: string): string {
  return name.replace(/(?<=[^_])_+([^_])/g, (_, next: string) => next.toUpperCase());
}

/** `waitFor` → `wait_for`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The ways in which a name may be spelt in code: literally, else in camelCase. */
export function spellings(name: string): readonly [literal: string, ...other: string[]] {
  const other = camelCase(name);
  return other === name ? [name] : [name, other];
}

/** For messages: `send_payment (or sendPayment)`. */
export function spelt(name: string): string {
  const [literal, other] = spellings(name);
  return other === undefined ? literal : `${literal} (or ${other})`;
}
