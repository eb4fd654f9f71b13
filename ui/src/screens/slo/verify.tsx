// Is this number right? The stored samples are counted again, and compared slice by slice.

import { useState } from "preact/hooks";
import { get } from "../../api/client";
import { Notice } from "../../components/notice";
import { Panel } from "../../components/panel";
import { number } from "../../format";
import { type Loaded, useLoad } from "../../hooks/load";
import { formatTime, useTimeRange, useZone } from "../../time";
import { apiPath, groupText } from "./budget";
import type { Counts, Verification, VerifiedBudget } from "./types";

export interface VerificationState {
  start: () => void;
  isAsked: boolean;
  isRunning: boolean;
  state: Loaded<Verification | undefined>;
}

/** Counts again when asked to, over the range of the page. */
export function useVerification(id: string): VerificationState {
  const [asked, setAsked] = useState<{ from: number; to: number } | null>(null);
  const range = useTimeRange();
  const state = useLoad(
    async (signal) =>
      asked === null
        ? undefined
        : get<Verification>(apiPath(id, "/verify"), { start: asked.from / 1000, end: asked.to / 1000 }, signal),
    [id, asked],
  );
  return {
    start: () => setAsked({ from: range.from, to: range.to }),
    isAsked: asked !== null,
    isRunning: asked !== null && state.isLoading,
    state,
  };
}

export function VerifiedPanel({ verification }: { verification: VerificationState }) {
  return (
    <Panel title="Counted again" state={verification.state}>
      {(found: Verification | undefined) => found !== undefined && <Outcome found={found} />}
    </Panel>
  );
}

function Outcome({ found }: { found: Verification }) {
  const zone = useZone();
  const time = `from ${formatTime(found.from, zone)} to ${formatTime(found.to, zone)}`;
  const slices = found.budgets[0]?.recounted.coveredSlices ?? 0;
  return (
    <div class="stack" aria-live="polite">
      {found.agrees ? (
        <Notice kind="ok">
          The ledger and the stored samples agree in all {number(slices)} measured slices {time}.
        </Notice>
      ) : (
        <Notice kind="warning">
          The ledger and the stored samples differ {time}. Samples that came later than the lateness allows are the
          usual reason ({number(found.tooLateSamples)} of them since the start).
        </Notice>
      )}
      <div class="table-scroll">
        <table class="slo-plain">
          <caption class="unseen">Counts of the ledger and of stored samples</caption>
          <thead>
            <tr>
              <th scope="col">Budget</th>
              <th scope="col">Ledger: good, bad, left out</th>
              <th scope="col">Samples: good, bad, left out</th>
              <th scope="col">Slices that differ</th>
            </tr>
          </thead>
          <tbody>
            {found.budgets.map((budget) => (
              <tr key={`${budget.objective} ${groupText(budget.group)}`}>
                <td>{nameOf(budget)}</td>
                <td>{countsText(budget.ledger)}</td>
                <td>{countsText(budget.recounted)}</td>
                <td>{number(budget.differing)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function nameOf(budget: VerifiedBudget): string {
  return [budget.objective, groupText(budget.group)].filter((part) => part !== "").join(", ");
}

function countsText(counts: Counts): string {
  return [counts.good, counts.bad, counts.excluded].map((value) => number(value)).join(" / ");
}
