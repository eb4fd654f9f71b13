// The moment that is pointed at, in all charts of the page at once.

import { createStore, type Store } from "../hooks/store";

/** Milliseconds since 1970; null while nothing is pointed at. */
export const crosshair: Store<number | null> = createStore<number | null>(null);
