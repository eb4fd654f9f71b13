// Patterns of paths: literal segments, and `:name` for one segment that is unescaped.

export type Params = Record<string, string>;

/** The parameters when a path fits a pattern, `null` when it does not. A slash at the end does not matter. */
export function match(pattern: string, path: string): Params | null {
  const wanted = segments(pattern);
  const found = segments(path);
  if (wanted.length !== found.length) return null;
  const params: Params = {};
  for (const [index, segment] of wanted.entries()) {
    const actual = found[index] ?? "";
    if (segment.startsWith(":")) {
      const value = unescaped(actual);
      if (value === null || value === "") return null;
      params[segment.slice(1)] = value;
    } else if (segment !== actual) {
      return null;
    }
  }
  return params;
}

/** Fills a pattern: the values are escaped, so that a name with a slash stays one segment. */
export function fill(pattern: string, params: Params): string {
  return pattern.replace(/:([a-z]+)/gi, (_, name: string) => encodeURIComponent(params[name] ?? ""));
}

function segments(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}

function unescaped(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
