import { NO_DATA, percent } from "../format";
import "./budget-bar.css";

export interface BudgetBarProps {
  /** The share of the error budget that is left: 1 is all of it, below 0 it is overdrawn. `null`: not known. */
  remaining: number | null | undefined;
  /** The objective in percent ("99.9"), for those who do not see the bar. */
  target?: string | number;
  /** Without the number beside it. */
  bare?: boolean;
}

/** The share of the budget from which on one should load no more: the load line. */
export const LOAD_LINE = 0.1;
const CAUTION = 0.5;
const WIDTH = 100;

/** How much budget is left, drawn as a hull in the water: left of the load line one may not go. */
export function BudgetBar({ remaining, target, bare = false }: BudgetBarProps) {
  const known = typeof remaining === "number" && !Number.isNaN(remaining) ? remaining : null;
  const share = Math.min(1, Math.max(0, known ?? 0));
  const word = known === null ? NO_DATA : percent(known, Math.abs(known) >= 10 ? 0 : 1);
  const name = `${target === undefined ? "" : `Objective ${target} %. `}Budget left: ${word}`;
  return (
    <span class={`budget-bar is-${budgetKind(known)}`} title={name}>
      <svg class="budget-bar-hull" viewBox={`0 0 ${WIDTH} 14`} preserveAspectRatio="none" role="img" aria-label={name}>
        <rect class="budget-bar-back" x="0" y="4" width={WIDTH} height="6" />
        {known !== null && <rect class="budget-bar-fill" x="0" y="4" width={share * WIDTH} height="6" />}
        <line
          class="budget-bar-line"
          x1={LOAD_LINE * WIDTH}
          x2={LOAD_LINE * WIDTH}
          y1="0"
          y2="14"
          vector-effect="non-scaling-stroke"
        />
      </svg>
      {!bare && (
        <span class={known !== null && known <= 0 ? "budget-bar-word is-over" : "budget-bar-word"}>{word}</span>
      )}
    </span>
  );
}

/** The kind of a budget by what is left: healthy above a half, critical below the load line. */
export function budgetKind(remaining: number | null | undefined): "ok" | "warning" | "critical" | "unknown" {
  if (remaining === null || remaining === undefined || Number.isNaN(remaining)) return "unknown";
  if (remaining <= LOAD_LINE) return "critical";
  return remaining <= CAUTION ? "warning" : "ok";
}
