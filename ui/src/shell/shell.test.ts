import { describe, expect, it } from "vitest";
import type { ServerState } from "../api/server";
import { SCREENS } from "../screens";
import { fuzzyScore } from "./fuzzy";
import { best } from "./palette";
import type { Entry } from "./palette-entries";
import { rangeWords } from "./range-picker";
import { screenAt } from "./screen";
import { isCurrent, visibleScreens } from "./visible";

const entry = (title: string, kind = "Screen"): Entry => ({
  id: `${kind} ${title}`,
  title,
  kind,
  icon: "now",
  run: () => {},
});

describe("screens", () => {
  it("have paths and keys of their own", () => {
    const paths = SCREENS.map(({ path }) => path);
    const keys = SCREENS.flatMap(({ go }) => go ?? []);
    expect(new Set(paths).size).toBe(paths.length);
    expect(new Set(keys).size).toBe(keys.length);
    expect(SCREENS.filter(({ group }) => group !== undefined).every(({ path }) => !path.includes(":"))).toBe(true);
  });

  it("are found by their path", () => {
    expect(screenAt("/slos/shop/a%2Fb")).toMatchObject({ screen: { title: "SLO" }, params: { name: "a/b" } });
    expect(screenAt("/explore/metrics")?.screen.title).toBe("Metrics");
    expect(screenAt("/nowhere")).toBeNull();
  });

  it("are shown when the server has their part, and all while that is not known", () => {
    const state = { has: { gateway: false, slos: true } } as unknown as ServerState;
    const paths = visibleScreens(state).map(({ path }) => path);
    expect([paths.includes("/gateway"), paths.includes("/slos"), paths.includes("/routes")]).toEqual([
      false,
      true,
      true,
    ]);
    expect(visibleScreens(null).some(({ path }) => path === "/gateway")).toBe(true);
  });

  it("are marked for what lies below them", () => {
    const named = (path: string) =>
      SCREENS.filter((screen) => screen.group && isCurrent(screen, path)).map(({ title }) => title);
    expect(named("/")).toEqual(["Now"]);
    expect(named("/slos/shop/availability")).toEqual(["SLOs"]);
    expect(named("/explore/metrics")).toEqual(["Metrics"]);
    expect(named("/explore")).toEqual(["Explore"]);
  });
});

describe("the palette", () => {
  it("finds letters in order, beginnings first", () => {
    expect(fuzzyScore("slo", "SLOs")).toBeGreaterThan(fuzzyScore("slo", "a slow query"));
    expect(fuzzyScore("hrt", "http_requests_total")).toBeGreaterThan(0);
    expect(fuzzyScore("xyz", "SLOs")).toBe(-1);
  });

  it("offers screens and actions at first, and prefers them to metrics", () => {
    const all = [entry("alerts_total", "Metric"), entry("Alerts"), entry("Print", "Action")];
    expect(best(all, "").map(({ title }) => title)).toEqual(["Alerts", "Print"]);
    expect(best(all, "alerts").map(({ title }) => title)).toEqual(["Alerts", "alerts_total"]);
    expect(best(all, "rate(x[5m])")[0]?.kind).toBe("Explore");
  });
});

describe("rangeWords", () => {
  it("is short", () => {
    const [from, to] = [Date.parse("2026-11-22T08:00:00Z"), Date.parse("2026-11-22T09:30:00Z")];
    expect(rangeWords({ fromText: "now-1h", toText: "now", from, to })).toBe("Last hour");
    expect(rangeWords({ fromText: "now-90m", toText: "now", from, to })).toBe("Last 90m");
    expect(rangeWords({ fromText: "x", toText: "y", from, to })).toBe("11-22 08:00 - 09:30");
    expect(rangeWords({ fromText: "x", toText: "y", from: from - 86_400_000, to })).toBe("11-21 08:00 - 11-22 09:30");
  });
});
