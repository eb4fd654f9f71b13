import { expect, it } from "vitest";
import { doing, groupPairs, type InhibitionPair, isShown } from "./model";

function pair(rule: number, source: string, target: string): InhibitionPair {
  const alert = (fingerprint: string) => ({ fingerprint, labels: { alertname: fingerprint } });
  return { rule, source: alert(source), target: alert(target) };
}

it("what an alert keeps back stands together, by rule", () => {
  const pairs = [
    pair(1, "a", "x"),
    pair(0, "b", "x"),
    pair(1, "c", "y"),
    pair(1, "c", "z"),
    pair(1, "a", "y"),
    pair(1, "c", "x"),
  ];
  const found = groupPairs(pairs).map((one) => [
    one.rule,
    one.source.fingerprint,
    one.targets.map((each) => each.fingerprint),
  ]);
  expect(found).toEqual([
    [0, "b", ["x"]],
    [1, "c", ["y", "z", "x"]],
    [1, "a", ["x", "y"]],
  ]);
});

it("pairs are wanted by rule, and by either of their alerts", () => {
  const one = pair(2, "a", "b");
  const wanted = (rule: string, alert: string) => isShown(one, { rule, alert });
  expect([
    wanted("", ""),
    wanted("2", ""),
    wanted("1", ""),
    wanted("", "a"),
    wanted("", "b"),
    wanted("", "c"),
    wanted("2", "c"),
  ]).toEqual([true, true, false, true, true, false, false]);
});

it("a rule says what it does", () => {
  const rule = { name: "", sourceMatchers: [], targetMatchers: [], equal: [], sources: 0, targets: 3, inhibited: 0 };
  expect(doing(rule)).toBe("idle");
  expect(doing({ ...rule, sources: 1 })).toBe("ready");
  expect(doing({ ...rule, sources: 1, inhibited: 2 })).toBe("keeps back");
});
