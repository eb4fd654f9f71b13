/** The queries behind what the gateway's screens show, so that each number can be followed into Explore. */

/** Which requests: those of a route, a backend or an endpoint; all of them without any. */
export interface Of {
  route?: string;
  backend?: string;
  endpoint?: string;
}

/** The gateway that writes into this store; one that is scraped has a job of its own, and would count twice. */
const OURS = 'job="gateway"';

function selector(metric: string, of: Of, ...more: string[]): string {
  const matchers = (["route", "backend", "endpoint"] as const).flatMap((name) => {
    const value = of[name];
    return value === undefined ? [] : [`${name}=${JSON.stringify(value)}`];
  });
  return `plimsoll_gateway_${metric}{${[OURS, ...matchers, ...more].join(", ")}}`;
}

/** Requests per second, by class of their answer. */
export const requestsByClass = (of: Of) => `sum by (class) (rate(${selector("requests_total", of)}[1m]))`;

/** Requests per second. */
export const requests = (of: Of) => `sum(rate(${selector("requests_total", of)}[1m]))`;

/** The share that failed of those whose client did not leave. */
export const errors = (of: Of) =>
  `sum(rate(${selector("requests_total", of, 'class="5xx"')}[1m])) / sum(rate(${selector("requests_total", of, 'class!="499"')}[1m]))`;

/** A quantile of how long requests took that were not refused or broken off. */
export const latency = (q: number, of: Of) =>
  `histogram_quantile(${q}, sum(rate(${selector("request_duration_seconds", of, 'class=~"[1-4]xx"')}[1m])))`;

/** How many attempts were tried again per second, by how that ended. */
export const retries = (of: Of) => `sum by (outcome) (rate(${selector("retries_total", of)}[5m]))`;

/** Failed attempts per second that were the last although the route allows more, by why. */
export const retriesRefused = (of: Of) => `sum by (cause) (rate(${selector("retries_refused_total", of)}[5m]))`;

/** Why requests failed, per second. */
export const failureReasons = (of: Of) =>
  `sum by (reason) (rate(${selector("requests_total", of, 'class="5xx"')}[5m]))`;

/** Retries of each route per second. */
export const RETRIES_BY_ROUTE = `sum by (route) (rate(${selector("retries_total", {})}[5m]))`;
/** Retries of each route that were refused, per second. */
export const REFUSED_BY_ROUTE = `sum by (route) (rate(${selector("retries_refused_total", {})}[5m]))`;
/** Requests in flight of each route. */
export const IN_FLIGHT_BY_ROUTE = `sum by (route) (${selector("requests_in_flight", {})})`;
/** What was shed, by criticality. */
export const SHEDS_BY_CRITICALITY = `sum by (criticality) (rate(${selector("sheds_total", {})}[5m]))`;
/** What was shed in the last hour, by everything that tells one from another. */
export const SHEDS_OF_HOUR = `sum by (criticality, route, reason) (increase(${selector("sheds_total", {})}[1h]))`;
/** Requests that came in, by criticality. */
export const REQUESTS_BY_CRITICALITY = `sum by (criticality) (rate(${selector("requests_total", {})}[5m]))`;
/** What limits with `dry_run` would have refused in the last hour. */
export const DRY_RUN_OF_HOUR = `sum by (route, limit) (increase(${selector("limit_dry_run_total", {})}[1h]))`;
/** How long 99 of 100 of those that had to wait for a place waited. */
export const QUEUE_WAIT = `histogram_quantile(0.99, sum by (criticality) (rate(${selector("queue_wait_seconds", {})}[5m])))`;
/** Retries that the shared budget has left. */
export const RETRY_BUDGET = selector("retry_budget", {});

/** Attempts per second at an endpoint, by how they ended. */
export const attempts = (of: Of) => `sum by (outcome) (rate(${selector("attempts_total", of)}[1m]))`;
/** A quantile of the time until an endpoint's head of an answer. */
export const attemptLatency = (q: number, of: Of) =>
  `histogram_quantile(${q}, sum(rate(${selector("attempt_duration_seconds", of)}[1m])))`;
/** What happened to an endpoint: up, down, ejected, breakers. */
export const events = (of: Of) => `sum by (event) (increase(${selector("endpoint_events_total", of)}[1m]))`;
/** Whether an endpoint gets requests. */
export const healthy = (of: Of) => selector("endpoint_healthy", of);
