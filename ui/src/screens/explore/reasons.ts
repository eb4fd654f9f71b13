// Why a query answers nothing. An empty page says so; here the server is asked what is missing.

import { get, post } from "../../api/client";
import { search, selectorOf } from "../../editor/names";
import { has, type Selected, type SyntaxNode, selectorsOf } from "./syntax";

export interface Reason {
  text: string;
  /** Expressions to try instead. */
  proposals: string[];
}

/** Where the server is asked; tests answer themselves. */
export interface Store {
  /** Whether any series matches between two moments (milliseconds); ever, without them. */
  hasSeries(selector: string, from?: number, to?: number): Promise<boolean>;
  similar(metric: string): Promise<string[]>;
}

const COMPARISONS = ["==", "!=", "<", ">", "<=", ">="];
/** Selectors that are looked into; one that is missing is enough for an explanation. */
const SELECTORS_MAX = 4;
/** How far back a value stays valid without a newer one. */
const LOOKBACK = 300_000;

export async function reasonsFor(
  tree: SyntaxNode,
  range: { from: number; to: number },
  store: Store,
): Promise<Reason[]> {
  const selected = uniqueSelectors(selectorsOf(tree)).slice(0, SELECTORS_MAX);
  const found = await Promise.all(selected.map((one) => missing(one, range, store)));
  const reasons = found.filter((reason): reason is Reason => reason !== null);
  return reasons.length > 0 ? reasons : [shapeReason(tree)];
}

function uniqueSelectors(all: readonly Selected[]): Selected[] {
  const byText = new Map(all.map((one) => [`${one.selector} ${one.range} ${one.offset}`, one]));
  return [...byText.values()];
}

async function missing(selected: Selected, range: { from: number; to: number }, store: Store): Promise<Reason | null> {
  const { metric, matchers, selector } = selected;
  const from = range.from - selected.offset - Math.max(selected.range, LOOKBACK);
  const to = range.to - selected.offset;
  if (await store.hasSeries(selector, from, to)) return null;
  if (await store.hasSeries(selector)) return outside(selector, from, to, store);
  if (metric !== "" && !(await store.hasSeries(selectorOf(metric, [])))) {
    const proposals = await store.similar(metric);
    return { text: `There is no metric named ${metric}.`, proposals };
  }
  for (const matcher of matchers) {
    const alone = selectorOf(metric, [matcher]);
    if (!(await store.hasSeries(alone))) {
      const what = metric === "" ? "No series has" : `No series of ${metric} has`;
      const rest = selectorOf(
        metric,
        matchers.filter((other) => other !== matcher),
      );
      return { text: `${what} ${selectorOf("", [matcher]).slice(1, -1)}.`, proposals: rest === "{}" ? [] : [rest] };
    }
  }
  const proposals = metric === "" ? [] : [selectorOf(metric, [])];
  return { text: `No series has all labels of ${selector} at once.`, proposals };
}

async function outside(selector: string, from: number, to: number, store: Store): Promise<Reason> {
  const [isLater, isEarlier] = await Promise.all([
    store.hasSeries(selector, to, Number.MAX_SAFE_INTEGER),
    store.hasSeries(selector, 0, from),
  ]);
  const where =
    isLater && isEarlier
      ? "it has samples before and after this time range, and none in it"
      : isLater
        ? "its first sample is later than this time range: choose a later one"
        : "its last sample is earlier than this time range: choose an earlier one";
  return { text: `${selector} is known, but ${where}.`, proposals: [] };
}

/** When all selectors find something, the operators between them let nothing through. */
function shapeReason(tree: SyntaxNode): Reason {
  const texts: string[] = [];
  const isBinary = (node: SyntaxNode, operators: readonly string[]) =>
    node.type === "binaryExpr" && operators.includes(String(node.op));
  if (has(tree, (node) => isBinary(node, COMPARISONS) && node.bool !== true)) {
    texts.push(
      "A comparison keeps only the series for which it holds, and it holds for none; add bool to see 0 and 1.",
    );
  }
  if (has(tree, (node) => node.type === "binaryExpr" && node.matching !== null && node.matching !== undefined)) {
    texts.push(
      "An operator between two vectors keeps only series that have the same labels on both sides; on(..) or ignoring(..) says which labels count.",
    );
  }
  if (has(tree, (node) => node.type === "matrixSelector")) {
    texts.push(
      "Functions such as rate() need two samples within their range: it must be longer than two scrape intervals.",
    );
  }
  if (texts.length === 0) texts.push("Every selector has series, but the expression has no value in this time range.");
  return { text: texts.join(" "), proposals: [] };
}

export function serverStore(signal?: AbortSignal): Store {
  return {
    async hasSeries(selector, from, to) {
      const bounds = { start: from === undefined ? undefined : Math.max(0, from / 1000), end: boundOf(to) };
      const found = await get<unknown[]>("/api/v1/series", { "match[]": selector, limit: 1, ...bounds }, signal);
      return found.length > 0;
    },
    async similar(metric) {
      const { names } = await search("metric_names", { "search[]": metric, limit: "3" }, signal);
      return names.length > 0 ? names : similarByParts(metric, signal);
    },
  };
}

function boundOf(to: number | undefined): number | undefined {
  return to === undefined || to === Number.MAX_SAFE_INTEGER ? undefined : to / 1000;
}

/** A misspelled name is often right at its beginning. */
async function similarByParts(metric: string, signal?: AbortSignal): Promise<string[]> {
  const parts = metric.split("_");
  for (let length = parts.length - 1; length > 0; length -= 1) {
    const { names } = await search(
      "metric_names",
      { "search[]": parts.slice(0, length).join("_"), limit: "3" },
      signal,
    );
    if (names.length > 0) return names;
  }
  return [];
}

export function parse(expression: string, signal?: AbortSignal): Promise<SyntaxNode> {
  return post<SyntaxNode>("/api/v1/parse_query", new URLSearchParams({ query: expression, caret: "true" }), signal);
}
