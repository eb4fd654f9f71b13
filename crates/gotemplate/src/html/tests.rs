//! One template per place, with what Go's `html/template` makes of it.

use crate::alertmanager;
use crate::set::Set;
use crate::value::{Map, Value};

const HOSTILE: &str = "<a href=\"x\">'&+\n</script>";

fn render(template: &str) -> Result<String, String> {
    let now = std::sync::Arc::new(|| plimsoll_types::Timestamp::EPOCH);
    let set = Set::new(alertmanager::functions(now));
    let data: Value =
        Map::of_texts([("h", HOSTILE), ("u", "javascript:alert(1)"), ("w", "a b=c")]).into();
    set.render_html(template, &data)
        .map_err(|error| error.to_string())
}

#[test]
fn escapes_for_the_place() {
    for (template, expected) in [
        ("<p>{{ .w }}</p>", "<p>a b=c</p>"),
        ("<a href=\"{{ .u }}\">x</a>", "<a href=\"#ZgotmplZ\">x</a>"),
        ("<a title={{ .w }}>x</a>", "<a title=a&#32;b&#61;c>x</a>"),
        (
            "<script>f({{ .w }})</script>",
            "<script>f(\"a b=c\")</script>",
        ),
        (
            "<p>{{ .h | safeHtml }}<!-- c --></p>",
            "<p><a href=\"x\">'&+\n</script></p>",
        ),
    ] {
        assert_eq!(render(template).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn refuses_what_has_no_place() {
    for (template, expected) in [
        ("<a href=\"", "ends in a non-text context"),
        ("<a title={{ html .w }}>", "predefined escaper"),
        ("<a \"x\">", "in attribute name"),
    ] {
        let error = render(template).unwrap_err();
        assert!(error.starts_with("html/template:"), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}
