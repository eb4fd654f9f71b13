// What one reader of this browser likes: the theme, the zone, live or not. It is never part of a link.

import { createStore, type Store } from "./store";

/** A store that is kept in the browser; it works without storage too, and then forgets. */
export function createPreference<T extends string>(name: string, fallback: T, allowed: readonly T[]): Store<T> {
  const key = `plimsoll.${name}`;
  const store = createStore<T>(read(key, fallback, allowed));
  return {
    ...store,
    set(value) {
      store.set(value);
      try {
        localStorage.setItem(key, value);
      } catch {
        // Private windows may refuse storage; the choice then lasts as long as the tab.
      }
    },
  };
}

function read<T extends string>(key: string, fallback: T, allowed: readonly T[]): T {
  try {
    const stored = localStorage.getItem(key);
    return allowed.find((value) => value === stored) ?? fallback;
  } catch {
    return fallback;
  }
}
