// What opens over a screen: loaded when it is first asked for, because most visits need none of it.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

export type OverlayName = "palette" | "help" | "menu";

export interface OverlayContentProps {
  close: () => void;
}

const LOADERS: Record<OverlayName, () => Promise<{ default: ComponentType<OverlayContentProps> }>> = {
  palette: () => import("./palette"),
  help: () => import("./help"),
  menu: () => import("./phone-menu"),
};

export interface OverlayProps extends OverlayContentProps {
  name: OverlayName;
  /** Shown when it cannot be loaded. */
  fallback: ComponentType<OverlayContentProps>;
}

export function Overlay({ name, close, fallback }: OverlayProps) {
  const [content, setContent] = useState<{ name: OverlayName; Content: ComponentType<OverlayContentProps> } | null>(
    null,
  );
  useEffect(() => {
    let isGone = false;
    const show = (Content: ComponentType<OverlayContentProps>) => !isGone && setContent({ name, Content });
    LOADERS[name]().then(
      (module) => show(module.default),
      () => show(fallback),
    );
    return () => {
      isGone = true;
    };
  }, [name, fallback]);
  if (content?.name !== name) return null;
  const { Content } = content;
  return <Content close={close} />;
}
