// Curves over a logarithmic axis, in the chunk that has uPlot.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { palette } from "../../charts/colors";
import { crosshair } from "../../charts/crosshair";
import type { Joined } from "../../charts/join";
import { tickTexts } from "../../charts/time-axis";
import { formatter } from "../../format";
import type { Zone } from "../../time";

export interface LogInput {
  /** Positive values only; the others are gaps. */
  joined: Joined;
  curves: readonly { name: string; color: number; isDashed: boolean }[];
  unit: string | undefined;
  height: number;
  /** Milliseconds. */
  from: number;
  to: number;
  zone: Zone;
}

/** Draws into a box; returns how to take it away. `zoom` is called with milliseconds when a part was dragged over. */
export function drawLog(box: HTMLElement, input: LogInput, zoom: (from: number, to: number) => void): () => void {
  const plot = new uPlot(options(box, input, zoom), [input.joined.x, ...input.joined.y] as uPlot.AlignedData, box);
  const resize = new ResizeObserver(() => plot.setSize({ width: widthOf(box), height: input.height }));
  resize.observe(box);
  const leave = () => crosshair.set(null);
  plot.over.addEventListener("pointerleave", leave);
  return () => {
    resize.disconnect();
    leave();
    plot.destroy();
  };
}

function widthOf(box: HTMLElement): number {
  return Math.max(120, box.clientWidth);
}

function options(box: HTMLElement, input: LogInput, zoom: (from: number, to: number) => void): uPlot.Options {
  const colors = palette();
  const format = formatter(input.unit);
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const shared = { stroke: colors.dim, font, ticks: { show: false } };
  return {
    width: widthOf(box),
    height: input.height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    tzDate: (at) => (input.zone === "utc" ? uPlot.tzDate(new Date(at * 1000), "Etc/UTC") : new Date(at * 1000)),
    scales: { x: { time: true, range: [input.from / 1000, input.to / 1000] }, y: { distr: 3, log: 10 } },
    axes: [
      {
        ...shared,
        grid: { show: false },
        size: 36,
        space: 72,
        values: (_, ticks, __, ___, apart) => tickTexts(ticks, apart, input.zone),
      },
      {
        ...shared,
        grid: { stroke: colors.line, width: 1 },
        size: 72,
        values: (_, ticks) => ticks.map((tick) => labelOf(tick, format)),
      },
    ],
    series: [{}, ...input.curves.map((curve) => lineOf(curve, colors.series[curve.color - 1] ?? colors.text))],
    hooks: {
      setCursor: [(plot) => point(plot)],
      setSelect: [(plot) => select(plot, zoom)],
    },
  };
}

/** Whole powers of ten have words; between them lines are enough. */
function labelOf(tick: number | null, format: (value: number) => string): string {
  if (tick === null || tick <= 0) return "";
  const power = Math.log10(tick);
  return Math.abs(power - Math.round(power)) < 1e-9 ? format(tick) : "";
}

function lineOf({ name, isDashed }: LogInput["curves"][number], color: string): uPlot.Series {
  return {
    label: name,
    stroke: color,
    width: 1.5,
    spanGaps: false,
    ...(isDashed ? { dash: [5, 4] } : {}),
    points: { size: 4, fill: color },
  };
}

function point(plot: uPlot): void {
  const left = plot.cursor.left ?? -1;
  crosshair.set(left < 0 ? null : plot.posToVal(left, "x") * 1000);
}

function select(plot: uPlot, zoom: (from: number, to: number) => void): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  zoom(plot.posToVal(left, "x") * 1000, plot.posToVal(left + width, "x") * 1000);
}
