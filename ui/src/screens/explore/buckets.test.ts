import { describe, expect, it } from "vitest";
import type { HistogramValue, Series } from "../../api/promql";
import { boundOf, heatOf, merged, ROWS_MAX, rateAdvice } from "./buckets";

const classic = (le: string, values: number[], more: Record<string, string> = {}): Series => ({
  labels: { le, ...more },
  points: values.map((value, index) => [index * 1000, value]),
});

describe("a classic histogram", () => {
  it("counts in each bucket what the lower ones do not have", () => {
    const heat = heatOf([classic("+Inf", [10, 20]), classic("0.1", [4, 4]), classic("0.5", [9, 12])]);
    expect(heat?.rows).toEqual([
      { from: 0, to: 0.1 },
      { from: 0.1, to: 0.5 },
      { from: 0.5, to: Number.POSITIVE_INFINITY },
    ]);
    expect(heat?.cells).toEqual([
      [4, 4],
      [5, 8],
      [1, 8],
    ]);
  });

  it("has no negative counts when buckets were scraped in the middle of an observation", () => {
    const heat = heatOf([classic("1", [5]), classic("2", [4]), classic("+Inf", [6])]);
    expect(heat?.cells).toEqual([[5], [0], [1]]);
  });

  it("is added up over other labels, each histogram by itself", () => {
    const heat = heatOf([
      classic("1", [1], { pod: "a" }),
      classic("+Inf", [3], { pod: "a" }),
      classic("1", [10], { pod: "b" }),
      classic("+Inf", [10], { pod: "b" }),
    ]);
    expect(heat?.histograms).toBe(2);
    expect(heat?.cells).toEqual([[11], [2]]);
  });

  it("leaves unknown what was not there", () => {
    const heat = heatOf([
      { labels: { le: "1" }, points: [[0, 1]] },
      {
        labels: { le: "2" },
        points: [
          [0, 2],
          [1000, 5],
        ],
      },
    ]);
    expect(heat?.cells).toEqual([
      [1, null],
      [1, 5],
    ]);
    expect(heatOf([classic("1", [Number.NaN])])?.cells).toEqual([[null]]);
  });

  it("has rows without end below a bound that is not positive", () => {
    const heat = heatOf([classic("-5", [1]), classic("0", [2])]);
    expect(heat?.rows[0]).toEqual({ from: Number.NEGATIVE_INFINITY, to: -5 });
  });

  it("reads bounds as exporters write them", () => {
    expect([
      boundOf({ le: "+Inf" }),
      boundOf({ le: "1e-3" }),
      boundOf({ le: "" }),
      boundOf({}),
      boundOf({ le: "x" }),
    ]).toEqual([Number.POSITIVE_INFINITY, 0.001, null, null, null]);
  });
});

const native = (samples: [number, [number, number, number][]][]): Series => ({
  labels: {},
  points: [],
  histograms: samples.map(([at, buckets]): [number, HistogramValue] => [
    at,
    { count: 0, sum: 0, buckets: buckets.map(([from, to, count]) => ({ inclusive: 0, from, to, count })) },
  ]),
});

describe("a native histogram", () => {
  it("has its counts in its own buckets, and 0 where it has none", () => {
    const heat = heatOf([
      native([
        [0, [[1, 2, 5]]],
        [1000, [[2, 4, 3]]],
      ]),
    ]);
    expect(heat?.kind).toBe("native");
    expect(heat?.rows).toEqual([
      { from: 1, to: 2 },
      { from: 2, to: 4 },
    ]);
    expect(heat?.cells).toEqual([
      [5, 0],
      [0, 3],
    ]);
  });

  it("spreads a coarser bucket over the finer rows, and loses nothing", () => {
    const heat = heatOf([
      native([
        [
          0,
          [
            [1, 2, 4],
            [2, 4, 4],
          ],
        ],
        [1000, [[1, 4, 9]]],
      ]),
    ]);
    expect(heat?.cells).toEqual([
      [4, 3],
      [4, 6],
    ]);
  });

  it("keeps what lies below zero below it", () => {
    const heat = heatOf([
      native([
        [
          0,
          [
            [-2, -1, 1],
            [-0.001, 0.001, 7],
            [1, 2, 3],
          ],
        ],
      ]),
    ]);
    expect(heat?.rows[0]).toEqual({ from: -2, to: -1 });
    expect(heat?.cells.flat().reduce((sum: number, cell) => sum + (cell ?? 0), 0)).toBe(11);
  });
});

describe("a map", () => {
  it("has no more rows than can be told apart, and the same counts", () => {
    const rows = Array.from({ length: ROWS_MAX * 3 + 1 }, (_, index) => ({ from: index, to: index + 1 }));
    const heat = merged({ rows, times: [0], cells: rows.map(() => [1]) });
    expect(heat.rows.length).toBeLessThanOrEqual(ROWS_MAX);
    expect(heat.rows[0]?.from).toBe(0);
    expect(heat.rows.at(-1)?.to).toBe(rows.length);
    expect(heat.cells.flat().reduce((sum: number, cell) => sum + (cell ?? 0), 0)).toBe(rows.length);
  });

  it("has no empty rows at its ends, but keeps them between", () => {
    const rows = [0, 1, 2, 3].map((from) => ({ from, to: from + 1 }));
    const heat = merged({ rows, times: [0], cells: [[0], [1], [0], [1]] });
    expect(heat.rows.map(({ from }) => from)).toEqual([1, 2, 3]);
  });

  it("is not there without buckets", () => {
    expect(heatOf([{ labels: { job: "x" }, points: [[0, 1]] }])).toBeNull();
  });

  it("advises the rate of what only ever rises", () => {
    const series: Series[] = [{ labels: { __name__: "a_bucket", le: "1" }, points: [] }];
    expect(rateAdvice("a_bucket", series)).toBe("sum by (le) (rate(a_bucket[5m]))");
    expect(rateAdvice("sum by (le) (rate(a_bucket[5m]))", series)).toBeNull();
  });
});
