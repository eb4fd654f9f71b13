import { expect, test } from "vitest";
import { judge, worst } from "./judgement";
import { COLUMNS, MEASURES, measure, select } from "./measures";

const HOSTILE = { job: "node", instance: 'a"} or vector(1) or x{b="\\\n' };

test("every resource is asked for its utilisation, its saturation and its errors", () => {
  for (const resource of ["cpu", "memory", "disk", "filesystem", "network", "kernel"]) {
    const aspects = new Set(MEASURES.filter((one) => one.resource === resource).map((one) => one.aspect));
    expect([...aspects].sort(), resource).toEqual(["errors", "saturation", "utilisation"]);
  }
});

test.each(MEASURES.map((one) => [one.id, one] as const))("%s gives one number per host", (_, one) => {
  const query = one.query(select());
  expect(query).toMatch(/ by \(job, instance\) /);
  expect(query.split("(").length).toBe(query.split(")").length);
  expect(query).not.toContain("undefined");
});

test("a query about one host names it in every selector", () => {
  for (const one of MEASURES) {
    for (const query of [one.query(select(HOSTILE)), one.detail?.(select(HOSTILE))]) {
      if (query === undefined) continue;
      const metrics = query.match(/\bnode_[A-Za-z_]+/g) ?? [];
      const named = query.split('{job="node", instance=').length - 1;
      expect(named, query).toBe(metrics.length);
    }
  }
});

test("the name of a host cannot leave its string", () => {
  const written = select(HOSTILE)("up");
  expect(written).toBe('up{job="node", instance="a\\"} or vector(1) or x{b=\\"\\\\\\n"}');
});

test("ids are unique, and columns are measures", () => {
  expect(new Set(MEASURES.map((one) => one.id)).size).toBe(MEASURES.length);
  for (const id of COLUMNS) expect(measure(id).id).toBe(id);
});

test("a warning comes before it is critical", () => {
  for (const one of MEASURES) {
    if (one.critical === undefined) continue;
    expect(one.warning, one.id).toBeLessThanOrEqual(one.critical);
  }
});

test("values are judged by their thresholds, which are bad themselves", () => {
  const busy = measure("cpu_busy");
  expect(judge(busy, 0.79)).toBe("ok");
  expect(judge(busy, 0.8)).toBe("warning");
  expect(judge(busy, 0.95)).toBe("critical");
  expect(judge(busy, Number.POSITIVE_INFINITY)).toBe("critical");
});

test("what is not known is never good", () => {
  const busy = measure("cpu_busy");
  for (const value of [null, undefined, Number.NaN]) expect(judge(busy, value)).toBe("unknown");
});

test("without thresholds nothing is said of a value", () => {
  expect(judge(measure("network_bytes"), 1e12)).toBe("muted");
});

test("the worst of several", () => {
  expect(worst(["ok", "critical", "warning", "unknown"])).toBe("critical");
  expect(worst(["ok", "unknown", "muted"])).toBe("ok");
  expect(worst(["unknown", "muted"])).toBe("unknown");
  expect(worst(["muted"])).toBe("unknown");
  expect(worst([])).toBe("unknown");
});
