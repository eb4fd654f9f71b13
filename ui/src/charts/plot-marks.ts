// Thresholds and moments on a chart.

import uPlot from "uplot";
import { navigate } from "../router/location";
import { safeHref } from "../router/safe-href";
import { formatTime } from "../time/format";
import { colorOf, palette } from "./colors";
import type { PlotInput } from "./plot";

export function drawLines(plot: uPlot, { lines }: PlotInput): void {
  const colors = palette();
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `${11 * uPlot.pxRatio}px ${getComputedStyle(document.body).fontFamily}`;
  for (const line of lines) {
    const top = plot.valToPos(line.at, "y", true);
    if (!Number.isFinite(top) || top < bbox.top || top > bbox.top + bbox.height) continue;
    ctx.strokeStyle = colorOf(colors, line.kind, "critical");
    ctx.fillStyle = ctx.strokeStyle;
    ctx.lineWidth = 1.5 * uPlot.pxRatio;
    ctx.beginPath();
    ctx.moveTo(bbox.left, top);
    ctx.lineTo(bbox.left + bbox.width, top);
    ctx.stroke();
    ctx.textAlign = "right";
    // Above the line, or below it where it runs along the top.
    const isHigh = top - bbox.top < 16 * uPlot.pxRatio;
    ctx.textBaseline = isHigh ? "top" : "bottom";
    ctx.fillText(line.text, bbox.left + bbox.width - 4 * uPlot.pxRatio, top + (isHigh ? 3 : -3) * uPlot.pxRatio);
  }
  ctx.restore();
}

export function drawMarks(plot: uPlot, { marks, from, to }: PlotInput): void {
  const colors = palette();
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.setLineDash([2 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
  ctx.lineWidth = uPlot.pxRatio;
  for (const mark of marks) {
    if (mark.at < from || mark.at > to) continue;
    const left = plot.valToPos(mark.at / 1000, "x", true);
    ctx.strokeStyle = colorOf(colors, mark.kind, "dim");
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** The heads of marks are elements, so that they are pointed at, read aloud and followed. */
export function placeMarks(plot: uPlot, { marks, from, to }: PlotInput): void {
  for (const old of plot.over.querySelectorAll(".chart-mark")) old.remove();
  for (const mark of marks) {
    if (mark.at < from || mark.at > to) continue;
    const address = safeHref(mark.to);
    const head = document.createElement(address === null ? "span" : "a");
    head.className = `chart-mark is-${mark.kind ?? "info"}`;
    head.title = `${mark.text}, ${formatTime(mark.at)}`;
    head.setAttribute("aria-label", head.title);
    head.style.left = `${plot.valToPos(mark.at / 1000, "x")}px`;
    if (address === null) head.setAttribute("role", "img");
    else follow(head as HTMLAnchorElement, address);
    plot.over.append(head);
  }
}

function follow(head: HTMLAnchorElement, address: string): void {
  head.href = address;
  head.addEventListener("mousedown", (event) => event.stopPropagation());
  head.addEventListener("click", (event) => {
    if (!address.startsWith("/") || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    navigate(address);
  });
}
