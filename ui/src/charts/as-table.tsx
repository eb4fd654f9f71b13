import type { Known } from "../format";
import { formatTime } from "../time/format";
import { useZone } from "../time/zone";
import type { Joined } from "./join";

export interface AsTableProps {
  name: string;
  names: readonly string[];
  joined: Joined;
  format: (value: Known) => string;
}

const COLUMNS_MAX = 20;
const ROWS_MAX = 500;

/** The same numbers without a drawing, the newest first. */
export function AsTable({ name, names, joined, format }: AsTableProps) {
  const zone = useZone();
  const columns = names.slice(0, COLUMNS_MAX);
  const rows = joined.x.map((at, index) => ({ at, index })).filter(({ index }) => hasValue(joined, index));
  const shown = rows.slice(-ROWS_MAX).reverse();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable with the keyboard
    <section class="as-table" tabIndex={0} aria-label={`${name} as a table`}>
      <table>
        <caption class="unseen">{name}</caption>
        <thead>
          <tr>
            <th scope="col">time</th>
            {columns.map((column, index) => (
              <th scope="col" key={index}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ at, index }) => (
            <tr key={at}>
              <th scope="row">{formatTime(at * 1000, zone)}</th>
              {columns.map((_, column) => (
                <td key={column}>{cell(joined.y[column]?.[index], format)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {(names.length > COLUMNS_MAX || rows.length > ROWS_MAX) && (
        <p class="dim">
          {columns.length} of {names.length} series, {shown.length} of {rows.length} times. CSV has them all.
        </p>
      )}
    </section>
  );
}

function hasValue({ y }: Joined, index: number): boolean {
  return y.some((values) => typeof values[index] === "number");
}

function cell(value: Known, format: (value: Known) => string): string {
  return typeof value === "number" ? format(value) : "";
}
