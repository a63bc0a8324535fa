import type { Store } from '../store/contract.js';
import type { Ancestor } from '../tool/scope.js';

const places = new WeakMap<Ancestor, Store>();

/** Keeps in mind where a call is recorded: the tools inside may be recorded elsewhere. */
export function notePlace(outer: Ancestor, store: Store): void {
  places.set(outer, store);
}

/** Whether the record of a call is certain to be found in this store. */
export function isRecordedIn(outer: Ancestor, store: Store): boolean {
  return places.get(outer) === store;
}
