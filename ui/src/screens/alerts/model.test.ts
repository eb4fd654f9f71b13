import { describe, expect, it } from "vitest";
import { formatMatchers, matcher } from "../silences/matchers";
import { explainCommand } from "./cli";
import { fingerprint, printed } from "./fingerprint";
import { mergeAlerts, numberOf } from "./model";
import { alertTable } from "./rows-csv";
import { counts, labelOrder, passes, readFilter, sections, suggestions } from "./sections";
import type { AlertGroup, RoutedAlert, RuleGroup } from "./types";

const AT = "2026-11-22T03:00:00.000Z";

function routed(id: string, labels: Record<string, string>, status: Partial<RoutedAlert["status"]> = {}): RoutedAlert {
  return {
    fingerprint: id,
    labels,
    annotations: {},
    startsAt: "2026-11-22T03:10:00.000Z",
    endsAt: "2026-11-22T03:20:00.000Z",
    updatedAt: AT,
    receivers: [{ name: "pagers" }],
    status: { state: "active", silencedBy: [], inhibitedBy: [], mutedBy: [], ...status },
  };
}

function group(receiver: string, labels: Record<string, string>, ...alerts: RoutedAlert[]): AlertGroup {
  return { receiver: { name: receiver }, labels, alerts, routeLabels: {} };
}

function rules(...alerts: { labels: Record<string, string>; state: "pending" | "firing" }[]): RuleGroup[] {
  const listed = alerts.map((alert) => ({ ...alert, annotations: {}, activeAt: AT, value: "1.5e+00" }));
  const common = { health: "ok", evaluationTime: 0, lastEvaluation: AT } as const;
  const rule = {
    type: "alerting",
    state: "firing",
    name: "Down",
    query: "up == 0",
    duration: 60,
    keepFiringFor: 0,
  } as const;
  const rule2 = { ...rule, ...common, annotations: {}, alerts: listed };
  return [{ name: "g", file: "r.yml", rules: [rule2], interval: 15, limit: 0, evaluationTime: 0, lastEvaluation: AT }];
}

const DB = { alertname: "Down", job: "db", severity: "page" };
const WEB = { alertname: "Down", job: "web", severity: "ticket" };

describe("one list out of two", () => {
  it("an alert of a rule is the routed one with external labels", () => {
    const alerts = rules({ labels: DB, state: "firing" }, { labels: WEB, state: "pending" });
    const rows = mergeAlerts(alerts, [group("pagers", {}, routed("f1", { ...DB, cluster: "eu" }))]);
    expect(rows.map((row) => [row.id, row.standing])).toEqual([
      ["f1", "firing"],
      [fingerprint(WEB), "pending"],
    ]);
    const [first] = rows;
    expect(first?.labels).toEqual({ ...DB, cluster: "eu" });
    expect(first?.ownLabels).toEqual(DB);
    expect(first?.value).toBe(1.5);
    expect(first?.activeAt).toBe(AT);
    expect(first?.since).toBe("2026-11-22T03:10:00.000Z");
  });

  it("a rule's alert is not taken for another one with more labels", () => {
    const other = routed("f2", { ...DB, instance: "x" });
    const own = routed("f1", { ...DB });
    const rows = mergeAlerts(rules({ labels: DB, state: "firing" }), [group("pagers", {}, other, own)]);
    const row = rows.find((one) => one.origin !== undefined);
    expect(row?.id).toBe("f1");
    expect(rows).toHaveLength(2);
  });

  it("without routing there are the rules' alerts, without rules the posted ones", () => {
    expect(mergeAlerts(rules({ labels: DB, state: "firing" }), null).map((row) => row.standing)).toEqual(["firing"]);
    const posted = mergeAlerts(null, [group("chat", {}, routed("f1", DB))]);
    expect(posted.map((row) => [row.id, row.value, row.origin])).toEqual([["f1", undefined, undefined]]);
    expect(mergeAlerts(null, null)).toEqual([]);
  });

  it("an alert that two receivers get is one row", () => {
    const alert = routed("f1", DB);
    expect(mergeAlerts(null, [group("a", {}, alert), group("b", {}, alert)])).toHaveLength(1);
  });

  it("what keeps an alert back is its standing", () => {
    const rows = mergeAlerts(null, [
      group("a", {}, routed("1", { a: "1" }, { silencedBy: ["s"], inhibitedBy: ["x"] })),
      group("a", {}, routed("2", { a: "2" }, { inhibitedBy: ["x"], mutedBy: ["night"] })),
      group("a", {}, routed("3", { a: "3" }, { mutedBy: ["night"] })),
      group("a", {}, routed("4", { a: "4" })),
    ]);
    expect(rows.map((row) => [row.id, row.standing])).toEqual([
      ["4", "firing"],
      ["1", "silenced"],
      ["2", "inhibited"],
      ["3", "muted"],
    ]);
    expect(counts(rows)).toEqual({ firing: 1, pending: 0, silenced: 1, inhibited: 1, muted: 1 });
  });

  it("pages come before tickets, whatever is newer", () => {
    const rows = mergeAlerts(null, [group("a", {}, routed("t", WEB), routed("p", DB))]);
    expect(rows.map((row) => row.id)).toEqual(["p", "t"]);
  });
});

describe("sections", () => {
  const groups = [group("chat", { job: "web" }, routed("w", WEB)), group("pagers", { job: "db" }, routed("d", DB))];
  const pending = { alertname: "Slow", severity: "page" };
  const rows = mergeAlerts(rules({ labels: pending, state: "pending" }), groups);

  it("by group: who gets what together, the worst first, and what nobody gets yet", () => {
    const found = sections(rows, groups, "group");
    expect(found.map((one) => [one.title, one.rows.map((row) => row.id)])).toEqual([
      ["pagers", ["d"]],
      ["chat", ["w"]],
      ["nobody yet", [fingerprint(pending)]],
    ]);
  });

  it("groups of one alert stand together by receiver", () => {
    const many = [
      group("chat", { job: "a" }, routed("1", { ...WEB, job: "a" })),
      group("chat", { job: "b" }, routed("2", { ...WEB, job: "b" })),
      group("chat", { job: "c" }, routed("3", { ...WEB, job: "c" }), routed("4", { ...WEB, job: "c", x: "y" })),
      group("pagers", { job: "a" }, routed("1", { ...WEB, job: "a" })),
    ];
    const found = sections(mergeAlerts(null, many), many, "group");
    expect(found.map((one) => [one.title, one.detail, one.labels, one.rows.map((row) => row.id).sort()])).toEqual([
      ["pagers", undefined, { job: "a" }, ["1"]],
      ["chat", "2 groups of one alert", {}, ["1", "2"]],
      ["chat", undefined, { job: "c" }, ["3", "4"]],
    ]);
  });

  it("labels that rows have in common stand behind those that tell them apart", () => {
    const order = labelOrder(rows.map((row) => ({ ...row, labels: { ...row.labels, cluster: "eu" } })));
    expect(["cluster", "job", "severity", "alertname"].sort(order)).toEqual([
      "severity",
      "alertname",
      "job",
      "cluster",
    ]);
  });

  it("by rule, with posted ones by their name", () => {
    const found = sections(rows, groups, "rule");
    expect(found.map((one) => [one.title, one.rows.length])).toEqual([
      ["Down", 2],
      ["Down", 1],
    ]);
    expect(found.map((one) => one.to)).toEqual([undefined, "/rules?file=r.yml&group=g&rule=Down"]);
  });

  it("flat, and grouped without routing", () => {
    expect(sections(rows, groups, "flat").map((one) => one.rows.length)).toEqual([3]);
    expect(sections(rows, null, "group").map((one) => one.rows.length)).toEqual([3]);
    expect(sections([], groups, "flat")).toEqual([]);
  });
});

describe("filters", () => {
  const rows = mergeAlerts(null, [group("pagers", {}, routed("d", DB)), group("pagers", {}, routed("w", WEB))]);
  const ids = (filter: Partial<Parameters<typeof passes>[1]>) =>
    rows.filter((row) => passes(row, { matchers: [], standings: [], receiver: "", ...filter })).map((row) => row.id);

  it("by labels, standing and receiver", () => {
    expect(ids({})).toEqual(["d", "w"]);
    expect(ids({ matchers: [matcher("job", "=~", "d.")] })).toEqual(["d"]);
    expect(ids({ standings: ["pending"] })).toEqual([]);
    expect(ids({ standings: ["firing"], receiver: "pagers" })).toEqual(["d", "w"]);
    expect(ids({ receiver: "chat" })).toEqual([]);
  });

  it("a word is looked for in names", () => {
    expect(formatMatchers(readFilter("own"))).toBe('alertname=~"(?i).*own.*"');
    expect(ids({ matchers: readFilter("OWN") })).toEqual(["d", "w"]);
    expect(ids({ matchers: readFilter("a.b") })).toEqual([]);
    expect(formatMatchers(readFilter('severity="page"'))).toBe('severity="page"');
    expect(() => readFilter("a b")).toThrow("expected one of");
  });

  it("chips that would leave everything or are chosen are not offered", () => {
    const offered = suggestions(rows, []).map((one) => [formatMatchers([one.matcher]), one.count]);
    expect(offered).toEqual([
      ['severity="page"', 1],
      ['job="db"', 1],
      ['severity="ticket"', 1],
      ['job="web"', 1],
    ]);
    const chosen = suggestions(rows, [matcher("severity", "=", "page")]);
    expect(chosen.map((one) => one.matcher.name)).toEqual(["job", "job"]);
  });
});

it("fingerprints are Alertmanager's", () => {
  const labels = { alertname: "ClusterDown", cluster: "eu-1", service: "core", severity: "critical", team: "platform" };
  expect(fingerprint(labels)).toBe("ec98f50caa3909d8");
  expect(fingerprint({})).toBe("cbf29ce484222325");
});

it("labels are printed as decisions name them", () => {
  expect(printed({ job: "db", alertname: "Down" })).toBe('{alertname="Down", job="db"}');
  expect(printed({ "a b": 'x"\\\n' })).toBe('{"a b"="x\\"\\\\\\n"}');
  expect(printed({})).toBe("{}");
});

it("values are read as Go writes them", () => {
  expect([numberOf("1.5e+00"), numberOf("+Inf"), numberOf("-Inf"), numberOf("NaN")]).toEqual([
    1.5,
    Infinity,
    -Infinity,
    Number.NaN,
  ]);
});

it("commands can be pasted into a shell", () => {
  expect(explainCommand("00ab", DB, true)).toBe("plimsoll alert explain 00ab");
  expect(explainCommand("00ab", { alertname: "It's", job: "db" }, false)).toBe(
    `plimsoll alert explain 'alertname="It'\\''s"' 'job="db"'`,
  );
  expect(explainCommand("00ab", { a: "$(reboot)" }, false)).toBe(`plimsoll alert explain 'a="$(reboot)"'`);
});

it("a table for a spreadsheet has what the list has", () => {
  const [row] = mergeAlerts(null, [group("pagers", {}, routed("f1", DB, { silencedBy: ["s1", "s2"] }))]);
  const [titles, first] = alertTable(row === undefined ? [] : [row]);
  expect(Object.fromEntries((titles ?? []).map((title, index) => [title, first?.[index]]))).toMatchObject({
    state: "silenced",
    alert: "Down",
    labels: '{alertname="Down", job="db", severity="page"}',
    value: "",
    receivers: "pagers",
    "silenced by": "s1 s2",
    fingerprint: "f1",
  });
});
