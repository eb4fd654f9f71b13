import { Badge } from "../../components/badge";
import { Link } from "../../router";
import { Time } from "../../time";
import { type Change, changeTarget, changeWord } from "./changes";
import { originPath } from "./links";
import "./change-list.css";

/** What was changed, the last one first. */
export function ChangeList({ changes }: { changes: readonly Change[] }) {
  if (changes.length === 0) return <p class="dim">Nothing was changed in the last 30 days.</p>;
  return (
    <ol class="changes">
      {changes.map((change) => (
        <li key={`${change.at} ${change.kind} ${change.subject}`} class="change">
          <span class="change-when">
            <Time at={change.at} relative />
          </span>
          <Badge>{changeWord(change.kind)}</Badge>
          <span class="change-what" title={change.what}>
            <Subject of={change} /> {change.what}
            {change.by !== undefined && <span class="dim"> by {change.by}</span>}
            {change.origin !== undefined && <Link to={originPath(change.origin)}> ({change.origin})</Link>}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Subject({ of }: { of: Change }) {
  const to = changeTarget(of);
  return to === undefined ? <strong>{of.subject}</strong> : <Link to={to}>{of.subject}</Link>;
}
