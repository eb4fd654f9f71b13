import { expect, it } from "vitest";
import { burnRows, conditionsOf } from "./burn-rows";
import type { RuleExplained } from "./types";

const counts = { good: 1, bad: 0, excluded: 0, coveredSlices: 1 };
const explained = (change: Partial<RuleExplained["rule"]>, rest: Partial<RuleExplained> = {}): RuleExplained => ({
  rule: { severity: "page", factor: 14.4, long: "1h", short: "5m", for: "0s", of: "traffic", sustained: 0, ...change },
  holds: false,
  verdict: "long_below",
  text: "why",
  long: counts,
  badToldBefore: 0,
  longBurn: 7.2,
  short: counts,
  shortBurn: 1.44,
  badExpected: 1,
  chance: 1,
  pieces: null,
  isQuiet: true,
  ...rest,
});

it("lists pages before tickets, and the shortest window first", () => {
  const rows = burnRows({
    rules: [
      explained({ severity: "ticket", long: "2h" }),
      explained({ long: "6h", factor: 6 }),
      explained({ long: "30m" }),
    ],
  });
  expect(rows.map((row) => [row.severity, row.long.window])).toEqual([
    ["page", "30m"],
    ["page", "6h"],
    ["ticket", "2h"],
  ]);
});

it("is as near as the farther of both windows", () => {
  const [row] = burnRows({ rules: [explained({})] });
  expect(row?.long.share).toBeCloseTo(0.5);
  expect(row?.nearness).toBeCloseTo(0.1);
  expect(row?.lacks).toBe("the long window burns too slowly");
});

it("knows windows that have no data, and rules with one window", () => {
  const [unknown] = burnRows({ rules: [explained({}, { longBurn: null, verdict: "no_data" })] });
  expect(unknown?.long.burn).toBe("no data");
  expect(unknown?.nearness).toBe(0);
  const [single] = burnRows({
    rules: [explained({ short: null }, { shortBurn: null, holds: true, verdict: "holds", longBurn: 20 })],
  });
  expect(single?.short).toBeNull();
  expect(single?.nearness).toBe(1);
  expect(single?.lacks).toBe("holds");
});

it("says what else a rule asks for", () => {
  const { rule } = explained({ of: "budget", sustained: 0.5, for: "5m" });
  expect(conditionsOf(rule)).toEqual([
    "against an even share of the whole budget",
    "in 50 % of the long window's parts",
    "for 5m",
  ]);
  expect(conditionsOf(explained({}).rule)).toEqual([]);
});
