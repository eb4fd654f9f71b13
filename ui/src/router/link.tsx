import type { ComponentChildren, JSX } from "preact";
import { navigate, withRange } from "./location";
import { isExternal, safeHref } from "./safe-href";

export interface LinkProps extends Omit<JSX.HTMLAttributes<HTMLAnchorElement>, "href"> {
  /** A path of this interface, or an http(s) address. Anything else is shown as text, because it may not be followed. */
  to: string;
  class?: string;
  replace?: boolean;
  children?: ComponentChildren;
}

/** A real link: it opens in a new tab, is copied and is read aloud as one; a plain click stays in the page. */
export function Link({ to, replace = false, children, onClick, ...rest }: LinkProps) {
  const address = safeHref(to.startsWith("?") ? window.location.pathname + to : to);
  if (address === null) return <span {...(rest as JSX.HTMLAttributes<HTMLSpanElement>)}>{children}</span>;
  if (isExternal(address)) {
    return (
      <a {...rest} href={address} rel="noreferrer noopener" target="_blank">
        {children}
      </a>
    );
  }
  const follow = (event: JSX.TargetedMouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    navigate(address, { replace });
  };
  return (
    <a {...rest} href={withRange(address)} onClick={follow}>
      {children}
    </a>
  );
}
