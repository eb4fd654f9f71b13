import { describe, expect, it } from "vitest";
import type { Point, Series } from "../../api/promql";
import { adviceFor, requestOf } from "./ask";
import { instantCurl, narrowed, rangeCommand, rangeCurl } from "./copy";
import { exemplarsOf, traceOf } from "./exemplars";
import { nearest, paired } from "./offset";
import { type ExploreState, isOffset, ONLY_LENGTH_MAX, parseStep, read, stepText, without, written } from "./state";
import { unitOf } from "./unit";

function url(state: Partial<ExploreState>): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(written(state))) {
    for (const one of value === null ? [] : [value].flat()) query.append(name, one);
  }
  return query;
}

describe("the URL", () => {
  const state: ExploreState = {
    expressions: ['rate(a{b="c&d"}[5m])', "", "up"],
    tab: "explain",
    step: 90,
    resolution: "high",
    offset: "1w",
    isStacked: false,
    isLog: true,
    hasExemplars: true,
    off: ["C"],
    only: { A: ['{x="1"}', "b:c"] },
  };

  it("says all that is shown, and is read back as it was", () => {
    expect(read(url(state))).toEqual(state);
  });

  it("says nothing that is usual", () => {
    const plain = read(new URLSearchParams());
    expect(plain.expressions).toEqual([""]);
    expect(url(plain).toString()).toBe("");
  });

  it("keeps out what makes no sense", () => {
    const read_ = read(new URLSearchParams("expr=up&tab=x&step=-5s&offset=soon&res=x&off=A,Z,9&only=nothing"));
    expect(read_).toMatchObject({ tab: "graph", step: null, offset: null, resolution: "medium", off: ["A"], only: {} });
  });

  it("leaves long lists of curves out", () => {
    expect(written({ only: { A: ["x".repeat(ONLY_LENGTH_MAX + 1)] } }).only).toBeNull();
  });

  it("moves what belongs to later queries when one is removed", () => {
    const rest = without({ ...state, off: ["A", "C"], only: { B: ["x"], C: ["y"] } }, 1);
    expect(rest.expressions).toEqual([state.expressions[0], "up"]);
    expect(rest.off).toEqual(["A", "B"]);
    expect(rest.only).toEqual({ B: ["y"] });
  });

  it("reads steps as people write them", () => {
    expect(parseStep("")).toBeNull();
    expect(parseStep("auto")).toBeNull();
    expect(parseStep("90s")).toBe(90);
    expect(parseStep("15")).toBe(15);
    expect(parseStep("0")).toBeUndefined();
    expect(parseStep("often")).toBeUndefined();
    expect([stepText(90), stepText(7200), stepText(86_400), stepText(0.5)]).toEqual(["90s", "2h", "1d", "500ms"]);
    expect(isOffset("1w")).toBe(true);
    expect(isOffset("0")).toBe(false);
  });
});

describe("copies for a shell", () => {
  const asked = { expression: `up{a="it's $(rm -rf) \`x\`"}`, from: 0, to: 3_600_000, step: 60 };

  it("quote everything that a shell would read", () => {
    const command = rangeCommand(asked, "http://127.0.0.1:9880");
    expect(command).toBe(
      "plimsoll query range --server http://127.0.0.1:9880 --start 1970-01-01T00:00:00Z --end 1970-01-01T01:00:00Z " +
        `--step 1m 'up{a="it'\\''s $(rm -rf) \`x\`"}'`,
    );
    expect(rangeCurl(asked, "http://h")).toContain(`--data-urlencode 'query=up{a="it'\\''s $(rm -rf) \`x\`"}'`);
    expect(instantCurl("up", 0, "http://h")).toBe(
      "curl -sG http://h/api/v1/query --data-urlencode query=up --data-urlencode time=1970-01-01T00:00:00Z",
    );
  });

  it("do not let an expression become an option", () => {
    expect(rangeCommand({ ...asked, expression: "-up" }, "http://h")).toMatch(/ -- -up$/);
  });
});

describe("narrowing", () => {
  it("adds a condition to a plain selector", () => {
    expect(narrowed("up", "job", 'a"b')).toBe('up{job="a\\"b"}');
    expect(narrowed('up{x="}"}', "job", "a")).toBe('up{x="}", job="a"}');
    expect(narrowed('{__name__="up"}', "k8s.pod", "a")).toBe('{__name__="up", "k8s.pod"="a"}');
  });

  it("leaves anything else alone", () => {
    expect(narrowed("rate(up[5m])", "job", "a")).toBeUndefined();
    expect(narrowed("up + up", "job", "a")).toBeUndefined();
  });
});

describe("comparison with the past", () => {
  const series = (labels: Record<string, string>, points: Point[]): Series => ({ labels, points });

  it("moves the past into the present and pairs curves by their labels, in any order", () => {
    const now = [series({ a: "1", b: "2" }, [[100_000, 5]])];
    const before = [series({ b: "2", a: "1" }, [[40_000, 4]]), series({ a: "gone" }, [[40_000, 9]])];
    const [first, second] = paired(now, before, 60_000, 15_000);
    expect(first).toMatchObject({ before: [[100_000, 4]], difference: 1, share: 0.25 });
    expect(second).toMatchObject({ labels: { a: "gone" }, now: [], difference: null });
  });

  it("compares with the nearest step, when the offset is no multiple of it", () => {
    const now = [series({}, [[100_000, 5]])];
    const near = paired(now, [series({}, [[34_000, 4]])], 60_000, 15_000);
    expect(near[0]?.difference).toBe(1);
    const far = paired(now, [series({}, [[20_000, 4]])], 60_000, 15_000);
    expect(far[0]?.difference).toBeNull();
  });

  it("knows no share of nothing, and no difference to what is no number", () => {
    const now = [series({}, [[100_000, 5]])];
    expect(paired(now, [series({}, [[40_000, 0]])], 60_000, 15_000)[0]).toMatchObject({ difference: 5, share: null });
    expect(paired(now, [series({}, [[40_000, Number.NaN]])], 60_000, 15_000)[0]?.difference).toBeNull();
  });

  it("finds the nearest point at both ends", () => {
    const points: Point[] = [
      [10, 1],
      [20, 2],
    ];
    expect(nearest(points, 0, 10)?.[1]).toBe(1);
    expect(nearest(points, 26, 10)?.[1]).toBe(2);
    expect(nearest(points, 99, 10)).toBeUndefined();
    expect(nearest([], 0, 10)).toBeUndefined();
  });
});

describe("requests", () => {
  it("are aligned to the step, so that points stay where they are", () => {
    const { path, form } = requestOf({ expression: "up", from: 1_000_500, to: 2_000_500, step: 15, wantsPlan: true });
    expect(path).toBe("/api/v1/query_range");
    expect([form.get("start"), form.get("end"), form.get("explain")]).toEqual(["990", "1995", "true"]);
  });

  it("ask for a moment without a step", () => {
    expect(requestOf({ expression: "up", from: 0, to: 5000, step: null }).form.get("time")).toBe("5");
  });

  it("come with advice when they were too much", () => {
    expect(adviceFor("query timed out in expression evaluation")).toMatch(/shorter time range/);
    expect(adviceFor("exceeded maximum resolution of 11,000 points per timeseries.")).toMatch(/larger step/);
    expect(adviceFor("something else")).toBeUndefined();
  });
});

describe("exemplars", () => {
  it("are told once, though every bucket has them", () => {
    const one = { labels: { trace_id: "t1" }, value: "0.25", timestamp: 10 };
    const two = { labels: { traceID: "t2" }, value: "0.5", timestamp: 20 };
    const found = exemplarsOf([
      { seriesLabels: { le: "1" }, exemplars: [one] },
      { seriesLabels: { le: "2" }, exemplars: [one, two] },
    ]);
    expect(found.map(({ at, value }) => [at, value])).toEqual([
      [20_000, 0.5],
      [10_000, 0.25],
    ]);
    expect(found.map(({ labels }) => traceOf(labels))).toEqual(["t2", "t1"]);
  });
});

describe("units", () => {
  const unit = (expression: string) => unitOf(expression, []);

  it("follow from names and functions", () => {
    expect(unit("node_memory_MemFree_bytes")).toBe("bytes");
    expect(unit("rate(node_network_receive_bytes_total[5m])")).toBe("bytes/s");
    expect(unit("sum(rate(http_requests_total[5m]))")).toBe("/s");
    expect(unit("histogram_quantile(0.99, sum by (le) (rate(http_seconds_bucket[5m])))")).toBe("seconds");
    expect(unit("rate(http_seconds_count[5m])")).toBe("/s");
  });

  it("are not guessed where they may be wrong", () => {
    expect(unit("a_seconds / b_seconds")).toBeUndefined();
    expect(unit("rate(node_cpu_seconds_total[5m])")).toBeUndefined();
    expect(unit("process_start_time_seconds")).toBeUndefined();
    expect(unit("count(a_bytes)")).toBeUndefined();
    expect(unit("a_bytes > 5")).toBeUndefined();
  });
});
