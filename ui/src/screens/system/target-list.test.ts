import { expect, test } from "vitest";
import { labelsKey, matches, pools, targetKey, worstFirst } from "./target-list";
import type { Target } from "./types";

function target(scrapePool: string, scrapeUrl: string, health: Target["health"], labels = {}): Target {
  return {
    discoveredLabels: {},
    labels,
    scrapePool,
    scrapeUrl,
    globalUrl: scrapeUrl,
    lastError: health === "down" ? "connection refused" : "",
    lastScrape: "",
    lastScrapeDuration: 0,
    health,
    scrapeInterval: "15s",
    scrapeTimeout: "10s",
  };
}

const TARGETS = [
  target("b", "http://2", "up"),
  target("a", "http://9", "unknown"),
  target("z", "http://1", "down"),
  target("a", "http://3", "down"),
];

test("what is down comes first, then what was not scraped yet", () => {
  expect(worstFirst(TARGETS).map((one) => one.scrapeUrl)).toEqual(["http://3", "http://1", "http://9", "http://2"]);
});

test("jobs are counted, with those that dropped all of their targets", () => {
  expect(pools(TARGETS, { b: 2, empty: 5 })).toEqual([
    { name: "a", up: 0, down: 1, unknown: 1, dropped: 0 },
    { name: "z", up: 0, down: 1, unknown: 0, dropped: 0 },
    { name: "b", up: 1, down: 0, unknown: 0, dropped: 2 },
    { name: "empty", up: 0, down: 0, unknown: 0, dropped: 5 },
  ]);
});

test("labels are the same in any order, and the name of the metric is none of them", () => {
  expect(labelsKey({ b: "1", a: "2", __name__: "up" })).toBe(labelsKey({ a: "2", b: "1" }));
  expect(labelsKey({ a: "1", b: "" })).not.toBe(labelsKey({ a: "1" }));
});

test("one address with other labels is another target", () => {
  expect(targetKey(target("a", "http://1", "up", { x: "1" }))).not.toBe(
    targetKey(target("a", "http://1", "up", { x: "2" })),
  );
});

test("a search needs all of its words, anywhere", () => {
  const down = target("shop", "http://10.0.0.7:80/metrics", "down", { tier: "prod" });
  expect(matches(down, "10.0.0.7 refused")).toBe(true);
  expect(matches(down, "PROD shop")).toBe(true);
  expect(matches(down, "prod timeout")).toBe(false);
  expect(matches(down, "")).toBe(true);
});
