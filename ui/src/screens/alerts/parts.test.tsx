import { render } from "preact";
import { afterEach, describe, expect, it } from "vitest";
import type { SloBudgetExplained } from "../../api/types";
import { linksOf, silencePath } from "./explain/actions";
import { budgetOf, burnQuery, isBurn, linesOf } from "./explain/burn";
import { subjectsOf } from "./explain/decisions";
import { find } from "./explain/drawer";
import { curvesOf } from "./explain/evidence";
import { Facts } from "./explain/facts";
import { timerWords } from "./explain/standing";
import { fingerprint } from "./fingerprint";
import { AlertList, columnsOf, cut } from "./list";
import type { AlertRow, RuleOrigin } from "./model";
import type { RoutedAlert } from "./types";

const AT = "2026-11-22T03:00:00.000Z";
const NOW = Date.parse("2026-11-22T03:10:00.000Z");

function origin(change: Partial<RuleOrigin["rule"]> = {}): RuleOrigin {
  const rule = {
    type: "alerting",
    name: "Down",
    query: "up == 0",
    state: "firing",
    duration: 1200,
    keepFiringFor: 300,
  } as const;
  const rest = { health: "ok", evaluationTime: 0, lastEvaluation: AT, annotations: {}, alerts: [] } as const;
  return { file: "r.yml", group: "g", rule: { ...rule, ...rest, alerts: [], ...change } };
}

function row(change: Partial<AlertRow> = {}): AlertRow {
  const labels = { alertname: "Down", job: "db" };
  return {
    id: "00000000000000ab",
    name: "Down",
    labels,
    ownLabels: labels,
    annotations: {},
    standing: "firing",
    since: AT,
    ...change,
  };
}

function routed(generatorURL?: string): RoutedAlert {
  const status = { state: "active", silencedBy: [], inhibitedBy: [], mutedBy: [] } as const;
  const times = { startsAt: AT, endsAt: AT, updatedAt: AT };
  const url = generatorURL === undefined ? {} : { generatorURL };
  return {
    fingerprint: "00000000000000ab",
    labels: {},
    annotations: {},
    ...times,
    receivers: [],
    status: { ...status, silencedBy: [], inhibitedBy: [], mutedBy: [] },
    ...url,
  };
}

afterEach(() => render(null, document.body));

describe("the for-timer", () => {
  it("says how long a pending alert has held of how long it must", () => {
    const words = timerWords(row({ standing: "pending", origin: origin(), activeAt: AT }), NOW);
    expect(words).toEqual({
      text: "The condition has held for 10m of 20m: it fires in 10m if it goes on.",
      share: 0.5,
    });
  });

  it("says how long it had to hold, or that it fires at once", () => {
    const words = (duration: number) => timerWords(row({ origin: origin({ duration }), activeAt: AT }), NOW)?.text;
    expect(words(300)).toBe("It had to hold for 5m, and has held for 10m.");
    expect(words(0)).toBe("It fires at once, and has held for 10m.");
  });

  it("says for how long it fires on without its condition", () => {
    const keepFiringSince = "2026-11-22T03:08:00.000Z";
    const words = timerWords(row({ origin: origin(), activeAt: AT, keepFiringSince }), NOW);
    expect(words?.text).toBe("The condition does not hold any more; it fires on for 3m of keep_firing_for 5m.");
    expect(words?.share).toBe(0.4);
  });

  it("is silent where no rule of this process makes the alert", () => {
    expect(timerWords(row(), NOW)).toBeNull();
  });
});

describe("links of an alert", () => {
  const texts = (one: AlertRow) => linksOf(one).map((link) => `${link.text} ${link.to}`);

  it("lead to what its labels name, its rule and its query", () => {
    const labels = { alertname: "Burn", service: "a/b", slo: "x" };
    expect(texts(row({ labels, origin: origin() }))).toEqual([
      "SLO a/b/x /slos/a%2Fb/x",
      "Service a/b /services/a%2Fb",
      "Rule /rules?file=r.yml&group=g&rule=Down",
      "Explore /explore?expr=up+%3D%3D+0",
    ]);
  });

  it("of a posted one lead to the query and the place that its sender gave", () => {
    expect(texts(row({ routed: routed("http://prom/graph?g0.expr=up") }))).toEqual([
      "Explore /explore?expr=up",
      "Source http://prom/graph?g0.expr=up",
    ]);
    expect(texts(row({ routed: routed("javascript:alert(1)") }))).toEqual([]);
  });

  it("to the editor of silences carry its labels and the way back", () => {
    const query = new URL(silencePath(row()), "http://host").searchParams;
    expect(query.get("new")).toBe('alertname="Down",job="db"');
    expect(query.get("alert")).toBe("00000000000000ab");
  });
});

it("an alert is found by its number, that of its rule's labels, and its labels", () => {
  const own = { alertname: "Down", job: "db" };
  const rows = [row({ labels: { ...own, cluster: "eu" }, ownLabels: own })];
  expect(find(rows, "00000000000000ab")?.name).toBe("Down");
  expect(find(rows, fingerprint(own))?.name).toBe("Down");
  expect(find(rows, '{alertname="Down", job="db"}')?.name).toBe("Down");
  expect(find(rows, '{alertname="Down", job="web"}')).toBeUndefined();
  expect(find(rows, "ffffffffffffffff")).toBeUndefined();
  expect(find(rows, "<script>")).toBeUndefined();
  expect(find(rows, "")).toBeUndefined();
});

it("decisions are asked for by labels, groups and objective", () => {
  const channel = { group: '{}:{job="db"}' } as Parameters<typeof subjectsOf>[1][number];
  expect(subjectsOf(row(), [channel, channel])).toEqual(['{alertname="Down", job="db"}', '{}:{job="db"}']);
  const burn = row({ labels: { alertname: "Burn", service: "checkout", slo: "latency", objective: "p99" } });
  expect(subjectsOf(burn, [])[1]).toBe("checkout/latency p99");
});

it("each comparison has its curve and its line", () => {
  expect(curvesOf("a > 1 and b > 2")).toEqual([
    { query: "a", limit: { at: 1, text: "fires > 1" } },
    { query: "b", limit: { at: 2, text: "fires > 2" } },
  ]);
  expect(curvesOf("absent(up)")).toEqual([{ query: "absent(up)", limit: null }]);
  expect(curvesOf("x < Inf")).toEqual([{ query: "x", limit: null }]);
  expect(curvesOf(null)).toEqual([]);
});

describe("the alert of an objective", () => {
  const rule = (severity: "page" | "ticket", factor: number) => ({ rule: { severity, factor } });
  const budget = (objective: string, group: Record<string, string> | null) =>
    ({
      objective,
      group,
      rules: [rule("page", 14.4), rule("page", 6), rule("page", 6), rule("ticket", 1)],
    }) as unknown as SloBudgetExplained;

  it("is about the budget of its objective and group, the whole where there is none", () => {
    const budgets = [
      budget("", null),
      budget("p99", null),
      budget("p99", { region: "eu" }),
      budget("p99", { region: "us" }),
    ];
    expect(budgetOf(budgets, { service: "s", slo: "x" })).toBe(budgets[0]);
    expect(budgetOf(budgets, { objective: "p99", region: "us" })).toBe(budgets[3]);
    expect(budgetOf(budgets, { objective: "p99", region: "asia" })).toBe(budgets[1]);
    expect(budgetOf([], { service: "s" })).toBeUndefined();
  });

  it("is drawn with the factors of rules as loud as it is", () => {
    expect(linesOf(budget("", null), "page").map((line) => line.at)).toEqual([14.4, 6]);
    expect(linesOf(undefined, "page")).toEqual([]);
    expect(burnQuery({ service: "s", slo: "x", severity: "page" }, null)).toBe(
      'plimsoll_slo_burn_rate_ratio{service="s", slo="x"}',
    );
    expect(burnQuery({ service: "s", slo: "x", objective: "p99" }, { region: "eu" })).toBe(
      'plimsoll_slo_burn_rate_ratio{objective="p99", region="eu", service="s", slo="x"}',
    );
  });

  it("is none where a rule of this process makes it", () => {
    const labels = { service: "s", slo: "x" };
    expect(isBurn(row({ labels }))).toBe(true);
    expect(isBurn(row({ labels, origin: origin() }))).toBe(false);
    expect(isBurn(row())).toBe(false);
  });
});

it("no more rows are drawn than a page takes, and it says how many are left", () => {
  const section = (id: string, count: number) => ({
    id,
    title: id,
    labels: {},
    rows: Array.from({ length: count }, () => row()),
  });
  const shown = cut([section("a", 3), section("b", 3), section("c", 3)], 4);
  expect(shown.sections.map((one) => [one.id, one.rows.length])).toEqual([
    ["a", 3],
    ["b", 1],
  ]);
  expect(shown.left).toBe(5);
});

it("columns that would be empty are left out", () => {
  const section = (...rows: AlertRow[]) => [{ id: "s", title: "", labels: {}, rows }];
  expect(columnsOf(section(row()), false)).toEqual({ value: false, told: false, runbook: false });
  const rows = [row({ value: 0 }), row({ annotations: { runbook: "x" } })];
  expect(columnsOf(section(...rows), true)).toEqual({ value: true, told: true, runbook: true });
});

it("hostile texts are drawn as text, and their addresses are no links", () => {
  const evil = "<img src=x onerror=alert(1)>";
  const labels = { alertname: evil, [evil]: '"><script>alert(2)</script>' };
  const annotations = {
    summary: evil,
    runbook_url: "javascript:alert(3)",
    [evil]: "data:text/html,<script>1</script>",
  };
  const one = row({ name: evil, labels, annotations, routed: routed("javascript:alert(4)") });
  render(
    <>
      <AlertList
        sections={[{ id: "s", title: evil, detail: evil, labels, rows: [one] }]}
        openId=""
        onOpen={() => {}}
        onPick={() => {}}
        isRouted
      />
      <Facts row={one} />
    </>,
    document.body,
  );
  expect(document.querySelector("img, script")).toBeNull();
  expect(document.body.textContent).toContain(evil);
  const schemes = [...document.querySelectorAll("a")].map((link) => new URL(link.href).protocol);
  expect(new Set(schemes)).toEqual(new Set(["http:"]));
  expect(document.body.textContent).toContain("no link");
});
