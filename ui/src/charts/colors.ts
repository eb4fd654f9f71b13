// The colours of the present theme, for canvases, which know no variables of CSS.

export interface Palette {
  series: string[];
  text: string;
  dim: string;
  line: string;
  surface: string;
  accent: string;
  ok: string;
  warning: string;
  critical: string;
  info: string;
}

export const SERIES_COLORS = 8;

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    series: Array.from({ length: SERIES_COLORS }, (_, index) => token(`series-${index + 1}`)),
    text: token("text"),
    dim: token("text-dim"),
    line: token("line"),
    surface: token("surface"),
    accent: token("accent"),
    ok: token("ok"),
    warning: token("warning"),
    critical: token("critical"),
    info: token("info"),
  };
}

/** The number of the colour, from 1. */
export function colorNumber(index: number, wanted?: number): number {
  return wanted ?? (index % SERIES_COLORS) + 1;
}

export function colorOf(colors: Palette, kind: string | undefined, fallback: keyof Palette): string {
  if (kind === "critical" || kind === "alert") return colors.critical;
  if (kind === "warning") return colors.warning;
  if (kind === "ok") return colors.ok;
  if (kind === "info") return colors.info;
  const color = colors[fallback];
  return typeof color === "string" ? color : colors.text;
}
