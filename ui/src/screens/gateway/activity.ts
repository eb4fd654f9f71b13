/** What the gateway counted lately, for all of its views: asked once, kept for a minute. */

import { useRef } from "preact/hooks";
import { get } from "../../api/client";
import { instant } from "../../api/promql";
import type { GatewayActivity as Activity } from "../../api/types";
import { type Loaded, useLoad } from "../../hooks/load";
import { byEndpoint, byRoute, snapshot, Window } from "./counters";
import { IN_FLIGHT_BY_ROUTE, REFUSED_BY_ROUTE, RETRIES_BY_ROUTE } from "./evidence";
import type { RouteFigures } from "./routes-tab";

/** The windows of the last minute, by what they count apart. */
export interface Windows {
  byRoute: Window;
  byEndpoint: Window;
  all: Window;
}

/** The name under which everything is counted. */
export const ALL = "all";

/** Asks what was counted at each pulse. */
export function useActivity(pulse: number): { windows: Windows; state: Loaded<number> } {
  const windows = useRef<Windows>({ byRoute: new Window(), byEndpoint: new Window(), all: new Window() }).current;
  const state = useLoad(
    async (signal) => {
      const { activity } = await get<{ activity: Activity[] }>("/api/v1/gateway/activity", undefined, signal);
      const now = performance.now();
      windows.byRoute.push(snapshot(activity, now, byRoute));
      windows.byEndpoint.push(snapshot(activity, now, byEndpoint));
      windows.all.push(snapshot(activity, now, () => ALL));
      return now;
    },
    [pulse],
  );
  return { windows, state };
}

/** Asks the store for the numbers of routes that the activity has not. What cannot be asked is not known. */
export function useFigures(pulse: number): RouteFigures | undefined {
  const state = useLoad(
    async (signal): Promise<RouteFigures> => {
      const ask = async (query: string) => {
        try {
          const series = await instant(query, undefined, signal);
          return new Map(series.map((one) => [one.labels.route ?? "", one.points.at(-1)?.[1] ?? Number.NaN]));
        } catch (error) {
          if (signal.aborted) throw error;
          return null;
        }
      };
      const [retries, refused, inFlight] = await Promise.all(
        [RETRIES_BY_ROUTE, REFUSED_BY_ROUTE, IN_FLIGHT_BY_ROUTE].map(ask),
      );
      return { retries: retries ?? null, refused: refused ?? null, inFlight: inFlight ?? null };
    },
    [pulse],
  );
  return state.data;
}
