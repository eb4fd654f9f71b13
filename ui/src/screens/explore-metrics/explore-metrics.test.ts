import { describe, expect, it } from "vitest";
import { proposals, toggled } from "./build";
import { labelsOf } from "./cardinality-of";
import { catalogue, isShown, typeOf, unitOf } from "./catalogue";
import { pairSelector } from "./pair";
import { createLines, fits, wordsOf } from "./search";
import type { Cardinality } from "./types";
import { inQueries, inRules } from "./uses";

const cardinality = (metrics: number): Cardinality => ({
  series: 100,
  metrics,
  labelNames: 0,
  labelPairs: 0,
  byMetric: [
    { name: "a_total", series: 60, share: 0.6, lastQueried: "2026-11-22T08:00:00Z" },
    { name: "b_bucket", series: 40, share: 0.4, lastQueried: null },
  ],
  byLabel: [],
  bytesByLabel: [],
  byPair: [],
  unused: { recordedSince: "", before: "", metrics: 0, series: 0, share: 0, byMetric: [] },
  folding: [],
});

describe("the catalogue", () => {
  const metadata = {
    a: [{ type: "counter", help: "counts a" }],
    b: [{ type: "histogram", help: "spreads b", unit: "seconds" }],
  };

  it("describes parts of a family by the family", () => {
    const known = catalogue(metadata, cardinality(2));
    expect(known.of("a_total")).toMatchObject({ type: "counter", help: "counts a", series: 60 });
    expect(known.of("b_bucket")).toMatchObject({ type: "histogram", unit: "seconds", lastQueried: null });
    expect(known.of("b_count").type).toBe("counter");
  });

  it("tells dead from unknown: only a whole list can say that there is no series", () => {
    expect(catalogue({}, cardinality(2)).of("gone").series).toBe(0);
    expect(catalogue({}, cardinality(9)).of("gone").series).toBeNull();
    expect(catalogue({}, undefined).of("gone").series).toBeNull();
  });

  it("does not take names of the language for metrics", () => {
    expect(catalogue({}, undefined).of("constructor").help).toBe("");
  });

  it("filters by use and type", () => {
    const known = catalogue(metadata, cardinality(2));
    expect(isShown(known.of("b_bucket"), "unused", "")).toBe(true);
    expect(isShown(known.of("a_total"), "unused", "")).toBe(false);
    expect(isShown(known.of("gone"), "dead", "")).toBe(true);
    expect(isShown(known.of("a_total"), "all", "gauge")).toBe(false);
  });

  it("reads type and unit from a name that nobody described", () => {
    expect([typeOf("x_total"), typeOf("x_bucket"), typeOf("x_info"), typeOf("x")]).toEqual([
      "counter",
      "histogram",
      "info",
      "unknown",
    ]);
    expect([unitOf("x_seconds_total"), unitOf("x_bytes"), unitOf("x_seconds_count"), unitOf("x")]).toEqual([
      "seconds",
      "bytes",
      "",
      "",
    ]);
  });
});

describe("built queries", () => {
  const wanted = { matchers: [{ name: "job", type: "=", value: "api" }], by: ["k8s.pod"], range: "5m" };
  const first = (name: string, type: "counter" | "gauge" | "histogram", isNative = false) =>
    proposals({ name, type }, wanted, isNative)[0]?.expression;

  it("are a rate of counters, a quantile of histograms, the value of gauges", () => {
    expect(first("a_total", "counter")).toBe('sum by ("k8s.pod") (rate(a_total{job="api"}[5m]))');
    expect(first("b_bucket", "histogram")).toBe(
      'histogram_quantile(0.99, sum by (le, "k8s.pod") (rate(b_bucket{job="api"}[5m])))',
    );
    expect(first("b", "histogram", true)).toBe('histogram_quantile(0.99, sum by ("k8s.pod") (rate(b{job="api"}[5m])))');
    expect(first("c", "gauge")).toBe('avg by ("k8s.pod") (c{job="api"})');
  });

  it("take the count of a histogram for its rate", () => {
    const rate = proposals({ name: "b_bucket", type: "histogram" }, { ...wanted, by: [] }).find(
      ({ title }) => title === "Rate",
    );
    expect(rate?.expression).toBe('sum (rate(b_count{job="api"}[5m]))');
  });

  it("have one condition per label, which a second press takes away", () => {
    const one = toggled([], "job", "a");
    expect(toggled(one, "job", "b")).toEqual([{ name: "job", type: "=", value: "b" }]);
    expect(toggled(one, "job", "a")).toEqual([]);
  });
});

describe("labels", () => {
  it("are counted, those with most values first", () => {
    const uses = labelsOf([
      { __name__: "m", pod: "a", job: "x" },
      { __name__: "m", pod: "b", job: "x" },
      { __name__: "m", pod: "b" },
    ]);
    expect(uses.map(({ name, values, series }) => [name, values, series])).toEqual([
      ["pod", 2, 3],
      ["job", 1, 2],
    ]);
    expect(uses[0]?.top[0]).toEqual({ value: "b", series: 2 });
  });

  it("in pairs become selectors, whatever the value holds", () => {
    expect(pairSelector('path=a=b"c')).toBe('{path="a=b\\"c"}');
    expect(pairSelector("__name__=up")).toBe("up");
  });
});

describe("the search", () => {
  it("puts lines together that arrive in pieces", () => {
    const seen: string[] = [];
    const lines = createLines((line) => seen.push(line));
    for (const piece of ['{"a"', ':1}\n{"b":2}', "\n", '{"c":3}']) lines.push(piece);
    expect(seen).toEqual(['{"a":1}', '{"b":2}']);
    lines.end();
    expect(seen.at(-1)).toBe('{"c":3}');
  });

  it("wants all words, each with its characters in order", () => {
    expect(wordsOf(" dur  Query ")).toEqual(["query", "dur"]);
    expect(fits("plimsoll_query_duration", "qdur")).toBe(true);
    expect(fits("plimsoll_query_duration", "durq")).toBe(false);
  });
});

describe("uses", () => {
  it("are rules that name the metric, not those that only begin alike", () => {
    const groups = [
      {
        name: "g",
        file: "f",
        rules: [
          { name: "r1", query: "sum(rate(a_total[5m]))", type: "recording" },
          { name: "r2", query: "a_total_other", type: "alerting" },
          { name: "r3", query: 'up{x="a_total"}', type: "alerting" },
        ],
      },
    ];
    expect(inRules({ groups }, "a_total").map(({ name, kind }) => [name, kind])).toEqual([["r1", "recording rule"]]);
  });

  it("are queries, each once, whatever else the answer holds", () => {
    const top = { topN: "20", byCount: [{ query: "a" }, { query: "b" }], bySum: [{ query: "a" }, null, {}] };
    expect(inQueries(top, "a").map(({ expression }) => expression)).toEqual(["a"]);
  });
});
