//! Hostile bytes against the decoders of expositions (`cargo test` runs a short round of each).

use plimsoll_wire::exposition::{
    Entry, Error, ErrorKind, Format, Options, Parser, openmetrics, prometheus_text,
};

/// Reads everything that a scrape loop could read, and returns the number of samples.
fn read_all(format: Format, input: &[u8]) -> Result<usize, Error> {
    let options = Options {
        always_scrape_classic_histograms: true,
        ..Options::default()
    };
    let mut parser = Parser::new(format, input, options)?;
    let mut samples = 0;
    loop {
        let entry = match parser.next_entry() {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(samples),
            Err(error) => {
                assert!(
                    matches!(parser.next_entry(), Ok(None)),
                    "an error ends the parser"
                );
                return Err(error);
            }
        };
        if let Entry::Sample(sample) = entry {
            samples += 1;
            let labels = sample.series.labels();
            if let Ok(labels) = &labels {
                assert_eq!(labels.metric_name(), Some(&*sample.series.metric_name()));
            }
            let exemplars = sample
                .exemplars
                .iter()
                .try_for_each(|one| one.labels().map(drop));
            labels.map(drop).and(exemplars)?;
        }
    }
}

/// Checks that an error's place lies in the input and that its message repeats little of it.
fn check_text_error(error: &Error, input: &[u8]) {
    let lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    let line = lines
        .get(error.line() - 1)
        .copied()
        .unwrap_or_else(|| panic!("{error}: no such line"));
    // One past the end is where something is missing.
    assert!(
        (1..=line.len() + 1).contains(&error.column()),
        "{error}: no such column"
    );
    assert!(error.message().len() <= 300, "{error}: too long");
}

fn check_text(format: Format, strict: fn(&[u8]) -> bool, input: &[u8]) {
    let lenient = read_all(format, input);
    if let Err(error) = &lenient {
        check_text_error(error, input);
    }
    assert!(
        lenient.is_ok() || !strict(input),
        "strict accepts what lenient refuses: {lenient:?}"
    );
}

/// Makes text of the formats' own words more often than pure chance would.
fn speak(choices: &[u8]) -> Vec<u8> {
    const WORDS: [&str; 44] = [
        "a",
        "b",
        "a_total",
        "a_bucket",
        "a_sum",
        "a_count",
        "a_created",
        "{",
        "}",
        ",",
        "=",
        "\"",
        "\\",
        "\n",
        " ",
        "\t",
        "# ",
        "# {",
        "TYPE ",
        "HELP ",
        "UNIT ",
        "# EOF\n",
        "# TYPE a counter\n",
        "# TYPE a histogram\n",
        "# TYPE a gaugehistogram\n",
        "# TYPE a summary\n",
        "# TYPE a info\n",
        "# TYPE a stateset\n",
        "1",
        "0.5",
        "-1",
        "NaN",
        "+Inf",
        "1e999",
        "le=\"1\"",
        "le=\"+Inf\"",
        "quantile=\"0.5\"",
        "a=\"x\"",
        "{\"a.b\"}",
        "\u{2603}",
        "a_total 1\n",
        "a_bucket{le=\"+Inf\"} 1\n",
        "a 1 2\n",
        " # {a=\"b\"} 1 1\n",
    ];
    let words = choices
        .iter()
        .map(|choice| WORDS[usize::from(*choice) % WORDS.len()]);
    words.collect::<String>().into_bytes()
}

#[test]
fn prometheus_text_survives_any_bytes() {
    bolero::check!().for_each(|input: &[u8]| {
        for input in [input, &speak(input)] {
            check_text(
                Format::PrometheusText004,
                |input| prometheus_text::validate(input).is_ok(),
                input,
            );
            if let Err(error) = prometheus_text::validate(input) {
                check_text_error(&error, input);
            }
        }
    });
}

#[test]
fn openmetrics_survives_any_bytes() {
    bolero::check!().for_each(|input: &[u8]| {
        let mut ended = speak(input);
        ended.extend(b"# EOF\n");
        for input in [input, &speak(input), &ended] {
            check_text(
                Format::OpenMetricsText100,
                |input| openmetrics::validate(input).is_ok(),
                input,
            );
            if let Err(error) = openmetrics::validate(input) {
                check_text_error(&error, input);
            }
        }
    });
}

#[test]
fn protobuf_survives_any_bytes() {
    let whole = plimsoll_wire::exposition::write_families(
        &plimsoll_wire::exposition::read_families(
            Format::PrometheusText004,
            b"# TYPE a counter\n# HELP a b\na{b=\"c\"} 1\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
            Options::default(),
        )
        .unwrap(),
        plimsoll_wire::exposition::Negotiated {
            format: Format::PrometheusProto,
            escaping: plimsoll_wire::exposition::Escaping::AllowUtf8,
        },
    );
    bolero::check!().for_each(|input: &[u8]| {
        // Hostile changes to a valid message reach further than noise: overwrite a byte, cut the end.
        let mut changed = whole.clone();
        for change in input.chunks_exact(2) {
            let at = usize::from(change[0]) % changed.len();
            changed[at] = change[1];
        }
        for input in [input, &changed, &changed[..input.len().min(changed.len())]] {
            if let Err(error) = read_all(Format::PrometheusProto, input) {
                assert!(
                    error.line() >= 1 && error.line() <= input.len().max(1),
                    "{error}"
                );
                assert!(
                    error.column() >= 1 && error.column() <= input.len().max(1),
                    "{error}"
                );
                assert!(error.message().len() <= 300, "{error}");
                assert_ne!(error.kind(), ErrorKind::InvalidUtf8);
            }
        }
    });
}
