import { describe, expect, it } from "vitest";
import { labelParams, labelsOf, labelsText, type Route, readLabels, receivers, routeRows } from "./model";

function route(id: string, parent: number | null, change: Partial<Route> = {}): Route {
  const times = { groupWait: "30s", groupInterval: "5m", repeatInterval: "4h", resolveInterval: "5m" };
  return {
    id,
    key: id,
    parent,
    matchers: [],
    receiver: "chat",
    groupBy: ["job"],
    ...times,
    continue: false,
    ...change,
  };
}

const TREE = [
  route("{}", null),
  route("a", 0, { receiver: "pagers", matchers: ['severity=~"page|critical"'], groupWait: "5s" }),
  route("b", 1, { receiver: "pagers", matchers: ['team="shop"'], groupWait: "5s", groupBy: ["..."] }),
  route("c", 0, { matchers: ['severity="info"'], muteTimeIntervals: ["night"], resolveInterval: "0s" }),
];

describe("the tree", () => {
  it("is indented, and knows what is inherited", () => {
    const rows = routeRows(TREE, null);
    expect(rows.map((row) => row.depth)).toEqual([0, 1, 2, 1]);
    expect(rows.map((row) => row.receiver.isInherited)).toEqual([false, false, true, true]);
    const own = rows.map((row) => row.settings.filter((one) => !one.isInherited).map((one) => one.name));
    expect(own).toEqual([
      ["group by", "first after", "changes after", "again after"],
      ["first after"],
      ["group by"],
      ["ends after", "silent in"],
    ]);
    expect(rows[2]?.settings[0]?.value).toBe("all labels: each alert alone");
    expect(rows.every((row) => row.path === null)).toBe(true);
  });

  it("shows the path that labels take", () => {
    expect(routeRows(TREE, ["b"]).map((row) => row.path)).toEqual(["passed", "passed", "taken", "off"]);
    expect(routeRows(TREE, ["{}"]).map((row) => row.path)).toEqual(["taken", "off", "off", "off"]);
  });

  it("an answer whose parents make no sense is drawn all the same", () => {
    expect(routeRows([route("x", 0), route("y", 7)], ["y"]).map((row) => row.depth)).toEqual([0, 0]);
  });
});

describe("labels to test", () => {
  it("are equalities", () => {
    expect(readLabels('severity=page, team="a b"')).toEqual({ severity: "page", team: "a b" });
    expect(readLabels("Down")).toEqual({ alertname: "Down" });
    expect(readLabels("")).toEqual({});
    expect(() => readLabels("severity=~page")).toThrow("severity needs one value");
    expect(() => readLabels("severity=page team")).not.toThrow();
    expect(() => readLabels('severity="page')).toThrow("never closed");
  });

  it("are sent as they are", () => {
    expect(labelParams({ a: "b=c", d: "" })).toEqual(["a=b=c", "d="]);
  });

  it("come from a route and its parents", () => {
    expect(labelsOf(TREE, 2)).toEqual({ team: "shop", severity: "page" });
    expect(labelsOf(TREE, 0)).toEqual({});
    expect(labelsText(labelsOf(TREE, 2))).toBe("team=shop, severity=page");
    expect(readLabels(labelsText({ "a b": 'x"', c: "d" }))).toEqual({ "a b": 'x"', c: "d" });
  });
});

it("receivers have the routes that lead to them, and may have none", () => {
  expect(receivers(["chat", "pagers", "mail"], TREE).map((one) => [one.name, one.routes.length])).toEqual([
    ["chat", 2],
    ["pagers", 2],
    ["mail", 0],
  ]);
});
