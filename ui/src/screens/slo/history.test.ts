import { expect, it } from "vitest";
import { burnDown, loadLine, sliLine, stepOf, stepText, totals } from "./history";

const slice = (at: string, good: number, bad: number, remaining: number | null) => ({
  at,
  good,
  bad,
  excluded: 1,
  coveredSlices: 1,
  remaining,
});
const slices = [
  slice("1970-01-01T00:00:00Z", 0, 0, null),
  slice("1970-01-01T00:01:00Z", 9, 1, 0.5),
  slice("1970-01-01T00:02:00Z", 0, 0, null),
  slice("1970-01-01T00:03:00Z", 4, 0, 0.6),
];

it("asks for slices that the store has", () => {
  expect([1, 10, 15, 3600].map((step) => stepOf(step, 600))).toEqual([10, 10, 20, 3600]);
  expect([15, 90].map((step) => stepOf(step, 3600))).toEqual([60, 120]);
  expect(stepOf(360, 24 * 3600)).toBe(600);
  expect(stepOf(900, 30 * 24 * 3600)).toBe(3600);
  expect([90, 3600, 10_800].map(stepText)).toEqual(["1m30s", "1h", "3h"]);
});

it("draws no line before anything was known, and a gap where nothing was", () => {
  expect(burnDown(slices, 60, 210_000).points).toEqual([
    [120_000, 0.5],
    [180_000, Number.NaN],
    [210_000, 0.6],
  ]);
  expect(sliLine(slices).points).toEqual([
    [60_000, 0.9],
    [120_000, Number.NaN],
    [180_000, 1],
  ]);
  expect(sliLine([]).points).toEqual([]);
  expect(sliLine(slices.slice(0, 3)).points).toEqual([[60_000, 0.9]]);
  expect(sliLine(slices.slice(2, 3)).points).toEqual([]);
});

it("shows the part of the even use that is looked at", () => {
  const { points } = loadLine(0, 100, { from: 25, to: 50 });
  expect(points).toEqual([
    [25, 0.75],
    [50, 0.5],
  ]);
  expect(loadLine(0, 100, { from: 100, to: 200 }).points).toEqual([]);
});

it("adds up", () => {
  expect(totals(slices)).toEqual({ good: 13, bad: 1, excluded: 4 });
});
