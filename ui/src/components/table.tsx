import type { ComponentChildren, JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { useKeys } from "../hooks/keys";
import { Link } from "../router/link";
import { navigate } from "../router/location";
import { Button } from "./button";
import { classes } from "./class-names";
import { Empty } from "./empty";
import { Icon } from "./icon";
import { useActiveTable } from "./table/active";
import { useColumns } from "./table/columns";
import { type Column, filtered, nextSorting, type Sorting, sorted } from "./table/model";
import { Tools } from "./table/tools";
import { type TableQuery, useTableQuery } from "./table/url";
import "./table.css";

export type { Column } from "./table/model";
export { type TableQuery, useTableQuery } from "./table/url";

/** Rows that are in the document at once, so that the search of the browser finds them. */
export const ROWS_MAX = 2000;

export interface TableProps<Row> {
  /** Its name in the URL and in files: `alerts`. Different for each table of a page. */
  name: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  id: (row: Row) => string;
  /** Where a row leads: its first column becomes a link, and Enter follows it. */
  to?: (row: Row) => string;
  /** What Enter and a press on a row do instead. */
  onOpen?: (row: Row) => void;
  /** The id of the row whose detail is shown. */
  open?: string | null;
  /** What is shown instead when there are no rows at all. */
  empty?: ComponentChildren;
  /** How rows are sorted at first: `-burn`. As they come without. */
  sort?: string;
  /** The command that prints the same. */
  cli?: string;
  /** Without search, filters and menus: for tables of a few rows. */
  bare?: boolean;
  /** What the table is, read aloud. */
  caption?: string;
  /** Rows in the document at once until the reader wants all; `ROWS_MAX` without. */
  limit?: number;
}

/** Rows in columns: sorted, searched and filtered through the URL; j, k and Enter move and open. */
export function Table<Row>(props: TableProps<Row>) {
  const { name, columns, rows, empty, bare = false, limit = ROWS_MAX } = props;
  const query = useTableQuery(name, props.sort ?? "");
  const choice = useColumns(name, columns);
  const [isActive, activate] = useActiveTable(name);
  const [all, setAll] = useState(false);
  const left = useMemo(
    () => sorted(filtered(rows, columns, query.search, query.choices), columns, query.sorting),
    [rows, columns, query.search, query.choices, query.sorting],
  );
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  const drawn = all ? left : left.slice(0, limit);
  return (
    <div class="table" onFocusCapture={activate} onPointerDown={activate}>
      {!bare && <Tools {...props} left={left} choice={choice} query={query} isActive={isActive} cli={props.cli} />}
      <Grid {...props} columns={choice.shown} rows={drawn} query={query} isActive={isActive} />
      {left.length === 0 && <NoneLeft query={query} hasRows={rows.length > 0} />}
      {drawn.length < left.length && (
        <p class="row">
          The first {limit.toLocaleString("en")} of {left.length.toLocaleString("en")} rows. Search or filter to see
          others, or
          <Button small onPress={() => setAll(true)}>
            show all
          </Button>
        </p>
      )}
    </div>
  );
}

function NoneLeft({ query, hasRows }: { query: TableQuery; hasRows: boolean }) {
  if (!hasRows) return <p class="dim">There are none.</p>;
  const clear = () => {
    query.clear();
    query.setSearch("");
  };
  return (
    <Empty
      title="No row fits"
      lines={["What was searched for, or a filter, leaves nothing."]}
      actions={<Button onPress={clear}>Show all rows</Button>}
    />
  );
}

interface GridProps<Row> extends TableProps<Row> {
  query: TableQuery;
  isActive: boolean;
}

function Grid<Row>(props: GridProps<Row>) {
  const { columns, rows, id, caption, name, isActive } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const { focused, setFocused } = useRowKeys(props, body);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways is scrolled by the keyboard, too
    <section class="table-scroll" aria-label={caption ?? name} tabIndex={0}>
      <table>
        <caption class="unseen">{caption ?? name}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.key} column={column} query={props.query} rows={rows} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row, index) => {
            const own = id(row);
            const isStop = focused === own || (focused === null && index === 0 && isActive);
            return <Line key={own} {...props} row={row} isStop={isStop} onFocus={() => setFocused(own)} />;
          })}
        </tbody>
      </table>
    </section>
  );
}

/** j, k, Home, End and Enter; the row that has the focus is the one that Enter opens. */
function useRowKeys<Row>(props: GridProps<Row>, body: { current: HTMLTableSectionElement | null }) {
  const [focused, setFocused] = useState<string | null>(null);
  const { rows, id } = props;
  const move = (step: number) => {
    const at = rows.findIndex((row) => id(row) === (focused ?? props.open));
    const target = at === -1 ? (step > 0 ? 0 : rows.length - 1) : at + step;
    const next = Math.min(rows.length - 1, Math.max(0, target));
    const line = body.current?.rows[next];
    line?.focus();
    line?.scrollIntoView?.({ block: "nearest" });
    const row = rows[next];
    // Beside an open drawer the detail follows.
    if (row !== undefined && props.open && id(row) !== props.open) props.onOpen?.(row);
  };
  useKeys(
    {
      j: () => move(1),
      k: () => move(-1),
      Enter: (event) => {
        const row = rows.find((candidate) => id(candidate) === focused);
        if (row === undefined || (event.target instanceof Element && isControl(event.target))) {
          pressThrough(event);
          return;
        }
        openRow(props, row);
      },
    },
    { enabled: props.isActive && rows.length > 0, help: { "j / k": "next and previous row", Enter: "open the row" } },
  );
  return { focused, setFocused };
}

/** Enter on a link or button inside of a row, or elsewhere on the page, does what it always does. */
function pressThrough(event: KeyboardEvent): void {
  if (event.target instanceof HTMLElement && isControl(event.target)) event.target.click();
}

function isControl(target: Element): boolean {
  return target.closest("a, button, summary, input, select, textarea, label, [role=button], [role=tab]") !== null;
}

function openRow<Row>({ to, onOpen }: TableProps<Row>, row: Row): void {
  if (onOpen !== undefined) onOpen(row);
  else if (to !== undefined) navigate(to(row));
}

interface HeadProps<Row> {
  column: Column<Row>;
  query: TableQuery;
  rows: readonly Row[];
}

function Head<Row>({ column, query, rows }: HeadProps<Row>) {
  const { sorting } = query;
  const isSorted = sorting?.key === column.key;
  const order: JSX.AriaAttributes["aria-sort"] = sorting?.isDescending ? "descending" : "ascending";
  const press = () => {
    const isNumeric = rows.some((row) => typeof column.sort?.(row) === "number");
    query.setSorting(nextSorting(sorting, column.key, isNumeric) as Sorting | null);
  };
  return (
    <th
      scope="col"
      class={columnClass(column)}
      style={column.width === undefined ? undefined : { width: column.width }}
      aria-sort={isSorted ? order : undefined}
      title={column.help}
    >
      {column.sort === undefined ? (
        column.title
      ) : (
        <button type="button" class="table-sort" onClick={press}>
          {column.title}
          <Icon name={isSorted && !sorting.isDescending ? "up" : "down"} size={12} />
        </button>
      )}
    </th>
  );
}

interface LineProps<Row> extends GridProps<Row> {
  row: Row;
  isStop: boolean;
  onFocus: () => void;
}

function Line<Row>(props: LineProps<Row>) {
  const { row, columns, id, to, onOpen, open, isStop, onFocus } = props;
  const canOpen = to !== undefined || onOpen !== undefined;
  const press = (event: JSX.TargetedMouseEvent<HTMLTableRowElement>) => {
    if (event.defaultPrevented || (event.target instanceof Element && isControl(event.target))) return;
    // Who marks text wants to copy it.
    if (window.getSelection()?.toString()) return;
    openRow(props, row);
  };
  return (
    <tr
      class={canOpen ? "is-open" : undefined}
      tabIndex={isStop ? 0 : -1}
      aria-current={open !== undefined && open !== null && open === id(row) ? "true" : undefined}
      onFocus={onFocus}
      onClick={canOpen ? press : undefined}
    >
      {columns.map((column, index) => (
        <td key={column.key} class={columnClass(column)}>
          {index === 0 && to !== undefined ? (
            <Link class="table-link" to={to(row)}>
              {column.cell(row)}
            </Link>
          ) : (
            column.cell(row)
          )}
        </td>
      ))}
    </tr>
  );
}

function columnClass<Row>({ align, priority }: Column<Row>): string | undefined {
  const name = classes(align === "end" && "is-end", priority === 2 && "is-second", priority === 3 && "is-third");
  return name === "" ? undefined : name;
}
