// Groups of rules: how each does, what it says, and where it was written. Problems come first.

import "./rules.css";
import { useMemo } from "preact/hooks";
import { get } from "../../api/client";
import { useTick } from "../../api/live";
import { instant } from "../../api/promql";
import { Button } from "../../components/button";
import { Empty } from "../../components/empty";
import { ErrorNote } from "../../components/error-note";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { csv, download } from "../../hooks/download";
import { useLoad } from "../../hooks/load";
import { setQuery, useQueryState } from "../../router";
import { optional } from "../alerts/load";
import type { RuleGroup } from "../alerts/types";
import { RuleFilterBar } from "./filter-bar";
import { GroupTable } from "./group";
import {
  counts,
  DOINGS,
  type Doing,
  filtered,
  type GroupRow,
  groupRows,
  missedQuery,
  type RuleFile,
  type RuleFilter,
} from "./model";

import { ruleTable } from "./rows-csv";

export default function Rules() {
  const { groups, missed, files, rows } = useRules();
  const filter = useRuleFilter();
  const shown = useMemo(() => filtered(rows, filter), [rows, filter]);
  const isOne = filter.rule !== "";
  return (
    <Page
      title="Rules"
      sub={groups.data ? subtitle(rows) : undefined}
      actions={
        rows.length === 0 ? undefined : (
          <Button kind="plain" small icon="download" onPress={() => download("rules.csv", csv(ruleTable(shown)))}>
            CSV
          </Button>
        )
      }
    >
      {groups.data === undefined || groups.error !== undefined ? <Panel state={groups} /> : null}
      {missed.error === undefined ? null : (
        <ErrorNote error={new Error(`missed slots are not known: ${missed.error.message}`)} again={missed.again} />
      )}
      {files.error === undefined ? null : (
        <ErrorNote error={new Error(`lines of files are not known: ${files.error.message}`)} again={files.again} />
      )}
      {rows.length === 0 ? <Nothing isKnown={groups.data !== undefined} hasRules={groups.data !== null} /> : null}
      {rows.length > 0 ? <RuleFilterBar filter={filter} counts={counts(rows)} files={filesOf(rows)} /> : null}
      {rows.length > 0 && shown.length === 0 ? (
        <Empty
          title="No rule fulfils the filter"
          actions={<Button onPress={() => setQuery(CLEARED)}>Show all</Button>}
        />
      ) : null}
      {shown.map((row) => (
        <GroupTable key={row.id} row={row} isOpen={isOne} />
      ))}
    </Page>
  );
}

export const CLEARED = { doing: null, file: null, group: null, rule: null, q: null };

function useRules() {
  const tick = useTick(["rules"]);
  const groups = useLoad(
    async (signal) =>
      (await optional(get<{ groups: RuleGroup[] }>("/api/v1/rules", undefined, signal)))?.groups ?? null,
    [tick],
  );
  const files = useLoad(
    async (signal) =>
      (await optional(get<{ files: RuleFile[] }>("/api/v1/status/files", undefined, signal)))?.files ?? [],
    [],
  );
  const missed = useLoad(async (signal) => missedOf(await instant(missedQuery(), undefined, signal)), [tick]);
  const rows = useMemo(
    () => groupRows(groups.data ?? [], files.data ?? [], missed.data ?? null),
    [groups.data, files.data, missed.data],
  );
  return { groups, missed, files, rows };
}

/** By `file;group`; null when nobody counts. */
export function missedOf(
  series: { labels: Record<string, string>; points: [number, number][] }[],
): Map<string, number> | null {
  if (series.length === 0) return null;
  return new Map(series.map(({ labels, points }) => [labels.rule_group ?? "", points[0]?.[1] ?? Number.NaN]));
}

function useRuleFilter(): RuleFilter {
  const [states] = useQueryState("doing", "");
  const [file] = useQueryState("file", "");
  const [group] = useQueryState("group", "");
  const [rule] = useQueryState("rule", "");
  const [text] = useQueryState("q", "");
  return useMemo(() => {
    const doing = states.split(",").filter((one): one is Doing => DOINGS.includes(one as Doing));
    return { doing, file, group, rule, text };
  }, [states, file, group, rule, text]);
}

function filesOf(rows: GroupRow[]): string[] {
  return [...new Set(rows.map((row) => row.group.file))].sort();
}

function subtitle(rows: GroupRow[]): string {
  const all = counts(rows);
  const rules = Object.values(all).reduce((sum, count) => sum + count, 0);
  const groups = rows.length === 1 ? "1 group" : `${rows.length} groups`;
  return `${rules} rules in ${groups}, ${all.failing} failing, ${all.firing} firing`;
}

function Nothing({ isKnown, hasRules }: { isKnown: boolean; hasRules: boolean }) {
  if (!isKnown) return null;
  return (
    <Empty
      title="No rules"
      lines={
        hasRules
          ? ["Name files of rules in prometheus.yml and reload it:", "rule_files: [rules/*.yml]"]
          : ["This server evaluates no rules: it only routes the alerts that others post."]
      }
    />
  );
}
