import { describe, expect, it } from "vitest";
import type { PlanNode } from "./ask";
import { foldedCost, linesOf, visible } from "./plan";
import { LARGE, readAnswer } from "./read-answer";
import { reasonsFor, type Store } from "./reasons";
import { drawn, type SyntaxNode, selectorsOf } from "./syntax";

const plan: PlanNode = {
  operator: "/",
  steps: 1,
  seconds: 0.1,
  children: [
    {
      operator: "sum",
      steps: 1,
      seconds: 0.1,
      children: [{ operator: "a[5m]", steps: 1, seconds: 0.7, samplesRead: 10 }],
    },
    { operator: "b", steps: 1, seconds: 0.1, samplesRead: 5 },
  ],
};

describe("a plan", () => {
  it("is lines with the share of the whole time, the slowest marked", () => {
    const lines = linesOf(plan);
    expect(lines.map(({ id, depth, operator }) => [id, depth, operator])).toEqual([
      ["0", 0, "/"],
      ["0.0", 1, "sum"],
      ["0.0.0", 2, "a[5m]"],
      ["0.1", 1, "b"],
    ]);
    expect(lines[2]?.share).toBeCloseTo(0.7);
    expect(lines.filter((line) => line.isSlowest).map((line) => line.operator)).toEqual(["a[5m]"]);
  });

  it("hides all that is below a folded line, whose cost then counts what it hides", () => {
    const lines = linesOf(plan);
    expect(visible(lines, new Set(["0.0"])).map((line) => line.id)).toEqual(["0", "0.0", "0.1"]);
    expect(visible(lines, new Set(["0"])).map((line) => line.id)).toEqual(["0"]);
    expect(foldedCost(lines, "0.0")).toEqual({ seconds: expect.closeTo(0.8), samplesRead: 10 });
  });

  it("does not take a line for a child whose number only begins alike", () => {
    const wide: PlanNode = {
      operator: "or",
      steps: 1,
      children: Array.from({ length: 12 }, () => ({ operator: "x", steps: 1 })),
    };
    expect(visible(linesOf(wide), new Set(["0.1"]))).toHaveLength(13);
  });

  it("knows no share when nothing was measured", () => {
    expect(linesOf({ operator: "up", steps: 1 })[0]).toMatchObject({ share: null, seconds: null, isSlowest: false });
  });
});

const selector = (name: string, matchers: { name: string; type: string; value: string }[] = []): SyntaxNode => ({
  type: "vectorSelector",
  name,
  offset: 0,
  matchers: [...matchers, { name: "__name__", type: "=", value: name }],
});
const comparison: SyntaxNode = {
  type: "binaryExpr",
  op: ">",
  bool: false,
  matching: null,
  lhs: {
    type: "call",
    func: { name: "rate" },
    args: [{ ...selector("a"), type: "matrixSelector", range: 300_000, offset: 604_800_000 }],
  },
  rhs: { type: "numberLiteral", val: "5" },
};

describe("a syntax tree", () => {
  it("is drawn in the words of the language", () => {
    const tree = drawn(comparison);
    expect([tree.kind, tree.text]).toEqual(["operator", ">"]);
    const call = tree.children[0];
    expect(call?.text).toBe("rate()");
    expect(call?.children[0]?.text).toBe("a[5m] offset 7d");
  });

  it("tells how far back each selector looks, subqueries included", () => {
    const subquery: SyntaxNode = { type: "subquery", range: 3_600_000, step: 0, offset: 1000, expr: comparison.lhs };
    expect(selectorsOf(subquery)).toEqual([
      { metric: "a", matchers: [], selector: "a", range: 3_900_000, offset: 604_801_000 },
    ]);
  });
});

describe("the reason of an empty result", () => {
  const range = { from: 10_000_000, to: 11_000_000 };
  const store = (has: Store["hasSeries"]): Store => ({ hasSeries: has, similar: async () => ["abc"] });

  it("is a metric that does not exist, with names that are like it", async () => {
    const [reason] = await reasonsFor(
      selector("abd"),
      range,
      store(async () => false),
    );
    expect(reason).toEqual({ text: "There is no metric named abd.", proposals: ["abc"] });
  });

  it("is the label that no series has", async () => {
    const tree = selector("a", [
      { name: "job", type: "=", value: "x" },
      { name: "pod", type: "=", value: "nope" },
    ]);
    const [reason] = await reasonsFor(
      tree,
      range,
      store(async (text) => !text.includes("nope")),
    );
    expect(reason).toEqual({ text: 'No series of a has pod="nope".', proposals: ['a{job="x"}'] });
  });

  it("is a range before the first sample", async () => {
    const known = store(async (_, from, to) => (from === undefined ? true : to === Number.MAX_SAFE_INTEGER));
    const [reason] = await reasonsFor(selector("a"), range, known);
    expect(reason?.text).toMatch(/first sample is later/);
  });

  it("is a comparison that holds for nothing, when all series are there", async () => {
    const [reason] = await reasonsFor(
      comparison,
      range,
      store(async () => true),
    );
    expect(reason?.text).toMatch(/comparison keeps only/);
  });
});

describe("a large answer", () => {
  const series = (index: number) =>
    `{"metric":{"n":"${index}","evil":",{\\"metric\\":{ ],\\"stats\\":"},"values":[[1,"${index}"],[2,"NaN"]]}`;
  const list = Array.from({ length: 50 }, (_, index) => series(index)).join(",");
  const text = `{"status":"success","data":{"resultType":"matrix","result":[${list}],"stats":{"samples":{"samplesRead":7}}},"warnings":["w"]}`;

  it("is read in pieces as it would be at once", async () => {
    const pieces = await readAnswer(text, undefined, 0);
    const once = await readAnswer(text, undefined, LARGE);
    expect(pieces.series).toEqual(once.series);
    expect(pieces.series).toHaveLength(50);
    expect(pieces.body?.data?.stats).toEqual({ samples: { samplesRead: 7 } });
    expect(pieces.body?.warnings).toEqual(["w"]);
  });

  it("that has another shape is still read", async () => {
    const empty = '{"status":"success","data":{"resultType":"matrix","result":[],"stats":{}}}';
    expect((await readAnswer(empty, undefined, 0)).series).toEqual([]);
    const scalar = '{"status":"success","data":{"resultType":"scalar","result":[1,"5"],"stats":{}}}';
    expect((await readAnswer(scalar, undefined, 0)).series[0]?.points).toEqual([[1000, 5]]);
    expect((await readAnswer("<html>", undefined, 0)).body).toBeNull();
  });
});
