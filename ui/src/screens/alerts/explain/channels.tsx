// Each integration that the alert is routed to: told or not, why, when next, and by which route.

import type { ComponentChildren } from "preact";
import { Panel } from "../../../components/panel";
import { Status } from "../../../components/status";
import type { Loaded } from "../../../hooks/load";
import { Link } from "../../../router";
import { Time, useNow } from "../../../time";
import { labelsText } from "../../routes/model";
import type { AlertRow } from "../model";
import { next, reasons, verdict } from "../reasons";
import type { Channel, Explanation } from "../types";
import { Sentence } from "./sentence";

export function Channels({ row, load }: { row: AlertRow; load: Loaded<Explanation | null> }) {
  const channels = load.data?.channels ?? [];
  const told = channels.filter((channel) => channel.told !== null).length;
  const others = load.data?.notRoutedTo ?? [];
  const test = `/routes?test=${encodeURIComponent(labelsText(row.labels))}`;
  return (
    <Panel title={row.routed === undefined ? "Who would be told" : "Who is told"} state={load}>
      {load.data === null ? <p class="dim">It was over when this was asked.</p> : null}
      {channels.length === 0 ? null : (
        <p>
          {row.routed === undefined
            ? "It is pending, so nobody is told. This is where it would go."
            : `${told} of ${channels.length} ${channels.length === 1 ? "integration" : "integrations"} told.`}
        </p>
      )}
      <ul class="alert-channels">
        {channels.map((channel) => (
          <li key={`${channel.receiver} ${channel.integration} ${channel.route} ${channel.group}`}>
            <ChannelCard channel={channel} isPending={row.routed === undefined} />
          </li>
        ))}
      </ul>
      <p class="dim">
        {others.length > 0 ? `No route leads to: ${others.join(", ")}. ` : ""}
        <Link to={test}>The path through the routes</Link>
      </p>
    </Panel>
  );
}

function ChannelCard({ channel, isPending }: { channel: Channel; isPending: boolean }) {
  const now = useNow();
  const found = verdict(channel);
  const then = next(channel, now);
  const name = channel.why.kind === "no_integration" ? channel.receiver : `${channel.receiver} ${channel.integration}`;
  return (
    <div class="alert-channel">
      <p class="row">
        <strong>{name}</strong>
        <Status kind={found.kind} word={found.word} />
        {found.at === undefined ? null : (
          <span>
            <Time at={found.at} /> (<Time at={found.at} relative />)
          </span>
        )}
        {found.via === undefined ? null : <span>by {found.via} in its place</span>}
      </p>
      <dl class="alert-facts">
        {(isPending && channel.why.kind === "no_alert" ? [] : reasons(channel)).map((parts, index) => (
          <Fact key={index} name={index === 0 ? "why" : ""}>
            <Sentence parts={parts} />
          </Fact>
        ))}
        {then === null ? null : (
          <Fact name="next">
            {then.isDue ? "now" : <Time at={then.at} />}
            {then.isDue ? "" : " ("}
            {then.isDue ? null : <Time at={then.at} relative />}
            {then.isDue ? ": " : "): "}
            {then.what}
          </Fact>
        )}
        <Fact name="route">
          <code>{channel.route}</code>
        </Fact>
        <Fact name="group">
          <code>{channel.group}</code>
        </Fact>
      </dl>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
