import { describe, expect, it } from "vitest";
import { durationText, isZone, milliseconds, momentOf, wallText } from "./zoned";

const iso = (text: string, zone: string) => {
  const moment = momentOf(text, zone);
  return moment === null ? null : new Date(moment).toISOString();
};

describe("times by the clocks of a zone", () => {
  it("are moments and back", () => {
    expect(iso("2026-11-21T22:00", "UTC")).toBe("2026-11-21T22:00:00.000Z");
    expect(iso("2026-11-21T22:00", "Europe/Berlin")).toBe("2026-11-21T21:00:00.000Z");
    expect(iso("2026-07-01T22:00", "Europe/Berlin")).toBe("2026-07-01T20:00:00.000Z");
    expect(iso("2026-07-01T00:15", "Asia/Kathmandu")).toBe("2026-06-30T18:30:00.000Z");
    expect(wallText(Date.parse("2026-11-21T23:30:00Z"), "Europe/Berlin")).toBe("2026-11-22T00:30");
    expect(wallText(Date.parse("2026-01-01T00:00:00Z"), "UTC")).toBe("2026-01-01T00:00");
  });

  it("which are skipped are the moment of the change, which come twice the first", () => {
    expect(iso("2026-03-29T02:30", "Europe/Berlin")).toBe("2026-03-29T01:00:00.000Z");
    expect(iso("2026-10-25T02:30", "Europe/Berlin")).toBe("2026-10-25T00:30:00.000Z");
  });

  it("are refused when they are none", () => {
    for (const text of ["", "2026-11-21", "tomorrow", "2026-13-01T00:00"]) expect(iso(text, "UTC"), text).toBeNull();
    expect(isZone("Europe/Berlin")).toBe(true);
    expect(isZone("Europe/Nowhere")).toBe(false);
    expect(isZone("")).toBe(false);
  });
});

it("durations are read and written as in the configuration", () => {
  for (const [text, expected] of [
    ["30m", 1_800_000],
    ["1h30m", 5_400_000],
    ["2w", 1_209_600_000],
    ["500ms", 500],
    ["", null],
    ["1", null],
    ["1h 30m", null],
    ["-1h", null],
  ] as const) {
    expect(milliseconds(text), text).toBe(expected);
  }
  expect(durationText(5_400_000)).toBe("1h30m");
  expect(durationText(604_800_000)).toBe("1w");
  expect(durationText(691_200_000)).toBe("8d");
  expect(durationText(0)).toBe("0s");
});
