import { describe, expect, it } from "vitest";
import {
  achieved,
  achievedText,
  burnKind,
  burnText,
  eventsLeft,
  findBudget,
  groupKey,
  leftInEvents,
  leftInTime,
  outageText,
  outageTime,
  projectionText,
  sloPath,
} from "./budget";
import { compareStandings, countStates, stateOf, worstOf } from "./states";
import type { Budget, ComposedWindow, CountedWindow } from "./types";

const counted: CountedWindow = {
  window: "30d",
  from: "2026-10-23T00:00:00Z",
  to: "2026-11-22T00:00:00Z",
  end: "2026-11-22T00:00:00Z",
  good: 9990,
  bad: 4,
  valid: 9994,
  excluded: 0,
  allowed: "9.994000000",
  compliance: 0.9996,
  isMet: true,
  consumed: 0.4,
  consumedOfForecast: null,
  remaining: 0.6,
  remainingIsOf: "elapsed",
  coverage: 1,
  events: { good: 9990, bad: 4, excluded: 0, coveredSlices: 10 },
  uncorrected: null,
};
const composed: ComposedWindow = { ...counted, parts: [], badShare: 0.01, consumed: 1, remaining: 0 };
delete (composed as Partial<CountedWindow>).events;

describe("a budget", () => {
  it("is told in events and in time of a total outage", () => {
    const events = eventsLeft(counted);
    expect(events && leftInEvents(events, "events")).toBe("6 of 10 events");
    expect(leftInTime(outageTime({ target: "99.9" }, counted))).toBe("25m 55s");
  });

  it("says by how much it is overspent", () => {
    const over = { ...counted, bad: 200, remaining: -19 };
    const events = eventsLeft(over);
    expect(events && leftInEvents(events, "slices")).toBe("190 slices too many");
    expect(outageText(outageTime({ target: "99.9" }, over))).toBe("13h 40m of a total outage too much");
  });

  it("of which nothing was counted has no data, never 0", () => {
    const empty = { ...counted, good: 0, bad: 0, valid: 0, compliance: null, remaining: null };
    const events = eventsLeft(empty);
    expect(events && leftInEvents(events, "events")).toBe("no data");
    expect(leftInTime(outageTime({ target: "99.9" }, empty))).toBe("no data");
    expect(achieved(empty)).toBeNull();
    expect(achievedText(null, "99.9")).toBe("no data");
  });

  it("of a composite has no events, but a share", () => {
    expect(eventsLeft(composed)).toBeNull();
    expect(achieved(composed)).toBeCloseTo(0.99);
  });

  it("shows what was achieved as finely as the target asks", () => {
    expect(achievedText(0.998765, "99.9")).toBe("99.877 %");
    expect(achievedText(0.9999999, "99.9")).toBe("99.999 %");
    expect(achievedText(1, "99.9")).toBe("100.000 %");
  });

  it("tells when it is used up, as far as that is known", () => {
    const at = (p50: string | null, p10: string | null): Pick<Budget, "projection" | "state"> => ({
      state: "healthy",
      projection: { exhaustedIn: { p10, p50, p90: null }, likelihood: 0.5, lookedAhead: "30d" },
    });
    expect(projectionText(at("2d", "1d"), 1000)).toEqual({ text: "in 2d", at: 172_801_000 });
    expect(projectionText(at(null, "1d"), 0)).toEqual({ text: "perhaps in 1d", at: 86_400_000 });
    expect(projectionText(at(null, null), 0)).toEqual({ text: "not within 30d" });
    expect(projectionText({ state: "healthy", projection: null }, 0).text).toBe("not known");
    expect(projectionText({ state: "exhausted", projection: null }, 0).text).toBe("used up");
  });
});

describe("burn rates", () => {
  it("read as factors, and what is not known is no factor", () => {
    expect(burnText(14.4)).toBe("14.4x");
    expect(burnText(0.204)).toBe("0.2x");
    expect(burnText(0)).toBe("0x");
    expect(burnText(0.001)).toBe("<0.01x");
    expect(burnText(1234)).toBe("1,234x");
    expect(burnText(null)).toBe("no data");
    expect(burnText(Number.NaN)).toBe("no data");
    expect(burnText(Number.POSITIVE_INFINITY)).toBe("over all bounds");
  });

  it("are bad from 1 on", () => {
    expect([null, 0.9, 1.1, 14.4].map(burnKind)).toEqual(["unknown", "ok", "warning", "critical"]);
  });
});

describe("what is worst", () => {
  it("pages, then is in the worst state, then has least left", () => {
    const all = [
      { id: "well", state: "healthy", remaining: 0.9 },
      { id: "unknown", state: "no_data", remaining: null },
      { id: "over", state: "exhausted", remaining: -3 },
      { id: "more over", state: "exhausted", remaining: -9 },
      { id: "pages", state: "caution", remaining: 0.4, isPaging: true },
    ];
    const sorted = [...all].sort(compareStandings).map((one) => one.id);
    expect(sorted).toEqual(["pages", "more over", "over", "unknown", "well"]);
    expect(worstOf(all)?.id).toBe("pages");
    expect(worstOf([])).toBeUndefined();
  });

  it("counts a state of a later server as unknown", () => {
    const counts = countStates(["healthy", "healthy", "frozen_solid"]);
    expect(counts.find((one) => one.state === "healthy")?.count).toBe(2);
    expect(counts.find((one) => one.state === "no_data")?.count).toBe(1);
    expect(stateOf("frozen_solid")).toEqual({ word: "frozen solid", kind: "unknown" });
  });
});

describe("groups and links", () => {
  it("are found by all of their labels, in any order", () => {
    const whole = { objective: "", group: null };
    const eu = { objective: "", group: { zone: "a", region: "eu" } };
    const all = [whole, eu] as unknown as Budget[];
    expect(findBudget(all, "", "")).toBe(whole);
    expect(findBudget(all, "", groupKey({ region: "eu", zone: "a" }))).toBe(eu);
    expect(findBudget(all, "p99", "")).toBeUndefined();
  });

  it("lead to one place whatever is in a name", () => {
    expect(sloPath("a/b?c#d")).toBe("/slos/a/b%3Fc%23d");
    expect(sloPath("a/b", "p 99")).toBe("/slos/a/b?objective=p%2099");
  });
});
