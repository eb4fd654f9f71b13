import { describe, expect, it } from "vitest";
import { parseDuration, parseTime, timeText } from "./parse";

const NOW = Date.parse("2026-11-22T09:00:00Z");

describe("parseDuration", () => {
  it("adds parts up", () => {
    expect(parseDuration("90s")).toBe(90_000);
    expect(parseDuration("1h30m")).toBe(5_400_000);
    expect(parseDuration("1.5h")).toBe(5_400_000);
    expect(parseDuration("2d")).toBe(172_800_000);
    expect(parseDuration("250ms")).toBe(250);
  });

  it("refuses everything else", () => {
    for (const text of ["", "1", "h", "1 h", "-1h", "1h-", "1hour", "1e3s"])
      expect(parseDuration(text), text).toBeNull();
  });
});

describe("parseTime", () => {
  const check = (text: string, expected: string | null) => {
    const at = parseTime(text, NOW);
    expect(at === null ? null : new Date(at).toISOString(), text).toBe(expected);
  };

  it("reads relative times", () => {
    check("now", "2026-11-22T09:00:00.000Z");
    check("now-1h", "2026-11-22T08:00:00.000Z");
    check("now - 1d12h", "2026-11-20T21:00:00.000Z");
    check("now+5m", "2026-11-22T09:05:00.000Z");
  });

  it("reads dates, in UTC without a zone", () => {
    check("2026-11-22", "2026-11-22T00:00:00.000Z");
    check("2026-11-22 08:15", "2026-11-22T08:15:00.000Z");
    check("2026-11-22T08:15:04.5Z", "2026-11-22T08:15:04.500Z");
    check("2026-11-22T08:15:04+02:00", "2026-11-22T06:15:04.000Z");
    check("2026-11-22 08:15:04 UTC", "2026-11-22T08:15:04.000Z");
  });

  it("reads Unix time in seconds and milliseconds", () => {
    check("1795338000", "2026-11-22T09:00:00.000Z");
    check("1795338000.5", "2026-11-22T09:00:00.500Z");
    check("1795338000123", "2026-11-22T09:00:00.123Z");
  });

  it("refuses what is no time", () => {
    for (const text of ["", "later", "now-", "now-1x", "2026-13-01", "2026-11-22 25:00", "12", "22.11.2026"])
      check(text, null);
  });

  it("writes what it reads", () => {
    expect(parseTime(timeText(NOW), 0)).toBe(NOW);
    expect(timeText(NOW)).toBe("2026-11-22T09:00:00Z");
  });
});
