//! What is accepted, what is refused, and where: the scraper's reading and the strict one.

use plimsoll_types::{Labels, LabelsBuilder, Value};
use plimsoll_wire::exposition::{
    Entry, Error, ErrorKind, Format, Options, Parser, openmetrics, prometheus_text,
};

/// Reads an exposition and shows each entry in a short form.
fn read(format: Format, input: &[u8]) -> Result<Vec<String>, Error> {
    let mut parser = Parser::new(format, input, Options::default())?;
    let mut shown = Vec::new();
    while let Some(entry) = parser.next_entry()? {
        shown.push(match entry {
            Entry::Type {
                family,
                metric_type,
            } => format!("type {family} {metric_type}"),
            Entry::Help { family, help } => format!("help {family} {help:?}"),
            Entry::Unit { family, unit } => format!("unit {family} {unit:?}"),
            Entry::Sample(sample) => {
                let mut line = format!("{}", sample.series.labels()?);
                match &sample.value {
                    Value::Float(value) => line += &format!(" {value}"),
                    Value::Histogram(histogram) => {
                        line += &format!(" native of {}", histogram.count())
                    }
                }
                if let Some(timestamp) = sample.timestamp {
                    line += &format!(" @{timestamp}");
                }
                for exemplar in sample.exemplars.iter() {
                    line += &format!(" # {} {}", exemplar.labels()?, exemplar.value);
                    if let Some(timestamp) = exemplar.timestamp {
                        line += &format!(" @{timestamp}");
                    }
                }
                line
            }
        });
    }
    Ok(shown)
}

fn text(input: &str) -> Result<Vec<String>, Error> {
    read(Format::PrometheusText004, input.as_bytes())
}

fn open(input: &str) -> Result<Vec<String>, Error> {
    read(Format::OpenMetricsText100, input.as_bytes())
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, message: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, message));
}

#[test]
fn text_reads_what_sloppy_exporters_write() {
    for (input, expected) in [
        ("", &[][..]),
        ("\n \n\t\n", &[]),
        (
            "# a comment\n#HELP is one\n# TYPEs are too\n#\n# HELP\n",
            &[],
        ),
        ("a 1", &["a 1"]),
        (
            " \ta\t{ b = \"c\" , d=\"e\",}\t1 -5 \n",
            &[r#"a{b="c", d="e"} 1 @-5"#],
        ),
        ("a{b=\"c\"}1\na{}2\n", &[r#"a{b="c"} 1"#, "a 2"]),
        ("a{b=\"c\"d=\"e\"} 1\n", &[r#"a{b="c", d="e"} 1"#]),
        ("a{b=\"x\ny\"} 1\nc 2\n", &["a{b=\"x\\ny\"} 1", "c 2"]),
        ("a{b=\"\"} 1\n", &["a 1"]),
        (
            "{\"my.metric\", \"a b\"=\"c\"} 1\n",
            &[r#"{"my.metric", "a b"="c"} 1"#],
        ),
        ("{a=\"b\",\"m\\\"n\"} NaN\n", &[r#"{"m\"n", a="b"} NaN"#]),
        (
            "# HELP a\n# HELP b \\\\x\\ny\\\"\n",
            &["help a \"\"", r#"help b "\\x\ny\\\"""#],
        ),
        (
            "# TYPE \"my.metric\" counter\n",
            &["type my.metric counter"],
        ),
        (
            "# TYPE a untyped\n# TYPE a gauge\na 1\na 1\n",
            &["type a unknown", "type a gauge", "a 1", "a 1"],
        ),
        (
            "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n# TYPE s summary\ns{quantile=\".5\",le=\"1\"} 1\n",
            &[
                "type h histogram",
                r#"h_bucket{le="1.0"} 1"#,
                "type s summary",
                r#"s{le="1", quantile="0.5"} 1"#,
            ],
        ),
        ("a:b 1\n# EOF\nc 2\n", &["a:b 1", "c 2"]),
    ] {
        assert_eq!(
            text(input).as_deref(),
            Ok(&expected
                .iter()
                .map(|line| line.to_string())
                .collect::<Vec<_>>()[..]),
            "{input:?}"
        );
    }
}

#[test]
fn text_refuses_with_the_place() {
    use ErrorKind::{
        DuplicateLabel, InvalidMetadata, InvalidNumber, InvalidUtf8, MissingName, Syntax,
    };
    for (input, kind, message) in [
        (
            "a\n",
            Syntax,
            "line 1, column 2: expected a value, found the end of the line",
        ),
        (
            "a 1\nb",
            Syntax,
            "line 2, column 2: expected a value, found the end of the input",
        ),
        (
            "a one\n",
            InvalidNumber,
            "line 1, column 3: expected a value, found \"one\"",
        ),
        (
            "a 1e999\n",
            InvalidNumber,
            "line 1, column 3: expected a value, found \"1e999\"",
        ),
        (
            "a 1 1.5\n",
            InvalidNumber,
            "line 1, column 5: expected a timestamp in whole milliseconds, found \"1.5\"",
        ),
        (
            "a 1 2 3\n",
            Syntax,
            "line 1, column 7: expected the end of the line, found \"3\"",
        ),
        (
            "ok 1\n{a=\"b\"} 1\n",
            MissingName,
            "line 2, column 1: expected a metric name, found labels only",
        ),
        (
            "{} 1\n",
            MissingName,
            "line 1, column 1: expected a metric name, found labels only",
        ),
        (
            "1a 1\n",
            Syntax,
            "line 1, column 1: expected a metric name, found \"1a 1\"",
        ),
        (
            "a{b=\"c\n",
            Syntax,
            "line 1, column 5: expected a text that ends with a quotation mark, found \"\\\"c\"",
        ),
        (
            "a{b=\"c\",b=\"\"} 1\n",
            DuplicateLabel,
            "line 1, column 1: expected each label once, found \"b\" twice",
        ),
        (
            "a{__name__=\"b\"} 1\n",
            DuplicateLabel,
            "line 1, column 1: expected each label once, found \"__name__\" twice",
        ),
        (
            "a{\"b\"} 1\n",
            Syntax,
            "line 1, column 6: expected an equals sign after the label name, found \"} 1\"",
        ),
        (
            "a{b} 1\n",
            Syntax,
            "line 1, column 4: expected an equals sign after the label name, found \"} 1\"",
        ),
        (
            "a{\"\"=\"c\"} 1\n",
            Syntax,
            "line 1, column 3: expected a label name, found \"\\\"\\\"=\\\"c\\\"} 1\"",
        ),
        (
            "# TYPE a info\n",
            InvalidMetadata,
            "line 1, column 10: expected a metric type, found \"info\"",
        ),
        (
            "# HELP 0 x\n",
            Syntax,
            "line 1, column 8: expected a metric name, found \"0 x\"",
        ),
        (
            "a{b=\"x\ny\"} 1\nc z\n",
            InvalidNumber,
            "line 3, column 3: expected a value, found \"z\"",
        ),
        (
            "a{b=\"x\ny\"} z\n",
            InvalidNumber,
            "line 2, column 5: expected a value, found \"z\"",
        ),
    ] {
        refused(text(input), kind, message);
    }
    let invalid = read(Format::PrometheusText004, b"a 1\nb{c=\"\xff\"} 1\n");
    refused(
        invalid,
        InvalidUtf8,
        "line 2, column 6: expected UTF-8, found the byte 0xff",
    );
}

#[test]
fn openmetrics_reads_what_prometheus_reads() {
    for (input, expected) in [
        ("# EOF", &[][..]),
        (
            "# UNIT a_seconds seconds\n# EOF\n",
            &["unit a_seconds \"seconds\""],
        ),
        ("a{b=\"c\",} 1 1.001\n# EOF\n", &[r#"a{b="c"} 1 @1001"#]),
        ("{\"a.b\"} 1\n# EOF\n", &[r#"{"a.b"} 1"#]),
        (
            "a_total 1 2 # {b=\"c\"} 3 4.5\nb 1 # {} 2\n# EOF\n",
            &[r#"a_total 1 @2000 # {b="c"} 3 @4500"#, "b 1 # {} 2"],
        ),
        // Semantics are not the scraper's business.
        (
            "# TYPE a counter\na -1\na_created NaN\n# TYPE a gauge\n# EOF\n",
            &["type a counter", "a -1", "a_created NaN", "type a gauge"],
        ),
        (
            "a 1 12345678901234567890.1\n# EOF\n",
            &["a 1 @9223372036854775807"],
        ),
    ] {
        assert_eq!(
            open(input).as_deref(),
            Ok(&expected
                .iter()
                .map(|line| line.to_string())
                .collect::<Vec<_>>()[..]),
            "{input:?}"
        );
    }
}

#[test]
fn openmetrics_refuses_with_the_place() {
    use ErrorKind::{Eof, InvalidMetadata, InvalidNumber, MissingName, Syntax};
    for (input, kind, message) in [
        (
            "a 1\n",
            Eof,
            "line 2, column 1: expected # EOF as the last line, found the end of the input",
        ),
        (
            "# EOF\n\n",
            Eof,
            "line 1, column 6: expected nothing after # EOF, found \"\\n\"",
        ),
        (
            "a  1\n# EOF\n",
            Syntax,
            "line 1, column 2: expected a value, found \"  1\"",
        ),
        (
            "a 1",
            Syntax,
            "line 1, column 4: expected the end of the line, found the end of the input",
        ),
        (
            "a 1 \n# EOF\n",
            Syntax,
            "line 1, column 4: expected a timestamp in seconds, found \" \"",
        ),
        (
            "a 1 +Inf\n# EOF\n",
            InvalidNumber,
            "line 1, column 4: expected a timestamp in seconds, found inf",
        ),
        (
            "a{ b=\"c\"} 1\n# EOF\n",
            Syntax,
            "line 1, column 3: expected a label name, found \" b=\\\"c\\\"} 1\"",
        ),
        (
            "a{b=\"c\nd\"} 1\n# EOF\n",
            Syntax,
            "line 1, column 5: expected a text that ends with a quotation mark, found \"\\\"c\"",
        ),
        (
            "# comment\n# EOF\n",
            Syntax,
            "line 1, column 1: expected # HELP, # TYPE, # UNIT, # EOF or a sample, found \"# comment\"",
        ),
        (
            "# TYPE a untyped\n# EOF\n",
            InvalidMetadata,
            "line 1, column 10: expected a metric type, found \"untyped\"",
        ),
        (
            "# UNIT a seconds\n# EOF\n",
            InvalidMetadata,
            "line 1, column 10: expected the unit to be the end of the name \"a\", found \"seconds\"",
        ),
        (
            "a 1 # {\"b\"} 1\n# EOF\n",
            Syntax,
            "line 1, column 11: expected an equals sign after the label name, found \"} 1\"",
        ),
        (
            "{a=\"b\"} 1\n# EOF\n",
            MissingName,
            "line 1, column 1: expected a metric name, found labels only",
        ),
    ] {
        refused(open(input), kind, message);
    }
}

#[test]
fn a_hostile_message_is_cut() {
    let long = format!("a {}\n", "9".repeat(1 << 20));
    let error = text(&long).unwrap_err();
    assert!(error.to_string().len() < 200, "{error}");
}

#[test]
fn big_labels_and_many_labels_are_read() {
    let value = "x\\\\".repeat(10 << 18);
    let input = format!("a{{b=\"{value}\"}} 1\n");
    let mut parser = Parser::new(
        Format::PrometheusText004,
        input.as_bytes(),
        Options::default(),
    )
    .unwrap();
    let Some(Entry::Sample(sample)) = parser.next_entry().unwrap() else {
        panic!("expected a sample");
    };
    let labels = sample.series.labels().unwrap();
    assert_eq!(labels.get("b").map(str::len), Some(20 << 18));

    let many: String = (0..200_000)
        .rev()
        .map(|number| format!("l{number}=\"v\","))
        .collect();
    let input = format!("a{{{many}}} 1\n");
    let mut parser = Parser::new(
        Format::PrometheusText004,
        input.as_bytes(),
        Options::default(),
    )
    .unwrap();
    let Some(Entry::Sample(sample)) = parser.next_entry().unwrap() else {
        panic!("expected a sample");
    };
    let mut builder = LabelsBuilder::default();
    sample.series.write_labels(&mut builder).unwrap();
    assert_eq!(builder.build().len(), 200_001);
}

#[test]
fn write_labels_keeps_what_is_there() {
    let mut parser = Parser::new(
        Format::PrometheusText004,
        b"a{b=\"1\",c=\"\"} 1",
        Options::default(),
    )
    .unwrap();
    let Some(Entry::Sample(sample)) = parser.next_entry().unwrap() else {
        panic!("expected a sample");
    };
    let mut builder = Labels::from_pairs([("b", "0"), ("c", "kept"), ("job", "j")]).to_builder();
    sample.series.write_labels(&mut builder).unwrap();
    assert_eq!(
        builder.build().to_string(),
        r#"a{b="1", c="kept", job="j"}"#
    );
}

#[test]
fn strict_openmetrics_knows_the_rules() {
    use ErrorKind::{Exemplar, Grouping, InvalidMetadata, Semantics, Syntax};
    for (lines, kind, line) in [
        ("a{b=\"c\",} 1", Syntax, 1),
        ("{\"a\"} 1", Syntax, 1),
        ("a{\"b\"=\"c\"} 1", Syntax, 1),
        ("_a 1", Semantics, 1),
        ("a{_b=\"c\"} 1", Semantics, 1),
        ("a 1\na 1", Grouping, 2),
        ("a 1\nb 1\na 2 3", Grouping, 3),
        ("# TYPE a counter\na_created 1", Semantics, 2),
        ("# TYPE a counter\na 1", Grouping, 2),
        ("# TYPE a counter\na_total -1", Semantics, 2),
        ("# TYPE a counter\na_total 1\na_created NaN", Semantics, 3),
        ("# TYPE a info\n# UNIT a s", InvalidMetadata, 2),
        ("# TYPE a_s info\n# UNIT a_s s", InvalidMetadata, 2),
        ("# UNIT a_s s\n# TYPE a_s stateset", InvalidMetadata, 2),
        ("# TYPE a gauge\n# TYPE a gauge", InvalidMetadata, 2),
        (
            "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\n# TYPE a_count gauge\na_count 1",
            Grouping,
            3,
        ),
        (
            "# TYPE a histogram\na_bucket{le=\"1\"} 1.5\na_bucket{le=\"+Inf\"} 2",
            Semantics,
            2,
        ),
        (
            "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1 # {} 1\na_count 1\na_sum 1 # {} 1",
            Exemplar,
            4,
        ),
        (
            "# TYPE a histogram\na_bucket{le=\"1\"} 1 # {} 2\na_bucket{le=\"+Inf\"} 1",
            Exemplar,
            2,
        ),
        ("# TYPE a counter\na_total 1 # {a=\"b\",} 1", Syntax, 2),
        (
            "# TYPE a counter\na_total 1 # {a=\"b\",a=\"b\"} 1",
            ErrorKind::DuplicateLabel,
            2,
        ),
        (
            "# TYPE a gauge\na{x=\"1\"} 1 1.0000002\na{x=\"1\"} 1 1.0000001",
            Grouping,
            3,
        ),
    ] {
        let error = openmetrics::validate(format!("{lines}\n# EOF\n").as_bytes()).unwrap_err();
        assert_eq!(
            (error.kind(), error.line()),
            (kind, line),
            "{lines}: {error}"
        );
        let is_metadata_of_unit = kind == InvalidMetadata && lines.contains("UNIT a s");
        let is_duplicate = kind == ErrorKind::DuplicateLabel;
        if !is_metadata_of_unit && !is_duplicate {
            assert!(
                open(&format!("{lines}\n# EOF\n")).is_ok(),
                "the scraper takes {lines:?}"
            );
        }
    }
    let good = "# TYPE a info\na_info{v=\"1\"} 1 2\na_info{v=\"2\"} 1 1\n# TYPE s stateset\ns{s=\"x\"} 0\ns{s=\"y\"} 1\n\
                # TYPE h histogram\nh_bucket{le=\"1\"} 1 1 # {t=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2 1\nh_bucket{le=\"1\"} 2 2\n\
                h_bucket{le=\"+Inf\"} 2 2\n# EOF\n";
    let summary = openmetrics::validate(good.as_bytes()).unwrap();
    assert_eq!(
        (summary.families, summary.samples, summary.exemplars),
        (3, 8, 1)
    );
}

#[test]
fn strict_text_knows_the_rules() {
    use ErrorKind::{Grouping, InvalidMetadata, Semantics, Syntax};
    for (lines, kind, line) in [
        ("a 1\n# TYPE a gauge", InvalidMetadata, 2),
        ("# HELP a x\n# HELP a x", InvalidMetadata, 2),
        ("a 1\nb 1\na{x=\"1\"} 1", Grouping, 3),
        ("a 1\na 1", Grouping, 2),
        ("a{b=\"x\ny\"} 1", Syntax, 1),
        ("# TYPE a counter\na -1", Semantics, 2),
        (
            "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1",
            Semantics,
            2,
        ),
        ("# TYPE a histogram\na_bucket 1", Semantics, 2),
        (
            "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_count 2",
            Semantics,
            2,
        ),
        ("# TYPE a summary\na 1", Semantics, 2),
    ] {
        let error = prometheus_text::validate(lines.as_bytes()).unwrap_err();
        assert_eq!(
            (error.kind(), error.line()),
            (kind, line),
            "{lines}: {error}"
        );
        assert!(text(lines).is_ok(), "the scraper takes {lines:?}");
    }
    let good = "# TYPE a_total counter\na_total{x=\"1\"} 1\na_total{x=\"2\"} 1 5\n# TYPE h histogram\nh_bucket{x=\"1\",le=\"+Inf\"} 1\n\
                h_bucket{x=\"2\",le=\"+Inf\"} 2\nh_sum{x=\"1\"} -1\nh_sum{x=\"2\"} NaN\nh_count{x=\"1\"} 1\nh_count{x=\"2\"} 2\n";
    let summary = prometheus_text::validate(good.as_bytes()).unwrap();
    assert_eq!((summary.families, summary.samples), (2, 8));
}
