import { describe, expect, it } from "vitest";
import type { Point } from "../api/promql";
import { isolated } from "./isolated";
import { join, nearest, stack } from "./join";

const points = (...pairs: [number, number][]): Point[] => pairs.map(([at, value]) => [at * 1000, value]);

describe("join", () => {
  it("puts series of the same times beside each other", () => {
    expect(join([points([10, 1], [20, 2]), points([10, 3], [20, Number.NaN])])).toEqual({
      x: [10, 20],
      y: [
        [1, 2],
        [3, null],
      ],
    });
  });

  it("keeps a gap a gap, even when no series has a point in it", () => {
    const { x, y } = join([points([10, 1], [20, 2], [50, 3])]);
    expect(x).toEqual([10, 20, 30, 50]);
    expect(y).toEqual([[1, 2, null, 3]]);
  });

  it("keeps the gaps of several series with the same times", () => {
    const gap = points([10, 1], [20, 2], [50, 3]);
    expect(join([gap, gap]).y).toEqual([
      [1, 2, null, 3],
      [1, 2, null, 3],
    ]);
  });

  it("does not tear a coarse series where a fine one has points", () => {
    const { x, y } = join([points([0, 1], [60, 2], [120, 3]), points([0, 5], [15, 5], [30, 5], [45, 5], [60, 5])]);
    expect(x).toEqual([0, 15, 30, 45, 60, 120]);
    expect(y[0]).toEqual([1, undefined, undefined, undefined, 2, 3]);
    expect(y[1]).toEqual([5, 5, 5, 5, 5, null]);
  });

  it("is not torn by a last point that came early", () => {
    expect(join([points([0, 1], [10, 2], [20, 3], [22, 4])]).y).toEqual([[1, 2, 3, 4]]);
  });

  it("does not draw infinities, and lives without points", () => {
    expect(join([points([10, Number.POSITIVE_INFINITY])]).y).toEqual([[null]]);
    expect(join([])).toEqual({ x: [], y: [] });
    expect(join([[], points([1, 2])])).toEqual({ x: [1], y: [[null], [2]] });
  });

  it("is quick with 5,000 series", () => {
    const many = Array.from({ length: 5000 }, (_, series) =>
      Array.from({ length: 240 }, (_, index): Point => [index * 15_000, series + index]),
    );
    const { x, y } = join(many);
    expect([x.length, y.length, y[4999]?.[239]]).toEqual([240, 5000, 5238]);
  });
});

describe("stack", () => {
  it("adds up, and nothing for what is missing", () => {
    expect(
      stack([
        [1, null, null],
        [2, 3, null],
      ]),
    ).toEqual([
      [1, 0, null],
      [3, 3, null],
    ]);
  });
});

describe("isolated", () => {
  it("finds values without neighbours", () => {
    expect(isolated([1, null, 2, 3, null, 4])).toEqual([0, 5]);
    expect(isolated([1, undefined, 2, null])).toEqual([]);
    expect(isolated([null, undefined, 2, undefined, null])).toEqual([2]);
  });
});

describe("nearest", () => {
  it("finds the closer time", () => {
    expect([0, 14, 16, 99].map((at) => nearest([10, 20, 30], at))).toEqual([0, 0, 1, 2]);
    expect(nearest([], 5)).toBe(-1);
  });
});
