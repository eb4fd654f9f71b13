// What fires, since when, and how long its condition had to hold before it did.

import { Status } from "../../../components/status";
import { number } from "../../../format";
import { Link } from "../../../router";
import { formatDuration, Time, useNow } from "../../../time";
import type { AlertRow } from "../model";
import { summaryOf } from "../row";
import { rulePath } from "../sections";
import { MEANING, standingKind } from "../standing";

export function Standing({ row }: { row: AlertRow }) {
  const summary = summaryOf(row.annotations);
  const description = row.annotations.description;
  return (
    <section class="alert-standing" aria-label="State">
      <p class="row">
        <Status kind={standingKind(row)} word={row.standing} />
        {row.labels.severity === undefined ? null : <span class="alert-severity">{row.labels.severity}</span>}
        <span class="dim">since</span> <Time at={row.since} />
        <span class="dim">
          (<Time at={row.since} relative />)
        </span>
        {row.value === undefined ? null : (
          <span>
            <span class="dim">value</span> <strong>{number(row.value)}</strong>
          </span>
        )}
      </p>
      <p class="dim">{MEANING[row.standing]}</p>
      {summary === undefined ? null : <p class="alert-summary">{summary}</p>}
      {description === undefined || description === summary ? null : <p>{description}</p>}
      <Timer row={row} />
    </section>
  );
}

/** The for-timer: how long the condition has held of how long it must, or since when it only fires on. */
export function Timer({ row }: { row: AlertRow }) {
  const now = useNow();
  const words = timerWords(row, now);
  if (words === null || row.origin === undefined) return null;
  const { file, group, rule } = row.origin;
  return (
    <p class="alert-timer">
      {words.share === null ? null : (
        <progress max={1} value={words.share}>
          {Math.round(words.share * 100)} %
        </progress>
      )}
      <span>{words.text}</span> <Link to={rulePath(file, group, rule.name)}>{`rule ${rule.name}`}</Link>
    </p>
  );
}

/** What the timers of a rule say of an alert; null where no rule of this process makes it. */
export function timerWords(row: AlertRow, now: number): { text: string; share: number | null } | null {
  if (row.origin === undefined || row.activeAt === undefined) return null;
  const { duration, keepFiringFor } = row.origin.rule;
  const held = Math.max(0, (now - Date.parse(row.activeAt)) / 1000);
  if (row.keepFiringSince !== undefined) {
    const over = Math.max(0, (now - Date.parse(row.keepFiringSince)) / 1000);
    const left = formatDuration(Math.max(0, Math.round(keepFiringFor - over)));
    return {
      text: `The condition does not hold any more; it fires on for ${left} of keep_firing_for ${formatDuration(keepFiringFor)}.`,
      share: keepFiringFor === 0 ? null : Math.min(1, over / keepFiringFor),
    };
  }
  if (row.standing === "pending") {
    const left = formatDuration(Math.max(0, Math.round(duration - held)));
    return {
      text: `The condition has held for ${formatDuration(Math.round(held))} of ${formatDuration(duration)}: it fires in ${left} if it goes on.`,
      share: duration === 0 ? null : Math.min(1, held / duration),
    };
  }
  const wait = duration === 0 ? "It fires at once" : `It had to hold for ${formatDuration(duration)}`;
  return { text: `${wait}, and has held for ${formatDuration(Math.round(held))}.`, share: null };
}
