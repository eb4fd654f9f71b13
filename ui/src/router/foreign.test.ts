import { describe, expect, it } from "vitest";
import { foreignAddress } from "./foreign";

describe("foreignAddress", () => {
  const at = (url: string) => {
    const { pathname, search, hash } = new URL(url, "http://localhost");
    const target = foreignAddress(pathname, search, hash);
    if (target === null) return null;
    const found = new URL(target, "http://localhost");
    return [found.pathname, Object.fromEntries(found.searchParams)];
  };

  it("reads the expression of Prometheus' links", () => {
    expect(at("/graph?g0.expr=up%20%3D%3D%200&g0.tab=1")).toEqual(["/explore", { expr: "up == 0", tab: "table" }]);
    expect(at("/query?g0.expr=up&g0.tab=graph")).toEqual(["/explore", { expr: "up" }]);
    expect(at("/graph")).toEqual(["/explore", {}]);
    expect(foreignAddress("/query", "?g0.expr=up&g1.expr=down", "")).toBe("/explore?expr=up&expr=down");
  });

  it("reads its range", () => {
    expect(at("/graph?g0.expr=up&g0.range_input=6h")).toEqual(["/explore", { expr: "up", from: "now-6h", to: "now" }]);
    expect(at("/graph?g0.expr=up&g0.range_input=1h&g0.end_input=2026-11-22%2008%3A00")).toEqual([
      "/explore",
      { expr: "up", from: "2026-11-22T07:00:00.000Z", to: "2026-11-22T08:00:00.000Z" },
    ]);
    expect(at("/graph?g0.expr=up&g0.range_input=soon")).toEqual(["/explore", { expr: "up" }]);
  });

  it("reads the addresses of Alertmanager", () => {
    expect(at('/#/alerts?filter=%7Balertname%3D"Down"%7D')).toEqual(["/alerts", { filter: '{alertname="Down"}' }]);
    expect(at("/#/silences")).toEqual(["/silences", {}]);
    expect(at('/#/silences/new?filter=%7Ba%3D"b"%7D')).toEqual(["/silences", { new: '{a="b"}' }]);
    expect(at("/#/silences/1f2e-3d")).toEqual(["/silences", { silence: "1f2e-3d" }]);
    expect(at("/#/silences/1f2e-3d/edit")).toEqual(["/silences", { edit: "1f2e-3d" }]);
    expect(at("/#/status")).toEqual(["/system", {}]);
  });

  it("leaves our own addresses alone", () => {
    expect(at("/alerts?alert=1")).toBeNull();
    expect(at("/slos#main")).toBeNull();
    expect(at("/#/elsewhere")).toBeNull();
  });
});
