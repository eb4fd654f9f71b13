//! Which formats there are, and how client and server agree on one.

use std::fmt::{self, Write};

/// A format of expositions, by the names of Prometheus' `scrape_protocols`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Delimited protobuf messages; the only one with native histograms.
    PrometheusProto,
    /// OpenMetrics text as drafted.
    OpenMetricsText001,
    /// OpenMetrics text.
    OpenMetricsText100,
    /// The classic text.
    PrometheusText004,
    /// The classic text with quoted names.
    PrometheusText100,
}

/// How names outside the classic alphabet are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Escaping {
    /// As they are, in quotation marks.
    AllowUtf8,
    /// Every foreign character as an underscore: what a client gets that asks for no escaping we know.
    #[default]
    Underscores,
}

impl Escaping {
    /// Returns the value of the parameter `escaping`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AllowUtf8 => "allow-utf-8",
            Self::Underscores => "underscores",
        }
    }
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 5] = [
        Self::PrometheusProto,
        Self::OpenMetricsText001,
        Self::OpenMetricsText100,
        Self::PrometheusText004,
        Self::PrometheusText100,
    ];

    /// What Prometheus 3 asks a target for when the configuration does not say.
    pub const DEFAULT_SCRAPE_PROTOCOLS: [Self; 4] = [
        Self::OpenMetricsText100,
        Self::OpenMetricsText001,
        Self::PrometheusText100,
        Self::PrometheusText004,
    ];

    /// Returns the name in `scrape_protocols`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrometheusProto => "PrometheusProto",
            Self::OpenMetricsText001 => "OpenMetricsText0.0.1",
            Self::OpenMetricsText100 => "OpenMetricsText1.0.0",
            Self::PrometheusText004 => "PrometheusText0.0.4",
            Self::PrometheusText100 => "PrometheusText1.0.0",
        }
    }

    /// Reads a name of `scrape_protocols`, letter case included.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// Returns the media type with the parameters that name the format, as Prometheus spells it in a request.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::PrometheusProto => {
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
            }
            Self::OpenMetricsText001 => "application/openmetrics-text;version=0.0.1",
            Self::OpenMetricsText100 => "application/openmetrics-text;version=1.0.0",
            Self::PrometheusText004 => "text/plain;version=0.0.4",
            Self::PrometheusText100 => "text/plain;version=1.0.0",
        }
    }

    /// Returns the header `Content-Type` of an answer in this format.
    pub fn content_type(self, escaping: Escaping) -> String {
        let mut header = self.media_type().replace(';', "; ");
        if self != Self::PrometheusProto {
            header.push_str("; charset=utf-8");
        }
        if self.has_escaping() {
            header.push_str("; escaping=");
            header.push_str(escaping.as_str());
        }
        header
    }

    /// Reads a header `Content-Type` as Prometheus does: the media type decides, a version that is not known reads as
    /// the oldest. `None` for a media type that is none of ours, or a protobuf of other messages.
    pub fn from_content_type(header: &str) -> Option<Self> {
        let media = Media::parse(header);
        match media.kind.to_ascii_lowercase().as_str() {
            "application/openmetrics-text" => Some(match media.parameter("version") {
                Some("1.0.0") => Self::OpenMetricsText100,
                _ => Self::OpenMetricsText001,
            }),
            "text/plain" => Some(match media.parameter("version") {
                Some("1.0.0") => Self::PrometheusText100,
                _ => Self::PrometheusText004,
            }),
            "application/vnd.google.protobuf" => {
                let is = |name, wanted| media.parameter(name).is_none_or(|found| found == wanted);
                let is_ours =
                    is("proto", "io.prometheus.client.MetricFamily") && is("encoding", "delimited");
                is_ours.then_some(Self::PrometheusProto)
            }
            _ => None,
        }
    }

    /// Says whether Prometheus adds the parameter `escaping` to it.
    fn has_escaping(self) -> bool {
        !matches!(self, Self::OpenMetricsText001 | Self::PrometheusText004)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Builds the header `Accept` for `protocols`, the preferred one first, character for character as Prometheus 3 does.
pub fn accept_header(protocols: &[Format]) -> String {
    // Weights begin at one more than the number of formats there are, not of those that are asked for.
    let mut weight = Format::ALL.len() + 1;
    let mut header = String::new();
    for format in protocols {
        header.push_str(format.media_type());
        if format.has_escaping() {
            header.push_str(";escaping=allow-utf-8");
        }
        write!(header, ";q=0.{weight},").expect("writing to a string never fails");
        weight = weight.saturating_sub(1);
    }
    write!(header, "*/*;q=0.{weight}").expect("writing to a string never fails");
    header
}

/// What a server answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// The format.
    pub format: Format,
    /// How names outside the classic alphabet are written.
    pub escaping: Escaping,
}

impl Negotiated {
    /// Returns the header `Content-Type` of the answer.
    pub fn content_type(&self) -> String {
        self.format.content_type(self.escaping)
    }
}

/// Chooses the format that a client likes best; of equals the one it names first. Text 0.0.4 for a client that names
/// none we have: like every exporter, a server answers rather than refuses.
pub fn negotiate(accept: &str) -> Negotiated {
    let mut best = (0.0, Format::PrometheusText004, Escaping::Underscores);
    for media in accept.split(',').map(Media::parse) {
        let weight = media.weight();
        let Some(format) = media.format() else {
            continue;
        };
        if weight > best.0 {
            let escaping = match media.parameter("escaping") {
                Some("allow-utf-8") if format.has_escaping() => Escaping::AllowUtf8,
                _ => Escaping::Underscores,
            };
            best = (weight, format, escaping);
        }
    }
    Negotiated {
        format: best.1,
        escaping: best.2,
    }
}

/// A media range with parameters.
struct Media<'a> {
    kind: &'a str,
    parameters: &'a str,
}

impl<'a> Media<'a> {
    fn parse(text: &'a str) -> Self {
        let (kind, parameters) = text.split_once(';').unwrap_or((text, ""));
        Self {
            kind: kind.trim(),
            parameters,
        }
    }

    fn parameter(&self, name: &str) -> Option<&'a str> {
        self.parameters.split(';').find_map(|parameter| {
            let (found, value) = parameter.split_once('=')?;
            let is_it = found.trim().eq_ignore_ascii_case(name);
            is_it.then(|| value.trim().trim_matches('"'))
        })
    }

    /// Returns the weight `q`: 1 when not said, 0 ("never") when it is no number from 0 to 1.
    fn weight(&self) -> f64 {
        match self.parameter("q") {
            None => 1.0,
            Some(text) => text
                .parse()
                .ok()
                .filter(|weight| (0.0..=1.0).contains(weight))
                .unwrap_or(0.0),
        }
    }

    /// Returns the format that is asked for: unlike an answer's, a version that we do not know is not one of ours.
    fn format(&self) -> Option<Format> {
        if matches!(self.kind, "*/*" | "text/*") {
            return Some(Format::PrometheusText004);
        }
        let known = |version| matches!(version, "0.0.1" | "0.0.4" | "1.0.0");
        let format = Format::from_content_type(&format!("{};{}", self.kind, self.parameters))?;
        let is_ours = match format {
            Format::PrometheusProto => self.parameter("encoding") == Some("delimited"),
            _ => self.parameter("version").is_none_or(known),
        };
        is_ours.then_some(match (format, self.parameter("version")) {
            (Format::OpenMetricsText001, None) => Format::OpenMetricsText100,
            _ => format,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_as_prometheus_does() {
        assert_eq!(
            accept_header(&Format::DEFAULT_SCRAPE_PROTOCOLS),
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
             application/openmetrics-text;version=0.0.1;q=0.5,\
             text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
             text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
        );
        assert_eq!(accept_header(&[]), "*/*;q=0.6");
        assert!(
            accept_header(&Format::ALL).ends_with("q=0.2,*/*;q=0.1"),
            "{}",
            accept_header(&Format::ALL)
        );
    }

    #[test]
    fn reads_the_type_of_an_answer() {
        for (header, expected) in [
            ("text/plain", Some(Format::PrometheusText004)),
            (
                "Text/Plain; Version=0.0.4; charset=utf-8",
                Some(Format::PrometheusText004),
            ),
            (
                "text/plain;version=1.0.0; escaping=allow-utf-8",
                Some(Format::PrometheusText100),
            ),
            (
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
                Some(Format::OpenMetricsText100),
            ),
            (
                "application/openmetrics-text; version=\"0.0.1\"",
                Some(Format::OpenMetricsText001),
            ),
            (
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
                Some(Format::PrometheusProto),
            ),
            ("application/vnd.google.protobuf; proto=other.Message", None),
            ("text/html", None),
            ("", None),
            (";;=;", None),
        ] {
            assert_eq!(Format::from_content_type(header), expected, "{header}");
        }
        for format in Format::ALL {
            assert_eq!(
                Format::from_content_type(&format.content_type(Escaping::AllowUtf8)),
                Some(format)
            );
            assert_eq!(Format::from_name(format.as_str()), Some(format));
        }
        assert_eq!(Format::from_name("PrometheusText"), None);
    }

    #[test]
    fn answers_what_the_client_likes_best() {
        for (accept, format, escaping) in [
            ("", Format::PrometheusText004, Escaping::Underscores),
            ("*/*", Format::PrometheusText004, Escaping::Underscores),
            (
                "text/html,application/xhtml+xml,*/*;q=0.8",
                Format::PrometheusText004,
                Escaping::Underscores,
            ),
            (
                &accept_header(&Format::DEFAULT_SCRAPE_PROTOCOLS),
                Format::OpenMetricsText100,
                Escaping::AllowUtf8,
            ),
            (
                &accept_header(&Format::ALL),
                Format::PrometheusProto,
                Escaping::AllowUtf8,
            ),
            (
                "application/openmetrics-text",
                Format::OpenMetricsText100,
                Escaping::Underscores,
            ),
            (
                "application/openmetrics-text;version=7.0.0",
                Format::PrometheusText004,
                Escaping::Underscores,
            ),
            (
                "text/plain;version=1.0.0;q=0.1, text/plain;q=nonsense",
                Format::PrometheusText100,
                Escaping::Underscores,
            ),
            (
                "application/vnd.google.protobuf;q=1",
                Format::PrometheusText004,
                Escaping::Underscores,
            ),
        ] {
            assert_eq!(
                negotiate(accept),
                Negotiated { format, escaping },
                "{accept}"
            );
        }
    }
}
