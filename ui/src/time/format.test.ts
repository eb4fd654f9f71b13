import { describe, expect, it } from "vitest";
import { formatDay, formatDuration, formatRelative, formatTime, toMilliseconds } from "./format";

describe("times", () => {
  it("say their zone", () => {
    expect(formatTime("2026-11-22T08:15:04.9Z", "utc")).toBe("2026-11-22 08:15:04 UTC");
    expect(formatTime("2026-11-22T08:15:04Z", "local")).toMatch(/^2026-11-2[123] \d\d:\d\d:04 [+-]\d\d:\d\d$/);
    expect(formatDay(Date.parse("2026-03-01T00:00:00Z"), "utc")).toBe("Mar 1");
  });

  it("are not known when there is none", () => {
    for (const at of [null, undefined, "", "soon", Number.NaN, "0001-01-01T00:00:00Z"])
      expect(formatTime(at)).toBe("no data");
    expect(toMilliseconds("1970-01-01T00:00:00Z")).toBe(0);
  });

  it("are told from the present", () => {
    const now = Date.parse("2026-11-22T09:00:00Z");
    expect(formatRelative(now - 1000, now)).toBe("just now");
    expect(formatRelative(now - 45_000, now)).toBe("45s ago");
    expect(formatRelative(now - 725_000, now)).toBe("12m ago");
    expect(formatRelative(now + 7_200_000, now)).toBe("in 2h");
  });
});

describe("durations", () => {
  it("have two parts at most", () => {
    const cases: [number, string][] = [
      [0, "0s"],
      [0.0000021, "2.1us"],
      [0.0123, "12.3ms"],
      [1.25, "1.3s"],
      [59.6, "1m"],
      [90, "1m 30s"],
      [3600, "1h"],
      [90_061, "1d 1h"],
      [-90, "-1m 30s"],
      [31_536_000, "1y"],
    ];
    for (const [seconds, text] of cases) expect(formatDuration(seconds)).toBe(text);
    expect(formatDuration(Number.POSITIVE_INFINITY)).toBe("forever");
    expect(formatDuration(null)).toBe("no data");
  });
});
