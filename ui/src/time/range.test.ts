import { beforeEach, describe, expect, it } from "vitest";
import { refreshPlace } from "../router/location";
import { refreshEvery, resolve, setRange, shiftRange, stepFor } from "./range";

const NOW = Date.parse("2026-11-22T09:00:00Z");

beforeEach(() => {
  window.history.replaceState(null, "", "/alerts?tab=x");
  refreshPlace();
});

describe("resolve", () => {
  it("reads the texts of the URL", () => {
    const range = resolve("now-6h", "now", NOW);
    expect([range.to - range.from, range.to, range.isRelative]).toEqual([6 * 3_600_000, NOW, true]);
    expect(resolve("2026-11-22T07:00:00Z", "2026-11-22T08:00:00Z", NOW).isRelative).toBe(false);
  });

  it("shows the last hour when they make no range", () => {
    for (const [from, to] of [
      ["never", "now"],
      ["now", "now-1h"],
      ["now", "now"],
    ] as const) {
      const range = resolve(from, to, NOW);
      expect([range.fromText, range.to - range.from]).toEqual(["now-1h", 3_600_000]);
    }
  });
});

describe("the step", () => {
  it("is a round number that gives about as many points as wanted", () => {
    expect(stepFor(3600, 240)).toBe(15);
    expect(stepFor(86_400, 240)).toBe(600);
    expect(stepFor(60, 240)).toBe(1);
    expect(stepFor(365 * 86_400, 240)).toBe(172_800);
    expect(stepFor(3600, 0)).toBe(3600);
  });
});

describe("setRange", () => {
  it("writes both ends to the second, and nothing for the last hour", () => {
    setRange(NOW - 1_800_400, NOW + 200);
    expect(window.location.search).toBe("?tab=x&from=2026-11-22T08:30:00Z&to=2026-11-22T09:00:00Z");
    setRange("now-1h", "now");
    expect(window.location.search).toBe("?tab=x");
  });

  it("changes nothing for what is no range", () => {
    setRange("soon", "now");
    setRange(NOW, NOW - 1);
    expect(window.location.search).toBe("?tab=x");
  });

  it("moves by half of what is shown", () => {
    shiftRange({ from: NOW - 3_600_000, to: NOW }, -1);
    expect(window.location.search).toContain("from=2026-11-22T07:30:00Z&to=2026-11-22T08:30:00Z");
  });
});

describe("refreshEvery", () => {
  it("stays between 5 s and a minute", () => {
    expect([60_000, 3_600_000, 86_400_000].map(refreshEvery)).toEqual([5000, 15_000, 60_000]);
  });
});
