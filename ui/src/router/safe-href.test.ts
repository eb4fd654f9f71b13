import { describe, expect, it } from "vitest";
import { isExternal, safeHref } from "./safe-href";

describe("safeHref", () => {
  it("lets http(s) and paths of this origin through", () => {
    for (const address of [
      "https://example.com/a?b=c#d",
      "http://10.0.0.1:9090/graph",
      "/slos/shop/a%2Fb",
      "/",
      "/a?x=//b",
    ]) {
      expect(safeHref(address), address).toBe(address);
    }
  });

  it("refuses everything that could run or lead elsewhere under our name", () => {
    const hostile = [
      "javascript:alert(1)",
      "JavaScript:alert(1)",
      " javascript:alert(1)",
      "java\nscript:alert(1)",
      "java\tscript:alert(1)",
      "\u0000javascript:alert(1)",
      "\u00a0javascript:alert(1)",
      "data:text/html,<script>alert(1)</script>",
      "vbscript:msgbox(1)",
      "blob:https://example.com/x",
      "file:///etc/passwd",
      "//evil.example",
      "/\\evil.example",
      "/\t/evil.example",
      "\\\\evil.example",
      "https:evil.example",
      "https:///evil.example",
      "http:\\\\evil.example",
      "evil.example",
      "mailto:a@example.com",
      "",
      "   ",
    ];
    for (const address of hostile) expect(safeHref(address), JSON.stringify(address)).toBeNull();
    expect(safeHref(null)).toBeNull();
    expect(safeHref(undefined)).toBeNull();
  });

  it("knows other origins", () => {
    expect(isExternal("/alerts")).toBe(false);
    expect(isExternal("https://example.com/alerts")).toBe(true);
    expect(isExternal(`${window.location.origin}/alerts`)).toBe(false);
  });
});
