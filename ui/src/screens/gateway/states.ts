/** How states of endpoints and what stands behind them are said. */

import type {
  GatewayAction as Action,
  Endpoint,
  EndpointState,
  GatewayFault as Fault,
  GatewayLevel as Level,
  GatewayRateLimit as RateLimit,
  GatewayRoute as Route,
} from "../../api/types";
import type { StatusKind } from "../../components/status";
import { seconds } from "../../format";
import type { Quantile } from "./counters";

const STATES: Record<EndpointState, { kind: StatusKind; word: string; rank: number }> = {
  down: { kind: "critical", word: "down", rank: 0 },
  ejected: { kind: "critical", word: "ejected", rank: 1 },
  breaker_open: { kind: "critical", word: "breaker open", rank: 2 },
  forced_down: { kind: "warning", word: "forced down", rank: 3 },
  probing: { kind: "warning", word: "probing", rank: 4 },
  unchecked: { kind: "unknown", word: "unchecked", rank: 5 },
  forced_up: { kind: "warning", word: "forced up", rank: 6 },
  draining: { kind: "info", word: "draining", rank: 7 },
  weightless: { kind: "muted", word: "weightless", rank: 8 },
  slow_start: { kind: "info", word: "slow start", rank: 9 },
  up: { kind: "ok", word: "up", rank: 10 },
};

/** The icon, colour and word of a state; one that this page does not know is told as it came. */
export function shownState(state: string): { kind: StatusKind; word: string } {
  const known = Object.hasOwn(STATES, state) ? STATES[state as EndpointState] : undefined;
  return known ?? { kind: "unknown", word: state };
}

/** The rank of a state for sorting: the worst is 0. */
export function stateRank(state: string): number {
  return Object.hasOwn(STATES, state) ? STATES[state as EndpointState].rank : 0;
}

/** Sorts endpoints, the worst first, then by backend and name. */
export function worstFirst(endpoints: Endpoint[]): Endpoint[] {
  return [...endpoints].sort(
    (a, b) =>
      stateRank(a.state) - stateRank(b.state) || a.backend.localeCompare(b.backend) || a.name.localeCompare(b.name),
  );
}

/** The breaker of an endpoint in words; null when it has none. */
export function shownBreaker(breaker: Endpoint["breaker"]): { kind: StatusKind; word: string } | null {
  switch (breaker) {
    case null:
      return null;
    case "closed":
      return { kind: "ok", word: "closed" };
    case "half_open":
      return { kind: "warning", word: "half open" };
    case "open":
      return { kind: "critical", word: "open" };
    default:
      return { kind: "unknown", word: String(breaker) };
  }
}

/** What a route does, in words. */
export function actionText(action: Action): string {
  switch (action.kind) {
    case "forward":
      return action.shares.length === 1
        ? (action.shares[0]?.backend ?? "")
        : action.shares.map((one) => `${one.backend} ${shareText(one.share)}`).join(", ");
    case "redirect":
      return `redirect ${action.status}`;
    case "answer":
      return `answer ${action.status}`;
  }
}

/** A share as percent with the digits that say something. */
export function shareText(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

/** What a fault does, in words. */
export function faultText(fault: Fault): string {
  const who = fault.only === null ? "" : ` with ${fault.only}`;
  const what =
    fault.effect.kind === "delay"
      ? `wait ${seconds(fault.effect.seconds)}`
      : fault.effect.kind === "abort"
        ? `are answered with ${fault.effect.status}`
        : "are reset";
  return `${shareText(fault.share)} of requests${who} ${what}`;
}

/** The conditions of a route in words, one alternative each. */
export function conditions(route: Route): string[] {
  return route.matches.length === 0 ? ["everything"] : route.matches;
}

/** A quantile as text; one beyond the last bucket is only known to be more. */
export function quantileText(quantile: Quantile | null | undefined): string | null {
  if (!quantile) return null;
  return `${quantile.isMore ? "> " : ""}${seconds(quantile.seconds)}`;
}

/** A rate limit in words: `50 per second, 100 at once`. */
export function rateText(limit: RateLimit): string {
  const per =
    limit.perSeconds === 1 ? "second" : limit.perSeconds === 60 ? "minute" : limit.perSeconds === 3600 ? "hour" : null;
  return `${limit.count} per ${per ?? seconds(limit.perSeconds)}, ${limit.burst} at once`;
}

/** Priorities in words, when there is more than one or one panics. */
export function levelsText(levels: Level[]): string | null {
  if (levels.length < 2 && !levels.some((level) => level.isPanicking)) return null;
  return levels
    .map((level) => {
      const panic = level.isPanicking ? ", panicking: too few are healthy, so all get requests" : "";
      return `priority ${level.priority} gets ${shareText(level.share)} over ${level.candidates}${panic}`;
    })
    .join("; ");
}

/** The colours of classes of answers in charts: the same in all of them, failures in the one that stands out. */
export const CLASS_COLORS: Record<string, number> = { "1xx": 7, "2xx": 3, "3xx": 1, "4xx": 5, "5xx": 2, "499": 8 };

/** The colours of what became of attempts; others take what is left. */
export const OUTCOME_COLORS: Record<string, number> = { success: 3, server_error: 2, failure: 2, cancelled: 8 };
