// What the screens of silences ask the server.

import { useMemo } from "preact/hooks";
import { get } from "../../api/client";
import { useTick } from "../../api/live";
import { type Loaded, useLoad } from "../../hooks/load";
import { optional } from "../alerts/load";
import type { RoutedAlert } from "../alerts/types";
import type { Silence } from "./types";

/** All silences in the server's order; null where nothing is routed. */
export function useSilences(): Loaded<Silence[] | null> {
  const tick = useTick(["silences"]);
  return useLoad((signal) => optional(get<Silence[]>("/api/v2/silences", undefined, signal)), [tick]);
}

/** The alerts that each silence keeps back now, by its id; null while nobody knows. */
export type KeptBack = Map<string, RoutedAlert[]> | null;

export function useKeptBack(): KeptBack {
  const tick = useTick(["alerts", "silences"]);
  const load = useLoad((signal) => optional(get<RoutedAlert[]>("/api/v2/alerts", undefined, signal)), [tick]);
  return useMemo(() => (load.data === undefined || load.data === null ? null : keptBack(load.data)), [load.data]);
}

export function keptBack(alerts: RoutedAlert[]): Map<string, RoutedAlert[]> {
  const found = new Map<string, RoutedAlert[]>();
  for (const alert of alerts) {
    for (const id of alert.status.silencedBy) {
      const known = found.get(id);
      if (known === undefined) found.set(id, [alert]);
      else known.push(alert);
    }
  }
  return found;
}
