/** The store: what it promises, what its last start found, what it holds and what makes it large. */

import { get } from "../../api/client";
import { Duration } from "../../components/duration";
import { KeyValue } from "../../components/key-value";
import { Notice } from "../../components/notice";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { Table } from "../../components/table";
import { Tile } from "../../components/tile";
import { Time } from "../../components/time";
import { bytes, compact, number, seconds } from "../../format";
import { type Loaded, useLoad } from "../../hooks/load";
import { RangeChart } from "../gateway/range-chart";
import { CardinalityPanels } from "./cardinality";
import type { Block, Damage, Quarantined, StoreStatus } from "./types";

interface StorageProps {
  store: Loaded<StoreStatus>;
  pulse: number;
}

/** The program's own metrics; one that is scraped as well would count twice. */
const OURS = '{job="plimsoll"}';

export function StorageTab({ store, pulse }: StorageProps) {
  const blocks = useLoad(
    (signal) => get<{ blocks: Block[] }>("/api/v1/status/tsdb/blocks", undefined, signal),
    [Math.floor(pulse / 6)],
  );
  return (
    <>
      <Panel state={store} class="system-bare">
        {(status) => <Now status={status} blocks={blocks.data?.blocks} />}
      </Panel>
      <div class="columns">
        <RangeChart
          name="Samples taken"
          unit="/s"
          query={`sum(rate(plimsoll_tsdb_samples_appended_total${OURS}[5m]))`}
          label="samples"
        />
        <RangeChart name="Series in memory" unit="" query={`sum(plimsoll_tsdb_head_series${OURS})`} label="series" />
        <RangeChart
          name="Left to merge"
          unit="bytes"
          query={`sum(plimsoll_tsdb_merge_debt_bytes${OURS})`}
          label="to merge"
        />
      </div>
      <CardinalityPanels />
      <Panel title="Parts on the disk" state={blocks}>
        {({ blocks: all }) => <Parts blocks={all} />}
      </Panel>
      <Panel title="Retention" state={store}>
        {(status) => <Retention status={status} />}
      </Panel>
      <Panel title="What is promised" state={store}>
        {(status) => <Durability status={status} />}
      </Panel>
      <Panel title="What the last start found" state={store}>
        {(status) => <Recovery recovery={status.recovery} />}
      </Panel>
    </>
  );
}

function Now({ status, blocks }: { status: StoreStatus; blocks: Block[] | undefined }) {
  const { head, freeBytes, refusal, quarantined } = status;
  const onDisk = blocks?.reduce((sum, one) => sum + (one.stats.numBytes ?? 0), 0);
  return (
    <div class="stack">
      {refusal !== null && <Notice kind="critical">Writes are refused: {refusal}.</Notice>}
      {quarantined.length > 0 && <QuarantinedList parts={quarantined} />}
      <div class="tiles">
        <Tile label="Series in memory" value={compact(head.series)} sub={number(head.series)} />
        <Tile
          label="Samples in memory"
          value={compact(head.samples)}
          sub={
            head.minTime === null ? (
              "none"
            ) : (
              <>
                since <Time at={head.minTime} relative />
              </>
            )
          }
        />
        <Tile
          label="Write-ahead log"
          value={bytes(head.logBytes)}
          sub={head.logSegments === 1 ? "1 segment" : `${head.logSegments} segments`}
        />
        <Tile
          label="Parts"
          value={blocks === undefined ? null : number(blocks.length)}
          sub={onDisk === undefined ? undefined : bytes(onDisk)}
        />
        <Tile
          label="Free on the disk"
          value={freeBytes === null ? null : bytes(freeBytes)}
          sub={`writes are refused below ${bytes(status.durability.freeBytesReserve)}`}
        />
        <Tile
          label="Writes"
          value={refusal === null ? "taken" : "refused"}
          status={
            refusal === null ? { kind: "ok", word: status.durability.mode } : { kind: "critical", word: "refused" }
          }
        />
      </div>
    </div>
  );
}

function QuarantinedList({ parts }: { parts: Quarantined[] }) {
  return (
    <Notice kind="critical">
      Parts that cannot be opened. Answers that touch their time are not whole; <code>plimsoll tsdb verify</code> names
      the damage.
      <ul>
        {parts.map((part) => (
          <li key={part.name}>
            <span class="mono">{part.name}</span>, <Time at={part.minTime} /> to <Time at={part.maxTime} />:{" "}
            {part.reason}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function Parts({ blocks }: { blocks: Block[] }) {
  const newest = [...blocks].sort((a, b) => b.maxTime - a.maxTime);
  return (
    <Table
      name="parts"
      caption="Parts, the newest first"
      bare={blocks.length < 20}
      rows={newest}
      id={(part) => part.ulid}
      empty={
        <p class="dim">None yet: the first part is written after half an hour. Until then everything is in the log.</p>
      }
      columns={[
        { key: "from", title: "From", cell: (part) => <Time at={part.minTime} />, sort: (part) => part.minTime },
        { key: "to", title: "To", cell: (part) => <Time at={part.maxTime} />, sort: (part) => part.maxTime },
        {
          key: "span",
          title: "Span",
          align: "end",
          cell: (part) => <Duration seconds={(part.maxTime - part.minTime) / 1000} />,
          sort: (part) => part.maxTime - part.minTime,
        },
        {
          key: "series",
          title: "Series",
          align: "end",
          cell: (part) => number(part.stats.numSeries),
          sort: (part) => part.stats.numSeries,
        },
        {
          key: "samples",
          title: "Samples",
          align: "end",
          cell: (part) => number(part.stats.numSamples),
          sort: (part) => part.stats.numSamples,
        },
        {
          key: "size",
          title: "Size",
          align: "end",
          cell: (part) => bytes(part.stats.numBytes),
          sort: (part) => part.stats.numBytes,
        },
        {
          key: "sample",
          title: "Bytes/sample",
          align: "end",
          cell: (part) => number(perSample(part), 2),
          sort: perSample,
          priority: 2,
        },
        {
          key: "name",
          title: "Name",
          cell: (part) => <span class="mono">{part.ulid}</span>,
          sort: (part) => part.ulid,
          priority: 3,
        },
      ]}
    />
  );
}

function perSample({ stats }: Block): number | null {
  return stats.numBytes === undefined || stats.numSamples === 0 ? null : stats.numBytes / stats.numSamples;
}

function Retention({ status: { retention, tiers } }: { status: StoreStatus }) {
  return (
    <div class="stack">
      <KeyValue
        rows={[
          ["Size", retention.bytes === null ? "no limit" : `${bytes(retention.bytes)} at most`],
          [
            "Share of the disk",
            retention.diskShare === null ? "no limit" : `${number(retention.diskShare * 100)} % at most`,
          ],
          ["Nothing before", <Time key="horizon" at={retention.horizon} />],
        ]}
      />
      <Table
        name="retention"
        caption="How long series are kept: the first rule that fits decides"
        bare
        rows={retention.rules}
        id={(rule) => rule.selector}
        columns={[
          { key: "series", title: "Series", cell: (rule) => <span class="mono">{rule.selector}</span> },
          { key: "raw", title: "Samples", align: "end", cell: (rule) => rule.raw },
          { key: "5m", title: "Windows of 5 minutes", align: "end", cell: (rule) => rule["5m"] },
          { key: "1h", title: "Windows of an hour", align: "end", cell: (rule) => rule["1h"] },
        ]}
      />
      {tiers.length > 0 && (
        <Table
          name="tiers"
          caption="What is on the disk of each tier"
          bare
          rows={tiers}
          id={(tier) => tier.tier}
          columns={[
            { key: "tier", title: "Tier", cell: (tier) => tier.tier },
            { key: "parts", title: "Parts", align: "end", cell: (tier) => number(tier.parts) },
            { key: "samples", title: "Samples", align: "end", cell: (tier) => number(tier.samples) },
            { key: "size", title: "Size", align: "end", cell: (tier) => bytes(tier.bytes) },
            { key: "from", title: "From", cell: (tier) => <Time at={tier.minTime} />, priority: 2 },
            { key: "to", title: "To", cell: (tier) => <Time at={tier.maxTime} />, priority: 2 },
          ]}
        />
      )}
    </div>
  );
}

function Durability({ status: { durability } }: { status: StoreStatus }) {
  return (
    <Table
      name="durability"
      caption="What is acknowledged when, and what a crash loses"
      bare
      rows={durability.writes}
      id={(one) => one.writes}
      columns={[
        { key: "writes", title: "What is written", cell: (one) => one.writes },
        { key: "acknowledged", title: "Acknowledged", cell: (one) => one.acknowledged },
        { key: "kill", title: "kill -9 loses", cell: (one) => one.killLoses },
        { key: "power", title: "A power loss loses", cell: (one) => one.powerLossLoses },
      ]}
    />
  );
}

function Recovery({ recovery }: { recovery: StoreStatus["recovery"] }) {
  const lost = (damage: Damage[]) =>
    damage.length === 0
      ? "nothing"
      : damage.map((one) => `segment ${one.segment} at ${one.offset}: ${bytes(one.bytes)}`).join("; ");
  return (
    <div class="stack">
      <Status
        kind={recovery.isClean ? "ok" : "warning"}
        word={recovery.isClean ? "nothing was damaged" : "something was left out"}
      />
      <KeyValue
        rows={[
          ["Took", seconds(recovery.durationSeconds)],
          [
            "Read back",
            `${number(recovery.records)} records, ${bytes(recovery.bytes)} in ${number(recovery.segments)} segments`,
          ],
          ["Replayed", `${number(recovery.samples)} samples, ${number(recovery.deletions)} deletions`],
          ["Were in parts already", number(recovery.samplesInParts)],
          ["Parts opened", number(recovery.parts)],
          ["Cut (broken off by a crash)", lost(recovery.cut)],
          ["Skipped (damaged on the disk)", lost(recovery.skipped)],
          recovery.undecodable + recovery.withoutSeries > 0 && [
            "Not readable",
            number(recovery.undecodable + recovery.withoutSeries),
          ],
          recovery.quarantined.length > 0 && [
            "Put into quarantine",
            recovery.quarantined.map((one) => one.name).join(", "),
          ],
          recovery.staleParts.length > 0 && ["Removed (never came to count)", recovery.staleParts.join(", ")],
          recovery.repaired.length > 0 && ["Repaired", recovery.repaired.join(", ")],
        ]}
      />
    </div>
  );
}
