import { describe, expect, test } from "vitest";
import type { GatewayActivity as Activity } from "../../api/types";
import { byEndpoint, byRoute, endpointKey, quantile, snapshot, WINDOW_MS, Window } from "./counters";

const EDGES = [0.1, 1, null];

function counted(route: string | null, endpoint: string | null, classes: Record<string, number>, buckets: number[]) {
  const one: Activity = {
    route,
    backend: endpoint === null ? null : "shop",
    endpoint,
    classes,
    tookSeconds: 1,
    buckets: EDGES.map((atMostSeconds, index) => ({ atMostSeconds, count: buckets[index] ?? 0 })),
  };
  return one;
}

function windowOf(...snapshots: [number, Activity[]][]): Window {
  const window = new Window();
  for (const [at, activity] of snapshots) window.push(snapshot(activity, at, byRoute));
  return window;
}

describe("rates", () => {
  test("need two snapshots", () => {
    const window = windowOf([0, [counted("a", "x", { "2xx": 5 }, [5])]]);
    expect(window.happened("a")).toBeNull();
  });

  test("are what was counted in between, over all endpoints of a route", () => {
    const window = windowOf(
      [1000, [counted("a", "x", { "2xx": 10 }, [10]), counted("a", "y", { "2xx": 10 }, [10])]],
      [
        11_000,
        [counted("a", "x", { "2xx": 30, "5xx": 5, "499": 5 }, [10, 30]), counted("a", "y", { "2xx": 10 }, [10])],
      ],
    );
    const happened = window.happened("a");
    expect(happened?.requests).toBe(30);
    expect(happened?.rate).toBe(3);
    expect(happened?.classes["2xx"]).toBe(20);
    // Clients that left are nobody's failure: 5 of 25.
    expect(happened?.errors).toBe(0.2);
    // All of them took between 100 ms and a second.
    expect(happened?.p50?.seconds).toBeCloseTo(0.55);
  });

  test("what was not there before began at 0, what nobody asked for has no share of errors", () => {
    const window = windowOf([0, []], [2000, [counted("new", "x", { "2xx": 4 }, [4])]]);
    expect(window.happened("new")?.rate).toBe(2);
    expect(window.happened("idle")).toMatchObject({ requests: 0, rate: 0, errors: null, p99: null });
  });

  test("a restart begins a new window instead of a negative rate", () => {
    const window = windowOf(
      [0, [counted("a", "x", { "2xx": 1000 }, [1000])]],
      [5000, [counted("a", "x", { "2xx": 1100 }, [1100])]],
      [10_000, [counted("a", "x", { "2xx": 7 }, [7])]],
    );
    expect(window.happened("a")).toBeNull();
    window.push(snapshot([counted("a", "x", { "2xx": 17 }, [17])], 15_000, byRoute));
    expect(window.happened("a")?.rate).toBe(2);
  });

  test("a route that is configured no more is no restart", () => {
    const window = windowOf(
      [0, [counted("a", "x", { "2xx": 10 }, [10]), counted("gone", "x", { "2xx": 10 }, [10])]],
      [10_000, [counted("a", "x", { "2xx": 20 }, [20])]],
    );
    expect(window.happened("a")?.rate).toBe(1);
  });

  test("a window is a minute long at most, also after the tab slept, and never grows", () => {
    const window = new Window();
    for (let second = 0; second < 3600; second += 1) {
      window.push(snapshot([counted("a", "x", { "2xx": second * 10 }, [second * 10])], second * 1000, byRoute));
    }
    expect(window.length).toBeLessThanOrEqual(16);
    expect(window.happened("a")?.rate).toBe(10);
    window.push(snapshot([counted("a", "x", { "2xx": 1e6 }, [1e6])], 3600_000 + WINDOW_MS, byRoute));
    expect(window.happened("a")).toBeNull();
  });

  test("a clock that goes back begins a new window", () => {
    const window = windowOf(
      [5000, [counted("a", "x", { "2xx": 1 }, [1])]],
      [5000, [counted("a", "x", { "2xx": 2 }, [2])]],
    );
    expect(window.happened("a")).toBeNull();
  });
});

test("endpoints are counted over all routes, without what none of them saw", () => {
  const activity = [
    counted("a", "x:1", { "2xx": 1 }, [1]),
    counted("b", "x:1", { "2xx": 2 }, [2]),
    counted("a", null, { "5xx": 4 }, [4]),
  ];
  const { of } = snapshot(activity, 0, byEndpoint);
  expect([...of.keys()]).toEqual([endpointKey("shop", "x:1")]);
  expect(of.get(endpointKey("shop", "x:1"))?.classes).toEqual({ "2xx": 3 });
});

test("names like those of object properties are names", () => {
  const { of } = snapshot([counted("__proto__", "x", { "2xx": 1 }, [1])], 0, byRoute);
  expect(of.get("__proto__")?.classes["2xx"]).toBe(1);
});

describe("quantiles", () => {
  const edges = [0.1, 0.5, Number.POSITIVE_INFINITY];
  test("lie on a line inside of a bucket", () => {
    expect(quantile(0.5, edges, [10, 0, 0])).toEqual({ seconds: 0.05, isMore: false });
    expect(quantile(0.75, edges, [10, 10, 0])?.seconds).toBeCloseTo(0.3);
  });
  test("say more than the last edge when that is all that is known", () => {
    expect(quantile(0.99, edges, [1, 0, 99])).toEqual({ seconds: 0.5, isMore: true });
  });
  test("of nothing are not known", () => {
    expect(quantile(0.99, edges, [0, 0, 0])).toBeNull();
    expect(quantile(0.99, [], [])).toBeNull();
  });
});
