// Which of the tables of a page j, k, Enter and / belong to: the one used last, at first the first one.

import { useEffect } from "preact/hooks";
import { createStore, useStore } from "../../hooks/store";

const mounted = createStore<readonly string[]>([]);
const used = createStore<string | null>(null);

/** Whether the keys are this table's, and how to make them so. */
export function useActiveTable(name: string): [boolean, () => void] {
  const names = useStore(mounted);
  const last = useStore(used);
  useEffect(() => {
    mounted.set([...mounted.get(), name]);
    return () => {
      mounted.set(mounted.get().filter((other) => other !== name));
    };
  }, [name]);
  const active = last !== null && names.includes(last) ? last : names[0];
  return [active === name, () => used.set(name)];
}
