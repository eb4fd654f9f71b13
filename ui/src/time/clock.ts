// The present, for ages and relative ranges. One timer for the whole tab, and none while nobody looks.

import { createStore, useStore } from "../hooks/store";

const EVERY_MS = 1000;

const present = createStore(Date.now());
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  if (document.visibilityState !== "hidden") present.set(Date.now());
}

const watched: typeof present = {
  ...present,
  subscribe(listener) {
    const stop = present.subscribe(listener);
    watchers += 1;
    timer ??= setInterval(tick, EVERY_MS);
    return () => {
      stop();
      watchers -= 1;
      if (watchers === 0) {
        clearInterval(timer);
        timer = undefined;
      }
    };
  },
};

/** Milliseconds since 1970, every second anew. Only for what shows an age: it draws its component each time. */
export function useNow(): number {
  const now = useStore(watched);
  // Nobody may have watched for a while.
  return timer === undefined ? Date.now() : now;
}
