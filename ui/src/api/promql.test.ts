import { describe, expect, it, vi } from "vitest";
import { aligned, differingLabels, legend, parseValue, range, seriesOf, single } from "./promql";

describe("parseValue", () => {
  it("reads what JSON cannot say", () => {
    expect(["1.5", "-0", "1e3", "+Inf", "Inf", "-Inf"].map(parseValue)).toEqual([
      1.5,
      -0,
      1000,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
    for (const text of ["NaN", "", "one", null, undefined, {}]) expect(parseValue(text)).toBeNaN();
  });
});

describe("seriesOf", () => {
  it("reads a matrix, a vector, a scalar and a string", () => {
    const metric = { __name__: "up", job: "db" };
    expect(
      seriesOf({
        resultType: "matrix",
        result: [
          {
            metric,
            values: [
              [1.5, "1"],
              [16.5, "NaN"],
            ],
          },
        ],
      }),
    ).toEqual([
      {
        labels: metric,
        points: [
          [1500, 1],
          [16_500, Number.NaN],
        ],
      },
    ]);
    expect(seriesOf({ resultType: "vector", result: [{ metric, value: [2, "+Inf"] }] })).toEqual([
      { labels: metric, points: [[2000, Number.POSITIVE_INFINITY]] },
    ]);
    expect(seriesOf({ resultType: "scalar", result: [3, "7"] })).toEqual([{ labels: {}, points: [[3000, 7]] }]);
    expect(seriesOf({ resultType: "string", result: [3, "text"] })).toEqual([]);
  });

  it("reads native histograms", () => {
    const histogram = {
      count: "3",
      sum: "0.7",
      buckets: [
        [0, "0.25", "0.5", "1"],
        [3, "-0.001", "0.001", "2"],
      ],
    };
    const [series] = seriesOf({ resultType: "matrix", result: [{ metric: {}, histograms: [[10, histogram]] }] });
    expect(series?.points).toEqual([]);
    expect(series?.histograms).toEqual([
      [
        10_000,
        {
          count: 3,
          sum: 0.7,
          buckets: [
            { inclusive: 0, from: 0.25, to: 0.5, count: 1 },
            { inclusive: 3, from: -0.001, to: 0.001, count: 2 },
          ],
        },
      ],
    ]);
    expect(
      seriesOf({ resultType: "vector", result: [{ metric: {}, histogram: [10, { count: "1", sum: "NaN" }] }] })[0]
        ?.histograms,
    ).toHaveLength(1);
  });

  it("knows when there is no single number", () => {
    expect(single(undefined)).toBeNull();
    expect(single([])).toBeNull();
    expect(single([{ labels: {}, points: [[1, Number.NaN]] }])).toBeNull();
    expect(single([{ labels: {}, points: [[1, 0]] }])).toBe(0);
  });
});

describe("range", () => {
  it("asks for ends that are multiples of the step", async () => {
    const fetched = vi.fn(
      async (_: string) => new Response('{"status":"success","data":{"resultType":"matrix","result":[]}}'),
    );
    vi.stubGlobal("fetch", fetched);
    await range("up", { from: 1_000_007_000, to: 1_003_607_900, step: 15 });
    vi.unstubAllGlobals();
    expect(fetched.mock.calls[0]?.[0]).toBe(
      "/api/v1/query_range?query=up&start=999990&end=1003590&step=15"
        .replace("999990", "1000005")
        .replace("1003590", "1003605"),
    );
    expect(aligned({ from: 61_000, to: 119_000, step: 60 })).toEqual({ start: 60, end: 60, step: 60 });
  });
});

describe("legend", () => {
  it("writes a series as PromQL does", () => {
    expect(legend({ __name__: "up", job: "db" })).toBe('up{job="db"}');
    expect(legend({ __name__: "up" })).toBe("up");
    expect(legend({})).toBe("{}");
    expect(legend({ path: 'a"b\n' })).toBe('{path="a\\"b\\n"}');
  });

  it("keeps only what tells series apart", () => {
    const all = [
      { __name__: "up", job: "db", instance: "a" },
      { __name__: "up", job: "db", instance: "b" },
    ];
    const differing = differingLabels(all);
    expect(differing).toEqual(["instance"]);
    expect(all.map((labels) => legend(labels, differing))).toEqual(["a", "b"]);
    expect(differingLabels([{ a: "1" }, {}])).toEqual(["a"]);
    expect(legend({}, ["a"])).toBe("value");
  });
});
