/** The major versions of the AI SDK whose messages are understood. */
export type Major = 5 | 6 | 7;

export const majors: readonly Major[] = [5, 6, 7];

/** The first and the last version that has something. */
export interface Versions {
  readonly from: Major;
  readonly to: Major;
}

export function since(from: Major): Versions {
  return { from, to: 7 };
}

/** Parts of a `ModelMessage` that not every version has: the first one that does. */
export const partVersions: ReadonlyMap<string, Major> = new Map([
  ['tool-approval-request', 6],
  ['tool-approval-response', 6],
  ['reasoning-file', 7],
  ['custom', 7],
]);

/** Parts of a `UIMessage` that not every version has. */
export const uiPartVersions: ReadonlyMap<string, Major> = new Map([
  ['reasoning-file', 7],
  ['custom', 7],
  ['steering-message', 7],
]);
