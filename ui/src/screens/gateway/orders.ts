/** Orders to the gateway: what is sent, what it means, and the same as a command. */

import type { GatewayFaultOrder } from "../../api/types";
import { shellWord } from "../../components/evidence";

/** An order as `POST /api/v1/gateway/orders` takes it. */
export type Order =
  | { order: EndpointOrder; backend: string; endpoint: string }
  | { order: "weight"; backend: string; endpoint: string; weight: number }
  | { order: "maintenance"; route: string; status: number; body: string }
  | { order: "end_maintenance" | "end_faults"; route: string }
  | FaultOrder;

/** Orders about an endpoint that need nothing but its name. */
export type EndpointOrder = "drain" | "undrain" | "force_up" | "force_down" | "auto" | "pardon";

/** A fault: one of `delay`, `abort` and `reset`. */
export type FaultOrder = GatewayFaultOrder & { order: "fault" };

/** What a person filled in for a fault; all of it text, as it stands in the fields. */
export interface FaultForm {
  kind: "delay" | "abort" | "reset";
  delay: string;
  status: string;
  /** Percent. */
  share: string;
  header: string;
  lasts: string;
}

/** Fields with what is wrong with them. */
export type Wrong = Record<string, string>;

/** How the server reads durations: one or more numbers with units, the largest first, each at most once. */
const DURATION = /^(?=\d)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m(?!s))?(\d+s)?(\d+ms)?$/;
const UNITS: Record<string, number> = {
  y: 31_536_000,
  w: 604_800,
  d: 86_400,
  h: 3_600,
  m: 60,
  s: 1,
  ms: 0.001,
};
const DELAY_SECONDS_MAX = 300;
const FAULT_SECONDS_MAX = 86_400;
/** The largest weight that the gateway takes. */
export const WEIGHT_MAX = 1_000_000;
/** Bytes of an answer in maintenance. */
const BODY_BYTES_MAX = 65_536;

/** Reads a duration such as `1m30s`, in seconds; null when it is none. */
export function durationSeconds(text: string): number | null {
  if (!DURATION.test(text)) return null;
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[ywdhms])/g)) {
    seconds += Number(count) * (UNITS[unit ?? ""] ?? Number.NaN);
  }
  return seconds;
}

/** Reads a whole number from `min` to `max`; null when it is none. */
export function whole(text: string, min: number, max: number): number | null {
  const trimmed = text.trim();
  if (!/^\d{1,9}$/.test(trimmed)) return null;
  const value = Number(trimmed);
  return value >= min && value <= max ? value : null;
}

/** Makes a fault of what was filled in, or says what is wrong. */
export function faultOrder(route: string, form: FaultForm): { order?: FaultOrder; wrong: Wrong } {
  const wrong: Wrong = {};
  const order: FaultOrder = { order: "fault", route, for: form.lasts.trim() };
  const lasts = durationSeconds(order.for);
  if (lasts === null) wrong.lasts = "Say a duration such as 10m: a fault ends by itself.";
  else if (lasts <= 0 || lasts > FAULT_SECONDS_MAX) wrong.lasts = "At most a day (1d).";
  const share = Number(form.share.trim());
  if (form.share.trim() === "" || !(share > 0 && share <= 100)) {
    wrong.share = "A percentage above 0, at most 100.";
  } else if (share < 100) order.share = share / 100;
  effect(form, order, wrong);
  const header = form.header.trim();
  if (header !== "") order.header = headerOf(header);
  return Object.keys(wrong).length === 0 ? { order, wrong } : { wrong };
}

function effect(form: FaultForm, order: FaultOrder, wrong: Wrong): void {
  if (form.kind === "reset") {
    order.reset = true;
    return;
  }
  if (form.kind === "abort") {
    const status = whole(form.status, 400, 599);
    if (status === null) wrong.status = "A status from 400 to 599.";
    else order.abort = status;
    return;
  }
  const delay = durationSeconds(form.delay.trim());
  if (delay === null) wrong.delay = "Say a duration such as 200ms.";
  else if (delay <= 0 || delay > DELAY_SECONDS_MAX) wrong.delay = "At most 5 minutes (5m).";
  else order.delay = form.delay.trim();
}

function headerOf(text: string): { name: string; value?: string } {
  const colon = text.indexOf(":");
  if (colon < 0) return { name: text };
  return { name: text.slice(0, colon).trim(), value: text.slice(colon + 1).trim() };
}

/** Makes an order of maintenance of what was filled in, or says what is wrong. */
export function maintenanceOrder(route: string, statusText: string, body: string): { order?: Order; wrong: Wrong } {
  const wrong: Wrong = {};
  const status = whole(statusText, 200, 599);
  if (status === null) wrong.status = "A status from 200 to 599.";
  if (new TextEncoder().encode(body).length > BODY_BYTES_MAX) wrong.body = "At most 64 KiB.";
  if (status === null || wrong.body) return { wrong };
  return { order: { order: "maintenance", route, status, body }, wrong };
}

/** Says in a sentence what an order does. */
export function meaning(order: Order): string {
  switch (order.order) {
    case "drain":
      return "It gets nothing new but what sticks to it. What runs there is finished.";
    case "undrain":
    case "auto":
      return "The order ends: checks and requests decide again whether it is used.";
    case "force_up":
      return "It counts as healthy whatever checks and requests show. If it is not, requests fail.";
    case "force_down":
      return "It gets nothing from now on, and its connections are closed: what runs there is cut off.";
    case "pardon":
      return "Its breaker is closed and its ejection ended. It gets requests at once, and health decides from there.";
    case "weight":
      return order.weight === 0
        ? "It takes no new requests."
        : "It gets its share by this weight until the file says another one.";
    case "maintenance":
      return `All requests of this route are answered with ${order.status} here; no backend sees them.`;
    case "end_maintenance":
      return "The order ends: the file decides whether the route is in maintenance.";
    case "end_faults":
      return "All faults that were ordered for this route end. Those of the file stay.";
    case "fault":
      return faultMeaning(order);
  }
}

function faultMeaning(order: FaultOrder): string {
  const share = order.share === undefined ? "All requests" : `${percentText(order.share)} of requests`;
  const header = order.header
    ? ` with the header ${order.header.name}${order.header.value === undefined ? "" : `: ${order.header.value}`}`
    : "";
  const what = order.reset
    ? "are cut off"
    : order.abort !== undefined
      ? `are answered with ${order.abort}`
      : `wait ${order.delay} before they go on`;
  return `${share}${header} ${what}. It ends by itself after ${order.for}.`;
}

/** A share as percent without digits that say nothing. */
function percentText(share: number): string {
  return `${Number((share * 100).toFixed(4))} %`;
}

/** Says what outlives what, for all orders. */
export const LASTS = "Orders outlive reloads of the configuration, not the process.";

/** Says whether an order can hurt requests that would go well without it. */
export function isDangerous(order: Order): boolean {
  switch (order.order) {
    case "drain":
    case "force_up":
    case "force_down":
    case "maintenance":
    case "fault":
      return true;
    case "weight":
      return order.weight === 0;
    default:
      return false;
  }
}

/** The same order as a command. */
export function command(order: Order): string {
  return `plimsoll gateway ${words(order).map(shellWord).join(" ")}`;
}

function words(order: Order): string[] {
  switch (order.order) {
    case "drain":
    case "undrain":
      return [order.order, order.backend, order.endpoint];
    case "force_up":
    case "force_down":
    case "auto":
    case "pardon":
      return ["force", order.backend, order.endpoint, order.order.replace("force_", "")];
    case "weight":
      return ["weight", order.backend, order.endpoint, String(order.weight)];
    case "maintenance":
      return ["maintenance", order.route, "on", "--status", String(order.status), "--body", order.body];
    case "end_maintenance":
      return ["maintenance", order.route, "off"];
    case "end_faults":
      return ["fault", order.route, "--end"];
    case "fault":
      return faultWords(order);
  }
}

function faultWords(order: FaultOrder): string[] {
  const said = ["fault", order.route];
  if (order.delay !== undefined) said.push("--delay", order.delay);
  if (order.abort !== undefined) said.push("--abort", String(order.abort));
  if (order.reset) said.push("--reset");
  if (order.share !== undefined) said.push("--share", String(Number((order.share * 100).toFixed(4))));
  if (order.header) {
    const { name, value } = order.header;
    said.push("--header", value === undefined ? name : `${name}: ${value}`);
  }
  return [...said, "--for", order.for];
}

/** Who or what an order is about. */
export function subject(order: Order): string {
  return "route" in order ? order.route : `${order.endpoint} of ${order.backend}`;
}

/** What the button says that gives the order. */
export function verb(order: Order): string {
  return VERBS[order.order];
}

const VERBS: Record<Order["order"], string> = {
  drain: "Drain",
  undrain: "End the drain",
  force_up: "Force up",
  force_down: "Force down",
  auto: "Let health decide",
  pardon: "Pardon",
  weight: "Set the weight",
  maintenance: "Begin maintenance",
  end_maintenance: "End maintenance",
  fault: "Inject the fault",
  end_faults: "End the faults",
};
