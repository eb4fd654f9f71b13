// The list: a table whose sections are groups, rules, or all there is. All rows are in the page, so that the browser's
// own search finds them.

import type { ComponentChildren } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { useKeys } from "../../hooks/keys";
import { Link } from "../../router";
import type { Matcher } from "../silences/matchers";
import { matcher } from "../silences/matchers";
import type { AlertRow } from "./model";
import { ListRow, type OptionalColumns, runbookOf } from "./row";
import { labelOrder, type Section } from "./sections";

/** More rows than this make a page slow, and nobody reads them. */
export const ROWS_MAX = 2000;

export interface AlertListProps {
  sections: Section[];
  /** The alert whose drawer is open. */
  openId: string;
  onOpen(row: AlertRow): void;
  onPick(condition: Matcher): void;
  /** Whether somebody routes alerts here, so that "told" means something. */
  isRouted: boolean;
}

export function AlertList({ sections, openId, onOpen, onPick, isRouted }: AlertListProps) {
  const table = useRef<HTMLTableElement>(null);
  const shown = useMemo(() => cut(sections, ROWS_MAX), [sections]);
  const order = useMemo(() => labelOrder(sections.flatMap((section) => section.rows)), [sections]);
  const has = useMemo(() => columnsOf(sections, isRouted), [sections, isRouted]);
  useRowKeys(table, openId);
  return (
    <>
      <table class="alerts-table" ref={table}>
        <thead>
          <tr>
            <th class="alerts-col-state">State</th>
            <th class="alerts-col-name">Alert</th>
            <th class="alerts-col-labels">Labels</th>
            {has.value ? <th class="alerts-col-value end">Value</th> : null}
            <th class="alerts-col-since">Since</th>
            {has.told ? <th class="alerts-col-told">Goes to</th> : null}
            {has.runbook ? <th class="alerts-col-links">Runbook</th> : null}
          </tr>
        </thead>
        {shown.sections.map((section) => (
          <tbody key={section.id} class="alerts-section">
            {section.title === "" ? null : (
              <Header section={section} columns={4 + Object.values(has).filter(Boolean).length} onPick={onPick} />
            )}
            {section.rows.map((row) => (
              <ListRow
                key={row.id}
                row={row}
                hidden={section.labels}
                order={order}
                isOpen={row.id === openId}
                has={has}
                onOpen={onOpen}
                onPick={onPick}
              />
            ))}
          </tbody>
        ))}
      </table>
      {shown.left > 0 ? (
        <p class="alerts-more" role="status">
          {shown.left} more are not drawn. Narrow the filter to see them.
        </p>
      ) : null}
    </>
  );
}

/** Columns that would be empty in every row are left out: labels need the room. */
export function columnsOf(sections: Section[], isRouted: boolean): OptionalColumns {
  const rows = sections.flatMap((section) => section.rows);
  return {
    value: rows.some((row) => row.value !== undefined),
    told: isRouted,
    runbook: rows.some((row) => runbookOf(row.annotations) !== undefined),
  };
}

function Header({ section, columns, onPick }: { section: Section; columns: number; onPick(one: Matcher): void }) {
  const title: ComponentChildren =
    section.to === undefined ? section.title : <Link to={section.to}>{section.title}</Link>;
  return (
    <tr class="alerts-head">
      <th colSpan={columns} scope="colgroup">
        <span class="alerts-head-title">{title}</span>
        {Object.entries(section.labels).map(([name, value]) => (
          <button key={name} type="button" class="alerts-label" onClick={() => onPick(matcher(name, "=", value))}>
            {name}="{value}"
          </button>
        ))}
        {section.detail === undefined ? null : <code class="alerts-head-detail">{section.detail}</code>}
        <span class="alerts-head-count">{section.rows.length}</span>
      </th>
    </tr>
  );
}

/** The first rows of all sections together, and how many are left out. */
export function cut(sections: Section[], max: number): { sections: Section[]; left: number } {
  let room = max;
  const shown: Section[] = [];
  let left = 0;
  for (const section of sections) {
    const rows = section.rows.slice(0, Math.max(0, room));
    left += section.rows.length - rows.length;
    room -= rows.length;
    if (rows.length > 0) shown.push({ ...section, rows });
  }
  return { sections: shown, left };
}

/**
 * j and k move the focus from row to row, and Enter is then that of the link. While an alert is explained they open the
 * next one instead: the drawer follows.
 */
function useRowKeys(table: { current: HTMLTableElement | null }, openId: string): void {
  const links = () => [...(table.current?.querySelectorAll<HTMLAnchorElement>("a.alerts-open") ?? [])];
  const current = (all: HTMLAnchorElement[]) => {
    const focused = all.findIndex((link) => link.closest("tr")?.contains(document.activeElement));
    return focused === -1 ? all.findIndex((link) => link.dataset.id === openId) : focused;
  };
  const move = (by: number) => {
    const all = links();
    const at = current(all);
    const next = all[at === -1 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
    if (openId === "") next?.focus();
    else next?.click();
    next?.scrollIntoView({ block: "nearest" });
  };
  const open = () => {
    const all = links();
    (all[current(all)] ?? all[0])?.click();
  };
  useKeys(
    { j: () => move(1), k: () => move(-1), e: open },
    { help: { j: "next alert", k: "alert before", Enter: "open it", e: "explain it, or the first one" } },
  );
}
