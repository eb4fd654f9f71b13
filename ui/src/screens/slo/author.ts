// Who the reader says to be: asked once, because every correction needs somebody who answers for it.

import { useState } from "preact/hooks";

const KEY = "plimsoll.author";

export function useAuthor(): [string, (author: string) => void] {
  return useState(known);
}

export function rememberAuthor(author: string): void {
  try {
    localStorage.setItem(KEY, author.trim());
  } catch {
    // Private windows may refuse storage; it is asked again then.
  }
}

function known(): string {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}
