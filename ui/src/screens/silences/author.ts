// Who makes silences in this browser: asked once, kept here and nowhere else.

const KEY = "plimsoll.author";

export function rememberedAuthor(): string {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

export function rememberAuthor(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Private windows may refuse storage; then one is asked each time.
  }
}
