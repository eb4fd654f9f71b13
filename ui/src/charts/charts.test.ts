import { describe, expect, it } from "vitest";
import { picked } from "./chart";
import { cells, ordered, stepOf } from "./heatmap-cells";
import { valueRange } from "./scale";
import { chosen, summary } from "./select";
import { sparkPath } from "./sparkline";
import { tickTexts } from "./time-axis";
import { named } from "./types";

const one = (name: string, ...values: number[]) => ({
  name,
  points: values.map((value, index): [number, number] => [index * 1000, value]),
});

describe("named", () => {
  it("tells series apart by what differs", () => {
    const series = [
      { labels: { __name__: "up", job: "a", zone: "x" }, points: [] },
      { labels: { __name__: "up", job: "b", zone: "x" }, points: [] },
    ];
    expect(named(series).map(({ name }) => name)).toEqual(["a", "b"]);
    expect(named(series.slice(0, 1))[0]?.name).toBe('up{job="a", zone="x"}');
  });
});

describe("chosen", () => {
  it("keeps the highest, in their order", () => {
    const all = [one("a", 1), one("b", 9, Number.NaN), one("c", 5), one("d")];
    expect(chosen(all, 2).map(({ name }) => name)).toEqual(["b", "c"]);
    expect(chosen(all, 4)).toHaveLength(4);
  });
});

describe("summary", () => {
  it("leaves out what is not known, but does not hide it at the end", () => {
    expect(summary(one("a", 1, 3, Number.NaN))).toEqual({ least: 1, highest: 3, mean: 2, last: Number.NaN });
    expect(summary(one("a"))).toEqual({ least: null, highest: null, mean: null, last: null });
  });
});

describe("valueRange", () => {
  it("begins at 0 unless that hides everything", () => {
    expect(valueRange(2, 10, [])[0]).toBe(0);
    expect(valueRange(0.998, 0.9999, [])[0]).toBeGreaterThan(0.99);
    expect(valueRange(-5, 5, [])[0]).toBeLessThan(-5);
  });

  it("has room for lines, for one value and for none", () => {
    expect(valueRange(1, 2, [10])[1]).toBeGreaterThan(10);
    expect(valueRange(3, 3, [])).toEqual([0, 3.75]);
    expect(valueRange(0, 0, [])).toEqual([0, 1]);
    expect(valueRange(null, null, [])).toEqual([0, 1]);
  });
});

describe("picked", () => {
  it("shows one alone, all again, and adds with a key", () => {
    const alone = picked(new Set(), "a", false);
    expect([...alone]).toEqual(["a"]);
    expect([...picked(alone, "a", false)]).toEqual([]);
    expect([...picked(alone, "b", true)]).toEqual(["a", "b"]);
    expect([...picked(new Set(["a", "b"]), "a", true)]).toEqual(["b"]);
  });
});

describe("tickTexts", () => {
  const at = (text: string) => Date.parse(text) / 1000;

  it("says the day where one begins", () => {
    const ticks = [at("2026-11-21T23:30:00Z"), at("2026-11-22T00:00:00Z"), at("2026-11-22T00:30:00Z")];
    expect(tickTexts(ticks, 1800, "utc")).toEqual(["23:30\nNov 21", "00:00\nNov 22", "00:30"]);
    expect(tickTexts([at("2026-11-22T00:00:00Z")], 86_400, "utc")).toEqual(["Nov 22"]);
    expect(tickTexts(ticks.slice(1), 30, "utc")[1]).toBe("00:30:00");
  });
});

describe("sparkPath", () => {
  it("is interrupted where there is no value", () => {
    const path = sparkPath(one("a", 1, Number.NaN, 2, 3).points, { width: 32, height: 20 });
    expect(path.match(/M/g)).toHaveLength(2);
    expect(path.match(/L/g)).toHaveLength(1);
    expect(path).not.toContain("NaN");
    expect(sparkPath([], { width: 32, height: 20 })).toBe("");
    expect(sparkPath(one("a", 5).points, { width: 32, height: 20 })).toBe("M16.0 10.0");
  });
});

describe("heatmap", () => {
  const buckets = [
    { from: 0.1, to: Number.POSITIVE_INFINITY, points: [[60_000, 1]] as [number, number][] },
    {
      from: 0,
      to: 0.1,
      points: [
        [60_000, 4],
        [90_000, Number.NaN],
        [120_000, 0],
      ] as [number, number][],
    },
  ];

  it("puts the lowest bucket first, and leaves out what is empty or unknown", () => {
    const rows = ordered(buckets);
    expect(rows.map(({ to }) => to)).toEqual([0.1, Number.POSITIVE_INFINITY]);
    expect(stepOf(rows)).toBe(30_000);
    expect(cells(rows)).toEqual([
      { row: 0, start: 30_000, end: 60_000, count: 4, strength: 1 },
      { row: 1, start: 30_000, end: 60_000, count: 1, strength: 0.5 },
    ]);
  });
});
