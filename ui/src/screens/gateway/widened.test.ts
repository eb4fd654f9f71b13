import { expect, test } from "vitest";
import { widened } from "./widened";

test("a window is never shorter than the step", () => {
  const query = 'sum(rate(a{b="c"}[1m])) / sum(rate(a[5m])) + increase(a[1h])';
  expect(widened(query, 30)).toBe(query);
  expect(widened(query, 120)).toBe('sum(rate(a{b="c"}[120s])) / sum(rate(a[5m])) + increase(a[1h])');
  expect(widened(query, 7200)).toBe('sum(rate(a{b="c"}[7200s])) / sum(rate(a[7200s])) + increase(a[7200s])');
});

test("names that look like windows are names", () => {
  const query = String.raw`rate(a{route="x[1m]\"[1m]", path=~"[0-9]+"}[1m])`;
  expect(widened(query, 600)).toBe(String.raw`rate(a{route="x[1m]\"[1m]", path=~"[0-9]+"}[600s])`);
});

test("subqueries and offsets stay", () => {
  expect(widened("max_over_time(a[1h:1m] offset 3h)", 86_400)).toBe("max_over_time(a[1h:1m] offset 3h)");
});
