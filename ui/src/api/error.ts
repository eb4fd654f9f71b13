// What went wrong when the server was asked, in words that a reader can act on.

export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The expression with a caret below the place that is wrong, several lines. */
  readonly caret?: string;
  /** What the reader can do. */
  readonly hint?: string;

  constructor(
    status: number,
    message: string,
    details: { caret?: string | undefined; hint?: string | undefined } = {},
  ) {
    super(message);
    this.status = status;
    if (details.caret !== undefined) this.caret = details.caret;
    const hint = details.hint ?? hintFor(status);
    if (hint !== undefined) this.hint = hint;
  }
}

function hintFor(status: number): string | undefined {
  if (status === 0)
    return "Is `plimsoll serve` running, and can this browser reach it? It is asked again when you press Retry.";
  if (status === 401) return "Sign in again, or ask for a token that may do this.";
  if (status === 403)
    return "This origin or account may not do that. Open the interface under the address the server listens on.";
  if (status === 404) return undefined;
  if (status === 413) return "Send less at once.";
  if (status === 422) return "Narrow the time range, or choose fewer series.";
  if (status === 429) return "A limit is reached. Wait a moment, or ask for less.";
  if (status === 503) return "The server is busy, or still starting. Try again in a moment.";
  if (status >= 500) return "The server's log says more about it.";
  return undefined;
}
