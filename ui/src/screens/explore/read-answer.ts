// Reading a large answer without freezing the page: its series are parsed one by one, a few milliseconds at a time.
//
// Text inside JSON strings has its quotes escaped, so `,{"metric":` with bare quotes is only ever the beginning of the next
// series. An answer of another shape (or a small one) is parsed at once.

import { type Series, seriesOf } from "../../api/promql";
import type { Body } from "./ask";

/** Below so many characters parsing takes a few milliseconds anyhow. */
export const LARGE = 400_000;
const SLICE_MS = 10;

const HEAD = '"result":[';
const NEXT = ',{"metric":';
const TAIL = '],"stats":';

export interface Read {
  /** Everything but the series, which are taken out of `data.result`. */
  body: Body | null;
  series: Series[];
}

export async function readAnswer(text: string, signal?: AbortSignal, large = LARGE): Promise<Read> {
  const parts = text.length < large ? null : split(text);
  if (parts === null) return readAtOnce(text);
  const body = parsed(parts.rest);
  const kind = body?.data?.resultType;
  if (body === null || kind === undefined) return readAtOnce(text);
  const series: Series[] = [];
  let end = performance.now() + SLICE_MS;
  for (const entry of entries(text, parts)) {
    series.push(...seriesOf({ resultType: kind, result: [JSON.parse(entry)] }));
    if (performance.now() < end) continue;
    await breathe();
    signal?.throwIfAborted();
    end = performance.now() + SLICE_MS;
  }
  return { body, series };
}

function readAtOnce(text: string): Read {
  const body = parsed(text);
  const data = body?.data;
  return { body, series: data === undefined ? [] : seriesOf({ resultType: data.resultType, result: data.result }) };
}

function parsed(text: string): Body | null {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return null;
  }
}

interface Parts {
  /** Where the list of series begins and ends in the text. */
  from: number;
  to: number;
  /** The text without the series. */
  rest: string;
}

function split(text: string): Parts | null {
  const head = text.indexOf(HEAD);
  const to = text.lastIndexOf(TAIL);
  const from = head + HEAD.length;
  if (head < 0 || to <= from || !text.startsWith(NEXT.slice(1), from)) return null;
  return { from, to, rest: text.slice(0, from) + text.slice(to) };
}

function* entries(text: string, { from, to }: Parts): Generator<string> {
  let begin = from;
  while (begin < to) {
    const next = text.indexOf(NEXT, begin);
    const end = next < 0 || next > to ? to : next;
    yield text.slice(begin, end);
    begin = end + 1;
  }
}

/** Lets the page answer what was pressed meanwhile. */
function breathe(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: { yield?: () => Promise<void> } };
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));
}
