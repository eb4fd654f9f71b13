//! What Go 1.26 makes of templates of the plain language, with the data of `language::data`.

use crate::Case;

/// Actions, blocks and functions.
pub(crate) const LANGUAGE: &[Case] = &[
    ("", Ok("")),
    ("x", Ok("x")),
    ("{{.s}}", Ok("hello")),
    ("{{ .missing }}", Ok("<no value>")),
    (
        "{{.s.x}}",
        Err(
            "template: t:1:4: executing \"t\" at <.s.x>: can't evaluate field x in type interface {}",
        ),
    ),
    ("{{.nil}}", Ok("<no value>")),
    (
        "{{.nil.x}}",
        Err("template: t:1:6: executing \"t\" at <.nil.x>: nil pointer evaluating interface {}.x"),
    ),
    (
        "{{.m.q.r}}",
        Err("template: t:1:4: executing \"t\" at <.m.q.r>: nil pointer evaluating interface {}.r"),
    ),
    (
        "{{.missing.x}}",
        Err(
            "template: t:1:10: executing \"t\" at <.missing.x>: nil pointer evaluating interface {}.x",
        ),
    ),
    ("{{.l}}", Ok("[a 1 <nil> map[k:v]]")),
    ("{{.m}}", Ok("map[a:two x:1 z:<nil>]")),
    (
        "{{.}}",
        Ok(
            "map[b:true e: el:[] f:2.5 l:[a 1 <nil> map[k:v]] m:map[a:two x:1 z:<nil>] n:3 nil:<nil> s:hello u:\u{fc}<\u{e9}>]",
        ),
    ),
    ("{{index .l 0}}", Ok("a")),
    (
        "{{index .l 9}}",
        Err(
            "template: t:1:2: executing \"t\" at <index .l 9>: error calling index: index out of range: 9",
        ),
    ),
    (
        "{{index .l 4}}",
        Err(
            "template: t:1:2: executing \"t\" at <index .l 4>: error calling index: reflect: slice index out of range",
        ),
    ),
    (
        "{{index .l -1}}",
        Err(
            "template: t:1:2: executing \"t\" at <index .l -1>: error calling index: index out of range: -1",
        ),
    ),
    ("{{index .m \"x\"}}", Ok("1")),
    ("{{index .m \"q\"}}", Ok("<no value>")),
    (
        "{{index .m 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <index .m 1>: error calling index: value has type int; should be string",
        ),
    ),
    (
        "{{index .l \"a\"}}",
        Err(
            "template: t:1:2: executing \"t\" at <index .l \"a\">: error calling index: cannot index slice/array with type string",
        ),
    ),
    ("{{index .s 0}}", Ok("104")),
    (
        "{{index .s 5}}",
        Err(
            "template: t:1:2: executing \"t\" at <index .s 5>: error calling index: reflect: string index out of range",
        ),
    ),
    (
        "{{index .nil 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <index .nil 1>: error calling index: index of untyped nil",
        ),
    ),
    (
        "{{index 1 2}}",
        Err(
            "template: t:1:2: executing \"t\" at <index 1 2>: error calling index: can't index item of type int",
        ),
    ),
    (
        "{{index .m nil}}",
        Err(
            "template: t:1:2: executing \"t\" at <index .m nil>: error calling index: value is nil; should be of type string",
        ),
    ),
    (
        "{{index .l nil}}",
        Err(
            "template: t:1:2: executing \"t\" at <index .l nil>: error calling index: cannot index slice/array with nil",
        ),
    ),
    (
        "{{index}}",
        Err(
            "template: t:1:2: executing \"t\" at <index>: wrong number of args for index: want at least 1 got 0",
        ),
    ),
    ("{{index .l}}", Ok("[a 1 <nil> map[k:v]]")),
    ("{{slice .s 1 3}}", Ok("el")),
    ("{{slice .s 1}}", Ok("ello")),
    ("{{slice .s}}", Ok("hello")),
    (
        "{{slice .s 3 2}}",
        Err(
            "template: t:1:2: executing \"t\" at <slice .s 3 2>: error calling slice: invalid slice index: 3 > 2",
        ),
    ),
    (
        "{{slice .s 1 2 3}}",
        Err(
            "template: t:1:2: executing \"t\" at <slice .s 1 2 3>: error calling slice: cannot 3-index slice a string",
        ),
    ),
    ("{{slice .l 1 2}}", Ok("[1]")),
    ("{{slice .l 1 2 3}}", Ok("[1]")),
    (
        "{{slice .s 6}}",
        Err(
            "template: t:1:2: executing \"t\" at <slice .s 6>: error calling slice: index out of range: 6",
        ),
    ),
    (
        "{{slice 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <slice 1>: error calling slice: can't slice item of type int",
        ),
    ),
    (
        "{{slice .nil}}",
        Err(
            "template: t:1:2: executing \"t\" at <slice .nil>: error calling slice: slice of untyped nil",
        ),
    ),
    (
        "{{slice .s 1 2 3 4}}",
        Err(
            "template: t:1:2: executing \"t\" at <slice .s 1 2 3 4>: error calling slice: too many slice indexes: 4",
        ),
    ),
    ("{{slice .u 0 1}}", Ok("\u{fffd}")),
    (
        "{{slice .l 2 1 3}}",
        Err(
            "template: t:1:2: executing \"t\" at <slice .l 2 1 3>: error calling slice: invalid slice index: 2 > 1",
        ),
    ),
    (
        "{{slice .l 1 3 2}}",
        Err(
            "template: t:1:2: executing \"t\" at <slice .l 1 3 2>: error calling slice: invalid slice index: 3 > 2",
        ),
    ),
    ("{{len .s}}", Ok("5")),
    ("{{len .l}}", Ok("4")),
    ("{{len .m}}", Ok("3")),
    (
        "{{len 3}}",
        Err("template: t:1:2: executing \"t\" at <len 3>: error calling len: len of type int"),
    ),
    (
        "{{len .nil}}",
        Err(
            "template: t:1:2: executing \"t\" at <len .nil>: error calling len: len of nil pointer",
        ),
    ),
    (
        "{{len}}",
        Err(
            "template: t:1:2: executing \"t\" at <len>: wrong number of args for len: want 1 got 0",
        ),
    ),
    (
        "{{len 1 2}}",
        Err(
            "template: t:1:2: executing \"t\" at <len>: wrong number of args for len: want 1 got 2",
        ),
    ),
    ("{{.s | len}}", Ok("5")),
    ("{{len .u}}", Ok("6")),
    ("{{not .s}}", Ok("false")),
    ("{{not .e}}", Ok("true")),
    ("{{and 1 0 2}}", Ok("0")),
    ("{{and 1 2}}", Ok("2")),
    ("{{or 0 \"\" 3}}", Ok("3")),
    ("{{or 0 \"\"}}", Ok("")),
    (
        "{{and}}",
        Err(
            "template: t:1:2: executing \"t\" at <and>: wrong number of args for and: want at least 1 got 0",
        ),
    ),
    (
        "{{or}}",
        Err(
            "template: t:1:2: executing \"t\" at <or>: wrong number of args for or: want at least 1 got 0",
        ),
    ),
    ("{{or 1 (index .l 99)}}", Ok("1")),
    ("{{and 0 (index .l 99)}}", Ok("0")),
    ("{{1 | and 2}}", Ok("1")),
    ("{{0 | or 0}}", Ok("0")),
    ("{{1 | and 0}}", Ok("0")),
    ("{{eq 1 1}}", Ok("true")),
    ("{{eq 1 2 1}}", Ok("true")),
    (
        "{{eq 1 1.0}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1 1.0>: error calling eq: incompatible types for comparison: int and float64",
        ),
    ),
    ("{{eq 1.0 1.0}}", Ok("true")),
    ("{{eq \"a\" \"a\"}}", Ok("true")),
    (
        "{{eq \"a\" 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq \"a\" 1>: error calling eq: incompatible types for comparison: string and int",
        ),
    ),
    (
        "{{eq .l .l}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq .l .l>: error calling eq: non-comparable type [a %!s(float64=1) <nil> map[k:v]]: []interface {}",
        ),
    ),
    (
        "{{eq .m .m}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq .m .m>: error calling eq: non-comparable type map[a:two x:%!s(float64=1) z:<nil>]: map[string]interface {}",
        ),
    ),
    (
        "{{eq .m .l}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq .m .l>: error calling eq: non-comparable types map[a:two x:%!s(float64=1) z:<nil>]: map[string]interface {}, []interface {}: [a 1 <nil> map[k:v]]",
        ),
    ),
    (
        "{{eq 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1>: error calling eq: missing argument for comparison",
        ),
    ),
    (
        "{{eq}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq>: wrong number of args for eq: want at least 1 got 0",
        ),
    ),
    ("{{eq nil nil}}", Ok("true")),
    ("{{eq .nil nil}}", Ok("true")),
    ("{{eq .l nil}}", Ok("false")),
    ("{{eq true true}}", Ok("true")),
    (
        "{{eq true 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq true 1>: error calling eq: incompatible types for comparison: bool and int",
        ),
    ),
    ("{{ne 1 2}}", Ok("true")),
    (
        "{{ne 1}}",
        Err("template: t:1:2: executing \"t\" at <ne>: wrong number of args for ne: want 2 got 1"),
    ),
    ("{{lt 1 2}}", Ok("true")),
    ("{{lt \"a\" \"b\"}}", Ok("true")),
    (
        "{{lt 1 2.0}}",
        Err(
            "template: t:1:2: executing \"t\" at <lt 1 2.0>: error calling lt: incompatible types for comparison: int and float64",
        ),
    ),
    (
        "{{lt true false}}",
        Err(
            "template: t:1:2: executing \"t\" at <lt true false>: error calling lt: invalid type for comparison",
        ),
    ),
    (
        "{{lt nil 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <lt nil 1>: error calling lt: invalid type for comparison",
        ),
    ),
    ("{{le 1 1}}", Ok("true")),
    ("{{gt 2 1}}", Ok("true")),
    ("{{ge 1 1}}", Ok("true")),
    ("{{gt .f 2.0}}", Ok("true")),
    (
        "{{lt .l .l}}",
        Err(
            "template: t:1:2: executing \"t\" at <lt .l .l>: error calling lt: invalid type for comparison",
        ),
    ),
    (
        "{{lt 1 \"a\"}}",
        Err(
            "template: t:1:2: executing \"t\" at <lt 1 \"a\">: error calling lt: incompatible types for comparison: int and string",
        ),
    ),
    ("{{eq (index .s 0) 104}}", Ok("true")),
    ("{{lt (index .s 0) 200}}", Ok("true")),
    ("{{eq .missing \"a\"}}", Ok("false")),
    (
        "{{gt .missing 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <gt .missing 1>: error calling gt: invalid type for comparison",
        ),
    ),
    ("{{eq 1 nil}}", Ok("false")),
    (
        "{{lt 1 2 3}}",
        Err("template: t:1:2: executing \"t\" at <lt>: wrong number of args for lt: want 2 got 3"),
    ),
    ("{{print 1 2 \"a\" \"b\" 3}}", Ok("1 2ab3")),
    ("{{print}}", Ok("")),
    ("{{println 1 \"a\" nil}}", Ok("1 a <nil>\n")),
    ("{{print nil}}", Ok("<nil>")),
    (
        "{{print .l .m}}",
        Ok("[a 1 <nil> map[k:v]] map[a:two x:1 z:<nil>]"),
    ),
    (
        "{{printf}}",
        Err(
            "template: t:1:2: executing \"t\" at <printf>: wrong number of args for printf: want at least 1 got 0",
        ),
    ),
    (
        "{{printf 1}}",
        Err("template: t:1:9: executing \"t\" at <1>: expected string; found 1"),
    ),
    ("{{printf \"x\" 1 \"a\"}}", Ok("x%!(EXTRA int=1, string=a)")),
    ("{{html \"<a&'\\\"b>\"}}", Ok("&lt;a&amp;&#39;&#34;b&gt;")),
    (
        "{{js \"a'b\\\"c<d>\\n\\\\\u{e9}=&\\u200b\"}}",
        Ok("a\\'b\\\"c\\u003Cd\\u003E\\u000A\\\\\u{e9}\\u003D\\u0026\\u200B"),
    ),
    (
        "{{urlquery \"a b&c=d/\u{e9}~\"}}",
        Ok("a+b%26c%3Dd%2F%C3%A9~"),
    ),
    ("{{html 1 2}}", Ok("1 2")),
    ("{{urlquery .l}}", Ok("%5Ba+1+%3Cnil%3E+map%5Bk%3Av%5D%5D")),
    ("{{html .nil}}", Ok("&lt;no value&gt;")),
    ("{{html nil}}", Ok("&lt;no value&gt;")),
    ("{{html \"a\" nil}}", Ok("a&lt;no value&gt;")),
    ("{{html .missing \"x\"}}", Ok("&lt;no value&gt;x")),
    ("{{html}}", Ok("")),
    (
        "{{call .s}}",
        Err(
            "template: t:1:2: executing \"t\" at <call .s>: error calling call: non-function .s of type string",
        ),
    ),
    (
        "{{call nil}}",
        Err("template: t:1:2: executing \"t\" at <call nil>: error calling call: call of nil"),
    ),
    (
        "{{call}}",
        Err(
            "template: t:1:2: executing \"t\" at <call>: wrong number of args for call: want at least 1 got 0",
        ),
    ),
    (
        "{{\"a\" | call}}",
        Err(
            "template: t:1:8: executing \"t\" at <call>: error calling call: non-function a of type string",
        ),
    ),
    (
        "{{call .missing 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <call .missing 1>: error calling call: call of nil",
        ),
    ),
    ("{{if .s}}y{{else}}n{{end}}", Ok("y")),
    ("{{if .e}}y{{else if .n}}m{{else}}n{{end}}", Ok("m")),
    ("{{with .m}}{{.x}}{{end}}", Ok("1")),
    ("{{with .e}}a{{else}}b{{.s}}{{end}}", Ok("bhello")),
    (
        "{{with .e}}a{{else with .s}}b{{.}}{{else}}c{{end}}",
        Ok("bhello"),
    ),
    ("{{with $x := .s}}{{$x}}{{.}}{{end}}", Ok("hellohello")),
    (
        "{{range .l}}[{{.}}]{{end}}",
        Ok("[a][1][<no value>][map[k:v]]"),
    ),
    (
        "{{range $i,$e := .l}}{{$i}}={{$e}};{{end}}",
        Ok("0=a;1=1;2=<no value>;3=map[k:v];"),
    ),
    (
        "{{range $k,$v := .m}}{{$k}}={{$v}};{{end}}",
        Ok("a=two;x=1;z=<no value>;"),
    ),
    ("{{range .el}}x{{else}}empty{{end}}", Ok("empty")),
    ("{{range .nil}}x{{else}}nil{{end}}", Ok("nil")),
    ("{{range 3}}{{.}}{{end}}", Ok("012")),
    ("{{range $i := 3}}{{$i}}{{end}}", Ok("012")),
    (
        "{{range $i,$e := 3}}x{{end}}",
        Err(
            "template: t:1:17: executing \"t\" at <3>: can't use 3 to iterate over more than one variable",
        ),
    ),
    ("{{range 0}}x{{else}}e{{end}}", Ok("e")),
    (
        "{{range .f}}{{end}}",
        Err("template: t:1:8: executing \"t\" at <.f>: range can't iterate over 2.5"),
    ),
    (
        "{{range .s}}{{.}}{{end}}",
        Err("template: t:1:8: executing \"t\" at <.s>: range can't iterate over hello"),
    ),
    (
        "{{range $i, $c := \"ab\"}}{{$i}}{{$c}}{{end}}",
        Err("template: t:1:18: executing \"t\" at <\"ab\">: range can't iterate over ab"),
    ),
    (
        "{{range true}}{{end}}",
        Err("template: t:1:8: executing \"t\" at <true>: range can't iterate over true"),
    ),
    (
        "{{range $x := .l}}{{$x}},{{end}}",
        Ok("a,1,<no value>,map[k:v],"),
    ),
    (
        "{{$x := 0}}{{range $x = .l}}{{$x}}{{end}}{{$x}}",
        Ok("a1<no value>map[k:v]map[k:v]"),
    ),
    (
        "{{$i := 1}}{{$e := 2}}{{range $i, $e = .l}}{{end}}{{$i}}{{$e}}",
        Ok("3map[k:v]"),
    ),
    ("{{range .l}}{{break}}{{.}}{{end}}", Ok("")),
    (
        "{{range .l}}{{if eq . \"a\"}}{{continue}}{{end}}{{.}}{{end}}",
        Err(
            "template: t:1:17: executing \"t\" at <eq . \"a\">: error calling eq: incompatible types for comparison: float64 and string",
        ),
    ),
    (
        "{{range 10}}{{if gt . 3}}{{break}}{{end}}{{.}}{{end}}",
        Ok("0123"),
    ),
    (
        "{{break}}",
        Err("template: t:1: {{break}} outside {{range}}"),
    ),
    (
        "{{continue}}",
        Err("template: t:1: {{continue}} outside {{range}}"),
    ),
    ("{{range -3}}x{{else}}n{{end}}", Ok("n")),
    ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", Ok("2")),
    ("{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}", Ok("1")),
    ("{{if $x := .s}}{{$x}}{{end}}", Ok("hello")),
    (
        "{{if $x := .s}}{{end}}{{$x}}",
        Err("template: t:1: undefined variable \"$x\""),
    ),
    (
        "{{$x = 1}}",
        Err("template: t:1:7: executing \"t\" at <1>: undefined variable: $x"),
    ),
    ("{{$x}}", Err("template: t:1: undefined variable \"$x\"")),
    (
        "{{$}}",
        Ok(
            "map[b:true e: el:[] f:2.5 l:[a 1 <nil> map[k:v]] m:map[a:two x:1 z:<nil>] n:3 nil:<nil> s:hello u:\u{fc}<\u{e9}>]",
        ),
    ),
    ("{{$.s}}", Ok("hello")),
    ("{{$x := .m}}{{$x.x}}", Ok("1")),
    ("{{$x := .m.q}}{{$x.y}}", Ok("<no value>")),
    (
        "{{$x, $y := .l}}",
        Err("template: t:1: too many declarations in command"),
    ),
    (
        "{{range $x, $y, $z := .l}}{{end}}",
        Err("template: t:1: too many declarations in range"),
    ),
    (
        "{{range $x, 1}}{{end}}",
        Err("template: t:1: range can only initialize variables"),
    ),
    (
        "{{define \"a\"}}A{{.}}{{end}}{{template \"a\" .s}}{{template \"a\"}}",
        Ok("AhelloA<no value>"),
    ),
    (
        "{{template \"zz\"}}",
        Err(
            "template: t:1:11: executing \"t\" at <{{template \"zz\"}}>: template \"zz\" not defined",
        ),
    ),
    (
        "{{template \"zz\" .s}}",
        Err(
            "template: t:1:11: executing \"t\" at <{{template \"zz\" .s}}>: template \"zz\" not defined",
        ),
    ),
    ("{{block \"b\" .m}}B{{.x}}{{end}}", Ok("B1")),
    (
        "{{define \"a\"}}1{{end}}{{define \"a\"}}2{{end}}{{template \"a\"}}",
        Err("template: t:1: template: multiple definition of template \"a\""),
    ),
    (
        "{{define \"a\"}}1{{end}}{{define \"a\"}} {{end}}{{template \"a\"}}",
        Ok("1"),
    ),
    (
        "{{define \"a\"}}{{end}}{{define \"a\"}}2{{end}}{{template \"a\"}}",
        Ok("2"),
    ),
    ("{{define \"a\"}}{{$}}{{end}}{{template \"a\" 7}}", Ok("7")),
    ("{{define \"a\"}}x", Err("template: t:1: unexpected EOF")),
    (
        "{{define a}}{{end}}",
        Err("template: t:1: unexpected \"a\" in define clause"),
    ),
    (
        "{{define \"a\" 1}}{{end}}",
        Err("template: t:1: unexpected \"1\" in define clause"),
    ),
    (
        "{{if true}}{{define \"a\"}}{{end}}{{end}}",
        Err("template: t:1: unexpected <define> in command"),
    ),
    (
        "{{template}}",
        Err("template: t:1: unexpected \"}}\" in template clause"),
    ),
    (
        "{{template a}}",
        Err("template: t:1: unexpected \"a\" in template clause"),
    ),
    (
        "{{template \"a\" 1 2}}",
        Err(
            "template: t:1:11: executing \"t\" at <{{template \"a\" 1 2}}>: template \"a\" not defined",
        ),
    ),
    (
        "{{block \"b\"}}{{end}}",
        Err("template: t:1: missing value for block clause"),
    ),
    (
        "{{block \"b\" .}}{{else}}{{end}}",
        Err("template: t:1: unexpected {{else}} in block clause"),
    ),
    (
        "{{define \"a\"}}{{break}}{{end}}",
        Err("template: t:1: {{break}} outside {{range}}"),
    ),
    (
        "{{range .l}}{{block \"q\" .}}{{break}}{{end}}{{end}}",
        Err("template: t:1: {{break}} outside {{range}}"),
    ),
    (
        "{{$v := 1}}{{block \"q\" .}}{{$v}}{{end}}",
        Err("template: t:1: undefined variable \"$v\""),
    ),
    (
        "{{define \"r\"}}{{.}}{{template \"s\" .}}{{end}}{{define \"s\"}}{{.x.y.z}}{{end}}{{template \"r\" 5}}",
        Err("template: t:1:62: executing \"s\" at <.x.y.z>: can't evaluate field x in type int"),
    ),
    ("{{/* c */}}x", Ok("x")),
    ("{{- /* c */ -}} x", Ok("x")),
    ("a {{- 1 -}} b", Ok("a1b")),
    ("a {{- /* x */ -}} b", Ok("ab")),
    ("{{/* c }}", Err("template: t:1: unclosed comment")),
    (
        "{{/* c */ }}",
        Err("template: t:1: comment ends before closing delimiter"),
    ),
    ("{{- }}", Err("template: t:1: missing value for command")),
    (
        "{{ - 1}}",
        Err("template: t:1: illegal number syntax: \"-\""),
    ),
    ("{{-1}}", Ok("-1")),
    ("{{- 1}}", Ok("1")),
    ("a\n {{- 1}}\n", Ok("a1\n")),
    ("a {{1 -}}\n\n b", Ok("a 1b")),
    (
        "{{\"a\"-}} b",
        Err("template: t:1: unexpected \"-\" in operand"),
    ),
    ("{{1 -}}", Ok("1")),
    (
        "{{ 3 - }}",
        Err("template: t:1: illegal number syntax: \"-\""),
    ),
    ("{{", Err("template: t:1: unclosed action")),
    ("{{ ", Err("template: t:1: unclosed action")),
    ("{{.", Err("template: t:1: illegal number syntax: \".\"")),
    ("{{\"a", Err("template: t:1: unterminated quoted string")),
    ("{{`a", Err("template: t:1: unterminated raw quoted string")),
    (
        "{{'a",
        Err("template: t:1: unterminated character constant"),
    ),
    (
        "{{1 2}}",
        Err("template: t:1:2: executing \"t\" at <1>: can't give argument to non-function 1"),
    ),
    (
        "{{.s 1}}",
        Err("template: t:1:2: executing \"t\" at <.s>: s is not a method but has arguments"),
    ),
    (
        "{{1 | .s}}",
        Err("template: t:1:6: executing \"t\" at <.s>: s is not a method but has arguments"),
    ),
    (
        "{{.m.x 1}}",
        Err("template: t:1:4: executing \"t\" at <.m.x>: x is not a method but has arguments"),
    ),
    (
        "{{1 | 2}}",
        Err("template: t:1: non executable command in pipeline stage 2"),
    ),
    (
        "{{.s | nil}}",
        Err("template: t:1: non executable command in pipeline stage 2"),
    ),
    (
        "{{nil}}",
        Err("template: t:1:2: executing \"t\" at <nil>: nil is not a command"),
    ),
    ("{{true}}", Ok("true")),
    ("{{\"a\" | printf \"%s-%s\" \"b\"}}", Ok("b-a")),
    ("{{(1)}}", Ok("1")),
    (
        "{{(1) 2}}",
        Err("template: t:1:2: executing \"t\" at <(1) 2>: can't give argument to non-function 1"),
    ),
    ("{{(.m).x}}", Ok("1")),
    (
        "{{(.m).x.y}}",
        Err(
            "template: t:1:3: executing \"t\" at <.m>: can't evaluate field y in type interface {}",
        ),
    ),
    ("{{(index .l 3).k}}", Ok("v")),
    (
        "{{(printf \"%s\" \"a\").b}}",
        Err("template: t:1:15: executing \"t\" at <\"a\">: can't evaluate field b in type string"),
    ),
    (
        "{{nil.x}}",
        Err("template: t:1: unexpected . after term \"nil\""),
    ),
    (
        "{{(nil).x}}",
        Err("template: t:1:3: executing \"t\" at <nil>: nil is not a command"),
    ),
    ("{{1.x}}", Err("template: t:1: bad number syntax: \"1.x\"")),
    (
        "{{\"a\".x}}",
        Err("template: t:1: unexpected . after term \"\\\"a\\\"\""),
    ),
    (
        "{{true.x}}",
        Err("template: t:1: unexpected . after term \"true\""),
    ),
    ("{{.s.}}", Err("template: t:1: unexpected <.> in operand")),
    (
        "{{. .s}}",
        Err("template: t:1:2: executing \"t\" at <.>: can't give argument to non-function ."),
    ),
    (
        "{{..s}}",
        Err("template: t:1: unexpected . after term \".\""),
    ),
    ("{{.s..t}}", Err("template: t:1: unexpected <.> in operand")),
    ("{{$.}}", Err("template: t:1: unexpected <.> in operand")),
    ("{{$x.y}}", Err("template: t:1: undefined variable \"$x\"")),
    (
        "{{foo}}",
        Err("template: t:1: function \"foo\" not defined"),
    ),
    (
        "{{foo.bar}}",
        Err("template: t:1: function \"foo\" not defined"),
    ),
    (
        "{{print.x}}",
        Err("template: t:1:2: executing \"t\" at <print>: can't evaluate field x in type string"),
    ),
    ("{{end}}", Err("template: t:1: unexpected {{end}}")),
    ("{{else}}", Err("template: t:1: unexpected {{else}}")),
    ("{{if}}x{{end}}", Err("template: t:1: missing value for if")),
    ("{{if true}}", Err("template: t:1: unexpected EOF")),
    (
        "{{if true}}{{else}}{{else}}{{end}}",
        Err("template: t:1: expected end; found {{else}}"),
    ),
    (
        "{{range}}{{end}}",
        Err("template: t:1: missing value for range"),
    ),
    (
        "{{with}}{{end}}",
        Err("template: t:1: missing value for with"),
    ),
    ("{{if true}}{{end", Err("template: t:1: unclosed action")),
    (
        "{{if true}}x{{end}}{{end}}",
        Err("template: t:1: unexpected {{end}}"),
    ),
    ("{{(1}}", Err("template: t:1: unclosed left paren")),
    ("{{1)}}", Err("template: t:1: unexpected right paren")),
    (
        "{{()}}",
        Err("template: t:1: missing value for parenthesized pipeline"),
    ),
    ("{{ }}", Err("template: t:1: missing value for command")),
    ("{{|}}", Err("template: t:1: unexpected \"|\" in command")),
    ("{{1|}}", Ok("1")),
    ("{{|1}}", Err("template: t:1: unexpected \"|\" in command")),
    ("{{1,2}}", Err("template: t:1: unexpected \",\" in operand")),
    ("{{1 :}}", Err("template: t:1: expected :=")),
    ("{{$x :1}}", Err("template: t:1: undefined variable \"$x\"")),
    (
        "{{$x := }}",
        Err("template: t:1: missing value for command"),
    ),
    ("{{$x :=1}}{{$x}}", Ok("1")),
    ("{{$x:=1}}{{$x}}", Ok("1")),
    (
        "{{ $x , $y := 1}}",
        Err("template: t:1: too many declarations in command"),
    ),
    ("{{@}}", Err("template: t:1: unexpected \"@\" in command")),
    ("{{#}}", Err("template: t:1: unexpected \"#\" in command")),
    (
        "{{\u{1}}}",
        Err("template: t:1: unrecognized character in action: U+0001"),
    ),
    (
        "{{\u{e9}}}",
        Err("template: t:1: function \"\u{e9}\" not defined"),
    ),
    ("{{.\u{e9}}}", Ok("<no value>")),
    (
        "{{\"a\"\"b\"}}",
        Err("template: t:1: unexpected \"\\\"b\\\"\" in operand"),
    ),
    (
        "{{\"a\" \"b\"}}",
        Err(
            "template: t:1:2: executing \"t\" at <\"a\">: can't give argument to non-function \"a\"",
        ),
    ),
    (
        "{{print \"a\"\"b\"}}",
        Err("template: t:1: unexpected \"\\\"b\\\"\" in operand"),
    ),
    (
        "{{print 1\"b\"}}",
        Err("template: t:1: unexpected \"\\\"b\\\"\" in operand"),
    ),
    (
        "{{print .s.t}}",
        Err(
            "template: t:1:10: executing \"t\" at <.s.t>: can't evaluate field t in type interface {}",
        ),
    ),
    ("{{print .s .t}}", Ok("hello<nil>")),
    (
        "{{ if eq 1 1 }}a{{ else if }}{{end}}",
        Err("template: t:1: missing value for if"),
    ),
    (
        "{{else if true}}",
        Err("template: t:1: unexpected {{else}}"),
    ),
    (
        "{{range .l}}{{else if true}}{{end}}",
        Err("template: t:1: unexpected <if> in input"),
    ),
    (
        "{{with 1}}{{else if 1}}{{end}}",
        Err("template: t:1: unexpected <if> in input"),
    ),
    (
        "{{if 1}}{{else with 1}}{{end}}",
        Err("template: t:1: unexpected <with> in input"),
    ),
    (
        "{{if 1}}{{else range 1}}{{end}}",
        Err("template: t:1: unexpected <range> in else"),
    ),
    ("{{end 1}}", Err("template: t:1: unexpected \"1\" in end")),
    ("{{else 1}}", Err("template: t:1: unexpected \"1\" in else")),
    (
        "{{break 1}}",
        Err("template: t:1: unexpected \"1\" in {{break}}"),
    ),
    (
        "{{range .l}}{{break 1}}{{end}}",
        Err("template: t:1: unexpected \"1\" in {{break}}"),
    ),
    (
        "{{range .l}}{{continue}}",
        Err("template: t:1: unexpected EOF"),
    ),
    ("{{'a'}}", Ok("97")),
    (
        "{{'ab'}}",
        Err("template: t:1: malformed character constant: 'ab'"),
    ),
    ("{{''}}", Err("template: t:1: invalid syntax")),
    ("{{'\\n'}}", Ok("10")),
    ("{{'\\''}}", Ok("39")),
    ("{{'\"'}}", Ok("34")),
    ("{{0}}", Ok("0")),
    ("{{eq 0 1}}", Ok("false")),
    ("{{1}}", Ok("1")),
    ("{{eq 1 1}}", Ok("true")),
    ("{{-1}}", Ok("-1")),
    ("{{eq -1 1}}", Ok("false")),
    ("{{+1}}", Ok("1")),
    ("{{eq +1 1}}", Ok("true")),
    ("{{0x1F}}", Ok("31")),
    ("{{eq 0x1F 1}}", Ok("false")),
    ("{{0X1f}}", Ok("31")),
    ("{{eq 0X1f 1}}", Ok("false")),
    ("{{0b101}}", Ok("5")),
    ("{{eq 0b101 1}}", Ok("false")),
    ("{{0o17}}", Ok("15")),
    ("{{eq 0o17 1}}", Ok("false")),
    ("{{017}}", Ok("15")),
    ("{{eq 017 1}}", Ok("false")),
    ("{{08}}", Err("template: t:1: integer overflow: \"08\"")),
    (
        "{{eq 08 1}}",
        Err("template: t:1: integer overflow: \"08\""),
    ),
    ("{{1_000}}", Ok("1000")),
    ("{{eq 1_000 1}}", Ok("false")),
    ("{{0x_1F}}", Ok("31")),
    ("{{eq 0x_1F 1}}", Ok("false")),
    (
        "{{1__0}}",
        Err("template: t:1: illegal number syntax: \"1__0\""),
    ),
    (
        "{{eq 1__0 1}}",
        Err("template: t:1: illegal number syntax: \"1__0\""),
    ),
    (
        "{{1_}}",
        Err("template: t:1: illegal number syntax: \"1_\""),
    ),
    (
        "{{eq 1_ 1}}",
        Err("template: t:1: illegal number syntax: \"1_\""),
    ),
    ("{{_1}}", Err("template: t:1: function \"_1\" not defined")),
    (
        "{{eq _1 1}}",
        Err("template: t:1: function \"_1\" not defined"),
    ),
    ("{{1e3}}", Ok("1000")),
    (
        "{{eq 1e3 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1e3 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{1.5e3}}", Ok("1500")),
    (
        "{{eq 1.5e3 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1.5e3 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{1E3}}", Ok("1000")),
    (
        "{{eq 1E3 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1E3 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{.5}}", Ok("0.5")),
    (
        "{{eq .5 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq .5 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{-.5}}", Ok("-0.5")),
    (
        "{{eq -.5 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq -.5 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{1.}}", Ok("1")),
    (
        "{{eq 1. 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1. 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{0x1p4}}", Ok("16")),
    (
        "{{eq 0x1p4 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 0x1p4 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{0x1.8p1}}", Ok("3")),
    (
        "{{eq 0x1.8p1 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 0x1.8p1 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{0x1p-2}}", Ok("0.25")),
    (
        "{{eq 0x1p-2 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 0x1p-2 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    (
        "{{1e}}",
        Err("template: t:1: illegal number syntax: \"1e\""),
    ),
    (
        "{{eq 1e 1}}",
        Err("template: t:1: illegal number syntax: \"1e\""),
    ),
    (
        "{{1e+}}",
        Err("template: t:1: illegal number syntax: \"1e+\""),
    ),
    (
        "{{eq 1e+ 1}}",
        Err("template: t:1: illegal number syntax: \"1e+\""),
    ),
    (
        "{{0x}}",
        Err("template: t:1: illegal number syntax: \"0x\""),
    ),
    (
        "{{eq 0x 1}}",
        Err("template: t:1: illegal number syntax: \"0x\""),
    ),
    ("{{0b2}}", Err("template: t:1: bad number syntax: \"0b2\"")),
    (
        "{{eq 0b2 1}}",
        Err("template: t:1: bad number syntax: \"0b2\""),
    ),
    ("{{0o8}}", Err("template: t:1: bad number syntax: \"0o8\"")),
    (
        "{{eq 0o8 1}}",
        Err("template: t:1: bad number syntax: \"0o8\""),
    ),
    ("{{9223372036854775807}}", Ok("9223372036854775807")),
    ("{{eq 9223372036854775807 1}}", Ok("false")),
    (
        "{{9223372036854775808}}",
        Err(
            "template: t:1:2: executing \"t\" at <9223372036854775808>: 9223372036854775808 overflows int",
        ),
    ),
    (
        "{{eq 9223372036854775808 1}}",
        Err(
            "template: t:1:5: executing \"t\" at <9223372036854775808>: 9223372036854775808 overflows int",
        ),
    ),
    ("{{-9223372036854775808}}", Ok("-9223372036854775808")),
    ("{{eq -9223372036854775808 1}}", Ok("false")),
    (
        "{{-9223372036854775809}}",
        Err("template: t:1: integer overflow: \"-9223372036854775809\""),
    ),
    (
        "{{eq -9223372036854775809 1}}",
        Err("template: t:1: integer overflow: \"-9223372036854775809\""),
    ),
    (
        "{{18446744073709551615}}",
        Err(
            "template: t:1:2: executing \"t\" at <18446744073709551615>: 18446744073709551615 overflows int",
        ),
    ),
    (
        "{{eq 18446744073709551615 1}}",
        Err(
            "template: t:1:5: executing \"t\" at <18446744073709551615>: 18446744073709551615 overflows int",
        ),
    ),
    (
        "{{18446744073709551616}}",
        Err("template: t:1: integer overflow: \"18446744073709551616\""),
    ),
    (
        "{{eq 18446744073709551616 1}}",
        Err("template: t:1: integer overflow: \"18446744073709551616\""),
    ),
    ("{{1e19}}", Ok("1e+19")),
    (
        "{{eq 1e19 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1e19 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    (
        "{{1e400}}",
        Err("template: t:1: illegal number syntax: \"1e400\""),
    ),
    (
        "{{eq 1e400 1}}",
        Err("template: t:1: illegal number syntax: \"1e400\""),
    ),
    ("{{0.1}}", Ok("0.1")),
    (
        "{{eq 0.1 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 0.1 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{100000000000000000000.0}}", Ok("1e+20")),
    (
        "{{eq 100000000000000000000.0 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 100000000000000000000.0 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{1a}}", Err("template: t:1: bad number syntax: \"1a\"")),
    (
        "{{eq 1a 1}}",
        Err("template: t:1: bad number syntax: \"1a\""),
    ),
    (
        "{{1.2.3}}",
        Err("template: t:1: unexpected \".3\" in operand"),
    ),
    (
        "{{eq 1.2.3 1}}",
        Err("template: t:1: unexpected \".3\" in operand"),
    ),
    (
        "{{0x1g}}",
        Err("template: t:1: bad number syntax: \"0x1g\""),
    ),
    (
        "{{eq 0x1g 1}}",
        Err("template: t:1: bad number syntax: \"0x1g\""),
    ),
    ("{{1_0.5}}", Ok("10.5")),
    (
        "{{eq 1_0.5 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1_0.5 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{1e1_0}}", Ok("1e+10")),
    (
        "{{eq 1e1_0 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1e1_0 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{-0}}", Ok("0")),
    ("{{eq -0 1}}", Ok("false")),
    ("{{-0.0}}", Ok("-0")),
    (
        "{{eq -0.0 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq -0.0 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    (
        "{{0xffffffffffffffff}}",
        Err(
            "template: t:1:2: executing \"t\" at <0xffffffffffffffff>: 0xffffffffffffffff overflows int",
        ),
    ),
    (
        "{{eq 0xffffffffffffffff 1}}",
        Err(
            "template: t:1:5: executing \"t\" at <0xffffffffffffffff>: 0xffffffffffffffff overflows int",
        ),
    ),
    ("{{0x1P4}}", Ok("16")),
    (
        "{{eq 0x1P4 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 0x1P4 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{1e-7}}", Ok("1e-07")),
    (
        "{{eq 1e-7 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1e-7 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{123456789.0}}", Ok("1.23456789e+08")),
    (
        "{{eq 123456789.0 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 123456789.0 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{1e20}}", Ok("1e+20")),
    (
        "{{eq 1e20 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1e20 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{1e21}}", Ok("1e+21")),
    (
        "{{eq 1e21 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1e21 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{1e6}}", Ok("1e+06")),
    (
        "{{eq 1e6 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1e6 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{1000000.0}}", Ok("1e+06")),
    (
        "{{eq 1000000.0 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 1000000.0 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{0.00001}}", Ok("1e-05")),
    (
        "{{eq 0.00001 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 0.00001 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{0.0001}}", Ok("0.0001")),
    (
        "{{eq 0.0001 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 0.0001 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{+.5e2}}", Ok("50")),
    (
        "{{eq +.5e2 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq +.5e2 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    (
        "{{0xp1}}",
        Err("template: t:1: illegal number syntax: \"0xp1\""),
    ),
    (
        "{{eq 0xp1 1}}",
        Err("template: t:1: illegal number syntax: \"0xp1\""),
    ),
    ("{{0x.8p1}}", Ok("1")),
    (
        "{{eq 0x.8p1 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 0x.8p1 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
    ("{{0x1.p1}}", Ok("2")),
    (
        "{{eq 0x1.p1 1}}",
        Err(
            "template: t:1:2: executing \"t\" at <eq 0x1.p1 1>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    ),
];

/// `printf` with all kinds of verbs and values.
pub(crate) const FORMATS: &[Case] = &[
    ("{{printf \"% 5d\" nil}}", Ok("%!d(<nil>)")),
    ("{{printf \"%.3g\" \"hi\"}}", Ok("%!g(string=hi)")),
    ("{{printf \"%010v\" 100000.0}}", Ok("0000100000")),
    (
        "{{printf \"%+.3x\" \"a\" \"b\"}}",
        Ok("61%!(EXTRA string=b)"),
    ),
    ("{{printf \"%#v\" true}}", Ok("true")),
    (
        "{{printf \"%[1]*d\" \"`q\"}}",
        Ok("%!(BADWIDTH)%!d(MISSING)"),
    ),
    ("{{printf \"%.0f\" 1}}", Ok("%!f(int=1)")),
    ("{{printf \"%q\" -0.001}}", Ok("%!q(float64=-0.001)")),
    ("{{printf \"%5d\" 1e21}}", Ok("%!d(float64=1e+21)")),
    ("{{printf \"%E\" 100000.0}}", Ok("1.000000E+05")),
    (
        "{{printf \"%!\" 1234567.891}}",
        Ok("%!!(float64=1.234567891e+06)"),
    ),
    (
        "{{printf \"%v %v\" .m}}",
        Ok("map[a:two x:1 z:<nil>] %!v(MISSING)"),
    ),
    (
        "{{printf \"%+.2e\" 1 2}}",
        Ok("%!e(int=+01)%!(EXTRA int=2)"),
    ),
    ("{{printf \"%%\" .nil}}", Ok("%%!(EXTRA <nil>)")),
    ("{{printf \"%020.5e|\" 0.0}}", Ok("0000000000.00000e+00|")),
    ("{{printf \"%#U\" .el}}", Ok("[]")),
    ("{{printf \"%.3v\" \"`q\"}}", Ok("`q")),
    ("{{printf \"%.0f\" -42}}", Ok("%!f(int=-42)")),
    ("{{printf \"%T %v\" 1e20}}", Ok("float64 %!v(MISSING)")),
    ("{{printf \"%+q\" .nil}}", Ok("%!q(<nil>)")),
    (
        "{{printf \"%-*d|\" \"\u{fc}\\n\"}}",
        Ok("%!(BADWIDTH)%!d(MISSING)|"),
    ),
    ("{{printf \"%+08.2f\" 2.5}}", Ok("+0002.50")),
    ("{{printf \"% d\" 1 2}}", Ok(" 1%!(EXTRA int=2)")),
    ("{{printf \"%5%\" \"`q\"}}", Ok("%%!(EXTRA string=`q)")),
    ("{{printf \"%5d\" (index .s 0)}}", Ok("  104")),
    (
        "{{printf \"%o\" 7 3.14159}}",
        Ok("7%!(EXTRA float64=3.14159)"),
    ),
    ("{{printf \"%t\" -42}}", Ok("%!t(int=-42)")),
    (
        "{{printf \"%+q\" \"a\" \"b\"}}",
        Ok("\"a\"%!(EXTRA string=b)"),
    ),
    (
        "{{printf \"%+q\" .m}}",
        Ok("map[\"a\":\"two\" \"x\":%!q(float64=+1) \"z\":<nil>]"),
    ),
    ("{{printf \"%[]d\" .m}}", Ok("%!d(BADINDEX)")),
    ("{{printf \"%F\" \"`q\"}}", Ok("%!F(string=`q)")),
    ("{{printf \"%g\" 1234567.891}}", Ok("1.234567891e+06")),
    ("{{printf \"%T %v\" 0x1F}}", Ok("int %!v(MISSING)")),
    ("{{printf \"%T %v\" .5}}", Ok("float64 %!v(MISSING)")),
    ("{{printf \"%#q\" -0.001}}", Ok("%!q(float64=-0.00100000)")),
    ("{{printf \"%+q\" 1e21}}", Ok("%!q(float64=+1e+21)")),
    ("{{printf \"%-5d|\" 0}}", Ok("0    |")),
    ("{{printf \"%-5d|\" 'x'}}", Ok("120  |")),
    ("{{printf \"%6.2s|\" 0.0}}", Ok("%!s(float64=     0)|")),
    ("{{printf \"%.5d\" 1}}", Ok("00001")),
    (
        "{{printf \"%#o\" .m}}",
        Ok(
            "map[%!o(string=a):%!o(string=two) %!o(string=x):%!o(float64=1.00000) %!o(string=z):<nil>]",
        ),
    ),
    (
        "{{printf \"%020.5e|\" -42}}",
        Ok("%!e(int=              -00042)|"),
    ),
    ("{{printf \"% 5d\" 0}}", Ok("    0")),
    (
        "{{printf \"%#b\" .m}}",
        Ok(
            "map[%!b(string=a):%!b(string=two) %!b(string=x):4503599627370496p-52 %!b(string=z):<nil>]",
        ),
    ),
    (
        "{{printf \"% d\" \"a\" \"b\"}}",
        Ok("%!d(string=a)%!(EXTRA string=b)"),
    ),
    ("{{printf \"%#o\" \"hi\"}}", Ok("%!o(string=hi)")),
    ("{{printf \"%%\" 'x'}}", Ok("%%!(EXTRA int=120)")),
    ("{{printf \"%-6q|\" .nil}}", Ok("%!q(<nil>)|")),
    ("{{printf \"%+v\" -42}}", Ok("-42")),
    (
        "{{printf \"%6t|\" \"\u{fc}\\n\"}}",
        Ok("%!t(string=    \u{fc}\n)|"),
    ),
    ("{{printf \"%.*f\" true}}", Ok("%!(BADPREC)%!f(MISSING)")),
    ("{{printf \"%p\" -0.001}}", Ok("%!p(float64=-0.001)")),
    (
        "{{printf \"%#g\" \"a\" \"b\"}}",
        Ok("%!g(string=a)%!(EXTRA string=b)"),
    ),
    ("{{printf \"%X\" .nil}}", Ok("%!X(<nil>)")),
    ("{{printf \"%+x\" \"\u{fc}\\n\"}}", Ok("c3bc0a")),
    (
        "{{printf \"%-6q|\" 1234567.891}}",
        Ok("%!q(float64=1.234567891e+06)|"),
    ),
    ("{{printf \"%+U\" \"`q\"}}", Ok("%!U(string=`q)")),
    ("{{printf \"%-9T|\" -42}}", Ok("int      |")),
    ("{{printf \"%T %v\" 1_000}}", Ok("int %!v(MISSING)")),
    ("{{printf \"%08b\" .el}}", Ok("[]")),
    ("{{printf \"%+v\" 2.5}}", Ok("2.5")),
    (
        "{{printf \"%X\" 7 3.14159}}",
        Ok("7%!(EXTRA float64=3.14159)"),
    ),
    (
        "{{printf \"%-06d|\" .l}}",
        Ok(
            "[%!d(string=a     ) %!d(float64=1     ) <nil> map[%!d(string=k     ):%!d(string=v     )]]|",
        ),
    ),
    ("{{printf \"%010v\" \"\u{fc}\\n\"}}", Ok("00000000\u{fc}\n")),
    ("{{printf \"%06s\" (index .s 0)}}", Ok("%!s(uint8=000104)")),
    ("{{printf \"%\u{e9}\" \"hi\"}}", Ok("%!\u{e9}(string=hi)")),
    (
        "{{printf \"%.5d\" .l}}",
        Ok("[%!d(string=a) %!d(float64=1) <nil> map[%!d(string=k):%!d(string=v)]]"),
    ),
    ("{{printf \"%x\" 1}}", Ok("1")),
    ("{{printf \"%\u{e9}\" 2.5}}", Ok("%!\u{e9}(float64=2.5)")),
    ("{{printf \"%.2000001f\" \"hi\"}}", Ok("%!f(string=hi)")),
    ("{{printf \"%+d\" 1 2}}", Ok("+1%!(EXTRA int=2)")),
    ("{{printf \"%x\" \"hi\"}}", Ok("6869")),
    ("{{printf \"%.3g\" -0.001}}", Ok("-0.001")),
    ("{{printf \"%+v\" 1e21}}", Ok("1e+21")),
    (
        "{{printf \"%010v\" \"a\" \"b\"}}",
        Ok("000000000a%!(EXTRA string=b)"),
    ),
    ("{{printf \"%*d\" .nil}}", Ok("%!(BADWIDTH)%!d(MISSING)")),
    ("{{printf \"%v\" .nil}}", Ok("<nil>")),
    (
        "{{printf \"%-020d|\" (index .s 0)}}",
        Ok("104                 |"),
    ),
    ("{{printf \"%.*f\" \"`q\"}}", Ok("%!(BADPREC)%!f(MISSING)")),
    ("{{printf \"%6t|\" \"`q\"}}", Ok("%!t(string=    `q)|")),
    (
        "{{printf \"%\" (index .s 0)}}",
        Ok("%!(NOVERB)%!(EXTRA uint8=104)"),
    ),
    ("{{printf \"%t\" .el}}", Ok("[]")),
    (
        "{{printf \"%T %v\" 18446744073709551616}}",
        Err("template: t:1: integer overflow: \"18446744073709551616\""),
    ),
    ("{{printf \"%[1\" .el}}", Ok("%!(NOVERB)")),
    ("{{printf \"%s\" nil}}", Ok("%!s(<nil>)")),
    (
        "{{printf \"% d\" .l}}",
        Ok("[%!d(string=a) %!d(float64= 1) <nil> map[%!d(string=k):%!d(string=v)]]"),
    ),
    ("{{printf \"% 5d\" .nil}}", Ok("%!d(<nil>)")),
    ("{{printf \"%#o\" 1}}", Ok("01")),
    ("{{printf \"%f\" 100000.0}}", Ok("100000.000000")),
    ("{{printf \"%+.2e\" .nil}}", Ok("%!e(<nil>)")),
    ("{{printf \"%[1]*d\" .l}}", Ok("%!(BADWIDTH)%!d(MISSING)")),
    ("{{printf \"%10v|\" 1e21}}", Ok("     1e+21|")),
    (
        "{{printf \"%#.0f\" \"a\" \"b\"}}",
        Ok("%!f(string=)%!(EXTRA string=b)"),
    ),
    ("{{printf \"%010v\" -42}}", Ok("-000000042")),
    (
        "{{printf \"%.3x\" 3.14159 7}}",
        Ok("0x1.922p+01%!(EXTRA int=7)"),
    ),
    ("{{printf \"%.0f\" true}}", Ok("%!f(bool=true)")),
    ("{{printf \"%[1]*d\" .nil}}", Ok("%!(BADWIDTH)%!d(MISSING)")),
    ("{{printf \"%e\" 0}}", Ok("%!e(int=0)")),
    ("{{printf \"%-9T|\" 100000.0}}", Ok("float64  |")),
    ("{{printf \"%!\" 2.5}}", Ok("%!!(float64=2.5)")),
    ("{{printf \"%.1q\" \"`q\"}}", Ok("\"`\"")),
    (
        "{{printf \"%T\" 7 3.14159}}",
        Ok("int%!(EXTRA float64=3.14159)"),
    ),
    ("{{printf \"%[3]v\" .l}}", Ok("%!v(BADINDEX)")),
    (
        "{{printf \"%c\" 1234567.891}}",
        Ok("%!c(float64=1.234567891e+06)"),
    ),
    ("{{printf \"%#q\" -42}}", Ok("'\u{fffd}'")),
    (
        "{{printf \"%+v\" 7 3.14159}}",
        Ok("7%!(EXTRA float64=3.14159)"),
    ),
    ("{{printf \"%#.0f\" 1 2}}", Ok("%!f(int=1)%!(EXTRA int=2)")),
    ("{{printf \"%-#8x|\" 1e21}}", Ok("0x1.b1ae4d6e2ef5p+69|")),
    (
        "{{printf \"%6t|\" .l}}",
        Ok(
            "[%!t(string=     a) %!t(float64=     1) <nil> map[%!t(string=     k):%!t(string=     v)]]|",
        ),
    ),
    ("{{printf \"%p\" 0}}", Ok("%!p(int=0)")),
    ("{{printf \"%+v\" \"a\" \"b\"}}", Ok("a%!(EXTRA string=b)")),
    (
        "{{printf \"%08.3f\" 1 2}}",
        Ok("%!f(int=     001)%!(EXTRA int=2)"),
    ),
    ("{{printf \"%-020d|\" -42}}", Ok("-42                 |")),
    ("{{printf \"%U\" \"hi\"}}", Ok("%!U(string=hi)")),
    ("{{printf \"%-06d|\" 0}}", Ok("0     |")),
    ("{{printf \"%.5d\" 1 2}}", Ok("00001%!(EXTRA int=2)")),
    ("{{printf \"%06s\" .el}}", Ok("[]")),
    ("{{printf \"%+d\" .el}}", Ok("[]")),
    ("{{printf \"%O\" (index .s 0)}}", Ok("0o150")),
    ("{{printf \"%.10g\" 1}}", Ok("%!g(int=0000000001)")),
    ("{{printf \"%p\" 'x'}}", Ok("%!p(int=120)")),
    ("{{printf \"%-06d|\" 1e21}}", Ok("%!d(float64=1e+21 )|")),
    (
        "{{printf \"%\u{e9}\" 3.14159 7}}",
        Ok("%!\u{e9}(float64=3.14159)%!(EXTRA int=7)"),
    ),
    ("{{printf \"%-5d|\" -42}}", Ok("-42  |")),
    (
        "{{printf \"%s\" 7 3.14159}}",
        Ok("%!s(int=7)%!(EXTRA float64=3.14159)"),
    ),
    ("{{printf \"%b\" 2.5}}", Ok("5629499534213120p-51")),
    ("{{printf \"%+U\" 1 2}}", Ok("U+0001%!(EXTRA int=2)")),
    ("{{printf \"% .3q\" \"hi\"}}", Ok("\"hi\"")),
    ("{{printf \"%*d\" .el}}", Ok("%!(BADWIDTH)%!d(MISSING)")),
    ("{{printf \"%#v\" 0}}", Ok("0")),
    ("{{printf \"%-8.2f|\" 1}}", Ok("%!f(int=01      )|")),
    (
        "{{printf \"%08b\" .l}}",
        Ok(
            "[%!b(string=0000000a) 4503599627370496p-52 <nil> map[%!b(string=0000000k):%!b(string=0000000v)]]",
        ),
    ),
    ("{{printf \"%10v|\" 2.5}}", Ok("       2.5|")),
    ("{{printf \"%.0f\" 2.5}}", Ok("2")),
    (
        "{{printf \"%[2]*[1]d\" 1e21}}",
        Ok("%!(BADWIDTH)%!d(BADINDEX)"),
    ),
    ("{{printf \"%[2]v\" .nil}}", Ok("%!v(BADINDEX)")),
    ("{{printf \"%q\" 'x'}}", Ok("'x'")),
    ("{{printf \"%.4g\" \"`q\"}}", Ok("%!g(string=`q)")),
    ("{{printf \"%#v\" \"`q\"}}", Ok("\"`q\"")),
    ("{{printf \"%+ d\" 1e21}}", Ok("%!d(float64=+1e+21)")),
    ("{{printf \"%+x\" \"a\" \"b\"}}", Ok("61%!(EXTRA string=b)")),
    ("{{printf \"%#b\" 0.0}}", Ok("0p-1074")),
    (
        "{{printf \"%g\" 7 3.14159}}",
        Ok("%!g(int=7)%!(EXTRA float64=3.14159)"),
    ),
    ("{{printf \"%6.3v|\" true}}", Ok("  true|")),
    ("{{printf \"%G\" 1}}", Ok("%!G(int=1)")),
    (
        "{{printf \"%.10g\" 7 3.14159}}",
        Ok("%!g(int=0000000007)%!(EXTRA float64=3.14159)"),
    ),
    (
        "{{printf \"%.*f\" \"\u{fc}\\n\"}}",
        Ok("%!(BADPREC)%!f(MISSING)"),
    ),
    ("{{printf \"%e\" 1 2}}", Ok("%!e(int=1)%!(EXTRA int=2)")),
    ("{{printf \"%05d\" true}}", Ok("%!d(bool=0true)")),
    ("{{printf \"%[3]v\" 7 3.14159}}", Ok("%!v(BADINDEX)")),
    (
        "{{printf \"%\" \"\u{fc}\\n\"}}",
        Ok("%!(NOVERB)%!(EXTRA string=\u{fc}\n)"),
    ),
    ("{{printf \"%p\" \"`q\"}}", Ok("%!p(string=`q)")),
    ("{{printf \"%x\" .l}}", Ok("[61 0x1p+00 <nil> map[6b:76]]")),
    ("{{printf \"%[2]v\" 1e21}}", Ok("%!v(BADINDEX)")),
    ("{{printf \"%.1q\" 0}}", Ok("'\\x00'")),
    ("{{printf \"%t\" .nil}}", Ok("%!t(<nil>)")),
    ("{{printf \"%[1\" 0.0}}", Ok("%!(NOVERB)")),
    (
        "{{printf \"%+q\" 1234567.891}}",
        Ok("%!q(float64=+1.234567891e+06)"),
    ),
    (
        "{{printf \"%05d\" .l}}",
        Ok("[%!d(string=0000a) %!d(float64=00001) <nil> map[%!d(string=0000k):%!d(string=0000v)]]"),
    ),
    ("{{printf \"%.3x\" \"\u{fc}\\n\"}}", Ok("c3bc0a")),
    ("{{printf \"%[1\" 'x'}}", Ok("%!(NOVERB)")),
    ("{{printf \"% +d\" nil}}", Ok("%!d(<nil>)")),
    ("{{printf \"%.5d\" (index .s 0)}}", Ok("00104")),
    ("{{printf \"%w\" 0}}", Ok("%!w(int=0)")),
    (
        "{{printf \"%08.3f\" 1e21}}",
        Ok("1000000000000000000000.000"),
    ),
    ("{{printf \"%.1q\" 2.5}}", Ok("%!q(float64=2)")),
    ("{{printf \"%v %v\" 3.14159 7}}", Ok("3.14159 7")),
    ("{{printf \"%*d\" .l}}", Ok("%!(BADWIDTH)%!d(MISSING)")),
    ("{{printf \"%p\" .nil}}", Ok("%!p(<nil>)")),
    (
        "{{printf \"%E\" 3.14159 7}}",
        Ok("3.141590E+00%!(EXTRA int=7)"),
    ),
    ("{{printf \"%\" 0.0}}", Ok("%!(NOVERB)%!(EXTRA float64=0)")),
    ("{{printf \"%+.3x\" 0}}", Ok("+000")),
    ("{{printf \"% d\" \"hi\"}}", Ok("%!d(string=hi)")),
    ("{{printf \"%.10g\" -42}}", Ok("%!g(int=-0000000042)")),
    ("{{printf \"%#e\" 1e21}}", Ok("1.000000e+21")),
    ("{{printf \"%+v\" 1e21}}", Ok("1e+21")),
    ("{{printf \"% d\" -0.001}}", Ok("%!d(float64=-0.001)")),
    (
        "{{printf \"%c\" 3.14159 7}}",
        Ok("%!c(float64=3.14159)%!(EXTRA int=7)"),
    ),
    ("{{printf \"% +d\" \"`q\"}}", Ok("%!d(string=`q)")),
    ("{{printf \"%#.3g\" \"`q\"}}", Ok("%!g(string=`q)")),
    ("{{printf \"%#.0f\" \"`q\"}}", Ok("%!f(string=)")),
    (
        "{{printf \"%-020d|\" 3.14159 7}}",
        Ok("%!d(float64=3.14159             )|%!(EXTRA int=7)"),
    ),
    ("{{printf \"%#e\" 0.0}}", Ok("0.000000e+00")),
    ("{{printf \"%X\" \"\u{fc}\\n\"}}", Ok("C3BC0A")),
    ("{{printf \"%010v\" 2.5}}", Ok("00000002.5")),
    ("{{printf \"%-9T|\" true}}", Ok("bool     |")),
    ("{{printf \"%T\" -0.001}}", Ok("float64")),
    ("{{printf \"%06s\" 100000.0}}", Ok("%!s(float64=100000)")),
    (
        "{{printf \"%6t|\" \"a\" \"b\"}}",
        Ok("%!t(string=     a)|%!(EXTRA string=b)"),
    ),
    (
        "{{printf \"%#v|%+v|%v\" .nil}}",
        Ok("<nil>|%!v(MISSING)|%!v(MISSING)"),
    ),
    (
        "{{printf \"%+08.2f\" .m}}",
        Ok(
            "map[%!f(string=0000000a):%!f(string=000000tw) %!f(string=0000000x):+0001.00 %!f(string=0000000z):<nil>]",
        ),
    ),
    (
        "{{printf \"%\u{e9}\" 1234567.891}}",
        Ok("%!\u{e9}(float64=1.234567891e+06)"),
    ),
    ("{{printf \"%#g\" 100000.0}}", Ok("100000.")),
    (
        "{{printf \"%.1q\" 7 3.14159}}",
        Ok("'\\a'%!(EXTRA float64=3.14159)"),
    ),
    ("{{printf \"%+d\" \"`q\"}}", Ok("%!d(string=`q)")),
    ("{{printf \"%5T|\" \"\u{fc}\\n\"}}", Ok("string|")),
    ("{{printf \"%T %v\" -0}}", Ok("int %!v(MISSING)")),
    ("{{printf \"%.2000001f\" \"`q\"}}", Ok("%!f(string=`q)")),
    (
        "{{printf \"%-020d|\" .l}}",
        Ok(
            "[%!d(string=a                   ) %!d(float64=1                   ) <nil> map[%!d(string=k                   ):%!d(string=v                   )]]|",
        ),
    ),
    ("{{printf \"%.0f\" 1e21}}", Ok("1000000000000000000000")),
    ("{{printf \"%.0d\" \"hi\"}}", Ok("%!d(string=)")),
    ("{{printf \"%08.3f\" -0.001}}", Ok("-000.001")),
    (
        "{{printf \"%[1]*d\" \"a\" \"b\"}}",
        Ok("%!(BADWIDTH)%!d(string=b)"),
    ),
    ("{{printf \"%6.2s|\" 0}}", Ok("%!s(int=    00)|")),
    (
        "{{printf \"%#e\" .m}}",
        Ok("map[%!e(string=a):%!e(string=two) %!e(string=x):1.000000e+00 %!e(string=z):<nil>]"),
    ),
    ("{{printf \"%010v\" nil}}", Ok("00000<nil>")),
    ("{{printf \"%10v|\" 0.0}}", Ok("         0|")),
    ("{{printf \"%.1f\" \"`q\"}}", Ok("%!f(string=`)")),
    ("{{printf \"%10v|\" .nil}}", Ok("     <nil>|")),
    (
        "{{printf \"%-*d|\" -0.001}}",
        Ok("%!(BADWIDTH)%!d(MISSING)|"),
    ),
    ("{{printf \"%-10v|\" -0.001}}", Ok("-0.001    |")),
    (
        "{{printf \"%05d\" 1234567.891}}",
        Ok("%!d(float64=1.234567891e+06)"),
    ),
    ("{{printf \"%[1\" 1e21}}", Ok("%!(NOVERB)")),
    ("{{printf \"%6t|\" 100000.0}}", Ok("%!t(float64=100000)|")),
    ("{{printf \"%+x\" 1 2}}", Ok("+1%!(EXTRA int=2)")),
    ("{{printf \"%#x\" .nil}}", Ok("%!x(<nil>)")),
    (
        "{{printf \"%t\" 3.14159 7}}",
        Ok("%!t(float64=3.14159)%!(EXTRA int=7)"),
    ),
    (
        "{{printf \"%+.3x\" .l}}",
        Ok("[61 +0x1.000p+00 <nil> map[6b:76]]"),
    ),
    ("{{printf \"%-5d|\" 0.0}}", Ok("%!d(float64=0    )|")),
    (
        "{{printf \"%#o\" .l}}",
        Ok("[%!o(string=a) %!o(float64=1.00000) <nil> map[%!o(string=k):%!o(string=v)]]"),
    ),
    ("{{printf \"%6t|\" 1e21}}", Ok("%!t(float64= 1e+21)|")),
    ("{{printf \"%w\" .nil}}", Ok("%!w(<nil>)")),
    ("{{printf \"%+08.2f\" .el}}", Ok("[]")),
    ("{{printf \"%O\" 0}}", Ok("0o0")),
    ("{{printf \"%.*f\" 3.14159 7}}", Ok("%!(BADPREC)%!f(int=7)")),
    ("{{printf \"%05d\" 0}}", Ok("00000")),
    ("{{printf \"%+q\" true}}", Ok("%!q(bool=true)")),
    ("{{printf \"%5T|\" 2.5}}", Ok("float64|")),
    ("{{printf \"%#x\" 2.5}}", Ok("0x1.4000p+01")),
    ("{{printf \"%[2]v\" true}}", Ok("%!v(BADINDEX)")),
    ("{{printf \"%06s\" \"\u{fc}\\n\"}}", Ok("0000\u{fc}\n")),
    (
        "{{printf \"%x %X\" .m}}",
        Ok("map[61:74776f 78:0x1p+00 7a:<nil>] %!X(MISSING)"),
    ),
    ("{{printf \"%.4g\" (index .s 0)}}", Ok("%!g(uint8=0104)")),
    ("{{printf \"%#.3g\" 100000.0}}", Ok("1.00e+05")),
    ("{{printf \"%#v\" \"hi\"}}", Ok("\"hi\"")),
    ("{{printf \"%#x\" 'x'}}", Ok("0x78")),
    ("{{printf \"%5d\" 0}}", Ok("    0")),
    ("{{printf \"%-9T|\" \"\u{fc}\\n\"}}", Ok("string   |")),
    ("{{printf \"%[x]d\" .el}}", Ok("%!d(BADINDEX)")),
    ("{{printf \"% 5d\" 1 2}}", Ok("    1%!(EXTRA int=2)")),
    ("{{printf \"% d\" nil}}", Ok("%!d(<nil>)")),
    ("{{printf \"%+q\" 'x'}}", Ok("'x'")),
    ("{{printf \"% d\" true}}", Ok("%!d(bool=true)")),
    (
        "{{printf \"%.10g\" (index .s 0)}}",
        Ok("%!g(uint8=0000000104)"),
    ),
    (
        "{{printf \"%d\" \"a\" \"b\"}}",
        Ok("%!d(string=a)%!(EXTRA string=b)"),
    ),
    ("{{printf \"%v %v\" 0.0}}", Ok("0 %!v(MISSING)")),
    ("{{printf \"%#X\" \"hi\"}}", Ok("0X6869")),
    ("{{printf \"%-5d|\" .el}}", Ok("[]|")),
    (
        "{{printf \"%q\" 3.14159 7}}",
        Ok("%!q(float64=3.14159)%!(EXTRA int=7)"),
    ),
    (
        "{{printf \"%G\" \"\u{fc}\\n\"}}",
        Ok("%!G(string=\u{fc}\n)"),
    ),
    ("{{printf \"%E\" 1e21}}", Ok("1.000000E+21")),
    (
        "{{printf \"%.5d\" 7 3.14159}}",
        Ok("00007%!(EXTRA float64=3.14159)"),
    ),
    ("{{printf \"% d\" .nil}}", Ok("%!d(<nil>)")),
    (
        "{{printf \"%\u{e9}\" .l}}",
        Ok(
            "[%!\u{e9}(string=a) %!\u{e9}(float64=1) <nil> map[%!\u{e9}(string=k):%!\u{e9}(string=v)]]",
        ),
    ),
    (
        "{{printf \"%#x\" \"a\" \"b\"}}",
        Ok("0x61%!(EXTRA string=b)"),
    ),
    ("{{printf \"%T\" .nil}}", Ok("<nil>")),
    ("{{printf \"%.*f\" .l}}", Ok("%!(BADPREC)%!f(MISSING)")),
    ("{{printf \"%[1]*d\" 'x'}}", Ok("%!d(MISSING)")),
    (
        "{{printf \"%-10v|\" .m}}",
        Ok("map[a         :two        x         :1          z         :<nil>]|"),
    ),
    (
        "{{printf \"%%\" .l}}",
        Ok("%%!(EXTRA []interface {}=[a 1 <nil> map[k:v]])"),
    ),
    (
        "{{printf \"%-#8x|\" .m}}",
        Ok("map[0x61    :0x74776f 0x78    :0x1.0000p+00 0x7a    :<nil>]|"),
    ),
    ("{{printf \"%-9T|\" .el}}", Ok("[]interface {}|")),
    (
        "{{printf \"%#b\" .l}}",
        Ok("[%!b(string=a) 4503599627370496p-52 <nil> map[%!b(string=k):%!b(string=v)]]"),
    ),
    ("{{printf \"%-8.2f|\" \"hi\"}}", Ok("%!f(string=hi      )|")),
    ("{{printf \"%\" true}}", Ok("%!(NOVERB)%!(EXTRA bool=true)")),
    ("{{printf \"%T %c\" '\u{e9}' '\u{e9}'}}", Ok("int \u{e9}")),
    ("{{printf \"%-10v|\" true}}", Ok("true      |")),
    (
        "{{printf \"%*d\" 100000.0}}",
        Ok("%!(BADWIDTH)%!d(MISSING)"),
    ),
    ("{{printf \"%+08.2f\" 1}}", Ok("%!f(int=     +01)")),
    ("{{printf \"%-*d|\" .nil}}", Ok("%!(BADWIDTH)%!d(MISSING)|")),
    ("{{printf \"%f\" 1}}", Ok("%!f(int=1)")),
    (
        "{{printf \"%-020d|\" .m}}",
        Ok(
            "map[%!d(string=a                   ):%!d(string=two                 ) %!d(string=x                   ):%!d(float64=1                   ) %!d(string=z                   ):<nil>]|",
        ),
    ),
    (
        "{{printf \"%T\" \"a\" \"b\"}}",
        Ok("string%!(EXTRA string=b)"),
    ),
    ("{{printf \"%-020d|\" 'x'}}", Ok("120                 |")),
    ("{{printf \"%-#8x|\" .el}}", Ok("[]|")),
    ("{{printf \"%U\" 1 2}}", Ok("U+0001%!(EXTRA int=2)")),
    ("{{printf \"%.1q\" 'x'}}", Ok("'x'")),
    (
        "{{printf \"%-020d|\" \"hi\"}}",
        Ok("%!d(string=hi                  )|"),
    ),
    ("{{printf \"%+v\" .m}}", Ok("map[a:two x:1 z:<nil>]")),
    (
        "{{printf \"%.1q\" \"a\" \"b\"}}",
        Ok("\"a\"%!(EXTRA string=b)"),
    ),
    (
        "{{printf \"%-10v|\" \"a\" \"b\"}}",
        Ok("a         |%!(EXTRA string=b)"),
    ),
    (
        "{{printf \"%g\" .m}}",
        Ok("map[%!g(string=a):%!g(string=two) %!g(string=x):1 %!g(string=z):<nil>]"),
    ),
    ("{{printf \"%[2]v\" 1}}", Ok("%!v(BADINDEX)")),
    ("{{printf \"%-*d|\" nil}}", Ok("%!(BADWIDTH)%!d(MISSING)|")),
    ("{{printf \"%6.3v|\" 1e21}}", Ok(" 1e+21|")),
    (
        "{{printf \"%.1f\" 7 3.14159}}",
        Ok("%!f(int=7)%!(EXTRA float64=3.14159)"),
    ),
    (
        "{{printf \"% .3q\" 1234567.891}}",
        Ok("%!q(float64= 1.23e+06)"),
    ),
    ("{{printf \"%!\" 1 2}}", Ok("%!!(int=1)%!(EXTRA int=2)")),
    (
        "{{printf \"%v %v\" \"\u{fc}\\n\"}}",
        Ok("\u{fc}\n %!v(MISSING)"),
    ),
    (
        "{{printf \"%t\" 7 3.14159}}",
        Ok("%!t(int=7)%!(EXTRA float64=3.14159)"),
    ),
    ("{{printf \"%08b\" (index .s 0)}}", Ok("01101000")),
    ("{{printf \"%%\" 0}}", Ok("%%!(EXTRA int=0)")),
    (
        "{{printf \"%w\" .m}}",
        Ok("%!w(map[string]interface {}=map[a:two x:1 z:<nil>])"),
    ),
    ("{{printf \"%#o\" .nil}}", Ok("%!o(<nil>)")),
    ("{{printf \"%G\" -42}}", Ok("%!G(int=-42)")),
    ("{{printf \"%#08x\" 'x'}}", Ok("0x00000078")),
    ("{{printf \"%c\" 'x'}}", Ok("x")),
    ("{{printf \"%T %v\" 0}}", Ok("int %!v(MISSING)")),
    (
        "{{printf \"%%\" 100000.0}}",
        Ok("%%!(EXTRA float64=100000)"),
    ),
    ("{{printf \"%.0d\" \"\u{fc}\\n\"}}", Ok("%!d(string=)")),
    (
        "{{printf \"%6.3v|\" 3.14159 7}}",
        Ok("  3.14|%!(EXTRA int=7)"),
    ),
    ("{{printf \"%+q\" 1}}", Ok("'\\x01'")),
    (
        "{{printf \"%020.5e|\" \"hi\"}}",
        Ok("%!e(string=000000000000000000hi)|"),
    ),
    (
        "{{printf \"%t\" .l}}",
        Ok("[%!t(string=a) %!t(float64=1) <nil> map[%!t(string=k):%!t(string=v)]]"),
    ),
    ("{{printf \"%.0d\" -42}}", Ok("-42")),
    ("{{printf \"%.10g\" .nil}}", Ok("%!g(<nil>)")),
    ("{{printf \"%6.3v|\" nil}}", Ok(" <nil>|")),
    (
        "{{printf \"%\" 7 3.14159}}",
        Ok("%!(NOVERB)%!(EXTRA int=7, float64=3.14159)"),
    ),
    ("{{printf \"%[1]d %[1]d\" .el}}", Ok("[] []")),
    ("{{printf \"%[3]v\" 2.5}}", Ok("%!v(BADINDEX)")),
    ("{{printf \"%#X\" \"\u{fc}\\n\"}}", Ok("0XC3BC0A")),
    ("{{printf \"%.1q\" -0.001}}", Ok("%!q(float64=-0.001)")),
    ("{{printf \"%w\" 'x'}}", Ok("%!w(int=120)")),
    ("{{printf \"%%\" true}}", Ok("%%!(EXTRA bool=true)")),
    ("{{printf \"%5%\" 1}}", Ok("%%!(EXTRA int=1)")),
    (
        "{{printf \"%5d\" 7 3.14159}}",
        Ok("    7%!(EXTRA float64=3.14159)"),
    ),
    ("{{printf \"%.3g\" 0.0}}", Ok("0")),
    ("{{printf \"%-6q|\" 0.0}}", Ok("%!q(float64=0     )|")),
    ("{{printf \"%+ d\" (index .s 0)}}", Ok("+104")),
    ("{{printf \"%.0f\" nil}}", Ok("%!f(<nil>)")),
    ("{{printf \"%v\" (index .s 0)}}", Ok("104")),
    ("{{printf \"%.5d\" \"`q\"}}", Ok("%!d(string=`q)")),
    ("{{printf \"%06s\" \"`q\"}}", Ok("0000`q")),
    (
        "{{printf \"%6.2s|\" .l}}",
        Ok("[     a %!s(float64=     1) <nil> map[     k:     v]]|"),
    ),
    ("{{printf \"%t\" 0}}", Ok("%!t(int=0)")),
    ("{{printf \"%+v\" .m}}", Ok("map[a:two x:1 z:<nil>]")),
    ("{{printf \"%F\" 2.5}}", Ok("2.500000")),
    (
        "{{printf \"% 5d\" \"\u{fc}\\n\"}}",
        Ok("%!d(string=   \u{fc}\n)"),
    ),
    ("{{printf \"%[]d\" 2.5}}", Ok("%!d(BADINDEX)")),
    (
        "{{printf \"%+.2e\" .l}}",
        Ok("[%!e(string=a) +1.00e+00 <nil> map[%!e(string=k):%!e(string=v)]]"),
    ),
];
