// Who asks for a metric: rules, and the queries that cost most.

import { get } from "../../api/client";
import { namesIn } from "../../editor/ranking";

export interface Use {
  kind: "recording rule" | "alerting rule" | "query";
  name: string;
  expression: string;
  /** Where it is shown. */
  to: string;
}

interface Rules {
  groups: { name: string; file: string; rules: { name: string; query: string; type: string }[] }[];
}

interface TopQueries {
  [list: string]: unknown;
}

/** A server without rules, or without noted queries, has none of them: that is no error here. */
export async function usesOf(metric: string, signal: AbortSignal): Promise<Use[]> {
  const [rules, top] = await Promise.all([
    get<Rules>("/api/v1/rules", { exclude_alerts: true }, signal).catch(() => ({ groups: [] })),
    get<TopQueries>("/api/v1/status/top_queries", undefined, signal).catch(() => ({})),
  ]);
  return [...inRules(rules, metric), ...inQueries(top, metric)];
}

export function inRules({ groups }: Rules, metric: string): Use[] {
  return groups.flatMap((group) =>
    group.rules
      .filter((rule) => namesIn([rule.query]).has(metric))
      .map((rule): Use => {
        const kind = rule.type === "alerting" ? "alerting rule" : "recording rule";
        return {
          kind,
          name: rule.name,
          expression: rule.query,
          to: `/rules?${new URLSearchParams({ rule: rule.name })}`,
        };
      }),
  );
}

/** The lists of the answer overlap: each query once. */
export function inQueries(top: TopQueries, metric: string): Use[] {
  const texts = new Set<string>();
  for (const list of Object.values(top)) {
    for (const entry of Array.isArray(list) ? list : []) {
      const text: unknown = (entry as { query?: unknown } | null)?.query;
      if (typeof text === "string" && namesIn([text]).has(metric)) texts.add(text);
    }
  }
  return [...texts].map((expression) => ({
    kind: "query",
    name: "query",
    expression,
    to: `/explore?${new URLSearchParams({ expr: expression })}`,
  }));
}
