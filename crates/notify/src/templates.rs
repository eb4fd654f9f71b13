//! The templates that notifications are written with: ours, and those of the files that alertmanager.yml names.

mod defaults;

use std::path::{Path, PathBuf};

use plimsoll_gotemplate::alertmanager::{Alert, Data, Kv, Now, functions};
use plimsoll_gotemplate::{Set, Time, Value};
use plimsoll_types::Timestamp;

use crate::{Notice, NoticeAlert};

/// The most bytes that one template file may have.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Templates by name, parsed; a copy shares them.
#[derive(Clone, Debug)]
pub struct Templates {
    set: Set,
    files: usize,
}

/// A template file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct TemplateError {
    /// The file, or the pattern.
    pub path: PathBuf,
    /// What is wrong; of a text that is no template, in Go's words with the line.
    pub reason: String,
}

impl Templates {
    /// Makes the templates that everybody has. `now` is what the functions `now` and `since` of templates ask.
    pub fn builtin(now: Now) -> Self {
        let mut set = Set::new(functions(now));
        for (name, text) in defaults::ALL {
            set.parse(name, text)
                .expect("a test parses the default templates");
        }
        Self { set, files: 0 }
    }

    /// Adds those of all files that match the patterns, in the order of the patterns; what they define replaces what was
    /// there. A pattern that no file matches adds nothing.
    ///
    /// # Errors
    /// The first file that cannot be read or parsed, or what is no pattern.
    pub fn load(patterns: &[PathBuf], now: Now) -> Result<Self, TemplateError> {
        let mut templates = Self::builtin(now);
        for pattern in patterns {
            let text = pattern.to_string_lossy();
            let found = glob::glob(&text).map_err(|error| failed(pattern, error.msg))?;
            for path in found {
                let path = path.map_err(|error| failed(pattern, error))?;
                templates.add(&path)?;
            }
        }
        Ok(templates)
    }

    /// Returns how many files were read.
    pub fn file_count(&self) -> usize {
        self.files
    }

    /// Returns the names of all templates, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.set.names()
    }

    /// Checks that a text of the configuration is a template; what it calls need not exist.
    ///
    /// # Errors
    /// In Go's words, with the line.
    pub fn check(&self, text: &str) -> Result<(), String> {
        let mut set = self.set.clone();
        set.parse("", text).map_err(|error| error.to_string())
    }

    /// Executes a text as Alertmanager does with the fields of its configuration.
    pub(crate) fn text(&self, template: &str, data: &Value) -> Result<String, String> {
        if !is_template(template) {
            return Ok(template.to_owned());
        }
        let text = self.set.render_text(template, data);
        text.map_err(|error| error.to_string())
    }

    /// Executes a text as a template of HTML.
    pub(crate) fn html(&self, template: &str, data: &Value) -> Result<String, String> {
        if !is_template(template) {
            return Ok(template.to_owned());
        }
        let html = self.set.render_html(template, data);
        html.map_err(|error| error.to_string())
    }

    /// Returns what templates see of a notice. Labels of the route that are templates are executed with all else.
    pub(crate) fn data(&self, notice: &Notice) -> Data {
        let alerts = notice.alerts.iter().map(alert);
        let annotations = notice.common_annotations();
        let mut data = Data {
            receiver: quoted(&notice.receiver),
            status: notice.status().to_owned(),
            alerts: alerts.collect(),
            notification_reason: notice.reason.as_str().to_owned(),
            group_labels: Kv::from(&notice.group_labels),
            common_labels: Kv::from(&notice.common_labels()),
            common_annotations: Kv::new(annotations.iter()),
            route_labels: Kv::from(&notice.route_labels),
            are_route_labels_rendered: false,
            external_url: notice.external_url.clone(),
        };
        if notice
            .route_labels
            .iter()
            .any(|(_, value)| is_template(value))
        {
            let dot = data.to_value();
            let rendered = notice.route_labels.iter().map(|(name, value)| {
                let text = self.text(value, &dot);
                (name, text.unwrap_or_else(|_| value.to_owned()))
            });
            data.route_labels = Kv::new(rendered.collect::<Vec<_>>());
        }
        data.are_route_labels_rendered = true;
        data
    }

    fn add(&mut self, path: &Path) -> Result<(), TemplateError> {
        use std::io::Read;
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(|error| failed(path, error))?;
        file.take(FILE_BYTES_MAX + 1)
            .read_to_string(&mut text)
            .map_err(|error| failed(path, error))?;
        if text.len() as u64 > FILE_BYTES_MAX {
            let reason = format!("the file has more than {FILE_BYTES_MAX} bytes");
            return Err(failed(path, reason));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.set
            .parse(&name, &text)
            .map_err(|error| failed(path, error))?;
        self.files += 1;
        Ok(())
    }
}

/// Most fields are plain texts; they need no parser.
fn is_template(text: &str) -> bool {
    text.contains("{{")
}

fn failed(path: &Path, reason: impl ToString) -> TemplateError {
    TemplateError {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn alert(one: &NoticeAlert) -> Alert {
    let ends_at = one.alert.ends_at.filter(|_| one.is_resolved);
    Alert {
        status: one.status().to_owned(),
        labels: Kv::from(&one.alert.labels),
        annotations: Kv::new(one.alert.annotations.iter()),
        starts_at: time(one.alert.starts_at),
        ends_at: ends_at.map_or_else(Time::zero, time),
        generator_url: one.alert.generator_url.clone(),
        fingerprint: one.fingerprint_text(),
    }
}

fn time(at: Timestamp) -> Time {
    Time::from_nanoseconds(i128::from(at.millis()) * 1_000_000)
}

/// Escapes what has a meaning in a regular expression: the name goes into a link that filters by one.
fn quoted(name: &str) -> String {
    let mut quoted = String::with_capacity(name.len());
    for character in name.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted
}

#[cfg(test)]
mod tests;
