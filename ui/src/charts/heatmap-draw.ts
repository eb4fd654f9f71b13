// Drawing a heatmap onto a canvas.

import type { Known } from "../format";
import type { Zone } from "../time/zone";
import { palette } from "./colors";
import { type Cell, type HeatmapBucket, labelled } from "./heatmap-cells";
import { tickTexts } from "./time-axis";

export interface Frame {
  /** Pixels of CSS. */
  width: number;
  height: number;
  /** Milliseconds. */
  from: number;
  to: number;
}

export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

const BELOW = 36;
const ABOVE = 8;
const TICK_EVERY = 96;

/** The part of the frame that cells fill; words stand left of it and below. */
export function areaOf({ width, height }: Frame, left: number): Area {
  return { left, top: ABOVE, width: Math.max(1, width - left - 8), height: Math.max(1, height - ABOVE - BELOW) };
}

export function drawHeatmap(
  canvas: HTMLCanvasElement,
  rows: readonly HeatmapBucket[],
  all: readonly Cell[],
  frame: Frame,
  zone: Zone,
  format: (value: Known) => string,
): Area | null {
  const context = canvas.getContext("2d");
  if (context === null) return null;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(frame.width * ratio);
  canvas.height = Math.round(frame.height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const colors = palette();
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const texts = rows.map((row) => format(row.to));
  const area = areaOf(frame, Math.ceil(Math.max(24, ...texts.map((text) => context.measureText(text).width))) + 10);
  drawCells(context, all, rows.length, area, frame, colors.series[0] ?? colors.accent);
  context.fillStyle = colors.dim;
  drawBounds(context, texts, area);
  drawTimes(context, area, frame, zone);
  return area;
}

function drawCells(
  context: CanvasRenderingContext2D,
  all: readonly Cell[],
  rows: number,
  area: Area,
  frame: Frame,
  color: string,
): void {
  context.save();
  context.beginPath();
  context.rect(area.left, area.top, area.width, area.height);
  context.clip();
  context.fillStyle = color;
  const height = area.height / Math.max(1, rows);
  const x = (at: number) => area.left + ((at - frame.from) / (frame.to - frame.from)) * area.width;
  for (const cell of all) {
    const left = x(cell.start);
    const top = area.top + area.height - (cell.row + 1) * height;
    context.globalAlpha = 0.08 + 0.92 * cell.strength;
    context.fillRect(left, top, Math.max(1, x(cell.end) - left - 0.5), Math.max(1, height - 0.5));
  }
  context.restore();
}

/** The upper bound of a bucket stands at its upper edge. */
function drawBounds(context: CanvasRenderingContext2D, texts: readonly string[], area: Area): void {
  context.textAlign = "right";
  context.textBaseline = "middle";
  const height = area.height / Math.max(1, texts.length);
  for (const row of labelled(texts.length, Math.floor(area.height / 16))) {
    context.fillText(texts[row] ?? "", area.left - 6, area.top + area.height - (row + 1) * height + 4);
  }
}

function drawTimes(context: CanvasRenderingContext2D, area: Area, { from, to }: Frame, zone: Zone): void {
  const apart = tickStep((to - from) / 1000, Math.max(1, Math.floor(area.width / TICK_EVERY)));
  const ticks: number[] = [];
  for (let at = Math.ceil(from / 1000 / apart) * apart; at <= to / 1000; at += apart) ticks.push(at);
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const [index, text] of tickTexts(ticks, apart, zone).entries()) {
    const left = area.left + (((ticks[index] ?? 0) * 1000 - from) / (to - from)) * area.width;
    for (const [line, words] of text.split("\n").entries()) {
      context.fillText(words, left, area.top + area.height + 6 + line * 13);
    }
  }
}

const STEPS = [
  1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

function tickStep(seconds: number, ticks: number): number {
  return STEPS.find((step) => seconds / step <= ticks) ?? 2_592_000;
}

/** The cell at a place of the canvas; undefined beside all of them. */
export function cellAt(
  all: readonly Cell[],
  rows: number,
  area: Area,
  frame: Frame,
  x: number,
  y: number,
): Cell | undefined {
  const at = frame.from + ((x - area.left) / area.width) * (frame.to - frame.from);
  const row = Math.floor(((area.top + area.height - y) / area.height) * rows);
  return all.find((cell) => cell.row === row && at > cell.start && at <= cell.end);
}
