const FIRST_MS = 1000;
const LONGEST_MS = 60_000;

/**
 * Milliseconds to wait after so many failures in a row (from 1): 1 s, 2 s, 4 s up to a minute, of which a random half
 * (`chance` from 0 to 1) is taken away, so that a thousand tabs do not come back at once.
 */
export function nextDelay(failures: number, chance: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return full * (1 - chance / 2);
}
