// Loading something for a part of a screen: what it shows while it loads, fails and loads again.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Loaded<T> {
  /** What was loaded last. It stays while it is loaded anew, and when that fails. */
  data?: T;
  /** Why the last attempt failed; gone after one that succeeds. */
  error?: Error;
  isLoading: boolean;
  /** When `data` came, in milliseconds since 1970. */
  at?: number;
  /** Loads once more. */
  again(): void;
}

/**
 * Loads when the dependencies change, one attempt at a time. When all that changed are numbers that rose (ticks of live
 * data, a range that moved on), the attempt under way is finished first and then one more is made: otherwise what takes
 * longer than a tick would never arrive. For any other change the attempt is aborted, and old data of what the reader no
 * longer asks for is kept until the new arrives.
 */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, deps: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, "again">>({ isLoading: true });
  const loader = useRef(load);
  loader.current = load;
  const seen = useRef<readonly unknown[]>([]);
  const attempt = useRef<{ control: AbortController; isStale: boolean } | null>(null);

  const start = useCallback(() => {
    const own = { control: new AbortController(), isStale: false };
    attempt.current?.control.abort();
    attempt.current = own;
    setState((before) => (before.isLoading ? before : { ...before, isLoading: true }));
    const settle = (result: Partial<Loaded<T>>) => {
      if (attempt.current !== own) return;
      attempt.current = null;
      setState((before) => ({ ...keep(before, result), isLoading: own.isStale }));
      if (own.isStale) start();
    };
    attemptOf(loader.current, own.control.signal).then(
      (data) => settle({ data, at: Date.now() }),
      (error: unknown) => settle({ error: error instanceof Error ? error : new Error(String(error)) }),
    );
  }, []);

  const again = useCallback(() => {
    if (attempt.current === null) start();
    else attempt.current.isStale = true;
  }, [start]);

  useEffect(() => {
    const before = seen.current;
    seen.current = deps;
    if (attempt.current !== null && onlyRose(before, deps)) attempt.current.isStale = true;
    else start();
  }, deps);

  useEffect(
    () => () => {
      attempt.current?.control.abort();
      attempt.current = null;
    },
    [],
  );

  return { ...state, again };
}

/** A loader that throws before it waits is no different from one that fails later. */
async function attemptOf<T>(load: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  return load(signal);
}

function keep<T>(before: Omit<Loaded<T>, "again">, result: Partial<Loaded<T>>): Omit<Loaded<T>, "again" | "isLoading"> {
  if (result.error === undefined) return result;
  const { data, at } = before;
  return { error: result.error, ...(data === undefined ? {} : { data }), ...(at === undefined ? {} : { at }) };
}

/** Whether all that changed are numbers that rose. */
export function onlyRose(before: readonly unknown[], after: readonly unknown[]): boolean {
  if (before.length !== after.length) return false;
  return after.every((value, index) => {
    const old = before[index];
    return Object.is(old, value) || (typeof value === "number" && typeof old === "number" && value > old);
  });
}
