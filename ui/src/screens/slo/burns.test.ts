import { expect, it } from "vitest";
import { ALL_BURNS, burnQuery, burnsFor, burnsOf, quoted, remainingQuery } from "./burns";

const slo = { service: "cart", name: "latency", kind: "latency" };

it("finds the burn rates of each objective", () => {
  const all = burnsOf([
    { labels: { sloth_service: "cart", sloth_slo: "latency-p99", sloth_window: "1h" }, points: [[0, 2]] },
    { labels: { sloth_service: "cart", sloth_slo: "latency-p99", sloth_window: "6h" }, points: [[0, Number.NaN]] },
    { labels: { service: "cart", slo: "latency", objective: "p99", window: "1h" }, points: [[0, 3]] },
    { labels: { service: "cart", slo: "latency", objective: "p99", window: "3d" }, points: [[0, 0]] },
    { labels: { service: "cart", slo: "latency", objective: "p99", window: "5m" }, points: [[0, 9]] },
  ]);
  expect(burnsFor(all, slo, "p99")).toEqual({ "1h": 2, "3d": 0 });
  expect(burnsFor(all, slo, "")).toBeUndefined();
  expect(burnsFor(undefined, slo, "p99")).toBeUndefined();
});

it("asks for what a cell shows", () => {
  expect(ALL_BURNS).toContain("ratio_rate(1h|6h|3d)");
  expect(burnQuery(slo, "p99", "6h")).toBe(
    'slo:sli_error:ratio_rate6h{sloth_service="cart",sloth_slo="latency-p99"} / on(sloth_id) slo:error_budget:ratio',
  );
  expect(burnQuery({ ...slo, kind: "composite" }, "", "1h")).toBe(
    'plimsoll_slo_burn_rate_ratio{service="cart",slo="latency",window="1h"}',
  );
});

it("writes hostile values as texts", () => {
  expect(quoted('a"}) or vector(1) #\\\n')).toBe('"a\\"}) or vector(1) #\\\\\\n"');
  expect(remainingQuery(slo, "", "30d", { region: '"x' })).toBe(
    'plimsoll_slo_budget_remaining_ratio{service="cart",slo="latency",objective="",window="30d",region="\\"x"}',
  );
});
