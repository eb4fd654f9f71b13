import { describe, expect, it } from "vitest";
import type { Service } from "../services/types";
import { changeTarget, marksOf } from "./changes";
import { endpointsDown, targetsDown } from "./down";
import { alertPath, alertsOfService, byLoudness, type Firing, isPage, loudnessOf } from "./firing";
import { overviewOf } from "./load";
import { arrivedQuery, isUntouched, waysOf } from "./ways";

function firing(
  name: string,
  severity: string | undefined,
  since: string,
  labels: Record<string, string> = {},
): Firing {
  const all = { alertname: name, ...labels, ...(severity === undefined ? {} : { severity }) };
  return { id: name, name, labels: all, since, summary: "" };
}

describe("what fires", () => {
  it("has pages first, then what began last", () => {
    const all = [
      firing("old ticket", "warning", "2026-01-01T00:00:00Z"),
      firing("old page", "page", "2026-01-01T00:00:00Z"),
      firing("new ticket", "ticket", "2026-01-02T00:00:00Z"),
      firing("new page", "CRITICAL", "2026-01-02T00:00:00Z"),
      firing("other", undefined, "2026-01-03T00:00:00Z"),
    ];
    expect(all.sort(byLoudness).map((one) => one.name)).toEqual([
      "new page",
      "old page",
      "new ticket",
      "old ticket",
      "other",
    ]);
    expect(all.filter(isPage)).toHaveLength(2);
    expect(loudnessOf(firing("x", "nag", ""))).toEqual({ kind: "info", word: "nag" });
  });

  it("is of a service by its label, or else by its job", () => {
    const all = [
      firing("a", "page", "", { service: "shop", job: "x" }),
      firing("b", "page", "", { job: "shop" }),
      firing("c", "page", "", { service: "x", job: "shop" }),
    ];
    expect(alertsOfService(all, "shop").map((one) => one.name)).toEqual(["a", "b"]);
  });

  it("leads to where it is explained, when it can be named", () => {
    expect(alertPath({ id: "ab?c" })).toBe("/alerts?alert=ab%3Fc");
    expect(alertPath({ id: "" })).toBe("/alerts");
  });
});

describe("what is down", () => {
  it("is what nobody ordered", () => {
    const endpoint = (state: string, isUsable: boolean) => ({
      backend: "b",
      name: state,
      state,
      isUsable,
      reason: "why",
    });
    const all = [
      endpoint("up", true),
      endpoint("draining", false),
      endpoint("breaker_open", false),
      endpoint("forced_down", false),
    ];
    expect(endpointsDown(all).map((one) => one.word)).toEqual(["breaker open"]);
  });

  it("is no target that was not scraped yet", () => {
    const target = (health: string) => ({ scrapePool: "a b", scrapeUrl: "u", health, lastError: "e" });
    expect(targetsDown([target("up"), target("unknown"), target("down")])).toMatchObject([
      { why: "e", to: "/system?tab=targets&targets.f=job%3Aa+b" },
    ]);
  });
});

describe("changes", () => {
  it("lead to where one sees them", () => {
    expect(changeTarget({ kind: "slo_version", subject: "a/b" })).toBe("/slos/a/b");
    expect(changeTarget({ kind: "correction", subject: "javascript:alert(1)" })).toBe("/slos");
    expect(changeTarget({ kind: "later", subject: "x" })).toBeUndefined();
  });

  it("are marks of charts", () => {
    const marks = marksOf([{ at: "1970-01-01T00:00:01Z", kind: "reload", subject: "s", what: "prometheus.yml" }]);
    expect(marks).toEqual([
      { at: 1000, text: "configuration: prometheus.yml", kind: "change", to: "/system?tab=config" },
    ]);
    expect(marksOf(undefined)).toEqual([]);
  });
});

describe("services", () => {
  const service = (name: string, remaining: number | null | undefined): Service => ({
    name,
    sources: [],
    slos: [],
    routes: [],
    jobs: [],
    backends: [],
    alerts: { page: 0, ticket: 0, other: 0 },
    worst: remaining === undefined ? null : { slo: `${name}/x`, remaining, state: "healthy" },
    red: { rate: null, errors: null, p99: null },
    saturation: null,
  });

  it("have the least budget first, those that nothing is known of after, those without one last", () => {
    const all = [service("none", undefined), service("unknown", null), service("half", 0.5), service("over", -2)];
    const { services } = overviewOf(all, { at: "", slos: [] }, new Map());
    expect(services.map((one) => one.service.name)).toEqual(["over", "half", "unknown", "none"]);
    expect(services[0]?.worst).toBeUndefined();
  });
});

describe("ways to send data", () => {
  it("name this server, and ask for each in one question", () => {
    const ways = waysOf("https://metrics.example:8443");
    expect(ways.map((way) => way.id)).toEqual(["scrape", "remote_write", "push", "gateway"]);
    expect(ways[1]?.text).toContain("https://metrics.example:8443/api/v1/write");
    expect(ways[2]?.text).toContain("https://metrics.example:8443/api/v1/import/prometheus");
    expect(ways[3]?.text).toContain("--api metrics.example:8443");
    expect(arrivedQuery(ways).match(/label_replace\(/g)).toHaveLength(4);
  });

  it("know when there is nothing yet", () => {
    expect(isUntouched({ scrape: false, remote_write: false, push: false, gateway: false })).toBe(true);
    expect(isUntouched({ scrape: false, remote_write: true, push: false, gateway: false })).toBe(false);
  });
});
