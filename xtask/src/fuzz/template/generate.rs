//! Random templates, mostly well typed.
//!
//! Left out is what changed between Go 1.19 with Alertmanager 0.25 and today: loops over numbers, `else with`, sets of
//! labels printed as such, zeros as padding to the right or of texts, attributes without quotes (an empty value there is
//! refused since Go 1.19.9), and functions that 0.25 does not have.

use plimsoll_testkit::Seed;

const DEPTH_MAX: u32 = 3;

/// What the dot is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dot {
    Data,
    Alert,
    Pair,
    Text,
}

/// Returns a template that declares nothing outside of itself.
pub(super) fn template(chance: &mut Seed) -> String {
    let mut generator = Generator {
        chance,
        dot: Dot::Data,
        in_loop: false,
        variables: 0,
    };
    let body = generator.statements(0);
    format!("{{{{ if true }}}}{body}{{{{ end }}}}")
}

struct Generator<'a> {
    chance: &'a mut Seed,
    dot: Dot,
    in_loop: bool,
    /// How many variables `$v0`, `$v1`, ... are declared, all of them texts.
    variables: usize,
}

impl Generator<'_> {
    fn one<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.chance.below(all.len() as u64) as usize]
    }

    fn statements(&mut self, depth: u32) -> String {
        let known = self.variables;
        let count = 1 + self.chance.below(4);
        let all: String = (0..count).map(|_| self.statement(depth)).collect();
        self.variables = known;
        all
    }

    fn statement(&mut self, depth: u32) -> String {
        let limit = if depth < DEPTH_MAX { 20 } else { 11 };
        match self.chance.below(limit) {
            0 => self
                .one(&[
                    " text ",
                    "\n  ",
                    "a < b & c",
                    "{{/* comment */}}",
                    "{{- /* c */ -}}",
                    "}} ",
                ])
                .into(),
            1 => self.element(),
            2 if self.in_loop && self.chance.percent(30) => {
                let condition = self.boolean(1);
                let word = self.one(&["break", "continue"]);
                format!("{{{{ if {condition} }}}}{{{{ {word} }}}}{{{{ end }}}}")
            }
            2 | 3 => {
                let value = self.text(1);
                self.variables += 1;
                format!("{{{{ $v{} := {value} }}}}", self.variables - 1)
            }
            4 if self.variables > 0 => {
                let value = self.text(1);
                let index = self.chance.below(self.variables as u64);
                format!("{{{{ $v{index} = {value} }}}}")
            }
            5 => self.action("print", 2),
            4..=10 => {
                let value = match self.chance.below(6) {
                    0 => self.number(0),
                    1 => self.boolean(0),
                    2 if self.chance.percent(20) => self.ill_typed(),
                    _ => self.text(0),
                };
                self.trimmed(&value)
            }
            11..=13 => self.conditional(depth),
            14 | 15 => self.with(depth),
            _ => self.range(depth),
        }
    }

    /// Text with tags around an action.
    fn element(&mut self) -> String {
        let value = self.text(1);
        let (before, after) = self.one(&[
            ("<p title=\"", "\">x</p>"),
            ("<a href=\"", "\">l</a>"),
            ("<a href='/p?x=", "'>l</a>"),
            ("<script>var x = ", ";</script>"),
            ("<script>var y = \"", "\";</script>"),
            ("<p style=\"color: ", "\">x</p>"),
            ("<p onclick=\"f(", ")\">x</p>"),
            ("<!-- ", " -->"),
            ("<b>", "</b>"),
        ]);
        format!("{before}{{{{ {value} }}}}{after}")
    }

    fn trimmed(&mut self, value: &str) -> String {
        let (left, right) = self.one(&[
            ("{{ ", " }}"),
            ("{{", "}}"),
            ("{{- ", " }}"),
            ("{{ ", " -}}"),
        ]);
        format!("{left}{value}{right}")
    }

    fn action(&mut self, function: &str, count: u64) -> String {
        let words: Vec<String> = (0..count)
            .map(|_| match self.chance.below(3) {
                0 => self.number(2),
                1 => self.boolean(2),
                _ => self.text(2),
            })
            .map(|word| format!("({word})"))
            .collect();
        format!("{{{{ {function} {} }}}}", words.join(" "))
    }

    fn conditional(&mut self, depth: u32) -> String {
        let (first, second) = (self.boolean(0), self.boolean(1));
        let (a, b, c) = (
            self.statements(depth + 1),
            self.statements(depth + 1),
            self.statements(depth + 1),
        );
        match self.chance.below(3) {
            0 => format!("{{{{ if {first} }}}}{a}{{{{ end }}}}"),
            1 => format!("{{{{ if {first} -}}}}{a}{{{{ else }}}}{b}{{{{ end }}}}"),
            _ => format!(
                "{{{{ if {first} }}}}{a}{{{{ else if {second} }}}}{b}{{{{ else }}}}{c}{{{{- end }}}}"
            ),
        }
    }

    fn inside(&mut self, dot: Dot, in_loop: bool, depth: u32) -> String {
        let (outer_dot, outer_loop) = (self.dot, self.in_loop);
        self.dot = dot;
        self.in_loop |= in_loop;
        let body = self.statements(depth + 1);
        self.dot = outer_dot;
        self.in_loop = outer_loop;
        body
    }

    fn with(&mut self, depth: u32) -> String {
        let value = self.text(1);
        let body = self.inside(Dot::Text, false, depth);
        let otherwise = self.statements(depth + 1);
        match self.chance.percent(50) {
            true => format!("{{{{ with {value} }}}}{body}{{{{ end }}}}"),
            false => format!("{{{{ with {value} }}}}{body}{{{{ else }}}}{otherwise}{{{{ end }}}}"),
        }
    }

    fn range(&mut self, depth: u32) -> String {
        let (list, dot) = self.list();
        let body = self.inside(dot, true, depth);
        let map = self.labels();
        match self.chance.below(4) {
            0 => format!("{{{{ range {list} }}}}{body}{{{{ else }}}}none{{{{ end }}}}"),
            1 => format!("{{{{ range $i, $e := {list} }}}}{{{{ $i }}}}:{body};{{{{ end }}}}"),
            2 => format!(
                "{{{{ range $k, $e := {map} }}}}{{{{ $k }}}}={{{{ $e | printf \"%q\" }}}};{{{{ end }}}}"
            ),
            _ => format!("{{{{ range {list} }}}}{body}{{{{ end }}}}"),
        }
    }

    fn list(&mut self) -> (String, Dot) {
        let labels = self.labels();
        match self.chance.below(6) {
            0 | 1 => ("$.Alerts".into(), Dot::Alert),
            2 => (
                self.one(&["$.Alerts.Firing", "$.Alerts.Resolved"]).into(),
                Dot::Alert,
            ),
            3 => (format!("{labels}.SortedPairs"), Dot::Pair),
            4 => (format!("{labels}.Names"), Dot::Text),
            _ => (format!("{labels}.SortedPairs.Values"), Dot::Text),
        }
    }

    fn labels(&mut self) -> String {
        match self.dot {
            Dot::Alert if self.chance.percent(60) => self.one(&[".Labels", ".Annotations"]).into(),
            _ => self
                .one(&["$.CommonLabels", "$.GroupLabels", "$.CommonAnnotations"])
                .into(),
        }
    }

    fn boolean(&mut self, depth: u32) -> String {
        if depth > DEPTH_MAX {
            return self.one(&["true", "false"]).into();
        }
        let next = depth + 1;
        match self.chance.below(8) {
            0 => {
                let (a, b) = (self.number(next), self.number(next));
                format!(
                    "{} ({a}) ({b})",
                    self.one(&["eq", "ne", "lt", "le", "gt", "ge"])
                )
            }
            1 | 2 => {
                let (a, b) = (self.text(next), self.text(next));
                format!(
                    "{} ({a}) ({b})",
                    self.one(&["eq", "ne", "lt", "le", "gt", "ge"])
                )
            }
            3 => format!("not ({})", self.boolean(next)),
            4 => {
                let (a, b) = (self.boolean(next), self.boolean(next));
                format!("{} ({a}) ({b})", self.one(&["and", "or"]))
            }
            5 => {
                let text = self.text(next);
                format!(
                    "match {} ({text})",
                    self.one(&["\"^a\"", "\"[0-9]+$\"", "`\\bx\\b`", "\"(?i)B.*\""])
                )
            }
            6 => format!("eq $.Status {}", self.one(&["\"firing\"", "\"resolved\""])),
            _ => self.one(&["true", "false"]).into(),
        }
    }

    fn number(&mut self, depth: u32) -> String {
        match self.chance.below(5) {
            0 if depth < DEPTH_MAX => format!("len ({})", self.text(depth + 1)),
            1 => format!("len {}", self.list().0),
            2 => format!("len {}", self.labels()),
            _ => self
                .one(&[
                    "0",
                    "1",
                    "-1",
                    "42",
                    "0x1F",
                    "0b11",
                    "1_000",
                    "'a'",
                    "007",
                    "9223372036854775807",
                ])
                .into(),
        }
    }

    fn text(&mut self, depth: u32) -> String {
        if depth > DEPTH_MAX || self.chance.percent(35) {
            return self.simple_text();
        }
        let inner = self.text(depth + 1);
        match self.chance.below(13) {
            0 => format!("{inner} | {}", self.one(&["toUpper", "toLower", "title"])),
            1 => format!(
                "{} ({inner})",
                self.one(&["html", "js", "urlquery", "print", "println"])
            ),
            2 => format!(
                "({inner}) | {}",
                self.one(&[
                    "html",
                    "urlquery",
                    "js",
                    "safeHtml | print",
                    "printf \"%s\""
                ])
            ),
            3 => format!(
                "printf {} ({inner})",
                self.one(&[
                    "\"%s\"",
                    "\"%q\"",
                    "\"%10s|\"",
                    "\"%-10.3s|\"",
                    "\"%x\"",
                    "\"% X\"",
                    "\"%v\"",
                    "\"%d\"",
                    "\"%+q\"",
                    "\"%#q\""
                ])
            ),
            4 => {
                let number = self.number(depth + 1);
                format!(
                    "printf {} ({number})",
                    self.one(&[
                        "\"%d\"",
                        "\"%5d|\"",
                        "\"%-5d|\"",
                        "\"%05d\"",
                        "\"%+d\"",
                        "\"%x\"",
                        "\"%#o\"",
                        "\"%b\"",
                        "\"%c\"",
                        "\"%q\"",
                        "\"%U\"",
                        "\"%s\"",
                        "\"%v %v\"",
                        "\"%8.3d\"",
                        "\"%e\""
                    ])
                )
            }
            5 => {
                let format = self.one(&[
                    "%f", "%.2f", "%8.3f", "%e", "%g", "%.3g", "%v", "%G", "%+.1e", "%08.2f", "%x",
                    "%d",
                ]);
                let value = self.one(&[
                    "1.5",
                    "-0.001",
                    "1e21",
                    "123456.789",
                    "0.1",
                    "1e6",
                    "2.0",
                    "1e-7",
                ]);
                format!("printf \"{format}\" {value}")
            }
            6 => {
                let (list, dot) = self.list();
                match dot {
                    Dot::Text => format!("{list} | join {}", self.one(&["\", \"", "\"\"", "`|`"])),
                    _ => format!("print (len {list})"),
                }
            }
            7 => {
                let (pattern, replacement) = self.one(&[
                    ("\"(.*):.*\"", "\"$1\""),
                    ("\"[aeiou]\"", "\"<$0>\""),
                    ("`(\\w+) (\\w+)`", "\"$2-${1}_\""),
                    ("\"\"", "\"-\""),
                    ("\"a|(b)\"", "\"$1$$\""),
                ]);
                format!("reReplaceAll {pattern} {replacement} ({inner})")
            }
            8 => format!("slice ({inner}) 0 (len ({inner}))"),
            9 => {
                let (condition, other) = (self.boolean(depth + 1), self.text(depth + 1));
                format!(
                    "{} ({condition}) ({inner}) ({other})",
                    self.one(&["and", "or"])
                )
            }
            10 => format!(
                "printf {} ({inner}) {}",
                self.one(&[
                    "\"%[2]v %[1]v\"",
                    "\"%s-%d\"",
                    "\"%*s\"",
                    "\"%v\"",
                    "\"%[1]q%[1]q\""
                ]),
                self.one(&["7", "\"z\"", "2.5", "true"])
            ),
            11 => format!("stringSlice ({inner}) \"b\" | join \"+\""),
            _ => inner,
        }
    }

    fn simple_text(&mut self) -> String {
        if self.variables > 0 && self.chance.percent(25) {
            return format!("$v{}", self.chance.below(self.variables as u64));
        }
        let labels = self.labels();
        match self.chance.below(8) {
            0 => self
                .one(&[
                    "\"\"",
                    "\"abc\"",
                    "`raw \"q\" <x>`",
                    "\"\\u00fc\\t\\\"\"",
                    "\"two words\"",
                    "\"it's a-b_c.d\"",
                ])
                .into(),
            1 => format!(
                "{labels}.{}",
                self.one(&["alertname", "job", "missing", "zone"])
            ),
            2 => format!(
                "index {labels} {}",
                self.one(&["\"job\"", "\"instance\"", "\"none\""])
            ),
            3 => format!("{labels}.Remove {labels}.Names | len | print"),
            4 => format!("{labels}.SortedPairs.Values | join \" \""),
            _ => match self.dot {
                Dot::Data => self
                    .one(&[".Status", ".Receiver", ".ExternalURL", "$.Status"])
                    .into(),
                Dot::Alert => self
                    .one(&[
                        ".Status",
                        ".GeneratorURL",
                        ".Fingerprint",
                        ".StartsAt.UTC.String",
                        ".StartsAt.Format \"Jan _2 15:04:05.000 2006\"",
                    ])
                    .into(),
                Dot::Pair => self.one(&[".Name", ".Value"]).into(),
                Dot::Text => self.one(&[".", ". | printf \"%s\""]).into(),
            },
        }
    }

    /// What both should refuse.
    fn ill_typed(&mut self) -> String {
        self.one(&[
            "eq 1 1.0",
            "lt 1 \"a\"",
            ".Nope",
            "len 3",
            "index $.Alerts 99",
            "slice \"abc\" 2 1",
            "toUpper 1",
            "template \"none\"",
            "1 2",
            "index $.CommonLabels 1",
            "$.Status.x",
            "nil",
            "\"a\" | 1",
            "call 1",
            "join \",\" \"a\"",
            "reReplaceAll \"(\" \"a\" \"b\"",
            "printf",
            "not",
            "undefined 1",
            "$nope",
        ])
        .into()
    }
}
