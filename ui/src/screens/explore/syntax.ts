// The syntax tree of an expression, as `parse_query` tells it: what it consists of, and which series it selects.

import { type Matcher, selectorOf } from "../../editor/names";
import { stepText } from "./state";

/** A node; which members it has follows from its type. */
export interface SyntaxNode {
  type: string;
  [member: string]: unknown;
}

/** A line of the drawn tree. */
export interface SyntaxLine {
  id: string;
  /** What kind of node it is: "call", "selector". */
  kind: string;
  text: string;
  children: SyntaxLine[];
}

const KINDS: Record<string, string> = {
  aggregation: "aggregation",
  binaryExpr: "operator",
  call: "function",
  matrixSelector: "range selector",
  subquery: "subquery",
  numberLiteral: "number",
  stringLiteral: "string",
  parenExpr: "parentheses",
  unaryExpr: "sign",
  vectorSelector: "selector",
  stepInvariantExpr: "constant over time",
};

export function drawn(node: SyntaxNode, id = "0"): SyntaxLine {
  return {
    id,
    kind: KINDS[node.type] ?? node.type,
    text: textOf(node),
    children: childrenOf(node).map((child, index) => drawn(child, `${id}.${index}`)),
  };
}

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const parts = [node.param, node.expr, node.lhs, node.rhs, ...(Array.isArray(node.args) ? node.args : [])];
  return parts.filter(isNode);
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && typeof (value as SyntaxNode).type === "string";
}

function textOf(node: SyntaxNode): string {
  switch (node.type) {
    case "aggregation":
      return aggregationText(node);
    case "binaryExpr":
      return binaryText(node);
    case "call":
      return `${(node.func as { name?: string } | undefined)?.name ?? "function"}()`;
    case "vectorSelector":
    case "matrixSelector":
      return `${selectorText(node)}${rangeText(node)}${modifiersText(node)}`;
    case "subquery":
      return `[${durationText(node.range)}:${Number(node.step) > 0 ? durationText(node.step) : ""}]${modifiersText(node)}`;
    case "numberLiteral":
      return String(node.val);
    case "stringLiteral":
      return JSON.stringify(node.val);
    case "parenExpr":
      return "( )";
    case "unaryExpr":
      return String(node.op);
    default:
      return "";
  }
}

function aggregationText(node: SyntaxNode): string {
  const labels = Array.isArray(node.grouping) ? node.grouping.map(String) : [];
  if (node.without === true) return `${node.op} without (${labels.join(", ")})`;
  return labels.length === 0 ? String(node.op) : `${node.op} by (${labels.join(", ")})`;
}

function binaryText(node: SyntaxNode): string {
  const parts = [String(node.op)];
  if (node.bool === true) parts.push("bool");
  const matching = node.matching as { on?: boolean; labels?: string[]; card?: string; include?: string[] } | null;
  if (matching !== null && matching !== undefined) {
    const labels = matching.labels ?? [];
    if (matching.on === true || labels.length > 0)
      parts.push(`${matching.on ? "on" : "ignoring"} (${labels.join(", ")})`);
    if (matching.card === "many-to-one") parts.push(`group_left (${(matching.include ?? []).join(", ")})`);
    if (matching.card === "one-to-many") parts.push(`group_right (${(matching.include ?? []).join(", ")})`);
  }
  return parts.join(" ");
}

export function matchersOf(node: SyntaxNode): Matcher[] {
  const matchers = Array.isArray(node.matchers) ? (node.matchers as Matcher[]) : [];
  return matchers.filter((matcher) => matcher.name !== "__name__" || matcher.type !== "=");
}

function selectorText(node: SyntaxNode): string {
  return selectorOf(nameOf(node), matchersOf(node));
}

export function nameOf(node: SyntaxNode): string {
  const matchers = Array.isArray(node.matchers) ? (node.matchers as Matcher[]) : [];
  const own = typeof node.name === "string" ? node.name : "";
  return own !== ""
    ? own
    : (matchers.find((matcher) => matcher.name === "__name__" && matcher.type === "=")?.value ?? "");
}

function rangeText(node: SyntaxNode): string {
  return node.type === "matrixSelector" ? `[${durationText(node.range)}]` : "";
}

function modifiersText(node: SyntaxNode): string {
  const offset = Number(node.offset ?? 0);
  const at = node.timestamp === null || node.timestamp === undefined ? "" : ` @ ${Number(node.timestamp) / 1000}`;
  const bound = typeof node.startOrEnd === "string" ? ` @ ${node.startOrEnd}()` : "";
  const moved = offset === 0 ? "" : ` offset ${offset < 0 ? "-" : ""}${durationText(Math.abs(offset))}`;
  return `${at}${bound}${moved}`;
}

function durationText(milliseconds: unknown): string {
  const value = Number(milliseconds ?? 0);
  return value > 0 ? stepText(value / 1000) : "0s";
}

/** What an expression reads: a selector, and how far before the range it looks. */
export interface Selected {
  metric: string;
  matchers: Matcher[];
  selector: string;
  /** Milliseconds before an evaluation: the range of the selector or of a subquery around it. */
  range: number;
  /** Milliseconds; later is negative. */
  offset: number;
}

export function selectorsOf(node: SyntaxNode, range = 0, offset = 0): Selected[] {
  const ownOffset = offset + Number(node.offset ?? 0);
  const ownRange = range + Number(node.range ?? 0);
  if (node.type === "vectorSelector" || node.type === "matrixSelector") {
    const [metric, matchers] = [nameOf(node), matchersOf(node)];
    return [{ metric, matchers, selector: selectorOf(metric, matchers), range: ownRange, offset: ownOffset }];
  }
  return childrenOf(node).flatMap((child) => selectorsOf(child, ownRange, ownOffset));
}

/** Whether some node of the tree is of a kind: `has(tree, (node) => node.type === "subquery")`. */
export function has(node: SyntaxNode, test: (node: SyntaxNode) => boolean): boolean {
  return test(node) || childrenOf(node).some((child) => has(child, test));
}
