// Which addresses a link may have. Texts of labels, annotations and files come from anywhere.

/**
 * The address when it is http(s), or a path of this origin; `null` for anything else (`javascript:`, `data:`, `//host`
 * and whatever a browser would read as one of them after taking control characters out).
 */
export function safeHref(address: string | null | undefined): string | null {
  if (address === null || address === undefined) return null;
  // Browsers drop tabs and line ends inside of an address and blanks around it: `java\nscript:` runs.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const plain = address.replace(/[\u0000-\u0020\u007f-\u00a0\u2028\u2029\ufeff]/g, "");
  if (plain === "") return null;
  if (/^https?:\/\/[^/\\]/i.test(plain)) return parsed(plain);
  // `//host` and `/\host` are addresses of other hosts.
  if (/^\/(?![/\\])/.test(plain)) return parsed(plain) === null ? null : plain;
  return null;
}

/** Whether an address that `safeHref` let through leads to another origin. */
export function isExternal(address: string): boolean {
  return new URL(address, window.location.origin).origin !== window.location.origin;
}

function parsed(address: string): string | null {
  try {
    const url = new URL(address, window.location.origin);
    return url.protocol === "http:" || url.protocol === "https:" ? address : null;
  } catch {
    return null;
  }
}
