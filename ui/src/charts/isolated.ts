import type { Value } from "./join";

/** The places of values that have none beside them: a line shows nothing of them, so they are drawn as points. */
export function isolated(values: ArrayLike<Value>): number[] {
  const found: number[] = [];
  let before: Value = null;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (value === undefined) continue;
    if (value !== null && before === null && nextOf(values, index) === null) found.push(index);
    before = value;
  }
  return found;
}

function nextOf(values: ArrayLike<Value>, index: number): Value {
  for (let next = index + 1; next < values.length; next += 1) if (values[next] !== undefined) return values[next];
  return null;
}
