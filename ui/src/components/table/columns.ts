// Which columns the reader wants to see, kept in this browser by the name of the table.

import { useState } from "preact/hooks";
import type { Column } from "./model";

export interface ColumnChoice<Row> {
  shown: Column<Row>[];
  isShown(key: string): boolean;
  toggle(key: string): void;
}

export function useColumns<Row>(name: string, columns: readonly Column<Row>[]): ColumnChoice<Row> {
  const storage = `plimsoll.columns.${name}`;
  // Only what differs from what the screen says, so that new columns appear by themselves.
  const [choice, setChoice] = useState(() => ({ storage, changed: stored(storage) }));
  // One place of the page may show another table from one drawing to the next.
  const changed = choice.storage === storage ? choice.changed : stored(storage);
  const isShown = (key: string) => {
    const column = columns.find((candidate) => candidate.key === key);
    return (column?.hidden !== true) !== changed.includes(key);
  };
  return {
    shown: columns.filter((column) => isShown(column.key)),
    isShown,
    toggle(key) {
      const next = changed.includes(key) ? changed.filter((other) => other !== key) : [...changed, key];
      setChoice({ storage, changed: next });
      try {
        localStorage.setItem(storage, JSON.stringify(next));
      } catch {
        // Without storage the choice lasts as long as the screen.
      }
    },
  };
}

function stored(key: string): string[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
  } catch {
    return [];
  }
}
