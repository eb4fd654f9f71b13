// Running a query for a panel: again when the range moves, not again after the reader has cancelled it.

import { useCallback, useRef, useState } from "preact/hooks";
import { type Loaded, useLoad } from "../../hooks/load";

/** The reader ended the query. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
  /** Milliseconds it had run. */
  readonly after: number;

  constructor(after: number) {
    super("cancelled");
    this.after = after;
  }
}

/** Asked anew: it may have been set while the attempt was waited for. */
function reason(cancelled: { current: { error: Cancelled } | null }): Cancelled | undefined {
  return cancelled.current?.error;
}

export interface Running<T> extends Loaded<T> {
  /** Ends the attempt under way. */
  cancel(): void;
}

/**
 * As `useLoad`, with a way to end the attempt under way. `key` says what is asked besides the range: a cancelled query stays
 * cancelled while the page is live, until the key changes or `again` is called.
 */
export function useAnswer<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  deps: readonly unknown[],
): Running<T> {
  const cancelled = useRef<{ key: string; error: Cancelled } | null>(null);
  const present = useRef<{ control: AbortController; begun: number }>({ control: new AbortController(), begun: 0 });
  const [attempt, setAttempt] = useState(0);
  const state = useLoad<T>(
    async (signal) => {
      if (cancelled.current?.key === key) throw cancelled.current.error;
      cancelled.current = null;
      const own = { control: new AbortController(), begun: performance.now() };
      present.current = own;
      try {
        return await load(AbortSignal.any([signal, own.control.signal]));
      } catch (error) {
        if (!own.control.signal.aborted) throw error;
        throw reason(cancelled) ?? error;
      }
    },
    [key, attempt, ...deps],
  );
  const cancel = useCallback(() => {
    const { control, begun } = present.current;
    cancelled.current = { key, error: new Cancelled(performance.now() - begun) };
    control.abort();
  }, [key]);
  const again = useCallback(() => {
    cancelled.current = null;
    setAttempt((count) => count + 1);
  }, []);
  return { ...state, again, cancel };
}
