import { describe, expect, it } from "vitest";
import { bodyOf, emptyDraft, errorsOf, sortCorrections } from "./correction";
import type { Correction } from "./types";

const now = Date.parse("2026-11-22T09:05:30Z");
const draft = { ...emptyDraft(now, "ann"), id: "reindex", reason: "the reindex" };

describe("the form", () => {
  it("begins with the last hour", () => {
    expect(bodyOf(draft, now)).toEqual({
      id: "reindex",
      kind: "exclude",
      from: "2026-11-22T08:05:00Z",
      for: "1h",
      reason: "the reindex",
      author: "ann",
    });
  });

  it("takes times as they are written everywhere here, and leaves to the server what it cannot read", () => {
    expect(bodyOf({ ...draft, from: "now-2h" }, now).from).toBe("2026-11-22T07:05:30Z");
    expect(bodyOf({ ...draft, from: "2026-11-22 07:00" }, now).from).toBe("2026-11-22T07:00:00Z");
    expect(bodyOf({ ...draft, from: "yesterday" }, now).from).toBe("yesterday");
    expect(bodyOf({ ...draft, from: " " }, now)).not.toHaveProperty("from");
  });
});

describe("the server's words stand at their field", () => {
  const at = (message: string, change: Partial<typeof draft> = {}) => errorsOf(message, { ...draft, ...change });

  it("each of several", () => {
    const message =
      '"a b" is no name: at most 100 of a-z, A-Z, 0-9, `-`, `_`, `.`; a correction needs a `reason`: it changes what is reported; ' +
      "a correction needs an `author`: it changes what is reported; unknown kind of a correction `x` (expected one of exclude, good, bad); " +
      "a correction needs `for` or `to`";
    expect(Object.keys(at(message)).sort()).toEqual(["author", "id", "kind", "length", "reason"]);
  });

  it("a time at the one that was written so", () => {
    const message = 'expected a time such as 2026-01-31T22:00:00Z, found "later"';
    expect(at(message, { from: "later" })).toEqual({ from: message });
    expect(at(message, { to: "later" })).toEqual({ to: message });
  });

  it.each([
    ["cart/availability has a correction x1 already", "id"],
    ['the condition is no PromQL: unexpected "}" in label matching, expected string', "match"],
    ['unknown time zone "Mars/X" (expected an IANA name such as Europe/Athens)', "zone"],
    ["`zone` belongs to `repeat`", "zone"],
    ['BYDAY: expected weekdays such as MO,FR or 1MO,-1FR, found "XX"', "repeat"],
    ['expected NAME=VALUE in a recurrence rule, found "X"', "repeat"],
    ["`to` is not after `from`", "to"],
    ["`for` and `to` exclude each other", "length"],
    ["a correction covers at most 400d", "length"],
    ["the field `from` is missing", "from"],
    ["the server cannot be reached", "general"],
  ])("%s", (message, field) => {
    expect(at(message)).toEqual({ [field]: message });
  });
});

it("shows corrections that are in force first, the newest on top", () => {
  const one = (id: string, from: string, revoked: string | null) => ({ id, from, revoked }) as Correction;
  const all = [
    one("old", "2026-01-01T00:00:00Z", null),
    one("gone", "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"),
    one("new", "2026-03-01T00:00:00Z", null),
  ];
  expect(sortCorrections(all).map(({ id }) => id)).toEqual(["new", "old", "gone"]);
});
