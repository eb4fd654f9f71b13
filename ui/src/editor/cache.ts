// Answers that completion asks for again and again: few, for a short time, and never asked for twice at once.

interface Entry<T> {
  value: Promise<T>;
  until: number;
}

export interface Cache<T> {
  /** What was loaded for the key, or what `load` answers now. A failure is not kept. */
  get(key: string, load: () => Promise<T>): Promise<T>;
  clear(): void;
  readonly size: number;
}

/** Keeps at most `entries` answers, those that were used last, for `lifetime` milliseconds. */
export function createCache<T>(entries: number, lifetime: number, now: () => number = Date.now): Cache<T> {
  // A map keeps the order of insertion, so its first key is the one that was used least recently.
  const kept = new Map<string, Entry<T>>();
  return {
    get size() {
      return kept.size;
    },
    clear: () => kept.clear(),
    get(key, load) {
      const found = kept.get(key);
      kept.delete(key);
      const entry = found !== undefined && found.until > now() ? found : { value: load(), until: now() + lifetime };
      kept.set(key, entry);
      entry.value.catch(() => {
        if (kept.get(key) === entry) kept.delete(key);
      });
      for (const oldest of kept.keys()) {
        if (kept.size <= entries) break;
        kept.delete(oldest);
      }
      return entry.value;
    },
  };
}
