/** `1 receipt`, `2 receipts`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** A time that means the same to every reader. */
export function moment(ms: number): string {
  return new Date(ms).toISOString();
}
