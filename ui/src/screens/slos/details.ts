// What the list of SLOs does not tell: the projection and the version. Asked of the worst ones, a few at a time.

import { useEffect } from "preact/hooks";
import { get } from "../../api/client";
import { type Loaded, useLoad } from "../../hooks/load";
import { useIsLive } from "../../time";
import { apiPath } from "../slo/budget";
import type { Slo } from "../slo/types";

/** Of how many SLOs. */
export const DETAILS_MAX = 40;
const AT_ONCE = 4;
const EVERY_MS = 60_000;

export type Details = Map<string, Slo>;

export function useDetails(ids: readonly string[]): Loaded<Details> {
  const wanted = ids.slice(0, DETAILS_MAX);
  // What is worst moves all the time; who is among the worst does not.
  const key = [...wanted].sort().join("\n");
  const loaded = useLoad((signal) => loadDetails(wanted, signal), [key]);
  const isLive = useIsLive();
  const { again } = loaded;
  useEffect(() => {
    if (!isLive) return;
    const timer = setInterval(() => {
      if (document.visibilityState !== "hidden") again();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [isLive, again]);
  return loaded;
}

/** One that cannot be read is left out: its row says so, and its own screen says why. */
async function loadDetails(ids: readonly string[], signal: AbortSignal): Promise<Details> {
  const found: Details = new Map();
  const left = [...ids];
  const work = async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      try {
        found.set(id, await get<Slo>(apiPath(id), { groups: 0 }, signal));
      } catch (error) {
        if (signal.aborted) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}
