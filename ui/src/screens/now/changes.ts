// What was changed and when: `/api/v1/changes`, as lists and as marks of charts.

import { get } from "../../api/client";
import type { ChartMark } from "../../charts/types";

export interface Change {
  at: string;
  /** `start`, `reload`, `order`, `slo_version`, `correction` or `silence`. */
  kind: string;
  subject: string;
  service?: string;
  what: string;
  by?: string;
  origin?: string;
}

export interface ChangesAsked {
  service?: string | undefined;
  /** Milliseconds since 1970. */
  from?: number | undefined;
  to?: number | undefined;
  limit?: number | undefined;
}

/** The last one first. */
export async function loadChanges(asked: ChangesAsked, signal: AbortSignal): Promise<Change[]> {
  const seconds = (at: number | undefined) => (at === undefined ? undefined : at / 1000);
  const params = { service: asked.service, start: seconds(asked.from), end: seconds(asked.to), limit: asked.limit };
  const answer = await get<{ changes: Change[] }>("/api/v1/changes", params, signal);
  return answer.changes;
}

const WORDS: Record<string, string> = {
  start: "started",
  reload: "configuration",
  order: "gateway order",
  slo_version: "SLO version",
  correction: "correction",
  silence: "silence",
};

export function changeWord(kind: string): string {
  return WORDS[kind] ?? kind.replaceAll("_", " ");
}

/** The screen that shows what was changed; undefined where there is none. */
export function changeTarget(change: Pick<Change, "kind" | "subject">): string | undefined {
  switch (change.kind) {
    case "start":
    case "reload":
      return "/system?tab=config";
    case "order":
      return "/gateway";
    case "silence":
      return "/silences";
    case "slo_version":
    case "correction": {
      const [service, name, ...more] = change.subject.split("/");
      const isId = service !== undefined && name !== undefined && more.length === 0 && service !== "" && name !== "";
      return isId ? `/slos/${encodeURIComponent(service)}/${encodeURIComponent(name)}` : "/slos";
    }
    default:
      return undefined;
  }
}

/** Vertical lines in charts. */
export function marksOf(changes: readonly Change[] | undefined): ChartMark[] {
  return (changes ?? []).map((change) => {
    const to = changeTarget(change);
    const kind = change.kind === "slo_version" ? "version" : change.kind === "correction" ? "correction" : "change";
    return {
      at: Date.parse(change.at),
      text: `${changeWord(change.kind)}: ${change.what}`,
      kind,
      ...(to === undefined ? {} : { to }),
    };
  });
}
