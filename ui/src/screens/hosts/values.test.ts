import { expect, test } from "vitest";
import { MEASURES, measure } from "./measures";
import { thresholdText, valueText } from "./values";

test("values have their units, and what is not known is no number", () => {
  expect(valueText("share", 0.812)).toBe("81 %");
  expect(valueText("share", 0.0123)).toBe("1.23 %");
  expect(valueText("bytes per second", 2048)).toBe("2 KiB/s");
  expect(valueText("per second", 12)).toBe("12/s");
  expect(valueText("seconds", 0.05)).toBe("50 ms");
  for (const one of MEASURES) {
    expect(valueText(one.unit, null)).toBe("no data");
    expect(valueText(one.unit, undefined)).toBe("no data");
  }
});

test("thresholds in words", () => {
  expect(thresholdText(measure("cpu_busy"))).toBe("warning from 80 %, critical from 95 %");
  expect(thresholdText(measure("memory_oom"))).toBe("warning from 1, critical from 2");
  expect(thresholdText(measure("disk_failed"))).toBe("critical from 1");
  expect(thresholdText(measure("network_bytes"))).toBeNull();
});
