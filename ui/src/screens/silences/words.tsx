// A silence in words: its state, what it is about, when it holds.

import { Fragment } from "preact";
import { Status, type StatusKind } from "../../components/status";
import { Time } from "../../time";
import { formatMatcher, type Matcher } from "./matchers";
import { describe } from "./recurrence";
import type { Silence, SilenceState } from "./types";

const KINDS: Record<SilenceState, StatusKind> = { active: "ok", pending: "info", expired: "muted" };

export function SilenceStatus({ silence }: { silence: Silence }) {
  return <Status kind={KINDS[silence.status.state]} word={silence.status.state} />;
}

/** All sets of conditions, with "or" between. */
export function MatcherSets({ sets }: { sets: Matcher[][] }) {
  return (
    <span class="silence-sets">
      {sets.map((set, index) => (
        <Fragment key={set.map(formatMatcher).join()}>
          {index === 0 ? null : <span class="dim">or</span>}
          {set.map((one) => (
            <code key={formatMatcher(one)} class="silence-matcher">
              {formatMatcher(one)}
            </code>
          ))}
        </Fragment>
      ))}
    </span>
  );
}

export function setsOf(silence: Silence): Matcher[][] {
  return [silence.matchers, ...(silence.matcherSets ?? [])];
}

/** What only our silences have, in words; none for a plain one. */
export function extraWords(silence: Silence): string[] {
  const words: string[] = [];
  const { recurrence, untilResolvedGrace, receiverMatcherSets } = silence;
  if (recurrence !== undefined) words.push(`${describe(recurrence.rrule)}, by the clocks of ${recurrence.timeZone}`);
  if (untilResolvedGrace !== undefined) words.push(`until nothing has fired for ${untilResolvedGrace}`);
  if (receiverMatcherSets !== undefined && receiverMatcherSets.length > 0) {
    const sets = receiverMatcherSets.map((set) => set.map(formatMatcher).join(","));
    words.push(`only for receivers ${sets.join(" or ")}`);
  }
  return words;
}

/** When it ends or begins, whichever comes next. */
export function Next({ silence }: { silence: Silence }) {
  const { state } = silence.status;
  if (state === "pending") {
    return (
      <>
        begins <Time at={silence.startsAt} relative />
      </>
    );
  }
  return (
    <>
      {state === "active" ? "ends " : "ended "}
      <Time at={silence.endsAt} relative />
    </>
  );
}
