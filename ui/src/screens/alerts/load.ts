// What the alert screens ask the server. A part that a server does not have is null, not an error: `plimsoll
// alertmanager` evaluates no rules, and a `plimsoll serve` without an alertmanager.yml routes nothing.

import { useMemo } from "preact/hooks";
import { ApiError, get } from "../../api/client";
import { useTick } from "../../api/live";
import { type ServerState, serverState } from "../../api/server";
import { type Loaded, useLoad } from "../../hooks/load";
import { type AlertRow, mergeAlerts } from "./model";
import type { AlertGroup, RuleGroup } from "./types";

/** The answer, or null where the server does not have the path. */
export async function optional<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 410)) return null;
    throw error;
  }
}

/** Whether the server said that it has no such part; what is not known yet is asked for. */
export function lacks(part: keyof ServerState["has"]): boolean {
  return serverState.get()?.has[part] === false;
}

export interface AlertData {
  rules: Loaded<RuleGroup[] | null>;
  groups: Loaded<AlertGroup[] | null>;
  rows: AlertRow[];
  /** Whether the first answers are still to come. */
  isLoading: boolean;
  again(): void;
}

export function useAlerts(): AlertData {
  const tick = useTick(["alerts", "rules", "silences"]);
  const rules = useLoad(
    async (signal) => {
      if (lacks("rules")) return null;
      const answer = get<{ groups: RuleGroup[] }>("/api/v1/rules", { type: "alert" }, signal);
      return (await optional(answer))?.groups ?? null;
    },
    [tick],
  );
  const groups = useLoad(
    async (signal) =>
      lacks("alerting") ? null : optional(get<AlertGroup[]>("/api/v2/alerts/groups", undefined, signal)),
    [tick],
  );
  const rows = useMemo(() => mergeAlerts(rules.data ?? null, groups.data ?? null), [rules.data, groups.data]);
  const isFirst = (load: Loaded<unknown>) => load.data === undefined && load.error === undefined;
  const again = () => {
    rules.again();
    groups.again();
  };
  return { rules, groups, rows, isLoading: isFirst(rules) || isFirst(groups), again };
}
