// `name=value` as the server lists pairs, back as a selector.

import { selectorOf } from "../../editor/names";

/** A name has no `=` in it before its value begins. */
export function pairSelector(pair: string): string {
  const at = pair.indexOf("=");
  const [name, value] = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
  if (name === "__name__") return selectorOf(value, []);
  return selectorOf("", [{ name, type: "=", value }]);
}
