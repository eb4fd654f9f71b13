// What the editor proposes: the extension of Prometheus finds out what may stand at the cursor, our server knows what
// there is, and `ranking` says what comes first. Part of the lazily loaded editor.

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { newCompleteStrategy } from "@prometheus-io/codemirror-promql";
import { EqlRegex, Neq, NeqRegex } from "@prometheus-io/lezer-promql";
import { queries } from "./history";
import { type Matcher, type NameSource, type Names, quoted } from "./names";
import { namesIn, ranked } from "./ranking";

/** What the names of the present proposals are, and whether the server has more of them. */
interface Found {
  kind: "metric" | "label" | "value" | null;
  hasMore: boolean;
}

export interface Proposals {
  promQL(context: CompletionContext): Promise<CompletionResult | null>;
  destroy(): void;
}

export function createProposals(names: NameSource): Proposals {
  let found: Found = { kind: null, hasMore: false };
  let typed = "";
  const take = (kind: Found["kind"], answer: Names): string[] => {
    found = { kind, hasMore: answer.hasMore };
    return answer.names;
  };
  const strategy = newCompleteStrategy({
    remote: {
      metricNames: async (prefix = "") => take("metric", await names.metrics(prefix)),
      metricMetadata: () => names.metadata().catch(() => ({})),
      labelNames: async (metric = "") => {
        const labels = await names.labels(metric);
        return take("label", { names: labels.filter((label) => label !== "__name__"), hasMore: false });
      },
      labelValues: async (label, metric = "", matchers = []) =>
        take("value", await names.values(label, metric, matchers.map(matcherOf), typed)),
      // The extension asks these two of Prometheus alone.
      series: async () => [],
      flags: async () => ({}),
    },
  });
  return {
    async promQL(context) {
      found = { kind: null, hasMore: false };
      typed = typedBefore(context.state.sliceDoc(Math.max(0, context.pos - 200), context.pos));
      try {
        const result = await strategy.promQL(context);
        if (result === null || context.aborted) return null;
        return shaped(result, context.state.sliceDoc(result.from, context.pos), found);
      } catch {
        // A server that is away is told where queries are run; typing goes on without proposals.
        return null;
      }
    },
    destroy: () => names.close(),
  };
}

/** The extension names the comparisons by the numbers of its grammar, and leaves values as they are written. */
function matcherOf({ name, type, value }: { name: string; type: number; value: string }): Matcher {
  const signs = new Map([
    [Neq, "!="],
    [EqlRegex, "=~"],
    [NeqRegex, "!~"],
  ]);
  return { name, type: signs.get(type) ?? "=", value: unescaped(value) };
}

function unescaped(written: string): string {
  try {
    return JSON.parse(`"${written}"`) as string;
  } catch {
    return written;
  }
}

/** What stands between the last quote and the cursor: the value of a label that is being typed. */
export function typedBefore(text: string): string {
  return /["'`]([^"'`]*)$/.exec(text)?.[1] ?? "";
}

/** Ranked, cut, and written as the place needs it: a metric with a dot goes into braces, a value is escaped. */
export function shaped(result: CompletionResult, typed: string, found: Found): CompletionResult {
  const { options, isWhole } = ranked(result.options, typed, namesIn(queries()));
  const shapedOptions = options.map((option) => written(option, found.kind));
  const { validFor, ...rest } = result;
  // With more on the server every key asks again; names of metrics are ranked anew by what has been typed.
  const isFinal = isWhole && !found.hasMore && found.kind !== "metric" && validFor !== undefined;
  return { ...rest, options: shapedOptions, ...(isFinal ? { validFor } : {}) };
}

function written(option: Completion, kind: Found["kind"]): Completion {
  if (option.type === "text" && kind === "value") return { ...option, apply: quoted(option.label).slice(1, -1) };
  if (option.type !== "constant") return option;
  if (kind === "metric" && !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(option.label)) {
    return { ...option, apply: `{${quoted(option.label)}}` };
  }
  if (kind === "label" && !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(option.label)) {
    return { ...option, apply: quoted(option.label) };
  }
  return option;
}
