import { useEffect, useRef } from "preact/hooks";
import { Dialog } from "../components/dialog";
import { place } from "../router/location";
import type { OverlayContentProps } from "./overlay";
import { Marks } from "./rail";

/** All screens, on a phone. */
export default function PhoneMenu({ close }: OverlayContentProps) {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => place.subscribe(() => latest.current()), []);
  return (
    <Dialog title="Screens" onClose={close}>
      <Marks />
    </Dialog>
  );
}
