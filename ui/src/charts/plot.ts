// The drawing itself, in a chunk of its own with uPlot.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatter } from "../format";
import type { Zone } from "../time/zone";
import { palette } from "./colors";
import { crosshair } from "./crosshair";
import { isolated } from "./isolated";
import { type Joined, stack, type Value } from "./join";
import { drawCrowd } from "./plot-crowd";
import { drawLines, drawMarks, placeMarks } from "./plot-marks";
import { valueRange } from "./scale";
import { tickTexts } from "./time-axis";
import type { ChartLine, ChartMark } from "./types";

export interface PlotSeries {
  name: string;
  /** 1 to 8. */
  color: number;
  isDashed: boolean;
  isShown: boolean;
}

export interface PlotInput {
  series: readonly PlotSeries[];
  joined: Joined;
  isStacked: boolean;
  unit: string | undefined;
  height: number;
  /** Milliseconds. */
  from: number;
  to: number;
  lines: readonly ChartLine[];
  marks: readonly ChartMark[];
  zone: Zone;
}

export interface Plot {
  update(input: PlotInput): void;
  canvas(): HTMLCanvasElement;
  destroy(): void;
}

/** So many lines are the library's, with points at the crosshair; more of them are drawn behind, some in each frame. */
const OWN_LINES = 120;

/** Draws into a box until it is destroyed; `zoom` is called with milliseconds when a part was dragged over. */
export function createPlot(box: HTMLElement, first: PlotInput, zoom: (from: number, to: number) => void): Plot {
  let input = first;
  let plot = build();
  let frame = 0;
  const resize = new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => plot.setSize({ width: widthOf(box), height: input.height }));
  });
  resize.observe(box);
  const stopFollowing = crosshair.subscribe(follow);
  let isSource = false;
  let crowd = 0;

  function build(): uPlot {
    const made = new uPlot(
      options(box, () => input, { zoom, point, crowded }),
      dataOf(input),
      box,
    );
    made.over.addEventListener("pointerenter", enter);
    made.over.addEventListener("pointerleave", leave);
    made.over.addEventListener("dblclick", widen);
    placeMarks(made, input);
    return made;
  }

  function enter(): void {
    isSource = true;
  }

  function leave(): void {
    isSource = false;
    crosshair.set(null);
  }

  /** Shows twice as much, with the same middle. */
  function widen(): void {
    const half = (input.to - input.from) / 2;
    zoom(input.from - half, Math.min(Date.now(), input.to + half));
  }

  function point(): void {
    if (!isSource) return;
    const left = plot.cursor.left ?? -1;
    crosshair.set(left < 0 ? null : plot.posToVal(left, "x") * 1000);
  }

  function follow(): void {
    if (isSource) return;
    const at = crosshair.get();
    const left = at === null ? -10 : plot.valToPos(at / 1000, "x");
    plot.setCursor({ left, top: at === null ? -10 : 1 });
  }

  function crowded(made: uPlot): void {
    cancelAnimationFrame(crowd);
    if (input.series.length > OWN_LINES) crowd = drawCrowd(made, input, OWN_LINES, (next) => (crowd = next));
  }

  function discard(): void {
    cancelAnimationFrame(crowd);
    plot.destroy();
  }

  return {
    update(next) {
      const before = input;
      input = next;
      if (isRebuilt(before, next)) {
        discard();
        plot = build();
        return;
      }
      plot.batch(() => {
        for (const [index, series] of next.series.slice(0, OWN_LINES).entries()) {
          if (plot.series[index + 1]?.show !== series.isShown) plot.setSeries(index + 1, { show: series.isShown });
        }
        plot.setData(dataOf(next), false);
        plot.setScale("x", { min: next.from / 1000, max: next.to / 1000 });
      });
      placeMarks(plot, next);
    },
    canvas: () => plot.ctx.canvas,
    destroy() {
      resize.disconnect();
      cancelAnimationFrame(frame);
      stopFollowing();
      if (isSource) crosshair.set(null);
      discard();
    },
  };
}

function widthOf(box: HTMLElement): number {
  return Math.max(120, box.clientWidth);
}

function isRebuilt(before: PlotInput, after: PlotInput): boolean {
  const shape = ({ series, isStacked, unit, height, zone }: PlotInput) =>
    JSON.stringify([series.map(({ name, color, isDashed }) => [name, color, isDashed]), isStacked, unit, height, zone]);
  // Stacks change with what is hidden.
  if (after.isStacked && after.series.some(({ isShown }, index) => isShown !== before.series[index]?.isShown))
    return true;
  return shape(before) !== shape(after);
}

function dataOf({ joined, isStacked, series }: PlotInput): uPlot.AlignedData {
  const shown = joined.y.map((values, index) => (series[index]?.isShown === false && isStacked ? [] : values));
  const drawn = (isStacked ? stack(shown.map((values) => (values.length ? values : emptyOf(joined)))) : joined.y).slice(
    0,
    OWN_LINES,
  );
  return [joined.x, ...drawn] as uPlot.AlignedData;
}

function emptyOf({ x }: Joined): Value[] {
  return new Array<Value>(x.length).fill(undefined);
}

interface Events {
  zoom: (from: number, to: number) => void;
  point: () => void;
  crowded: (plot: uPlot) => void;
}

function options(box: HTMLElement, input: () => PlotInput, events: Events): uPlot.Options {
  const { series, isStacked, height, zone, marks } = input();
  const colors = palette();
  const own = series.slice(0, OWN_LINES);
  return {
    width: widthOf(box),
    height,
    padding: [marks.length > 0 ? 16 : 8, 8, 0, 0],
    legend: { show: false },
    focus: { alpha: 0.3 },
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    tzDate: (at) => (zone === "utc" ? uPlot.tzDate(new Date(at * 1000), "Etc/UTC") : new Date(at * 1000)),
    scales: {
      x: { time: true, auto: false, range: () => [input().from / 1000, input().to / 1000] },
      y: { range: (_, low, high) => scaleOf(input(), low, high) },
    },
    axes: axes(colors, input),
    series: [{}, ...own.map((one) => lineOf(one, colors.series[one.color - 1] ?? colors.text, isStacked))],
    bands: isStacked ? own.slice(1).map((_, index) => ({ series: [index + 2, index + 1] as [number, number] })) : [],
    hooks: {
      drawClear: [events.crowded],
      draw: [(plot) => drawLines(plot, input()), (plot) => drawMarks(plot, input())],
      setCursor: [events.point],
      setSelect: [(plot) => selected(plot, events.zoom)],
      setSize: [(plot) => placeMarks(plot, input())],
    },
  };
}

function scaleOf(
  { lines, joined, isStacked, series }: PlotInput,
  low: number | null,
  high: number | null,
): [number, number] {
  let [least, highest] = [low, high];
  // Those behind count too.
  if (!isStacked && series.length > OWN_LINES) {
    for (const [index, values] of joined.y.entries()) {
      if (series[index]?.isShown === false) continue;
      for (const value of values) {
        if (typeof value !== "number") continue;
        if (least === null || value < least) least = value;
        if (highest === null || value > highest) highest = value;
      }
    }
  }
  const ends = lines.map((line) => line.at);
  return valueRange(least, highest, isStacked ? [0, ...ends] : ends);
}

function axes(colors: ReturnType<typeof palette>, input: () => PlotInput): uPlot.Axis[] {
  const format = formatter(input().unit);
  const shared = {
    stroke: colors.dim,
    font: axisFont(),
    ticks: { show: false },
    grid: { stroke: colors.line, width: 1 },
  };
  return [
    {
      ...shared,
      grid: { show: false },
      size: 36,
      gap: 6,
      space: 72,
      values: (_, ticks, __, ___, apart) => tickTexts(ticks, apart, input().zone),
    },
    {
      ...shared,
      gap: 6,
      space: 32,
      values: (_, ticks) => ticks.map((tick) => format(Math.abs(tick) < 1e-12 ? 0 : tick)),
      size: (plot, values) => axisWidth(plot, values),
      ...(input().unit?.startsWith("bytes") ? { incrs: BINARY } : {}),
    },
  ];
}

/** Ticks of bytes are powers of two: 512 MiB is a round number, 500,000,000 bytes is not. */
const BINARY = Array.from({ length: 51 }, (_, power) => 2 ** power);

function axisFont(): string {
  return `11px ${getComputedStyle(document.body).fontFamily}`;
}

function axisWidth(plot: uPlot, values: string[] | null): number {
  if (values === null) return 40;
  plot.ctx.save();
  plot.ctx.font = axisFont();
  const widest = Math.max(...values.map((value) => plot.ctx.measureText(value).width));
  plot.ctx.restore();
  return Math.ceil(widest) + 10;
}

function lineOf(series: PlotSeries, color: string, isStacked: boolean): uPlot.Series {
  return {
    label: series.name,
    show: series.isShown,
    stroke: color,
    width: 1.5,
    ...(series.isDashed ? { dash: [5, 4] } : {}),
    ...(isStacked ? { fill: faint(color) } : {}),
    spanGaps: false,
    points: { size: 4, fill: color, filter: (plot, index) => isolated(plot.data[index] ?? []) },
  };
}

function faint(color: string): string {
  return /^#[0-9a-f]{6}$/i.test(color) ? `${color}55` : color;
}

function selected(plot: uPlot, zoom: Events["zoom"]): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  const from = plot.posToVal(left, "x") * 1000;
  const to = plot.posToVal(left + width, "x") * 1000;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  zoom(from, to);
}
