import { expect, test } from "vitest";
import { features } from "./features";
import { kinds } from "./file-list";
import { objectUrl } from "./objects";
import { ownMetrics } from "./own-metrics";

test("each series is a line with a query that draws it", () => {
  const lines = ownMetrics([
    { name: "g", help: "A gauge.", type: "GAUGE", metric: [{ gauge: { value: 2 } }] },
    {
      name: "c_total",
      help: "",
      type: "COUNTER",
      metric: [{ counter: { value: "12" }, label: [{ name: "a", value: 'x"y' }] }],
    },
    {
      name: "h_seconds",
      help: "",
      type: "HISTOGRAM",
      metric: [{ histogram: { sampleCount: "4", sampleSum: 2 } }, { histogram: { sampleCount: "0", sampleSum: 0 } }],
    },
    { name: "new", help: "", type: "INVENTED", metric: [{}] },
  ]);
  expect(lines.map((line) => [line.text, line.query])).toEqual([
    ["2", 'g{job="plimsoll"}'],
    ["12", 'rate(c_total{job="plimsoll", a="x\\"y"}[5m])'],
    ["4, mean 0.5", 'histogram_quantile(0.99, sum by (le) (rate(h_seconds_bucket{job="plimsoll"}[5m])))'],
    ["none", 'histogram_quantile(0.99, sum by (le) (rate(h_seconds_bucket{job="plimsoll"}[5m])))'],
    ["no data", 'new{job="plimsoll"}'],
  ]);
});

test("of long groups of features only what is off is named", () => {
  const long = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f_${index}`, index !== 7]));
  expect(features({ tsdb: { native_histograms: true, delayed: false }, functions: long })).toEqual([
    {
      group: "tsdb",
      features: [
        { name: "native histograms", isOn: true },
        { name: "delayed", isOn: false },
      ],
    },
    {
      group: "functions",
      features: [
        { name: "29 of 30", isOn: true },
        { name: "f 7", isOn: false },
      ],
    },
  ]);
});

test("what a file defines is counted by its kinds", () => {
  const object = (kind: string) => ({ kind, name: "x", line: 1 });
  const file = {
    path: "",
    role: "",
    loadedAt: "",
    bytes: 0,
    text: "",
    objects: [object("job"), object("rule"), object("job")],
  };
  expect(kinds(file)).toBe("2 jobs, 1 rule");
  expect(kinds({ ...file, objects: [] })).toBe("");
});

test("objects lead to their screens, and names cannot leave their place in the address", () => {
  expect(objectUrl({ kind: "slo", name: "shop/a b" })).toBe("/slos/shop/a%20b");
  expect(objectUrl({ kind: "job", name: "a&tab=x" })).toBe("/system?tab=targets&targets.f=job%3Aa%26tab%3Dx");
  expect(objectUrl({ kind: "invented", name: "x" })).toBeNull();
});
