/**
 * How well a text fits what was typed, 0 and more; -1 when not all letters are there in order. Beginnings of words and
 * letters that follow each other count more, long texts less.
 */
export function fuzzyScore(typed: string, text: string): number {
  const wanted = typed.toLowerCase().replace(/\s+/g, "");
  if (wanted === "") return 0;
  const lower = text.toLowerCase();
  const whole = lower.indexOf(typed.trim().toLowerCase());
  if (whole >= 0) return 1000 - whole - text.length / 10 + (whole === 0 || isBreak(lower, whole) ? 500 : 0);
  let score = 0;
  let at = -1;
  for (const letter of wanted) {
    const next = lower.indexOf(letter, at + 1);
    if (next === -1) return -1;
    score += next === at + 1 ? 8 : isBreak(lower, next) ? 6 : 1;
    at = next;
  }
  return Math.max(0, score - text.length / 10);
}

function isBreak(text: string, at: number): boolean {
  return at === 0 || /[^a-z0-9]/.test(text[at - 1] ?? "");
}
