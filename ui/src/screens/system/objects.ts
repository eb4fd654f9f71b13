/** Where what a file defines is shown. */

/** The screen of an object; null for what has none of its own. */
export function objectUrl({ kind, name }: { kind: string; name: string }): string | null {
  const query = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();
  switch (kind) {
    case "job":
      return `/system?${query({ tab: "targets", "targets.f": `job:${name}` })}`;
    case "group":
    case "rule":
      return `/rules?${query({ q: name })}`;
    case "slo":
      return name.includes("/") ? `/slos/${name.split("/").map(encodeURIComponent).join("/")}` : "/slos";
    case "receiver":
      return "/routes";
    default:
      return null;
  }
}
