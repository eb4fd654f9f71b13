import { describe, expect, it } from "vitest";
import { caretOf, offsetOf, placeOf, problemOf } from "./position";

describe("the place of an error", () => {
  it("is read from the message, without what the API puts around it", () => {
    const { place, text } = placeOf('invalid parameter "query": 2:6: parse error: unterminated quoted string');
    expect(place).toEqual({ line: 2, column: 6 });
    expect(text).toBe("unterminated quoted string");
  });

  it("is unknown when the message names none", () => {
    expect(placeOf("unknown position: parse error: no expression found in input").place).toBeNull();
  });

  it("counts bytes as the server does, and UTF-16 as the editor does", () => {
    // The bracket is the 11th byte, the 9th character.
    expect(offsetOf('{"ä.ö"} ]', { line: 1, column: 11 })).toBe(8);
    // A character beyond the basic plane is four bytes and two units.
    expect(offsetOf('{"\u{1f600}"} ]', { line: 1, column: 10 })).toBe(7);
  });

  it("is found in later lines, and never behind the end", () => {
    expect(offsetOf('a +\n b{x="}', { line: 2, column: 6 })).toBe(9);
    expect(offsetOf("up", { line: 1, column: 99 })).toBe(2);
    expect(offsetOf("up", { line: 7, column: 1 })).toBe(2);
  });
});

describe("a problem", () => {
  it("covers what the carets cover, and keeps the advice behind them", () => {
    const caret = "  rate(foo)\n       ^^^ write a range behind the selector: [5m]";
    const problem = problemOf("rate(foo)", "1:6: parse error: expected type range vector", caret);
    expect(problem).toMatchObject({ from: 5, to: 8, message: "expected type range vector" });
    expect(problem.hint).toBe("write a range behind the selector: [5m]");
  });

  it("has at least one character to underline, also at the end of the text", () => {
    expect(problemOf("sum(", "1:5: parse error: unclosed left parenthesis")).toMatchObject({ from: 3, to: 4 });
    expect(problemOf("", "1:1: parse error: nothing")).toMatchObject({ from: 0, to: 0 });
  });

  it("covers everything when there is no place", () => {
    expect(problemOf("up", "something")).toMatchObject({ from: 0, to: 2 });
  });

  it("has one caret when there is no excerpt", () => {
    expect(caretOf(undefined)).toEqual({ length: 1, hint: undefined });
  });
});
