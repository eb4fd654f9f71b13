// The tree: a line for each route, indented, with what it inherits dimmed and the tested path marked.

import { Button } from "../../components/button";
import { classes } from "../../components/class-names";
import { Status } from "../../components/status";
import { Link } from "../../router";
import { labelsOf, labelsText, type Route, type RouteRow, routeRows, type Setting } from "./model";

export interface RouteTreeProps {
  routes: Route[];
  /** The ids of routes that tested labels take; null when nothing is tested. */
  taken: string[] | null;
  /** Only this receiver is marked; all when empty. */
  receiver: string;
  onTest(text: string): void;
}

export function RouteTree({ routes, taken, receiver, onTest }: RouteTreeProps) {
  const rows = routeRows(routes, taken);
  return (
    <ol class="routes-tree" aria-label="Routes, the root first">
      {rows.map((row, index) => (
        <Line
          key={row.route.id}
          row={row}
          isChosen={receiver !== "" && row.route.receiver === receiver}
          onTest={() => onTest(labelsText(labelsOf(routes, index)))}
        />
      ))}
    </ol>
  );
}

/** Deeper ones are not indented further, or a phone shows nothing of them. */
const DEPTH_MAX = 8;

function Line({ row, isChosen, onTest }: { row: RouteRow; isChosen: boolean; onTest(): void }) {
  const { route, depth, receiver, settings, path } = row;
  return (
    <li
      class={classes("routes-line", path !== null && `is-${path}`, isChosen && "is-chosen")}
      style={{ "--routes-depth": Math.min(depth, DEPTH_MAX) }}
    >
      <p class="routes-what">
        <span class="unseen">Level {depth + 1}:</span>
        {route.matchers.length === 0 ? <span>{depth === 0 ? "all alerts" : "everything else"}</span> : null}
        {route.matchers.map((text) => (
          <code key={text}>{text}</code>
        ))}
        <span class="dim">to</span>
        <Link
          class={receiver.isInherited ? "routes-inherited" : "routes-own"}
          to={`/routes?receiver=${encodeURIComponent(receiver.value)}`}
        >
          {receiver.value}
        </Link>
        {route.continue ? (
          <span class="routes-continue" title="The routes behind it are asked as well">
            and goes on
          </span>
        ) : null}
        {path === "taken" ? <Status kind="ok" word="taken" /> : null}
        {path === "passed" ? <Status kind="info" word="on the way" /> : null}
        <span class="routes-try">
          <Button small kind="plain" onPress={onTest} title="Test labels that this route asks for">
            Test
          </Button>
        </span>
      </p>
      <p class="routes-settings">
        {settings.map((setting) => (
          <SettingText key={setting.name} setting={setting} />
        ))}
      </p>
    </li>
  );
}

function SettingText({ setting }: { setting: Setting }) {
  const { name, value, isInherited } = setting;
  return (
    <span class={isInherited ? "routes-inherited" : "routes-own"} title={isInherited ? "inherited" : "said here"}>
      {name} {value}
    </span>
  );
}
