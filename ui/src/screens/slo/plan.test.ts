import { describe, expect, it } from "vitest";
import { changeOf, compare, objectiveAt, planParams, SLIDER_STEPS, sliderOf } from "./plan";
import type { LivedPlan, Plans } from "./types";

const inForce = { objective: "99.9", window: "30d" };

describe("the question", () => {
  it("has only what differs from what is in force", () => {
    expect(changeOf({ objective: "99.9", window: "30d" }, inForce)).toBeUndefined();
    expect(changeOf({ objective: "99.90", window: "" }, inForce)).toBeUndefined();
    expect(changeOf({ objective: "99.95", window: "30d" }, inForce)).toBe('{"objective":"99.95"}');
    expect(changeOf({ objective: "99", window: "7d" }, inForce)).toBe('{"objective":"99","window":"7d"}');
  });

  it("carries whatever was typed as a text, so that the server refuses it with its own words", () => {
    expect(changeOf({ objective: 'x"}', window: "30d" }, inForce)).toBe('{"objective":"x\\"}"}');
  });

  it("names the budget", () => {
    expect(planParams("c", { objective: "p99", group: { region: "eu=west" } })).toEqual({
      change: "c",
      objective: "p99",
      label: ["region=eu=west"],
    });
    expect(planParams(undefined, { objective: "", group: null })).toEqual({
      change: undefined,
      objective: undefined,
      label: [],
    });
  });
});

describe("the slider", () => {
  it("goes from 90 to 99.999 as objectives are written", () => {
    expect(objectiveAt(0)).toBe("90");
    expect([5, 8, 9, 14, 18, 23].map(objectiveAt)).toEqual(["95", "98", "99", "99.5", "99.9", "99.95"]);
    expect(objectiveAt(SLIDER_STEPS)).toBe("99.999");
  });

  it("stands where the objective is, and at its ends for what lies beyond", () => {
    for (const objective of ["90", "95", "99.5", "99.95", "99.999"])
      expect(objectiveAt(sliderOf(objective))).toBe(objective);
    expect(objectiveAt(sliderOf("99.945"))).toBe("99.94");
    expect(sliderOf("50")).toBe(0);
    expect(sliderOf("99.99999")).toBe(SLIDER_STEPS);
    expect(sliderOf("100")).toBe(SLIDER_STEPS);
  });

  it("never goes back while it is moved up", () => {
    const all = Array.from({ length: SLIDER_STEPS + 1 }, (_, at) => Number(objectiveAt(at)));
    expect(all).toEqual([...all].sort((a, b) => a - b));
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("what would have been", () => {
  const plan = (change: Partial<LivedPlan>): LivedPlan => ({
    name: "in force",
    target: "99.9",
    window: "30d",
    method: "occurrences",
    unit: "events",
    leavesOut: [],
    kept: 0.5,
    periods: [],
    pages: 3,
    tickets: null,
    outagesNoticed: 2,
    noticedAfter: [],
    states: { exhausted: "1d" },
    frozen: [],
    ...change,
  });
  const plans = (...lived: LivedPlan[]): Plans => ({
    id: "a/b",
    from: "",
    to: "",
    resolution: "10s",
    known: { samples: null, ledger: null },
    outages: [
      { from: "", to: "", bad: 1 },
      { from: "", to: "", bad: 1 },
    ],
    deploys: 0,
    freezesFrom: "critical",
    plans: lived,
    nines: null,
    notes: [],
  });

  it("is compared with what was", () => {
    const found = compare(
      plans(plan({}), plan({ target: "99", kept: 1, pages: 1, outagesNoticed: 1, states: { exhausted: "0s" } })),
    );
    const by = Object.fromEntries(found.map((one) => [one.name, [one.before, one.after, one.verdict]]));
    expect(by).toEqual({
      kept: ["50 %", "100 %", "better"],
      budget: ["43m 12s of 30d", "7h 12m of 30d", "better"],
      pages: ["3", "1", "better"],
      tickets: ["no data", "no data", "same"],
      "outages noticed": ["2 of 2", "1 of 2", "worse"],
      "time exhausted": ["1d", "0s", "better"],
    });
  });

  it("with nothing asked shows what is in force twice, and nothing differs", () => {
    expect(compare(plans(plan({}))).every((one) => one.verdict === "same" && one.before === one.after)).toBe(true);
    expect(compare(plans())).toEqual([]);
  });

  it("of a period of the calendar has a share of it", () => {
    const budget = compare(plans(plan({ window: "month in UTC" }))).find((one) => one.name === "budget");
    expect(budget?.before).toBe("0.1 % of a month in UTC");
  });
});
