import { type ComponentChildren, Fragment } from "preact";
import "./key-value.css";

export interface KeyValueProps {
  /** Rows that are null, undefined or false are left out. */
  rows: readonly ([key: ComponentChildren, value: ComponentChildren] | null | undefined | false)[];
}

/** Names and what they stand for. */
export function KeyValue({ rows }: KeyValueProps) {
  return (
    <dl class="key-value">
      {rows.map(
        (row, index) =>
          row && (
            <Fragment key={index}>
              <dt>{row[0]}</dt>
              <dd>{row[1]}</dd>
            </Fragment>
          ),
      )}
    </dl>
  );
}
