// Lines beyond those of the library: too many to tell apart, so that they are only drawn.

import uPlot from "uplot";
import { palette } from "./colors";
import type { Joined } from "./join";
import type { PlotInput } from "./plot";

const FRAME_MS = 8;

/** The lines behind those of the library. Each frame draws for some milliseconds, so that the page answers meanwhile. */
export function drawCrowd(plot: uPlot, input: PlotInput, first: number, scheduled: (frame: number) => void): number {
  const colors = palette();
  let next = first;
  const step = () => {
    const end = performance.now() + FRAME_MS;
    const { ctx } = plot;
    ctx.save();
    clip(plot);
    ctx.globalAlpha = 0.5;
    while (next < input.series.length && performance.now() < end) {
      const series = input.series[next];
      if (series?.isShown) stroke(plot, input.joined, next, colors.series[series.color - 1] ?? colors.text);
      next += 1;
    }
    ctx.restore();
    if (next < input.series.length) scheduled(requestAnimationFrame(step));
  };
  return requestAnimationFrame(step);
}

function clip({ ctx, bbox }: uPlot): void {
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
}

function stroke(plot: uPlot, { x, y }: Joined, index: number, color: string): void {
  const { ctx } = plot;
  ctx.beginPath();
  ctx.strokeStyle = color;
  ctx.lineWidth = uPlot.pxRatio;
  let isDrawing = false;
  for (const [at, value] of (y[index] ?? []).entries()) {
    if (value === undefined) continue;
    if (value === null) {
      isDrawing = false;
      continue;
    }
    const left = plot.valToPos(x[at] ?? 0, "x", true);
    const top = plot.valToPos(value, "y", true);
    if (isDrawing) ctx.lineTo(left, top);
    else ctx.moveTo(left, top);
    isDrawing = true;
  }
  ctx.stroke();
}
