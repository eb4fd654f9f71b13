/** When to ask again: every few seconds while the page is live and somebody looks at it. */

import { useEffect, useReducer } from "preact/hooks";
import { useIsLive } from "../../time/live";

/** Returns a number that rises every so many milliseconds, and at once when the tab is looked at again. */
export function usePulse(milliseconds: number, soon?: number): number {
  const isLive = useIsLive();
  const [pulse, rise] = useReducer<number, void>((count) => count + 1, 0);
  useEffect(() => {
    if (!isLive) return;
    const look = () => {
      if (document.visibilityState !== "hidden") rise();
    };
    const timer = setInterval(look, milliseconds);
    const early = soon === undefined ? undefined : setTimeout(look, soon);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      clearTimeout(early);
      document.removeEventListener("visibilitychange", look);
    };
  }, [isLive, milliseconds, soon]);
  return pulse;
}
