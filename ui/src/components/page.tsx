import type { ComponentChildren } from "preact";
import { useTitle } from "../hooks/title";
import { Link } from "../router/link";
import "./page.css";

export interface PageProps {
  /** Also the title of the document. */
  title: string;
  /** A line below the title. */
  sub?: ComponentChildren;
  actions?: ComponentChildren;
  /** What lies above: `[{ title: "SLOs", to: "/slos" }]`. */
  crumbs?: { title: string; to: string }[];
  children?: ComponentChildren;
}

/** The frame of a screen: its one heading of the first order, and what can be done here. */
export function Page({ title, sub, actions, crumbs = [], children }: PageProps) {
  useTitle(title);
  return (
    <div class="page">
      <header class="page-head">
        <div>
          {crumbs.length > 0 && (
            <nav aria-label="Above this page">
              <ol class="page-crumbs">
                {crumbs.map((crumb) => (
                  <li key={crumb.to}>
                    <Link to={crumb.to}>{crumb.title}</Link>
                  </li>
                ))}
              </ol>
            </nav>
          )}
          <h1 class="page-title">{title}</h1>
          {sub !== undefined && <div class="page-sub">{sub}</div>}
        </div>
        {actions !== undefined && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
