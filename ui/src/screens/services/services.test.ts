import { describe, expect, it } from "vitest";
import { alertsPath, alertsText, byUrgency, healthOf } from "./rows";
import { lastOf, unionOf } from "./signals";
import type { Service } from "./types";

function service(name: string, change: Partial<Service> = {}): Service {
  return {
    name,
    sources: [],
    slos: [],
    routes: [],
    jobs: [],
    backends: [],
    alerts: { page: 0, ticket: 0, other: 0 },
    worst: null,
    red: { rate: null, errors: null, p99: null },
    saturation: null,
    ...change,
  };
}

const budget = (state: string, remaining: number | null = 0.5) => ({ slo: "a/b", remaining, state });
const ticket = { page: 0, ticket: 1, other: 0 };

describe("the word for a service", () => {
  it.each([
    [{ alerts: { page: 1, ticket: 0, other: 0 }, worst: budget("healthy") }, "paging"],
    [{ alerts: ticket, worst: budget("exhausted") }, "exhausted"],
    [{ alerts: ticket, worst: budget("healthy") }, "ticket"],
    [{ worst: budget("caution") }, "caution"],
    [{ worst: budget("no_data", null) }, "no data"],
    [{ alerts: { page: 0, ticket: 0, other: 2 } }, "alert"],
    [{}, "no SLO"],
  ])("%o", (change, word) => {
    expect(healthOf(service("x", change)).word).toBe(word);
  });

  it("orders services, the one that needs somebody first", () => {
    const all = [
      service("none"),
      service("well", { worst: budget("healthy", 0.9) }),
      service("over", { worst: budget("exhausted", -1) }),
      service("more over", { worst: budget("exhausted", -5) }),
      service("pages", { alerts: { page: 1, ticket: 0, other: 0 } }),
      service("unknown", { worst: budget("no_data", null) }),
    ];
    expect(all.sort(byUrgency).map((one) => one.name)).toEqual([
      "pages",
      "more over",
      "over",
      "unknown",
      "well",
      "none",
    ]);
  });

  it("counts alerts in words", () => {
    expect(alertsText({ page: 2, ticket: 1, other: 0 })).toBe("2 pages, 1 ticket");
    expect(alertsText({ page: 0, ticket: 0, other: 0 })).toBe("");
    expect(decodeURIComponent(alertsPath('a"b'))).toBe('/alerts?filter=service="a\\"b"');
  });
});

describe("signals", () => {
  it("of many services are one question, in which no name stands", () => {
    const hostile = service('x"} or vector(1)', { red: { rate: "sum(a)", errors: null, p99: null } });
    const all = [service("none"), hostile, service("b", { red: { rate: "c or d", errors: null, p99: null } })];
    expect(unionOf(all, "rate", 20)).toBe(
      'label_replace((sum(a)), "plimsoll_row", "21", "", "") or label_replace((c or d), "plimsoll_row", "22", "", "")',
    );
    expect(unionOf(all, "errors", 0)).toBeNull();
  });

  it("that ended are not how it is now", () => {
    const options = { from: 0, to: 100_000, step: 10 };
    expect(lastOf([[90_000, 5]], options)).toBe(5);
    expect(lastOf([[50_000, 5]], options)).toBeNull();
    expect(lastOf([[90_000, Number.NaN]], options)).toBeNull();
    expect(lastOf([], options)).toBeNull();
    expect(lastOf(undefined, options)).toBeNull();
  });
});
