// What another promise would have meant for the past that is known.

import { useEffect, useState } from "preact/hooks";
import { get } from "../../api/client";
import { ApiError } from "../../api/error";
import { Button } from "../../components/button";
import { Copy } from "../../components/copy";
import { shellWord } from "../../components/evidence";
import { Field } from "../../components/field";
import { Input } from "../../components/input";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { useLoad } from "../../hooks/load";
import { useQueryState } from "../../router";
import { formatTime, useZone } from "../../time";
import { apiPath } from "./budget";
import { type Compared, changeOf, compare, objectiveAt, planParams, SLIDER_STEPS, sliderOf } from "./plan";
import type { Budget, Plans, Slo } from "./types";

/** The reader is still moving the slider. */
const SETTLE_MS = 300;
/** One plan is made at a time; the one before ends soon after it was given up. */
const BUSY_MS = 700;
const BUSY_TRIES = 6;

export function WhatIf({ slo, budget }: { slo: Slo; budget: Budget }) {
  const inForce = { objective: budget.target, window: slo.definition.windows[0] ?? "" };
  const [objective, setObjective] = useQueryState("try", inForce.objective);
  const [window, setWindow] = useQueryState("tryWindow", inForce.window);
  const change = useSettled(changeOf({ objective, window }, inForce));
  const of = { objective: budget.objective, group: budget.group };
  const plans = useLoad(
    async (signal) => (change === undefined ? undefined : loadPlans(slo.id, planParams(change, of), signal)),
    [slo.id, budget.objective, JSON.stringify(budget.group), change],
  );
  const isChanged = change !== undefined;
  const reset = () => {
    setObjective(inForce.objective);
    setWindow(inForce.window);
  };
  return (
    <Panel
      title="What if it promised something else"
      id="what-if"
      actions={
        isChanged && (
          <Button small onPress={reset}>
            Back to what is in force
          </Button>
        )
      }
    >
      <div class="slo-what-if">
        <Sliders
          objective={objective}
          onObjective={setObjective}
          window={window}
          onWindow={setWindow}
          inForce={inForce}
        />
        {isChanged ? (
          <Panel class="slo-nested" state={plans}>
            {(found: Plans | undefined) => found !== undefined && <Outcome plans={found} />}
          </Panel>
        ) : (
          <p class="dim">
            Move the slider: the last 30 days are lived through again under that promise, with the code that judges the
            present, and compared with {inForce.objective} % over {inForce.window}.
          </p>
        )}
        {isChanged && <Command slo={slo} change={change} of={of} />}
      </div>
    </Panel>
  );
}

interface SlidersProps {
  objective: string;
  onObjective: (objective: string) => void;
  window: string;
  onWindow: (window: string) => void;
  inForce: { objective: string; window: string };
}

function Sliders({ objective, onObjective, window, onWindow, inForce }: SlidersProps) {
  return (
    <div class="slo-sliders">
      <label class="slo-slider">
        <span>Objective</span>
        <input
          type="range"
          min={0}
          max={SLIDER_STEPS}
          step={1}
          value={sliderOf(objective)}
          aria-valuetext={`${objective} %`}
          onInput={(event) => onObjective(objectiveAt(Number(event.currentTarget.value)))}
        />
        <span class="slo-slider-ends" aria-hidden="true">
          <span>90 %</span>
          <span>99</span>
          <span>99.9</span>
          <span>99.99</span>
          <span>99.999</span>
        </span>
      </label>
      <Field label="Exactly, in percent" hint={`in force: ${inForce.objective}`}>
        <Input value={objective} onInput={onObjective} />
      </Field>
      <Field label="Window" hint={`in force: ${inForce.window}`}>
        <Input value={window} onInput={onWindow} list="slo-windows" />
        <datalist id="slo-windows">
          {["1d", "7d", "28d", "30d", "90d"].map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </Field>
    </div>
  );
}

function Outcome({ plans }: { plans: Plans }) {
  const zone = useZone();
  const rows = compare(plans);
  const [before, after] = plans.plans;
  return (
    <>
      <div class="table-scroll">
        <table class="slo-compare">
          <caption class="unseen">What would have been</caption>
          <thead>
            <tr>
              <th scope="col">Lived through again</th>
              <th scope="col">
                in force: {before?.target} % over {before?.window}
              </th>
              <th scope="col">
                {after?.target} % over {after?.window}
              </th>
              <th scope="col">Than in force</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row" title={row.meaning}>
                  {row.name}
                </th>
                <td>{row.before}</td>
                <td class={row.verdict === "same" ? undefined : "slo-changed"}>{row.after}</td>
                <td>
                  <Verdict of={row.verdict} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="dim">
        From {formatTime(plans.from, zone)} to {formatTime(plans.to, zone)}; {knownText(plans)}
      </p>
      {plans.notes.map((note) => (
        <p class="dim" key={note}>
          {note}
        </p>
      ))}
    </>
  );
}

const VERDICTS = {
  better: { kind: "ok", word: "better" },
  worse: { kind: "warning", word: "worse" },
  same: { kind: "muted", word: "the same" },
} as const;

function Verdict({ of }: { of: Compared["verdict"] }) {
  return <Status {...VERDICTS[of]} />;
}

function knownText({ known, resolution }: Plans): string {
  if (known.samples !== null && known.ledger !== null)
    return `samples in slices of ${known.samples.slice}, before that the ledger in slices of ${known.ledger.slice}.`;
  return known.samples === null
    ? `from the ledger, in slices of ${resolution}.`
    : `counted again from samples, in slices of ${resolution}.`;
}

function Command({
  slo,
  change,
  of,
}: {
  slo: Slo;
  change: string;
  of: { objective: string; group: Record<string, string> | null };
}) {
  const options = of.objective === "" ? "" : ` --objective ${shellWord(of.objective)}`;
  const command = `plimsoll slo plan ${shellWord(slo.id)}${options} --change ${shellWord(change)} --server ${globalThis.location.origin}`;
  return (
    <p class="row">
      <Copy text={command} label="command">
        Copy as command
      </Copy>
      <Copy text={`${change}\n`} label="change">
        Copy the change
      </Copy>
    </p>
  );
}

/** A value once it has not changed for a moment. */
function useSettled(value: string | undefined): string | undefined {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

async function loadPlans(id: string, params: ReturnType<typeof planParams>, signal: AbortSignal): Promise<Plans> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await get<Plans>(apiPath(id, "/plan"), params, signal);
    } catch (error) {
      const isBusy = error instanceof ApiError && error.status === 503 && attempt < BUSY_TRIES;
      if (!isBusy) throw error;
    }
    await pause(BUSY_MS, signal);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
