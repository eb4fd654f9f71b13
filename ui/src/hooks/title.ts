import { useEffect } from "preact/hooks";

/** The title of the document while the component is there: what tabs and the history show. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Plimsoll" : `${title} - Plimsoll`;
  }, [title]);
}
