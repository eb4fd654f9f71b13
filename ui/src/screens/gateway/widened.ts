/** Windows of queries that are drawn over a long time: one that is shorter than the step would leave gaps unseen. */

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Makes windows such as `[1m]` at least as long as the step, in seconds; what stands in quotes stays as it is. */
export function widened(query: string, step: number): string {
  return query.replace(
    /"(?:\\.|[^"\\])*"|\[(\d+)([smhd])\]/g,
    (found: string, count: string | undefined, unit: string | undefined) => {
      if (count === undefined || unit === undefined) return found;
      const seconds = Number(count) * (SECONDS[unit] ?? 1);
      return seconds >= step ? found : `[${step}s]`;
    },
  );
}
