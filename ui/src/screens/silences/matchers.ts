// Conditions on labels, in the two spellings that Alertmanager reads: `{severity="page",team=~"a|b"}` and the older one
// without quotes. What is written is read by both, and by `plimsoll` and amtool on a command line.

import type { Matcher } from "../../api/types";

export type { Matcher } from "../../api/types";

/** The four comparisons, longest first: a reader that tries them in this order never cuts one short. */
export const OPERATORS = ["=~", "!=", "!~", "="] as const;
export type Operator = (typeof OPERATORS)[number];

/** A text that is no matchers: what was wanted, what was found, and where (in characters of the text). */
export class MatcherError extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
    this.name = "MatcherError";
  }
}

export function operator(matcher: Matcher): Operator {
  if (matcher.isRegex) return matcher.isEqual ? "=~" : "!~";
  return matcher.isEqual ? "=" : "!=";
}

export function matcher(name: string, comparison: Operator, value: string): Matcher {
  return { name, value, isRegex: comparison.endsWith("~"), isEqual: !comparison.startsWith("!") };
}

/** The conditions that an alert with exactly these labels fulfils. */
export function fromLabels(labels: Record<string, string>): Matcher[] {
  const names = Object.keys(labels).sort();
  return names.map((name) => matcher(name, "=", labels[name] ?? ""));
}

const RESERVED = /[\s{}!=~,\\"'`]/;

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}

/** Writes one condition so that both spellings read it back. */
export function formatMatcher(one: Matcher): string {
  const name = one.name === "" || RESERVED.test(one.name) ? quoted(one.name) : one.name;
  return `${name}${operator(one)}${quoted(one.value)}`;
}

/** Writes conditions without braces: what stands in the address and in the filter box. */
export function formatMatchers(all: Matcher[]): string {
  return all.map(formatMatcher).join(",");
}

/**
 * Reads conditions with commas between, in braces or not. A text of one word without any comparison is the name of an
 * alert, as on the command line. Throws MatcherError.
 */
export function parseMatchers(text: string): Matcher[] {
  const word = text.trim();
  if (word !== "" && !RESERVED.test(word)) return [matcher("alertname", "=", word)];
  const reader = new Reader(text);
  const all: Matcher[] = [];
  const hasBrace = reader.accept("{");
  while (!reader.isAtEnd() && !reader.sees("}")) {
    all.push(condition(reader));
    if (!reader.accept(",")) break;
  }
  if (hasBrace && !reader.accept("}")) throw reader.wrong("a comma or }");
  if (!reader.isAtEnd()) throw reader.wrong(hasBrace ? "the end" : "a comma or the end");
  return all;
}

function condition(reader: Reader): Matcher {
  const name = reader.text("the name of a label", RESERVED);
  const comparison = OPERATORS.find((one) => reader.accept(one));
  if (comparison === undefined) throw reader.wrong("one of =, !=, =~, !~");
  const at = reader.at;
  // The older spelling has anything but commas and braces behind the comparison.
  const one = matcher(name, comparison, reader.value());
  if (one.isRegex && compiled(one.value) === null) {
    throw new MatcherError(`${quoted(one.value)} is no regular expression`, at);
  }
  return one;
}

class Reader {
  at = 0;
  constructor(private readonly source: string) {}

  private skip(): void {
    while (/\s/.test(this.source[this.at] ?? "")) this.at += 1;
  }

  isAtEnd(): boolean {
    this.skip();
    return this.at >= this.source.length;
  }

  sees(mark: string): boolean {
    this.skip();
    return this.source.startsWith(mark, this.at);
  }

  accept(mark: string): boolean {
    if (!this.sees(mark)) return false;
    this.at += mark.length;
    return true;
  }

  wrong(wanted: string): MatcherError {
    const found = this.isAtEnd() ? "the end" : JSON.stringify(this.source.slice(this.at, this.at + 12));
    return new MatcherError(`expected ${wanted}, found ${found}`, this.at);
  }

  text(wanted: string, stop: RegExp): string {
    if (this.sees('"')) return this.quoted();
    const begin = this.at;
    while (this.at < this.source.length && !stop.test(this.source[this.at] ?? "")) this.at += 1;
    if (this.at === begin) throw this.wrong(wanted);
    return this.source.slice(begin, this.at);
  }

  value(): string {
    if (this.sees('"')) return this.quoted();
    const begin = this.at;
    while (this.at < this.source.length && !/[,}"]/.test(this.source[this.at] ?? "")) this.at += 1;
    if (this.source[this.at] === '"') throw this.wrong("a comma, or the whole value in quotes");
    return this.source.slice(begin, this.at).trim();
  }

  private quoted(): string {
    const begin = this.at;
    let text = "";
    this.at += 1;
    while (this.at < this.source.length) {
      const mark = this.source[this.at] ?? "";
      if (mark === '"') {
        this.at += 1;
        return text;
      }
      text += mark === "\\" ? this.escape() : mark;
      this.at += mark === "\\" ? 0 : 1;
    }
    throw new MatcherError("the quotes are never closed", begin);
  }

  private escape(): string {
    const next = this.source[this.at + 1] ?? "";
    const code = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))/.exec(this.source.slice(this.at, this.at + 6));
    if (code) {
      this.at += code[0].length;
      return String.fromCharCode(Number.parseInt(code[1] ?? code[2] ?? "0", 16));
    }
    this.at += 1 + next.length;
    const known: Record<string, string> = { n: "\n", t: "\t", r: "\r", '"': '"', "'": "'", "\\": "\\" };
    // As in the older spelling a backslash that escapes nothing stands for itself.
    return known[next] ?? `\\${next}`;
  }
}

const expressions = new Map<string, RegExp | null>();

/** The expression as Prometheus takes it, for whole values; null when this browser cannot compile it. */
export function compiled(text: string): RegExp | null {
  const known = expressions.get(text);
  if (known !== undefined) return known;
  let expression: RegExp | null;
  try {
    // RE2 has flags in front and named groups with a P, which JavaScript spells otherwise.
    const flags = /^\(\?([ims]+)\)/.exec(text);
    const body = text.slice(flags?.[0].length ?? 0).replace(/\(\?P</g, "(?<");
    expression = new RegExp(`^(?:${body})$`, [...new Set(`s${flags?.[1] ?? ""}`)].join(""));
  } catch {
    expression = null;
  }
  if (expressions.size > 500) expressions.clear();
  expressions.set(text, expression);
  return expression;
}

/** Whether labels fulfil a condition; a label that is not there counts as empty. */
export function matches(one: Matcher, labels: Record<string, string>): boolean {
  const value = Object.hasOwn(labels, one.name) ? (labels[one.name] ?? "") : "";
  const holds = one.isRegex ? (compiled(one.value)?.test(value) ?? false) : value === one.value;
  return holds === one.isEqual;
}

export function matchesAll(all: Matcher[], labels: Record<string, string>): boolean {
  return all.every((one) => matches(one, labels));
}

/** Adds a condition, in the place of one that says the opposite or the same; a second time takes it away. */
export function toggled(all: Matcher[], one: Matcher): Matcher[] {
  const text = formatMatcher(one);
  if (all.some((other) => formatMatcher(other) === text)) {
    return all.filter((other) => formatMatcher(other) !== text);
  }
  const opposite = formatMatcher({ ...one, isEqual: !one.isEqual });
  return [...all.filter((other) => formatMatcher(other) !== opposite), one];
}
