import { useRef } from "preact/hooks";
import { csv, download } from "../../hooks/download";
import { useKeys } from "../../hooks/keys";
import { Button } from "../button";
import { copyAndTell } from "../copy";
import { Icon } from "../icon";
import { Input } from "../input";
import { Menu, type MenuItem } from "../menu";
import type { ColumnChoice } from "./columns";
import { type Column, facets, table } from "./model";
import type { TableQuery } from "./url";

/** Values of a column that its menu offers; the search finds the others. */
const FACETS_MAX = 40;

export interface ToolsProps<Row> {
  name: string;
  /** All rows, and those that are left after search and filters. */
  rows: readonly Row[];
  left: readonly Row[];
  columns: readonly Column<Row>[];
  choice: ColumnChoice<Row>;
  query: TableQuery;
  cli?: string | undefined;
  isActive: boolean;
}

/** Above a table: search, filters, what is chosen, columns and copies. */
export function Tools<Row>(props: ToolsProps<Row>) {
  const { name, rows, left, columns, query, isActive } = props;
  const search = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => search.current?.focus() }, { enabled: isActive, help: { "/": "search the table" } });
  const count = left.length === rows.length ? `${rows.length}` : `${left.length} of ${rows.length}`;
  return (
    <div class="table-tools">
      <Input
        class="table-search"
        type="search"
        label={`Search ${name}`}
        placeholder="Search  /"
        value={query.search}
        onInput={query.setSearch}
        inputRef={search}
        onKeyDown={(event) => {
          if (event.key !== "Escape" && event.key !== "Enter") return;
          if (event.key === "Escape") query.setSearch("");
          event.currentTarget.blur();
        }}
      />
      {columns
        .filter((column) => column.filter !== undefined)
        .map((column) => (
          <Filter key={column.key} rows={rows} column={column} query={query} />
        ))}
      <Chips columns={columns} query={query} />
      <span class="table-count" aria-live="polite">
        {count} {left.length === rows.length && rows.length === 1 ? "row" : "rows"}
      </span>
      <Menu kind="plain" small icon="columns" label="Columns" items={columnItems(columns, props.choice)} />
      <Menu kind="plain" small icon="more" label="Export" items={exportItems(props)} />
    </div>
  );
}

function Filter<Row>({ rows, column, query }: { rows: readonly Row[]; column: Column<Row>; query: TableQuery }) {
  const chosen = query.choices.filter((choice) => choice.key === column.key).map((choice) => choice.value);
  const values = facets(rows, column, FACETS_MAX);
  if (values.length < 2 && chosen.length === 0) return null;
  const gone = chosen.filter((value) => !values.some(([known]) => known === value));
  const items = [...values, ...gone.map((value): [string, number] => [value, 0])].map(([value, count]) => ({
    title: (
      <>
        {value === "" ? "(none)" : value} <span class="dim">{count}</span>
      </>
    ),
    checked: chosen.includes(value),
    onPick: () => query.toggle(column.key, value),
  }));
  return <Menu small kind="plain" icon="filter" button={column.title} items={items} align="start" />;
}

function Chips<Row>({ columns, query }: { columns: readonly Column<Row>[]; query: TableQuery }) {
  if (query.choices.length === 0) return null;
  return (
    <>
      {query.choices.map(({ key, value }) => (
        <button
          type="button"
          class="chip"
          key={`${key}:${value}`}
          title="Take this filter away"
          onClick={() => query.toggle(key, value)}
        >
          <span class="dim">{columns.find((column) => column.key === key)?.title ?? key}</span>{" "}
          {value === "" ? "(none)" : value}
          <Icon name="close" size={12} />
        </button>
      ))}
      <Button kind="plain" small onPress={() => query.clear()}>
        Clear
      </Button>
    </>
  );
}

function columnItems<Row>(columns: readonly Column<Row>[], choice: ColumnChoice<Row>): MenuItem[] {
  return columns.map((column) => ({
    title: column.title,
    checked: choice.isShown(column.key),
    // A table without columns has no way back.
    disabled: choice.isShown(column.key) && choice.shown.length === 1,
    onPick: () => choice.toggle(column.key),
  }));
}

function exportItems<Row>({ name, left, choice, cli }: ToolsProps<Row>): MenuItem[] {
  const items: MenuItem[] = [
    { title: "Download CSV", icon: "download", onPick: () => download(`${name}.csv`, csv(table(left, choice.shown))) },
    { title: "Copy as text", icon: "copy", onPick: () => void copyAndTell(plain(table(left, choice.shown)), "Table") },
  ];
  if (cli !== undefined) {
    items.push({ title: "Copy as command", icon: "copy", onPick: () => void copyAndTell(cli, "Command") });
  }
  return items;
}

function plain(rows: string[][]): string {
  return rows.map((row) => row.map((field) => field.replace(/[\t\n\r]+/g, " ")).join("\t")).join("\n");
}
