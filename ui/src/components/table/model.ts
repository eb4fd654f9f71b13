// What a table shows of its rows: searched, filtered, sorted. Pure, so that it is tested without a page.

import type { ComponentChildren } from "preact";

export interface Column<Row> {
  /** Its name in the URL, the column chooser and CSV. */
  key: string;
  title: string;
  cell: (row: Row) => ComponentChildren;
  /** What rows are sorted by; nothing known (null, NaN) comes last whichever way. */
  sort?: (row: Row) => number | string | null | undefined;
  /** What the row can be filtered by: a text, or several such as `job=api`. */
  filter?: (row: Row) => string | readonly string[];
  /** What search and CSV read; by itself what is sorted or filtered by, or the cell when that is a text. */
  text?: (row: Row) => string;
  align?: "end";
  /** CSS, such as `120px` or `20%`. */
  width?: string;
  /** 1 (always there) to 3 (left out on narrow screens); 1 by itself. */
  priority?: 1 | 2 | 3;
  /** Not shown until the reader chooses it. */
  hidden?: boolean;
  /** What the column means, told to who points at its head. */
  help?: string;
}

export interface Sorting {
  key: string;
  isDescending: boolean;
}

/** A chosen value of a column. */
export interface Choice {
  key: string;
  value: string;
}

/** `-burn` is by burn, the highest first. */
export function parseSorting(text: string): Sorting | null {
  if (text === "") return null;
  return text.startsWith("-") ? { key: text.slice(1), isDescending: true } : { key: text, isDescending: false };
}

export function sortingText(sorting: Sorting | null): string {
  if (sorting === null) return "";
  return (sorting.isDescending ? "-" : "") + sorting.key;
}

export function parseChoice(text: string): Choice | null {
  const at = text.indexOf(":");
  return at < 1 ? null : { key: text.slice(0, at), value: text.slice(at + 1) };
}

export function choiceText({ key, value }: Choice): string {
  return `${key}:${value}`;
}

/** The values a row has in a column, for filters. */
export function valuesOf<Row>(column: Column<Row>, row: Row): readonly string[] {
  const values = column.filter?.(row);
  if (values === undefined) return [];
  return typeof values === "string" ? [values] : values;
}

/** What a row says in a column, as text. */
export function textOf<Row>(column: Column<Row>, row: Row): string {
  if (column.text !== undefined) return column.text(row);
  if (column.filter !== undefined) return valuesOf(column, row).join(" ");
  const cell = column.cell(row);
  if (typeof cell === "string" || typeof cell === "number") return String(cell);
  const sort = column.sort?.(row);
  return sort === null || sort === undefined ? "" : String(sort);
}

/** Rows that have all the words, and of each column with choices one of these. */
export function filtered<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  search: string,
  choices: readonly Choice[],
): Row[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = grouped(columns, choices);
  if (words.length === 0 && groups.length === 0) return [...rows];
  return rows.filter((row) => {
    const isChosen = groups.every(([column, values]) => valuesOf(column, row).some((value) => values.has(value)));
    if (!isChosen || words.length === 0) return isChosen;
    const text = columns
      .map((column) => textOf(column, row))
      .join("\n")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function grouped<Row>(columns: readonly Column<Row>[], choices: readonly Choice[]): [Column<Row>, Set<string>][] {
  const groups = new Map<Column<Row>, Set<string>>();
  for (const { key, value } of choices) {
    const column = columns.find((candidate) => candidate.key === key && candidate.filter !== undefined);
    // A column that is not there cannot hide rows: a link may be older than the screen.
    if (column === undefined) continue;
    groups.set(column, (groups.get(column) ?? new Set()).add(value));
  }
  return [...groups];
}

/** Rows in order; equal ones stay as they came. */
export function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sorting: Sorting | null): Row[] {
  const by = columns.find((column) => column.key === sorting?.key)?.sort;
  if (sorting === null || by === undefined) return [...rows];
  const keyed = rows.map((row) => ({ row, value: by(row) }));
  keyed.sort((left, right) => compared(left.value, right.value, sorting.isDescending));
  return keyed.map(({ row }) => row);
}

type SortValue = number | string | null | undefined;

const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function compared(left: SortValue, right: SortValue, isDescending: boolean): number {
  const noLeft = isUnknown(left);
  const noRight = isUnknown(right);
  if (noLeft || noRight) return Number(noLeft) - Number(noRight);
  const order =
    typeof left === "number" && typeof right === "number"
      ? left < right
        ? -1
        : Number(left > right)
      : words.compare(String(left), String(right));
  return isDescending ? -order : order;
}

function isUnknown(value: SortValue): boolean {
  return value === null || value === undefined || value === "" || (typeof value === "number" && Number.isNaN(value));
}

/** The values of a column with how many rows have each, the most frequent first. */
export function facets<Row>(rows: readonly Row[], column: Column<Row>, limit: number): [string, number][] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (const value of new Set(valuesOf(column, row))) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const order = ([leftName, left]: [string, number], [rightName, right]: [string, number]) =>
    right - left || words.compare(leftName, rightName);
  return [...counts].sort(order).slice(0, limit);
}

/** The next sorting when the head of a column is pressed: numbers highest first, then the other way, then as it came. */
export function nextSorting(present: Sorting | null, key: string, isNumeric: boolean): Sorting | null {
  if (present?.key !== key) return { key, isDescending: isNumeric };
  if (present.isDescending === isNumeric) return { key, isDescending: !isNumeric };
  return null;
}

/** Rows as fields of CSV, with the titles first. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[][] {
  return [columns.map((column) => column.title), ...rows.map((row) => columns.map((column) => textOf(column, row)))];
}
