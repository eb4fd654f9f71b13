// A chart as a file.

import { csv, download } from "../hooks/download";
import { palette } from "./colors";
import type { Joined } from "./join";

export function downloadCsv(name: string, names: readonly string[], { x, y }: Joined): void {
  const rows = x.map((at, index) => [
    new Date(at * 1000).toISOString(),
    ...y.map((values) => (typeof values[index] === "number" ? String(values[index]) : "")),
  ]);
  download(`${name}.csv`, csv([["time", ...names], ...rows]));
}

export interface PngRow {
  name: string;
  color: number;
}

const HEAD = 28;
const ROW = 18;
const ROWS_MAX = 12;

/** The drawing with its name above and its series below, on the background of the page. */
export function downloadPng(name: string, drawing: HTMLCanvasElement, rows: readonly PngRow[]): void {
  const ratio = window.devicePixelRatio || 1;
  const shown = rows.slice(0, ROWS_MAX);
  const canvas = document.createElement("canvas");
  canvas.width = drawing.width + 16 * ratio;
  canvas.height = drawing.height + (HEAD + 12 + ROW * shown.length) * ratio;
  const context = canvas.getContext("2d");
  if (context === null) return;
  const colors = palette();
  context.fillStyle = colors.surface;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(drawing, 8 * ratio, HEAD * ratio);
  context.scale(ratio, ratio);
  const font = getComputedStyle(document.body).fontFamily;
  context.fillStyle = colors.text;
  context.textBaseline = "middle";
  context.font = `600 13px ${font}`;
  context.fillText(name, 12, HEAD / 2);
  context.font = `12px ${font}`;
  for (const [index, row] of shown.entries()) {
    const top = drawing.height / ratio + HEAD + ROW * index + ROW / 2;
    context.fillStyle = colors.series[row.color - 1] ?? colors.text;
    context.fillRect(12, top - 1.5, 14, 3);
    context.fillStyle = colors.text;
    context.fillText(row.name, 32, top);
  }
  canvas.toBlob((blob) => blob !== null && download(`${name}.png`, blob), "image/png");
}
