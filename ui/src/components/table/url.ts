// Sorting, search and filters of a table in the URL: `alerts.sort`, `alerts.q`, `alerts.f`.

import { useMemo } from "preact/hooks";
import { useQueryList, useQueryState } from "../../router/route";
import { type Choice, choiceText, parseChoice, parseSorting, type Sorting, sortingText } from "./model";

export interface TableQuery {
  search: string;
  setSearch(text: string): void;
  sorting: Sorting | null;
  setSorting(sorting: Sorting | null): void;
  choices: Choice[];
  /** Adds a value of a column to the filter, or takes it away. */
  toggle(key: string, value: string): void;
  clear(): void;
}

/** The filter of the table with that name: also for what stands beside the table and filters it. */
export function useTableQuery(name: string, sort = ""): TableQuery {
  const [search, setSearch] = useQueryState(`${name}.q`, "");
  const [sortText, setSortText] = useQueryState(`${name}.sort`, sort);
  const [texts, setTexts] = useQueryList(`${name}.f`);
  return useMemo(
    () => ({
      search,
      setSearch,
      sorting: parseSorting(sortText),
      setSorting: (sorting) => setSortText(sortingText(sorting)),
      choices: texts.map(parseChoice).filter((choice) => choice !== null),
      toggle(key, value) {
        const text = choiceText({ key, value });
        setTexts(texts.includes(text) ? texts.filter((other) => other !== text) : [...texts, text]);
      },
      clear: () => setTexts([]),
    }),
    [search, sortText, texts, setSearch, setSortText, setTexts],
  );
}
