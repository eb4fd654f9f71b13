import { describe, expect, it } from "vitest";
import { constant, evidenceRange, generatorExpression, isOf, thresholds } from "./expression";

describe("thresholds are told from expressions", () => {
  const check = (expression: string, ...expected: [left: string, comparison: string, value: number][]) => {
    const found = thresholds(expression).map((one) => [one.left, one.comparison, one.value]);
    expect(found, expression).toEqual(expected);
  };

  it("a comparison with a number", () => {
    check("up == 0", ["up", "==", 0]);
    check("rate(http_errors[5m]) / rate(http[5m]) > 0.05", ["rate(http_errors[5m]) / rate(http[5m])", ">", 0.05]);
    check('x{path="a > 1 and b"} >= 1e3', ['x{path="a > 1 and b"}', ">=", 1000]);
    check("(x > 5)", ["x", ">", 5]);
    check("x > bool 5", ["x", ">", 5]);
    check("a - b < -1.5", ["a - b", "<", -1.5]);
    check("x > 14.4 * (1 - 0.999)", ["x", ">", 14.4 * (1 - 0.999)]);
    check("x > 1 # and y > 2", ["x", ">", 1]);
    check("sum by (and_more) (x) > 2", ["sum by (and_more) (x)", ">", 2]);
  });

  it("the number may stand in front", () => {
    check("0.5 < x", ["x", ">", 0.5]);
    check("10 >= (x)", ["x", "<=", 10]);
    check("0 == x", ["x", "==", 0]);
  });

  it("several that must all hold", () => {
    check("a > 1 and b > 2", ["a", ">", 1], ["b", ">", 2]);
    check("a > 1 and on(job) group_left() b > 2", ["a", ">", 1], ["group_left() b", ">", 2]);
    check("a > 1 and on (job) b", ["a", ">", 1]);
    check("(a > 1) AND (b < 2)", ["a", ">", 1], ["b", "<", 2]);
  });

  it("none where no line would be right", () => {
    check("a > b");
    check("a > 1 or b > 2");
    check("a > 1 unless b");
    check("absent(up)");
    check("1 > 2");
    check("a > 1 > 2");
    check("a > (1");
    check("");
    check("vector(1)");
  });
});

it("constants are computed, everything else is none", () => {
  for (const [text, expected] of [
    ["1", 1],
    ["-1.5e3", -1500],
    ["1_000", 1000],
    ["2 * (3 + 4) / 7 - 1", 1],
    ["Inf", Infinity],
    ["-inf", -Infinity],
    ["time()", null],
    ["1 2", null],
    ["(1", null],
    ["", null],
    ["2 ^ 3", null],
    ["alert(1)", null],
  ] as const) {
    expect(constant(text), text).toBe(expected);
  }
});

it("a curve is of an alert when no label of it is another one there", () => {
  const alert = { alertname: "Down", job: "db", instance: "db-1" };
  expect(isOf({ __name__: "up", job: "db", instance: "db-1" }, alert)).toBe(true);
  expect(isOf({ job: "db", instance: "db-2" }, alert)).toBe(false);
  expect(isOf({}, alert)).toBe(true);
  expect(isOf({ zone: "x" }, alert)).toBe(false);
});

it("expressions are read from addresses of alerts, and from nothing else", () => {
  expect(generatorExpression("http://host:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1")).toBe("up == 0");
  expect(generatorExpression("/query?expr=up")).toBe("up");
  expect(generatorExpression("javascript:alert(1)?g0.expr=up")).toBeNull();
  expect(generatorExpression("http://[")).toBeNull();
  expect(generatorExpression("http://host/")).toBeNull();
  expect(generatorExpression(undefined)).toBeNull();
});

it("evidence shows what was before, and no week of after", () => {
  const [activeAt, hour] = [Date.parse("2026-11-22T03:00:00Z"), 3_600_000];
  expect(evidenceRange(activeAt, 0, activeAt + hour)).toEqual({ from: activeAt - hour / 4, to: activeAt + hour });
  expect(evidenceRange(activeAt, 1800, activeAt + 100 * hour)).toEqual({
    from: activeAt - hour / 2,
    to: activeAt + 6 * hour,
  });
  expect(evidenceRange(activeAt, 0, activeAt).to).toBe(activeAt + 60_000);
});
