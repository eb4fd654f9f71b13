import { describe, expect, it } from "vitest";
import type { Rule, RuleGroup } from "../alerts/types";
import { alertCounts, counts, filtered, groupRows, missedQuery, type RuleFilter } from "./model";
import { ruleTable } from "./rows-csv";
import { missedOf } from "./rules";

function rule(name: string, change: object = {}): Rule {
  const base = {
    name,
    query: `${name} > 0`,
    health: "ok",
    evaluationTime: 0.001,
    lastEvaluation: "2026-11-22T03:00:00Z",
  };
  const alerting = { type: "alerting", state: "inactive", duration: 0, keepFiringFor: 0, annotations: {}, alerts: [] };
  return { ...base, ...alerting, labels: {}, ...change } as unknown as Rule;
}

function group(name: string, rules: Rule[], change: Partial<RuleGroup> = {}): RuleGroup {
  const times = { interval: 15, limit: 0, evaluationTime: 0.01, lastEvaluation: "2026-11-22T03:00:00Z" };
  return { name, file: "rules/a.yml", rules, ...times, ...change };
}

const ALL: RuleFilter = { doing: [], file: "", group: "", rule: "", text: "" };

it("groups in trouble come first", () => {
  const groups = [
    group("fine", [rule("A")]),
    group("firing", [rule("B", { state: "firing" })]),
    group("slow", [rule("C")], { evaluationTime: 16 }),
    group("missing", [rule("D")]),
    group("pending", [rule("E", { state: "pending" })]),
    group("failing", [rule("F"), rule("G", { health: "err", lastError: "many-to-many", state: "firing" })]),
  ];
  const rows = groupRows(groups, [], new Map([["rules/a.yml;missing", 3]]));
  expect(rows.map((row) => row.group.name)).toEqual(["failing", "missing", "slow", "firing", "pending", "fine"]);
  expect(rows.map((row) => row.missed)).toEqual([null, 3, null, null, null, null]);
  expect(rows[2]?.isSlow).toBe(true);
  expect(counts(rows)).toEqual({ failing: 1, firing: 1, pending: 1, unknown: 0, inactive: 4, recording: 0 });
});

it("slots that nobody counts are not known, which is not none", () => {
  expect(groupRows([group("g", [rule("A")])], [], null)[0]?.missed).toBeNull();
});

describe("filters", () => {
  const groups = groupRows(
    [
      group("g", [
        rule("Down", { state: "firing", labels: { team: "db" }, annotations: { summary: "It is Gone" } }),
        rule("job:up:avg", { type: "recording" }),
        rule("New", { health: "unknown", state: "unknown" }),
      ]),
      group("h", [rule("Other")], { file: "rules/b.yml" }),
    ],
    [],
    null,
  );
  const names = (change: Partial<RuleFilter>) =>
    filtered(groups, { ...ALL, ...change }).flatMap((one) => one.rows.map((row) => row.rule.name));

  it("by what a rule does, file, group and name", () => {
    expect(names({})).toEqual(["Down", "job:up:avg", "New", "Other"]);
    expect(names({ doing: ["firing", "recording"] })).toEqual(["Down", "job:up:avg"]);
    expect(names({ doing: ["unknown"] })).toEqual(["New"]);
    expect(names({ file: "rules/b.yml" })).toEqual(["Other"]);
    expect(names({ group: "g", rule: "Down" })).toEqual(["Down"]);
  });

  it("by text: all words, in names, expressions, labels and annotations", () => {
    expect(names({ text: "gone team=db" })).toEqual(["Down"]);
    expect(names({ text: "up:avg" })).toEqual(["job:up:avg"]);
    expect(names({ text: "b.yml" })).toEqual(["Other"]);
    expect(names({ text: "gone other" })).toEqual([]);
  });
});

describe("lines of files", () => {
  const objects = [
    { kind: "group", name: "first", line: 2 },
    { kind: "alert", name: "Down", line: 4 },
    { kind: "group", name: "second", line: 10 },
    { kind: "alert", name: "Down", line: 12 },
    { kind: "alert", name: "Down", line: 16 },
  ];
  const lines = (file: string) => {
    const groups = [group("first", [rule("Down")]), group("second", [rule("Down"), rule("Down"), rule("Gone")])];
    const found = groupRows(groups, [{ path: file, role: "rules", objects }], null);
    return found
      .sort((a, b) => a.group.name.localeCompare(b.group.name))
      .flatMap((one) => one.rows.map((row) => row.line));
  };

  it("belong to the group they stand below, in its order", () => {
    expect(lines("rules/a.yml")).toEqual([4, 12, 16, undefined]);
    expect(lines("/etc/plimsoll/rules/a.yml")).toEqual([4, 12, 16, undefined]);
  });

  it("of other files are not taken", () => {
    expect(lines("rules/b.yml")).toEqual([undefined, undefined, undefined, undefined]);
  });
});

it("alerts of a rule are counted by state", () => {
  const alerts = [{ state: "firing" }, { state: "pending" }, { state: "firing" }];
  const one = rule("A", { alerts });
  expect(one.type === "alerting" && alertCounts(one)).toEqual({ firing: 2, pending: 1 });
});

it("missed slots of a group are asked for by its name", () => {
  expect(missedQuery('r".yml;g')).toContain('_missed_total{rule_group="r\\".yml;g"})');
  expect(missedQuery()).toContain("_missed_total)");
});

it("a table for a spreadsheet has what the screen has", () => {
  const rows = groupRows([group("g", [rule("Down", { state: "firing", alerts: [{ state: "firing" }] })])], [], null);
  const [titles, first] = ruleTable(rows);
  expect(Object.fromEntries((titles ?? []).map((title, index) => [title, first?.[index]]))).toEqual({
    state: "firing",
    rule: "Down",
    expression: "Down > 0",
    group: "g",
    file: "rules/a.yml",
    line: "",
    "interval s": "15",
    "took s": "0.001",
    evaluated: "2026-11-22T03:00:00Z",
    firing: "1",
    pending: "0",
    error: "",
  });
});

it("missed slots are by group; without any series nobody counts", () => {
  expect(missedOf([])).toBeNull();
  expect(missedOf([{ labels: { rule_group: "a.yml;g" }, points: [[0, 3]] }])).toEqual(new Map([["a.yml;g", 3]]));
});
