// The numbers that an SLO is about: what was promised, what was achieved, what is left.

import { BigNumber } from "../../components/big-number";
import { BudgetBar } from "../../components/budget-bar";
import { Evidence } from "../../components/evidence";
import { Notice } from "../../components/notice";
import { Tile } from "../../components/tile";
import { number, percent, seconds } from "../../format";
import { useLoad } from "../../hooks/load";
import { formatTime, useZone } from "../../time";
import {
  achieved,
  achievedText,
  burnKind,
  burnText,
  eventsLeft,
  isCounted,
  leftInEvents,
  metricGroup,
  outageText,
  outageTime,
  ownOf,
  projectionText,
  unitOf,
} from "./budget";
import { achievedQuery, BURN_WINDOWS, burnQuery, burnsFor, loadBurns, remainingQuery } from "./burns";
import { stateOf } from "./states";
import type { Budget, BudgetWindow, Slo } from "./types";

export interface FiguresProps {
  slo: Slo;
  budget: Budget;
  tick: number;
}

export function Figures({ slo, budget, tick }: FiguresProps) {
  const window = budget.windows[0];
  if (window === undefined) return null;
  return (
    <>
      <section class="slo-figures" aria-label="Objective, achieved, budget">
        <Objective slo={slo} budget={budget} window={window} />
        <Achieved slo={slo} budget={budget} window={window} />
        <Left slo={slo} budget={budget} window={window} />
      </section>
      <Corrected window={window} />
      <Around slo={slo} budget={budget} window={window} tick={tick} />
      {budget.windows.slice(1).map((other) => (
        <OtherWindow key={other.window} slo={slo} budget={budget} window={other} />
      ))}
    </>
  );
}

interface Of {
  slo: Slo;
  budget: Budget;
  window: BudgetWindow;
}

function Objective({ slo, budget, window }: Of) {
  const own = ownOf(slo.definition);
  const below = own?.objectives.find((one) => one.name === budget.objective)?.thresholdSeconds ?? null;
  const unit = unitOf(own?.method);
  const what =
    own === undefined ? "of its parts together" : `of ${unit}${below === null ? " good" : ` within ${seconds(below)}`}`;
  return <BigNumber label="Objective" value={`${budget.target} %`} sub={`${what}, over ${window.window}`} />;
}

function Achieved({ slo, budget, window }: Of) {
  const share = achieved(window);
  const isMet = isCounted(window) ? window.isMet : window.remaining === null ? null : window.remaining >= 0;
  const unit = unitOf(ownOf(slo.definition)?.method);
  return (
    <BigNumber
      label="Achieved"
      value={share === null ? null : achievedText(share, budget.target)}
      kind={isMet === null ? "unknown" : isMet ? "ok" : "critical"}
      sub={
        <span class="slo-evidence">
          {isMet === null ? "nothing was measured" : isMet ? "kept" : "not kept"}
          {isCounted(window) && window.valid > 0 && `: ${number(window.bad)} bad of ${number(window.valid)} ${unit}`}
          <Evidence
            query={achievedQuery(slo, budget.objective, window.window, metricGroup(slo.definition, budget.group))}
          />
        </span>
      }
    />
  );
}

function Left({ slo, budget, window }: Of) {
  const events = eventsLeft(window);
  const unit = unitOf(ownOf(slo.definition)?.method);
  return (
    <div class="slo-left">
      <BigNumber
        label="Budget left"
        value={window.remaining === null ? null : percent(window.remaining, Math.abs(window.remaining) >= 10 ? 0 : 1)}
        kind={stateOf(budget.state).kind}
        sub={
          window.remaining !== null && (
            <span class="slo-evidence">
              {outageText(outageTime(budget, window))}
              {events !== null && `, ${leftInEvents(events, unit)}`}
              <Evidence
                query={remainingQuery(slo, budget.objective, window.window, metricGroup(slo.definition, budget.group))}
              />
            </span>
          )
        }
      />
      <BudgetBar remaining={window.remaining} target={budget.target} bare />
    </div>
  );
}

function Corrected({ window }: { window: BudgetWindow }) {
  if (!isCounted(window) || window.uncorrected === null) return null;
  const { uncorrected } = window;
  return (
    <Notice>
      Corrections are applied. Without them {percent(uncorrected.compliance)} were achieved and{" "}
      {percent(uncorrected.remaining, 1)} of the budget were left ({number(uncorrected.bad)} bad of{" "}
      {number(uncorrected.valid)}).
    </Notice>
  );
}

function Around({ slo, budget, window, tick }: Of & { tick: number }) {
  const zone = useZone();
  const burns = useLoad((signal) => loadBurns(signal), [tick]);
  const found = budget.group === null ? burnsFor(burns.data, slo, budget.objective) : undefined;
  const projection = projectionText(budget, Date.parse(slo.at));
  return (
    <div class="tiles">
      {budget.group === null &&
        BURN_WINDOWS.map((of) => {
          const burn = found?.[of];
          const kind = burnKind(burn);
          return (
            <Tile
              key={of}
              label={`Burn rate ${of}`}
              value={burn === undefined ? null : burnText(burn)}
              evidence={burnQuery(slo, budget.objective, of)}
              {...(kind === "unknown" ? {} : { status: { kind, word: BURN_WORDS[kind] } })}
            />
          );
        })}
      <Tile
        label="Projected exhaustion"
        value={projection.text}
        sub={
          projection.at !== undefined
            ? `about ${formatTime(projection.at, zone)}`
            : budget.projection !== null && `likelihood ${percent(budget.projection.likelihood, 0)}`
        }
      />
      {isCounted(window) && (
        <>
          <Tile label="Measured" value={percent(window.coverage)} sub={`of ${window.window}`} />
          <Tile
            label="Left out"
            value={number(window.excluded)}
            sub={window.excluded === 0 ? "nothing" : "neither good nor bad"}
          />
        </>
      )}
    </div>
  );
}

const BURN_WORDS = { ok: "within the budget", warning: "too fast", critical: "much too fast" } as const;

/** The same counts over another window, in one line. */
function OtherWindow({ slo, budget, window }: Of) {
  const share = achieved(window);
  const events = eventsLeft(window);
  return (
    <p class="slo-window">
      <strong>{window.window}</strong>
      <span>{share === null ? "no data" : `${achievedText(share, budget.target)} achieved`}</span>
      <span class="slo-window-bar">
        <BudgetBar remaining={window.remaining} target={budget.target} />
      </span>
      <span class="dim">{outageText(outageTime(budget, window))}</span>
      {events !== null && <span class="dim">{leftInEvents(events, unitOf(ownOf(slo.definition)?.method))}</span>}
      <Evidence
        query={remainingQuery(slo, budget.objective, window.window, metricGroup(slo.definition, budget.group))}
      />
    </p>
  );
}
