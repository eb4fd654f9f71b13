import { expect, it } from "vitest";
import { csv, csvField } from "./download";

it("quotes fields of CSV and disarms formulas", async () => {
  const cases: [string, string][] = [
    ["plain", "plain"],
    ['a "b", c', '"a ""b"", c"'],
    ["two\nlines", '"two\nlines"'],
    ["=1+1", "'=1+1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["-12.5", "-12.5"],
    ["+1e9", "+1e9"],
    ["-cmd", "'-cmd"],
  ];
  for (const [value, expected] of cases) expect(csvField(value)).toBe(expected);
  expect(
    csv([
      ["a", "b"],
      ["1", "2"],
    ]).size,
  ).toBe("a,b\r\n1,2\r\n".length);
});
