// What the server says about alerts: the generated types, by the names that these screens call them, and what is not
// generated, in the shapes of docs/http-api.md.

import type { LabelSet } from "../../api/types";

export type {
  Alert as RoutedAlert,
  AlertChannel as Channel,
  AlertExplanation as Explanation,
  AlertGroup,
  AlertReason as Why,
  LabelSet,
  Notification as Notice,
} from "../../api/types";

/** An alert of a rule, as `GET /api/v1/alerts` and `/api/v1/rules` list it. */
export interface RuleAlert {
  labels: LabelSet;
  annotations: LabelSet;
  state: "pending" | "firing";
  activeAt: string;
  keepFiringSince?: string;
  value: string;
}

export interface RuleBase {
  name: string;
  query: string;
  labels?: LabelSet;
  health: "ok" | "err" | "unknown";
  lastError?: string;
  evaluationTime: number;
  lastEvaluation: string;
}

export interface AlertingRule extends RuleBase {
  type: "alerting";
  state: "inactive" | "pending" | "firing" | "unknown";
  duration: number;
  keepFiringFor: number;
  annotations: LabelSet;
  alerts: RuleAlert[] | null;
}

export interface RecordingRule extends RuleBase {
  type: "recording";
}

export type Rule = AlertingRule | RecordingRule;

export interface RuleGroup {
  name: string;
  file: string;
  rules: Rule[];
  interval: number;
  limit: number;
  evaluationTime: number;
  lastEvaluation: string;
}

export interface Decision {
  at: string;
  kind: string;
  subject: string;
  rule: string;
  inputs: { name: string; value: string }[];
  outcome: string;
  counterfactual: string;
}
