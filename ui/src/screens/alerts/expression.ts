// Where an alert's expression says from which value on it fires: the comparison that everything else hangs below.

export interface Threshold {
  /** What is compared: the curve to draw. */
  left: string;
  comparison: string;
  value: number;
}

/**
 * Splits `left > 0.5` into what is compared and with what, and `a > 1 and b > 2` into both. Empty when no comparison is
 * with a number, or where `or` or `unless` stand beside it: then no line says from where on it fires.
 */
export function thresholds(expression: string): Threshold[] {
  const text = stripped(expression);
  const marks = operators(text);
  if (marks === null || marks.some((mark) => mark.kind === "other")) return [];
  const all: Threshold[] = [];
  let begin = 0;
  for (const mark of [...marks.filter((one) => one.kind === "and"), { at: text.length, length: 0 }]) {
    const part = text.slice(begin, mark.at).replace(/^\s*(?:on|ignoring)\s*\([^)]*\)/i, "");
    const found = comparison(stripped(part));
    if (found !== null) all.push(found);
    begin = mark.at + mark.length;
  }
  return all;
}

function comparison(text: string): Threshold | null {
  const marks = operators(text) ?? [];
  const [mark, second] = marks;
  if (mark === undefined || second !== undefined || mark.kind !== "comparison") {
    // One in brackets may hold several, such as `(a > 1 and b > 2)`; those stand for themselves.
    return null;
  }
  const sign = text.slice(mark.at, mark.at + mark.length);
  const left = text.slice(0, mark.at).trim();
  const right = text
    .slice(mark.at + mark.length)
    .trim()
    .replace(/^bool\b/, "")
    .trim();
  const [low, high] = [constant(left), constant(right)];
  if (high !== null && low === null && left !== "") return { left, comparison: sign, value: high };
  if (low === null || high !== null || right === "") return null;
  return { left: unwrapped(right), comparison: TURNED[sign] ?? sign, value: low };
}

const TURNED: Record<string, string> = { ">": "<", "<": ">", ">=": "<=", "<=": ">=" };

/** The value of an expression of numbers only, such as `14.4 * (1 - 0.999)`; null for any other one. */
export function constant(text: string): number | null {
  const tokens = text.match(/\s+|\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[iI]nf\b|[-+*/%^()]|./gs);
  const rest = (tokens ?? []).filter((token) => token.trim() !== "");
  const value = sum(rest);
  return rest.length === 0 ? value : null;
}

function sum(rest: string[]): number | null {
  let left = product(rest);
  while (left !== null && (rest[0] === "+" || rest[0] === "-")) {
    const sign = rest.shift() === "+" ? 1 : -1;
    const right = product(rest);
    left = right === null ? null : left + sign * right;
  }
  return left;
}

function product(rest: string[]): number | null {
  let left = factor(rest);
  while (left !== null && (rest[0] === "*" || rest[0] === "/")) {
    const isTimes = rest.shift() === "*";
    const right = factor(rest);
    if (right === null) return null;
    left = isTimes ? left * right : left / right;
  }
  return left;
}

function factor(rest: string[]): number | null {
  const token = rest.shift();
  if (token === undefined) return null;
  if (token === "-" || token === "+") {
    const value = factor(rest);
    return value === null || token === "+" ? value : -value;
  }
  if (token === "(") {
    const value = sum(rest);
    return rest.shift() === ")" ? value : null;
  }
  if (/^inf$/i.test(token)) return Infinity;
  return /^[\d.]/.test(token) ? Number(token.replace(/_/g, "")) : null;
}

/** Takes brackets off that hold the whole text. */
function unwrapped(text: string): string {
  let inner = text;
  while (inner.startsWith("(") && closing(inner, 0) === inner.length - 1) inner = inner.slice(1, -1).trim();
  return inner;
}

function stripped(expression: string): string {
  return unwrapped(withoutComments(expression).trim());
}

function withoutComments(text: string): string {
  let out = "";
  for (let at = 0; at < text.length; at += 1) {
    const end = quotedUntil(text, at);
    if (end > at) {
      out += text.slice(at, end);
      at = end - 1;
    } else if (text[at] === "#") {
      const line = text.indexOf("\n", at);
      at = line === -1 ? text.length : line - 1;
    } else {
      out += text[at];
    }
  }
  return out;
}

/** The end of the quoted text that begins at a place; the place itself when none does. */
function quotedUntil(text: string, begin: number): number {
  const mark = text[begin] ?? "";
  if (!['"', "'", "`"].includes(mark)) return begin;
  for (let at = begin + 1; at < text.length; at += 1) {
    if (text[at] === "\\" && mark !== "`") at += 1;
    else if (text[at] === mark) return at + 1;
  }
  return text.length;
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    const end = quotedUntil(text, at);
    if (end > at) {
      at = end - 1;
      continue;
    }
    if ("([{".includes(text[at] ?? "")) depth += 1;
    if (")]}".includes(text[at] ?? "")) depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

interface Mark {
  at: number;
  length: number;
  kind: "comparison" | "and" | "other";
}

/** The comparisons and set operators outside of brackets; null when brackets are not closed. */
function operators(text: string): Mark[] | null {
  const marks: Mark[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const end = quotedUntil(text, at);
    if (end > at) {
      at = end - 1;
    } else if ("([{".includes(text[at] ?? "")) {
      const close = closing(text, at);
      if (close === -1) return null;
      at = close;
    } else {
      const found = markAt(text, at);
      if (found === null) continue;
      marks.push(found);
      at += found.length - 1;
    }
  }
  return marks;
}

function markAt(text: string, at: number): Mark | null {
  const rest = text.slice(at, at + 7);
  const sign = /^(?:==|!=|>=|<=|>|<)/.exec(rest)?.[0];
  if (sign !== undefined) return { at, length: sign.length, kind: "comparison" };
  const word = /^(?:and|or|unless)\b/i.exec(rest)?.[0];
  if (word === undefined || /[\w:]/.test(text[at - 1] ?? " ")) return null;
  return { at, length: word.length, kind: word.toLowerCase() === "and" ? "and" : "other" };
}

/** Whether a curve is of an alert: no label of it is another one there. */
export function isOf(series: Record<string, string>, alert: Record<string, string>): boolean {
  return Object.entries(series).every(([name, value]) => name === "__name__" || alert[name] === value || value === "");
}

/** The expression in an address as Prometheus gives one to an alert; null when there is none. */
export function generatorExpression(url: string | undefined): string | null {
  if (url === undefined || !URL.canParse(url, "http://localhost/")) return null;
  const parsed = new URL(url, "http://localhost/");
  if (!["http:", "https:"].includes(parsed.protocol)) return null;
  return parsed.searchParams.get("g0.expr") || parsed.searchParams.get("expr") || null;
}

/** Which time the evidence shows: before the condition began, and after it for as long as it is worth looking at. */
export function evidenceRange(activeAt: number, holdSeconds: number, now: number): { from: number; to: number } {
  const before = Math.min(3600, Math.max(15 * 60, holdSeconds)) * 1000;
  const after = Math.max(6 * 3600, 4 * holdSeconds) * 1000;
  return { from: activeAt - before, to: Math.max(activeAt + 60_000, Math.min(now, activeAt + after)) };
}
