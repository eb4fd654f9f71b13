// Names of metrics as the search finds them, line by line: the first ones are shown while the rest is on its way.

import { namesOf } from "../../editor/names";

/** More rows than this nobody reads; typing more narrows them. */
export const FOUND_MAX = 2000;

export interface Found {
  names: string[];
  hasMore: boolean;
}

/** Lines of JSON out of pieces of text that end anywhere. */
export function createLines(onLine: (line: string) => void): { push(text: string): void; end(): void } {
  let rest = "";
  const push = (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") onLine(line);
  };
  return {
    push,
    end() {
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}

/** Finds names that contain the characters of a text in order. `onSome` sees what has been found so far. */
export async function searchMetrics(text: string, signal: AbortSignal, onSome: (found: Found) => void): Promise<Found> {
  const query = new URLSearchParams({ limit: String(FOUND_MAX), batch_size: "200", case_sensitive: "false" });
  const [longest, ...others] = wordsOf(text);
  if (longest !== undefined) {
    query.set("search[]", longest);
    query.set("sort_by", "score");
  }
  const response = await fetch(`/api/v1/search/metric_names?${query}`, { signal });
  if (!response.ok || response.body === null) throw new Error(await reasonOf(response));
  return readAll(response.body, others, onSome);
}

/** The longest first: it is what the server looks for, who takes several as alternatives. */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .sort((a, b) => b.length - a.length);
}

/** Whether the characters of a word appear in a name in this order. */
export function fits(name: string, word: string): boolean {
  let at = 0;
  for (const character of name.toLowerCase()) {
    if (character === word[at]) at += 1;
  }
  return at >= word.length;
}

async function readAll(
  body: ReadableStream<Uint8Array>,
  words: readonly string[],
  onSome: (found: Found) => void,
): Promise<Found> {
  const found: Found = { names: [], hasMore: false };
  const lines = createLines((line) => {
    const { names, hasMore } = namesOf(line);
    found.names.push(...names.filter((name) => words.every((word) => fits(name, word))));
    found.hasMore ||= hasMore;
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const before = found.names.length;
    lines.push(decoder.decode(piece.value, { stream: true }));
    if (found.names.length > before) onSome({ ...found, names: [...found.names] });
  }
  lines.push(decoder.decode());
  lines.end();
  return found;
}

async function reasonOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return (JSON.parse(text) as { error?: string }).error ?? text;
  } catch {
    return `the server answered with status ${response.status}`;
  }
}
