import { Link } from "../../router";
import "./shared.css";
import { printed } from "./fingerprint";
import { alertPath } from "./row";
import type { LabelSet } from "./types";

/** An alert by its name and labels, as a link to what is known of it. */
export function AlertName({ id, labels }: { id: string; labels: LabelSet }) {
  const { alertname, ...others } = labels;
  return (
    <Link to={alertPath(id)} class="alert-name">
      <strong>{alertname ?? "(no name)"}</strong>
      {Object.keys(others).length === 0 ? null : <span class="alert-name-labels">{printed(others)}</span>}
    </Link>
  );
}
