// The server's parser decides what an expression is; nothing here knows PromQL.

import { ApiError, post } from "../api/client";
import { type Problem, problemOf } from "./position";

/** What is wrong with an expression, or null. An empty one is not wrong yet. Throws when the server cannot be asked. */
export async function check(expression: string, signal?: AbortSignal): Promise<Problem | null> {
  if (expression.trim() === "") return null;
  try {
    await post("/api/v1/parse_query", new URLSearchParams({ query: expression, caret: "true" }), signal);
    return null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 400) return problemOf(expression, error.message, error.caret);
    throw error;
  }
}

/** The expression in canonical form. Throws an `ApiError` for one that cannot be parsed. */
export function format(expression: string, signal?: AbortSignal): Promise<string> {
  return post<string>("/api/v1/format_query", new URLSearchParams({ query: expression, caret: "true" }), signal);
}
