/** True when two types are the same, to the last modifier. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

export type IsAny<T> = 0 extends 1 & T ? true : false;

/** Compiles for `true` only. */
export function is<T extends true>(): void {
  void (undefined as unknown as T);
}
