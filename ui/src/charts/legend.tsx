import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../components/button";
import { classes } from "../components/class-names";
import type { Known } from "../format";
import { useStore } from "../hooks/store";
import { crosshair } from "./crosshair";
import { type Joined, nearest } from "./join";
import type { Summary } from "./select";

export interface LegendRow {
  name: string;
  color: number;
  isDashed: boolean;
  isShown: boolean;
  summary: Summary;
}

export interface LegendProps {
  rows: readonly LegendRow[];
  joined: Joined;
  format: (value: Known) => string;
  /** The series alone, or all again; with `add` one more or less of them. */
  pick: (index: number, add: boolean) => void;
}

const FOLDED = 8;
const ROWS_MAX = 200;

/** The series with their figures. A press shows one alone; with Shift or Ctrl one more or one less. */
export function Legend({ rows, joined, format, pick }: LegendProps) {
  const at = useStore(crosshair);
  const [isOpen, setOpen] = useState(false);
  const index = at === null ? -1 : nearest(joined.x, at / 1000);
  const shown = rows.slice(0, isOpen ? ROWS_MAX : FOLDED);
  return (
    <div class="legend">
      <table>
        <caption class="unseen">Series</caption>
        <thead>
          <tr>
            <th scope="col">
              <span class="unseen">Series</span>
            </th>
            <th scope="col">least</th>
            <th scope="col">mean</th>
            <th scope="col">highest</th>
            <th scope="col">{index === -1 ? "last" : "here"}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row, place) => (
            <Row
              key={place}
              row={row}
              value={index === -1 ? row.summary.last : joined.y[place]?.[index]}
              format={format}
              pick={(event) => pick(place, event.shiftKey || event.ctrlKey || event.metaKey)}
            />
          ))}
        </tbody>
      </table>
      {isOpen && rows.length > ROWS_MAX && (
        <p class="dim">
          The first {ROWS_MAX} of {rows.length.toLocaleString("en")} series. CSV has them all.
        </p>
      )}
      {rows.length > FOLDED && (
        <Button kind="plain" small onPress={() => setOpen(!isOpen)} expanded={isOpen}>
          {isOpen ? "Fewer" : `${Math.min(rows.length, ROWS_MAX) - FOLDED} more`}
        </Button>
      )}
    </div>
  );
}

interface RowProps {
  row: LegendRow;
  value: Known;
  format: (value: Known) => string;
  pick: (event: JSX.TargetedMouseEvent<HTMLButtonElement>) => void;
}

function Row({ row, value, format, pick }: RowProps) {
  const { summary } = row;
  return (
    <tr class={classes(!row.isShown && "is-hidden")}>
      <th scope="row">
        <button type="button" class="legend-name" aria-pressed={row.isShown} onClick={pick}>
          <span class={classes("legend-key", `series-${row.color}`, row.isDashed && "is-dashed")} />
          <span>{row.name}</span>
        </button>
      </th>
      <td>{format(summary.least)}</td>
      <td>{format(summary.mean)}</td>
      <td>{format(summary.highest)}</td>
      <td class="legend-value">{format(value)}</td>
    </tr>
  );
}
