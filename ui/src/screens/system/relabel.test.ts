import { describe, expect, test } from "vitest";
import { changes, ruleText, steps } from "./relabel";
import type { RelabelStep } from "./types";

const replace = {
  source_labels: ["__address__"],
  separator: ";",
  regex: "127.0.0.1:(.*)",
  target_label: "port",
  replacement: "$1",
  action: "replace",
};
const drop = { source_labels: ["tier"], separator: ";", regex: "test", replacement: "$1", action: "drop" };

test("each step shows what changed since the one before", () => {
  const labels = { __address__: "127.0.0.1:80", tier: "prod", old: "x" };
  const said: RelabelStep[] = [
    { rule: replace, output: { ...labels, port: "80" }, keep: true },
    { rule: drop, output: { ...labels, port: "80" }, keep: true },
    {
      rule: { action: "labeldrop", regex: "old" },
      output: { __address__: "127.0.0.1:80", tier: "prod", port: "80" },
      keep: true,
    },
  ];
  const shown = steps(labels, said);
  expect(shown.map((step) => step.changes)).toEqual([
    [{ name: "port", kind: "added", after: "80" }],
    [],
    [{ name: "old", kind: "removed", before: "x" }],
  ]);
  expect(shown.every((step) => step.isKept && !step.isSkipped)).toBe(true);
  expect(shown.map((step) => step.number)).toEqual([1, 2, 3]);
});

test("a rule that drops takes no labels away, and later ones were not applied", () => {
  const shown = steps({ tier: "test" }, [
    { rule: drop, output: {}, keep: false },
    { rule: replace, output: {}, keep: false },
  ]);
  expect(shown[0]).toMatchObject({ isKept: false, isSkipped: false, changes: [] });
  expect(shown[1]).toMatchObject({ isKept: false, isSkipped: true, changes: [] });
});

test("labels that are called like properties of objects are labels", () => {
  expect(changes({}, { constructor: "x" })).toEqual([{ name: "constructor", kind: "added", after: "x" }]);
  expect(changes({ toString: "a" } as Record<string, string>, {})).toEqual([
    { name: "toString", kind: "removed", before: "a" },
  ]);
});

describe("rules in words", () => {
  test.each<[RelabelStep["rule"], string]>([
    [replace, 'set port to "$1" when __address__ matches /127.0.0.1:(.*)/'],
    [{ action: "replace", source_labels: ["a"], regex: "(.*)", target_label: "b", replacement: "$1" }, "set b to a"],
    [{ action: "replace", regex: "(.*)", target_label: "b", replacement: "fixed" }, 'set b to "fixed"'],
    [drop, "drop it when tier matches /test/"],
    [{ ...drop, action: "keep" }, "keep it only when tier matches /test/"],
    [
      { action: "hashmod", source_labels: ["a", "b"], separator: ";", modulus: 8, target_label: "shard" },
      "set shard to the hash of a ; b modulo 8",
    ],
    [{ action: "labelmap", regex: "__meta_(.+)", replacement: "$1" }, 'copy labels that match /__meta_(.+)/ to "$1"'],
    [{ action: "labeldrop", regex: "x" }, "remove labels that match /x/"],
    [{ action: "dropequal", source_labels: ["a"], target_label: "b" }, "drop it when a equals b"],
    [{ action: "uppercase", source_labels: ["a"], target_label: "b" }, "set b to a in upper case"],
    [{ action: "invented" }, "invented nothing"],
  ])("%j", (rule, text) => {
    expect(ruleText(rule)).toBe(text);
  });
});
