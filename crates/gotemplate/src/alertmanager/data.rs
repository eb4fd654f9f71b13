//! What a notification's template sees.

use super::kv::Kv;
use crate::error::CallError;
use crate::time::Time;
use crate::value::{Field, List, Object, Signature, Value};

/// The data of a notification.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// The name of the receiver, escaped as a regular expression as Alertmanager does.
    pub receiver: String,
    /// `firing` while one alert is, else `resolved`.
    pub status: String,
    /// The alerts of the group.
    pub alerts: Vec<Alert>,
    /// Why the notification is sent, such as `new_alerts_in_group`.
    pub notification_reason: String,
    /// The labels that the alerts are grouped by.
    pub group_labels: Kv,
    /// The labels that all alerts share.
    pub common_labels: Kv,
    /// The annotations that all alerts share.
    pub common_annotations: Kv,
    /// The labels of the route, which may be templates themselves.
    pub route_labels: Kv,
    /// Says that the labels of the route are expanded already.
    pub are_route_labels_rendered: bool,
    /// Where users reach the server.
    pub external_url: String,
}

/// One alert of a notification.
#[derive(Clone, Debug)]
pub struct Alert {
    /// `firing` or `resolved`.
    pub status: String,
    /// The labels.
    pub labels: Kv,
    /// The annotations.
    pub annotations: Kv,
    /// When it began.
    pub starts_at: Time,
    /// When it ended; [`Time::zero`] while that is not known.
    pub ends_at: Time,
    /// Where the alert came from.
    pub generator_url: String,
    /// The hash of the labels, 16 hexadecimal digits.
    pub fingerprint: String,
}

const ALERT: &str = "template.Alert";

const fn field(name: &'static str, json: &'static str) -> Field {
    Field { name, json }
}

impl Data {
    /// Makes the dot of the template.
    pub fn to_value(&self) -> Value {
        let alerts = self.alerts.iter().cloned().map(Value::object);
        let alerts = List::of_objects(ALERT, alerts);
        let values = vec![
            self.receiver.as_str().into(),
            self.status.as_str().into(),
            Value::object(Alerts(alerts)),
            self.notification_reason.as_str().into(),
            self.group_labels.to_value(),
            self.common_labels.to_value(),
            self.common_annotations.to_value(),
            self.route_labels.to_value(),
            self.external_url.as_str().into(),
            self.are_route_labels_rendered.into(),
        ];
        Value::object(Dot(values))
    }
}

/// The values of [`Dot::FIELDS`], in their order.
#[derive(Debug)]
struct Dot(Vec<Value>);

impl Dot {
    const FIELDS: [Field; 10] = [
        field("Receiver", "receiver"),
        field("Status", "status"),
        field("Alerts", "alerts"),
        field("NotificationReason", "notification_reason"),
        field("GroupLabels", "groupLabels"),
        field("CommonLabels", "commonLabels"),
        field("CommonAnnotations", "commonAnnotations"),
        field("RouteLabels", "routeLabels"),
        field("ExternalURL", "externalURL"),
        field("routeLabelsRendered", ""),
    ];
}

impl Object for Dot {
    fn type_name(&self) -> &'static str {
        "*template.Data"
    }

    fn fields(&self) -> &'static [Field] {
        &Self::FIELDS
    }

    fn field(&self, name: &str) -> Option<Value> {
        let place = Self::FIELDS.iter().position(|field| field.name == name)?;
        self.0.get(place).cloned()
    }
}

impl Object for Alert {
    fn type_name(&self) -> &'static str {
        ALERT
    }

    fn fields(&self) -> &'static [Field] {
        const FIELDS: [Field; 7] = [
            field("Status", "status"),
            field("Labels", "labels"),
            field("Annotations", "annotations"),
            field("StartsAt", "startsAt"),
            field("EndsAt", "endsAt"),
            field("GeneratorURL", "generatorURL"),
            field("Fingerprint", "fingerprint"),
        ];
        &FIELDS
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(match name {
            "Status" => self.status.as_str().into(),
            "Labels" => self.labels.to_value(),
            "Annotations" => self.annotations.to_value(),
            "StartsAt" => self.starts_at.clone().into(),
            "EndsAt" => self.ends_at.clone().into(),
            "GeneratorURL" => self.generator_url.as_str().into(),
            "Fingerprint" => self.fingerprint.as_str().into(),
            _ => return None,
        })
    }
}

/// A list of alerts with the methods that sort out who still fires.
#[derive(Debug)]
struct Alerts(List);

impl Alerts {
    fn with_status(&self, wanted: &str) -> Value {
        let is_wanted = |alert: &&Value| match alert {
            Value::Object(alert) => {
                let status = alert.field("Status");
                status.as_ref().and_then(Value::as_text) == Some(wanted)
            }
            _ => false,
        };
        let alerts = self.0.items().iter().filter(is_wanted).cloned();
        List::of_objects(ALERT, alerts).into()
    }
}

impl Object for Alerts {
    fn type_name(&self) -> &'static str {
        "template.Alerts"
    }

    fn underlying(&self) -> Option<Value> {
        Some(self.0.clone().into())
    }

    fn method(&self, name: &str) -> Option<Signature> {
        matches!(name, "Firing" | "Resolved").then(|| Signature::exact(&[]))
    }

    fn call(&self, method: &str, _: &[Value]) -> Result<Value, CallError> {
        match method {
            "Firing" => Ok(self.with_status("firing")),
            "Resolved" => Ok(self.with_status("resolved")),
            _ => Err(CallError::new(format!("there is no method {method}"))),
        }
    }
}
