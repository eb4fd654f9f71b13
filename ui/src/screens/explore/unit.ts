// The unit of a result, as far as its expression says: a chart with "12.5 ms" is read faster than one with 0.0125.

import type { Series } from "../../api/promql";

/** A unit that charts know; undefined leaves plain numbers. */
export function unitOf(expression: string, series: readonly Series[]): string | undefined {
  const plain = expression.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, "");
  // A quotient or a comparison has no unit that its parts would tell.
  if (
    /[/*^]|\b(and|or|unless|bool|count|changes|resets|absent|timestamp|stddev|stdvar|deriv)\b|[<>]=?|[=!]=/.test(
      plain.replace(/\{[^}]*\}/g, ""),
    )
  ) {
    return undefined;
  }
  const names = [...plain.matchAll(/[a-zA-Z_:][a-zA-Z0-9_:]*/g)].map(([name]) => name);
  const name =
    series[0]?.labels.__name__ ??
    names.find((candidate) => /_(seconds|bytes|ratio|total|count|sum|bucket)/.test(candidate)) ??
    "";
  const isRate = /\b(rate|irate)\s*\(/.test(plain);
  if (/\bhistogram_count\s*\(/.test(plain)) return isRate ? "/s" : undefined;
  if (/\bhistogram_(quantile|avg)\s*\(/.test(plain)) return measure(name);
  if (/_(count|bucket)$/.test(name)) return isRate ? "/s" : undefined;
  const unit = measure(name);
  if (!isRate) return unit;
  // Seconds per second are a share, but of what only the reader knows.
  return unit === "bytes" ? "bytes/s" : unit === "seconds" ? undefined : "/s";
}

function measure(name: string): string | undefined {
  if (/_timestamp_seconds(_total)?$|_time_seconds$/.test(name)) return undefined;
  if (/_seconds(_total|_sum|_bucket|_count)?$/.test(name)) return "seconds";
  if (/_bytes(_total|_sum|_bucket|_count)?$/.test(name)) return "bytes";
  if (/_ratio$/.test(name)) return "percent";
  return undefined;
}
