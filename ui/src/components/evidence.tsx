// From a number to what it was made of.

import { navigate } from "../router/location";
import { type Instant, toMilliseconds } from "../time/format";
import { timeText } from "../time/parse";
import { useTimeRange } from "../time/range";
import { copyAndTell } from "./copy";
import { Menu } from "./menu";

export interface EvidenceProps {
  /** PromQL. */
  query: string;
  /** The range it is shown for; the one of the page without. */
  from?: Instant;
  to?: Instant;
  /** Words of the button; only an icon without. */
  label?: string;
}

/** Opens the query in Explore, or copies it as PromQL, curl or a command. */
export function Evidence({ query, from, to, label }: EvidenceProps) {
  const range = useTimeRange();
  const start = from === undefined ? range.fromText : timeText(toMilliseconds(from));
  const end = to === undefined ? range.toText : timeText(toMilliseconds(to));
  const at = to === undefined ? range.to : toMilliseconds(to);
  return (
    <Menu
      kind="plain"
      small
      icon="evidence"
      label={label === undefined ? "Evidence: the query behind this" : undefined}
      button={label}
      items={[
        { title: "Open in Explore", icon: "explore", onPick: () => navigate(exploreUrl(query, start, end)) },
        { title: "Copy PromQL", icon: "copy", onPick: () => void copyAndTell(query, "PromQL") },
        { title: "Copy as curl", icon: "copy", onPick: () => void copyAndTell(curlOf(query, at), "curl command") },
        { title: "Copy as command", icon: "copy", onPick: () => void copyAndTell(commandOf(query, at), "Command") },
      ]}
    />
  );
}

/** The address of Explore with a query; the range is the one of the page unless it is given. */
export function exploreUrl(query: string, from?: string, to?: string): string {
  const params = new URLSearchParams({ expr: query });
  if (from !== undefined) params.set("from", from);
  if (to !== undefined) params.set("to", to);
  return `/explore?${params}`;
}

/** A text that a POSIX shell takes as one word, whatever it holds. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export function curlOf(query: string, at: number): string {
  const url = `${window.location.origin}/api/v1/query`;
  return `curl -G ${shellWord(url)} --data-urlencode ${shellWord(`query=${query}`)} -d time=${Math.round(at / 1000)}`;
}

export function commandOf(query: string, at: number): string {
  return `plimsoll query instant --server ${window.location.origin} --time ${Math.round(at / 1000)} ${shellWord(query)}`;
}
