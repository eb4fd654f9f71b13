// A query as something to paste: into a shell, quoted so that nothing in it is run.

import { shellWord } from "../../components/evidence";
import { timeText } from "../../time";
import { stepText } from "./state";

export interface Asked {
  expression: string;
  /** Milliseconds. */
  from: number;
  to: number;
  /** Seconds. */
  step: number;
}

export function rangeCommand({ expression, from, to, step }: Asked, server: string): string {
  const parts = ["plimsoll query range", `--server ${shellWord(server)}`];
  parts.push(
    `--start ${timeText(from)}`,
    `--end ${timeText(to)}`,
    `--step ${stepText(step)}`,
    protectedWord(expression),
  );
  return parts.join(" ");
}

export function instantCommand(expression: string, at: number, server: string): string {
  return `plimsoll query instant --server ${shellWord(server)} --time ${timeText(at)} ${protectedWord(expression)}`;
}

/** An expression may begin with a minus, which would be read as an option. */
function protectedWord(expression: string): string {
  return expression.startsWith("-") ? `-- ${shellWord(expression)}` : shellWord(expression);
}

export function rangeCurl({ expression, from, to, step }: Asked, server: string): string {
  const parameters = { query: expression, start: timeText(from), end: timeText(to), step: String(step) };
  return curl(`${server}/api/v1/query_range`, parameters);
}

export function instantCurl(expression: string, at: number, server: string): string {
  return curl(`${server}/api/v1/query`, { query: expression, time: timeText(at) });
}

function curl(address: string, parameters: Record<string, string>): string {
  const data = Object.entries(parameters).map(([name, value]) => `--data-urlencode ${shellWord(`${name}=${value}`)}`);
  return `curl -sG ${shellWord(address)} ${data.join(" ")}`;
}

/** A selector with one more condition; undefined for what is no plain selector and cannot be narrowed by text. */
export function narrowed(expression: string, label: string, value: string): string | undefined {
  const plain = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(?:\{([^{}"]*(?:"(?:[^"\\]|\\.)*"[^{}"]*)*)\})?\s*$/.exec(
    expression,
  );
  if (plain === null) return undefined;
  const [, metric = "", inside = ""] = plain;
  const name = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) ? label : JSON.stringify(label);
  const before = inside.trim().replace(/,\s*$/, "");
  return `${metric}{${before === "" ? "" : `${before}, `}${name}=${JSON.stringify(value)}}`;
}
