// How the server is asked. Everything is on the same origin, so there is no address to set.

import { ApiError } from "./error";

export { ApiError } from "./error";

export type ParamValue = string | number | boolean | null | undefined;
/** Values that are null or undefined are left out; a list is a parameter that is there several times. */
export type Params = Record<string, ParamValue | readonly ParamValue[]> | URLSearchParams;

/**
 * Asks for something: `get<Slos>("/api/v1/slos", { service })`. Answers what `data` holds of a `{status, data}` body, or
 * the body itself (Alertmanager's API). Throws an `ApiError`; an abort stays an `AbortError`.
 */
export function get<T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
  return ask<T>(withParams(path, params), { method: "GET" }, signal);
}

/** A body that is no `URLSearchParams` is sent as JSON. */
export function post<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, sent("POST", body), signal);
}

export function put<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, sent("PUT", body), signal);
}

export function del<T = void>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
  return ask<T>(withParams(path, params), { method: "DELETE" }, signal);
}

/** The path with its parameters, as it is shown to people and sent. */
export function withParams(path: string, params?: Params): string {
  if (params === undefined) return path;
  const query = params instanceof URLSearchParams ? params : new URLSearchParams();
  if (!(params instanceof URLSearchParams)) {
    for (const [name, value] of Object.entries(params)) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== null && one !== undefined) query.append(name, String(one));
      }
    }
  }
  const text = query.toString();
  if (text === "") return path;
  return `${path}${path.includes("?") ? "&" : "?"}${text}`;
}

function sent(method: string, body: unknown): RequestInit {
  if (body === undefined) return { method };
  if (body instanceof URLSearchParams) return { method, body };
  return { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

async function ask<T>(url: string, init: RequestInit, signal?: AbortSignal): Promise<T> {
  const response = await answer(url, signal === undefined ? init : { ...init, signal });
  const text = await response.text();
  const body = parsed(text);
  if (!response.ok) throw refusal(response, body, text);
  if (isEnvelope(body)) {
    if (body.status === "error") throw refusal(response, body, text);
    return body.data as T;
  }
  if (body === undefined && text !== "") {
    throw new ApiError(response.status, `the server answered ${url.split("?")[0]} with something that is no JSON`, {
      hint: "Does a proxy stand between this browser and Plimsoll?",
    });
  }
  return body as T;
}

async function answer(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "the server cannot be reached");
  }
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isEnvelope(body: unknown): body is { status: "success" | "error"; data?: unknown; error?: unknown } {
  if (typeof body !== "object" || body === null || !("status" in body)) return false;
  return body.status === "error" || (body.status === "success" && "data" in body);
}

function refusal(response: Response, body: unknown, text: string): ApiError {
  const message = messageOf(body) ?? (text.trim() === "" || text.startsWith("<") ? null : text.trim().slice(0, 2000));
  return new ApiError(response.status, message ?? `the server answered with status ${response.status}`, {
    caret: caretOf(response, body),
    hint: fieldOf(body, "hint"),
  });
}

/** Prometheus has `error`, Alertmanager `message` or a JSON string. */
function messageOf(body: unknown): string | null {
  if (typeof body === "string") return body;
  return fieldOf(body, "error") ?? fieldOf(body, "message") ?? null;
}

function fieldOf(body: unknown, name: string): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const value = (body as Record<string, unknown>)[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function caretOf(response: Response, body: unknown): string | undefined {
  const header = response.headers.get("plimsoll-caret");
  const decoded = header === null ? undefined : parsed(header);
  return typeof decoded === "string" ? decoded : fieldOf(body, "caret");
}
