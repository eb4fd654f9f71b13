// Where the server's parser says an expression is wrong: it counts lines from 1 and bytes from 1, an editor counts UTF-16.

export interface Place {
  line: number;
  /** Bytes from 1. */
  column: number;
}

/** What is wrong with an expression, in positions of its text. */
export interface Problem {
  from: number;
  to: number;
  message: string;
  /** The line and carets below the place, several lines. */
  caret?: string;
  /** What the parser proposes. */
  hint?: string;
}

/** The place of `1:14: parse error: ...`, and what follows it. */
export function placeOf(message: string): { place: Place | null; text: string } {
  const plain = message.replace(/^invalid parameter "[^"]*": /, "").replace(/^unknown position: /, "");
  const found = /^(\d+):(\d+): ([\s\S]*)$/.exec(plain);
  const text = (found?.[3] ?? plain).replace(/^parse error: /, "");
  if (found === null) return { place: null, text };
  return { place: { line: Number(found[1]), column: Number(found[2]) }, text };
}

/** The offset in the text; a place behind its end is the end. */
export function offsetOf(text: string, place: Place): number {
  let start = 0;
  for (let line = 1; line < place.line; line += 1) {
    const end = text.indexOf("\n", start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  let bytes = place.column - 1;
  let offset = start;
  while (bytes > 0 && offset < text.length) {
    const code = text.codePointAt(offset) ?? 0;
    bytes -= width(code);
    offset += code > 0xffff ? 2 : 1;
  }
  return offset;
}

function width(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/** The last line of a caret excerpt: how many carets it has, and what is written behind them. */
export function caretOf(excerpt: string | undefined): { length: number; hint: string | undefined } {
  const last = excerpt?.split("\n").at(-1) ?? "";
  const found = /^\s*(\^+)\s*(.*)$/.exec(last);
  const hint = found?.[2];
  return { length: found?.[1]?.length ?? 1, hint: hint === undefined || hint === "" ? undefined : hint };
}

/** A refused expression as something that can be underlined. */
export function problemOf(text: string, message: string, caret?: string): Problem {
  const { place, text: said } = placeOf(message);
  const { length, hint } = caretOf(caret);
  const problem: Problem =
    place === null
      ? { from: 0, to: text.length, message: said }
      : { ...span(text, offsetOf(text, place), length), message: said };
  if (caret !== undefined) problem.caret = caret;
  if (hint !== undefined) problem.hint = hint;
  return problem;
}

/** At least one character, so that there is something to underline; at the end of the text it is the last one. */
function span(text: string, at: number, length: number): { from: number; to: number } {
  let to = at;
  for (let count = 0; count < length && to < text.length; count += 1) {
    to += (text.codePointAt(to) ?? 0) > 0xffff ? 2 : 1;
  }
  if (to > at) return { from: at, to };
  return { from: Math.max(0, at - 1), to: at };
}
