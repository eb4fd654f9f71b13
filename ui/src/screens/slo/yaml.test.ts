import { describe, expect, it } from "vitest";
import { excerpt, placeOf, toYaml } from "./yaml";

describe("data as YAML", () => {
  it("is written in blocks", () => {
    expect(
      toYaml({ name: "cart", windows: ["30d", "7d"], rules: [{ factor: 14.4, short: null }], none: [], empty: {} }),
    ).toBe("name: cart\nwindows:\n  - 30d\n  - 7d\nrules:\n  - factor: 14.4\n    short: null\nnone: []\nempty: {}\n");
  });

  it("quotes what YAML would read as something else", () => {
    expect(toYaml({ a: "yes", b: "99.9", c: "", d: "x: y", e: "- x", f: "a #b", g: "two words", "h: i": "~" })).toBe(
      'a: "yes"\nb: "99.9"\nc: ""\nd: "x: y"\ne: "- x"\nf: "a #b"\ng: two words\n"h: i": "~"\n',
    );
  });

  it("leaves selectors readable", () => {
    expect(toYaml({ series: 'x{a="b\\\\.c",d=~"it\'s"}' })).toBe("series: 'x{a=\"b\\\\.c\",d=~\"it''s\"}'\n");
  });

  it("keeps a hostile text in its line", () => {
    expect(toYaml({ a: "x\n- evil: true\u2028\u0085" })).toBe('a: "x\\n- evil: true\\u2028\\u0085"\n');
  });

  it("leaves out what is not there", () => {
    expect(toYaml({ a: undefined, b: 1 })).toBe("b: 1\n");
  });
});

describe("the part of a file", () => {
  const file =
    "slos:\n  - name: a\n    objective: 99\n\n    sli:\n      x: 1\n\n  - {name: b,\n     objective: 98}\nafter: 1\n";

  it("ends where something else begins", () => {
    expect(excerpt(file, 2)).toBe("- name: a\n  objective: 99\n\n  sli:\n    x: 1\n");
    expect(excerpt(file, 8)).toBe("- {name: b,\n   objective: 98}\n");
  });

  it("is not there for a line that is not there", () => {
    expect(excerpt(file, 99)).toBeUndefined();
    expect(excerpt(file, 0)).toBeUndefined();
    expect(excerpt(file, 4)).toBeUndefined();
  });

  it("is named by file and line", () => {
    expect(placeOf("a:b/c.yml:12")).toEqual({ path: "a:b/c.yml", line: 12 });
    expect(placeOf("c.yml")).toBeUndefined();
  });
});
