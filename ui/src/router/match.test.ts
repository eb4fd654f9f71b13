import { describe, expect, it } from "vitest";
import { fill, match } from "./match";

describe("match", () => {
  const check = (pattern: string, path: string, expected: Record<string, string> | null) =>
    expect(match(pattern, path)).toEqual(expected);

  it("takes literal segments as they are", () => {
    check("/", "/", {});
    check("/slos", "/slos", {});
    check("/slos", "/slos/", {});
    check("/slos", "/slo", null);
    check("/slos", "/slos/shop", null);
  });

  it("unescapes what parameters hold", () => {
    check("/slos/:service/:name", "/slos/shop/a%2Fb", { service: "shop", name: "a/b" });
    check("/services/:name", "/services/%E2%98%83", { name: "\u2603" });
  });

  it("refuses what cannot be unescaped", () => {
    check("/services/:name", "/services/%zz", null);
  });

  it("fills what it reads", () => {
    const params = { service: "a b", name: "100%/x" };
    expect(match("/slos/:service/:name", fill("/slos/:service/:name", params))).toEqual(params);
  });
});
