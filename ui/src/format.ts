// Numbers as text. What is not known reads "no data", never 0.

export type Known = number | null | undefined;

export const NO_DATA = "no data";

function unknown(value: Known): value is null | undefined {
  return value === null || value === undefined || Number.isNaN(value);
}

function infinite(value: number): string | null {
  if (Number.isFinite(value)) return null;
  return value > 0 ? "+Inf" : "-Inf";
}

/** With thousands separated, and at most so many digits after the point; without `digits` as many as tell something. */
export function number(value: Known, digits?: number): string {
  if (unknown(value)) return NO_DATA;
  return infinite(value) ?? grouped(value, digits ?? usefulDigits(value));
}

function usefulDigits(value: number): number {
  const size = Math.abs(value);
  if (size === 0 || Number.isInteger(value)) return 0;
  if (size >= 1000) return 0;
  if (size >= 100) return 1;
  if (size >= 1) return 2;
  // Three figures of a small number: 0.00123.
  return Math.min(12, 2 - Math.floor(Math.log10(size)));
}

function grouped(value: number, digits: number): string {
  const text = value.toFixed(digits);
  const [whole = "", rest] = text.split(".");
  const separated = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const tail = rest === undefined ? "" : rest.replace(/0+$/, "");
  const joined = tail === "" ? separated : `${separated}.${tail}`;
  return joined === "-0" ? "0" : joined;
}

/** A share of 1 as percent: 0.9985 is `99.85 %`. Nothing short of 1 is rounded up to 100 %, nothing above 0 down to 0. */
export function percent(share: Known, digits?: number): string {
  if (unknown(share)) return NO_DATA;
  const special = infinite(share);
  if (special !== null) return `${special} %`;
  const value = share * 100;
  const fixed = value.toFixed(digits ?? percentDigits(value));
  const shown = Number(fixed);
  if (value > 0 && shown === 0) return `<${10 ** -(digits ?? 2)} %`;
  if (value < 100 && shown === 100) return `${truncated(value, digits ?? 3)} %`;
  return `${digits === undefined ? String(shown) : fixed} %`;
}

function percentDigits(value: number): number {
  const size = Math.abs(value);
  if (size >= 99 && size < 100) return 3;
  if (size >= 10) return 1;
  return 2;
}

function truncated(value: number, digits: number): string {
  const scale = 10 ** digits;
  return (Math.floor(value * scale) / scale).toFixed(digits);
}

/** Binary units: `1.5 GiB`. */
export function bytes(value: Known): string {
  if (unknown(value)) return NO_DATA;
  return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]);
}

/** Seconds in the unit that reads best: `12.3 ms`, `1.25 s`, `2.5 min`. */
export function seconds(value: Known): string {
  if (unknown(value)) return NO_DATA;
  const special = infinite(value);
  if (special !== null) return special;
  const size = Math.abs(value);
  if (size === 0) return "0 s";
  if (size < 1e-6) return `${figures(value * 1e9)} ns`;
  if (size < 1e-3) return `${figures(value * 1e6)} us`;
  if (size < 1) return `${figures(value * 1e3)} ms`;
  if (size < 60) return `${figures(value)} s`;
  if (size < 3600) return `${figures(value / 60)} min`;
  if (size < 86_400) return `${figures(value / 3600)} h`;
  return `${figures(value / 86_400)} d`;
}

/** Decimal units: `12.3k`, `4.5M`. */
export function compact(value: Known): string {
  if (unknown(value)) return NO_DATA;
  return scaled(value, 1000, ["", "k", "M", "G", "T", "P", "E"]);
}

/** Something per second: `12.3/s`. */
export function rate(value: Known): string {
  return unknown(value) ? NO_DATA : `${compact(value)}/s`;
}

function scaled(value: number, base: number, units: string[]): string {
  const special = infinite(value);
  if (special !== null) return special;
  let rest = value;
  let step = 0;
  while (Math.abs(rest) >= base && step < units.length - 1) {
    rest /= base;
    step += 1;
  }
  // 999.96 would read 1000 after rounding: that is the next unit.
  if (Math.max(Math.abs(Number(rest.toPrecision(3))), Math.round(Math.abs(rest))) >= base && step < units.length - 1) {
    rest /= base;
    step += 1;
  }
  const unit = units[step] ?? "";
  const gap = base === 1024 ? " " : "";
  return `${figures(rest)}${gap}${unit}`;
}

/** Three figures, without zeros at the end. */
function figures(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return grouped(value, 0);
  return String(Number(value.toPrecision(3)));
}

/** How values of a unit are written: the units that charts, tiles and tables name. */
export function formatter(unit?: string): (value: Known) => string {
  switch (unit) {
    case "percent":
    case "ratio":
      return (value) => percent(value);
    case "bytes":
      return bytes;
    case "bytes/s":
      return (value) => (unknown(value) ? NO_DATA : `${bytes(value)}/s`);
    case "seconds":
      return seconds;
    case "req/s":
    case "/s":
    case "rate":
      return rate;
    case undefined:
    case "":
      return (value) => (unknown(value) ? NO_DATA : Math.abs(value) >= 10_000 ? compact(value) : number(value));
    default:
      return (value) => (unknown(value) ? NO_DATA : `${compact(value)} ${unit}`);
  }
}
