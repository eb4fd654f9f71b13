//! Hostile templates: whatever the text, parsing and executing end, within the limits, and without a panic.

use std::sync::Arc;

use plimsoll_gotemplate::alertmanager::{self, Alert, Data, Kv};
use plimsoll_gotemplate::prometheus::{AlertData, Environment, Expander, Sample};
use plimsoll_gotemplate::{Limits, Set, Time, Value};
use plimsoll_types::{Labels, Timestamp};

/// Pieces that make more of a template than random bytes do.
const PIECES: [&str; 72] = [
    "{{",
    "}}",
    "{{- ",
    " -}}",
    "{{ if .Status }}",
    "{{ else }}",
    "{{ else if 1 }}",
    "{{ end }}",
    "{{ range .Alerts }}",
    "{{ range $k, $v := .CommonLabels }}",
    "{{ range 100000 }}",
    "{{ break }}",
    "{{ with .Alerts }}",
    "{{ define \"t\" }}",
    "{{ template \"t\" . }}",
    "{{ block \"t\" . }}",
    "{{ $x := 1 }}",
    "{{ $x = printf \"%s%s\" $x $x }}",
    "$x",
    " . ",
    ".Alerts",
    ".CommonLabels",
    ".Status",
    ".StartsAt",
    ".Labels",
    "(index .Alerts 0)",
    " | ",
    " := ",
    ", ",
    "(",
    ")",
    "1",
    "-1",
    "0x10",
    "1e9",
    "9223372036854775807",
    "2.5",
    "'a'",
    "\"a\"",
    "\"%v %d %s %q\"",
    "\"%1000000d\"",
    "\"%[3]*.[2]*[1]f\"",
    "`raw`",
    "nil",
    "true",
    "printf ",
    "print ",
    "len ",
    "index ",
    "slice ",
    "eq ",
    "lt ",
    "and ",
    "or ",
    "not ",
    "html ",
    "js ",
    "urlquery ",
    "call ",
    "list ",
    "append ",
    "dict ",
    "toJson ",
    "join ",
    "reReplaceAll \"(a*)\" \"$1$1$1\" ",
    "match \"(a|b)*c\" ",
    "title ",
    "date \"2006.000\" ",
    "<a href=\"",
    "<script>",
    "\">",
    "\u{e9}",
];

fn limits() -> Limits {
    Limits {
        steps_max: 20_000,
        bytes_max: 1 << 20,
        ..Limits::default()
    }
}

fn data() -> Value {
    let labels = Kv::new([("alertname", "A"), ("job", "<node> & \u{e9}")]);
    let alert = Alert {
        status: "firing".into(),
        labels: labels.clone(),
        annotations: labels.clone(),
        starts_at: Timestamp::from_millis(1_700_000_000_123).into(),
        ends_at: Time::zero(),
        generator_url: "javascript:x".into(),
        fingerprint: "0123456789abcdef".into(),
    };
    let data = Data {
        status: "firing".into(),
        alerts: vec![alert.clone(), alert],
        common_labels: labels,
        route_labels: Kv::new([
            ("a", "{{ routeLabels \"b\" }}"),
            ("b", "{{ routeLabels \"a\" }}"),
        ]),
        ..Data::default()
    };
    data.to_value()
}

fn try_everything(text: &str) {
    let set =
        Set::new(alertmanager::functions(Arc::new(|| Timestamp::EPOCH))).with_limits(limits());
    let data = data();
    let results = [set.render_text(text, &data), set.render_html(text, &data)];
    for output in results.into_iter().flatten() {
        assert!(output.len() <= limits().bytes_max);
    }
    let expander = Expander::new(&Environment {
        query: Arc::new(|_| {
            Ok(vec![Sample {
                labels: Labels::from_pairs([("a", "b")]),
                value: plimsoll_types::Value::Float(f64::NAN),
            }])
        }),
        external_url: "http://localhost/p".into(),
        now: Timestamp::EPOCH,
    });
    let data = AlertData {
        labels: Labels::from_pairs([("a", "b")]),
        external_labels: Labels::empty(),
        external_url: "".into(),
        value: plimsoll_types::Value::Float(1.5),
    };
    let _ = expander.with_limits(limits()).expand("t", text, &data);
}

#[test]
fn any_text() {
    bolero::check!().with_type().for_each(|text: &String| {
        try_everything(text);
        try_everything(&format!("{{{{ {text} }}}}"));
    });
}

#[test]
fn pieces_of_templates() {
    bolero::check!().with_type().for_each(|choices: &Vec<u8>| {
        let piece = |choice: &u8| PIECES[usize::from(*choice) % PIECES.len()];
        let text: String = choices.iter().take(200).map(piece).collect();
        try_everything(&text);
    });
}

#[test]
fn formats() {
    bolero::check!()
        .with_type()
        .for_each(|(format, number): &(String, i64)| {
            let format = format.replace('`', "");
            try_everything(&format!(
                "{{{{ printf `%{format}` {number} 2.5 `text` nil . }}}}"
            ));
        });
}

#[test]
fn layouts_of_times() {
    bolero::check!()
        .with_type()
        .for_each(|(layout, text): &(String, String)| {
            let time = Time::from(Timestamp::from_millis(1_700_000_000_123));
            let written = time.format(layout);
            let _ = Time::parse(layout, &written);
            let _ = Time::parse(layout, text);
        });
}

/// What nests is refused long before the stack ends; a worker of the server has one of 2 MiB, as has a test.
#[test]
fn nesting() {
    let deep = |open: &str, middle: &str, close: &str| {
        format!("{}{middle}{}", open.repeat(10_000), close.repeat(10_000))
    };
    for text in [
        format!("{{{{ {} }}}}", deep("(", "1", ")")),
        format!("{{{{ {} }}}}", deep("(print ", "1", ")")),
        format!("{{{{ {} }}}}", deep("(", ".Alerts", ").x")),
        deep("{{ if 1 }}", "x", "{{ end }}"),
        deep("{{ range 1 }}", "x", "{{ end }}"),
        deep("{{ if 0 }}", "{{ else if 1 }}", "{{ end }}"),
        format!("{{{{ if 0 }}}}{}{{{{ end }}}}", "{{ else if 0 }}".repeat(10_000)),
        deep("{{ block \"b\" . }}", "x", "{{ end }}"),
        "{{ define \"t\" }}{{ template \"t\" . }}{{ end }}{{ template \"t\" . }}".into(),
        "{{ define \"t\" }}{{ if 1 }}{{ with (print (print .)) }}{{ template \"t\" . }}{{ end }}{{ end }}{{ end }}{{ template \"t\" . }}".into(),
        "{{ $x := list }}{{ range 100000 }}{{ $x = list $x }}{{ end }}{{ $x }}".into(),
        "{{ $x := list 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}{{ $x }}".into(),
        "{{ $x := `a` }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}{{ $x }}".into(),
        "{{ $x := list 1 }}{{ range 100000 }}{{ $x = append $x $x }}{{ end }}".into(),
        "{{ routeLabels `a` }}".into(),
        "{{ reReplaceAll `` (printf `%1000d` 1) (printf `%1000d` 1) | len }}".into(),
    ] {
        try_everything(&text);
    }
}

/// As deep as the limits allow, all of it is executed.
#[test]
fn the_depth_that_is_allowed_fits_the_stack() {
    let set = Set::new(alertmanager::functions(Arc::new(|| Timestamp::EPOCH)));
    let parentheses = format!("{}1{}", "(print ".repeat(140), ")".repeat(140));
    let recursive = format!(
        "{{{{ define \"t\" }}}}{{{{ if 1 }}}}{{{{ range 1 }}}}{{{{ template \"t\" {parentheses} }}}}{{{{ end }}}}{{{{ end }}}}{{{{ end }}}}{{{{ template \"t\" . }}}}"
    );
    for render in [Set::render_text, Set::render_html] {
        let error = render(&set, &recursive, &Value::Nil).unwrap_err();
        assert!(error.is_limit(), "{error}");
        assert!(
            error.to_string().contains("maximum template depth"),
            "{error}"
        );
    }
}
