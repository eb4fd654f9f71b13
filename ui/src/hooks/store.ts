// A value that many components watch: the smallest thing that does it, so that nothing else is needed for shared state.

import { useEffect, useReducer } from "preact/hooks";

export interface Store<T> {
  get(): T;
  /** Does nothing, and wakes nobody, when the value is the same. */
  set(value: T): void;
  /** Returns how to stop. */
  subscribe(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/** The value of a store; the component is drawn again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const drawn = store.get();
  useEffect(() => {
    // It may have changed between drawing and this effect.
    if (!Object.is(drawn, store.get())) redraw(0);
    return store.subscribe(() => redraw(0));
  }, [store]);
  return drawn;
}
