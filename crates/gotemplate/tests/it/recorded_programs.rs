//! What Prometheus 3 and Alertmanager 0.34 make of templates, with the data of `programs`.

use crate::Case;

/// Notifications.
pub(crate) const ALERTMANAGER: &[Case] = &[
    (
        "{{ .Alerts }}",
        Ok(
            "[{firing alertname=A, job=n, zone=<b> summary=s & t, x=y 2023-11-14 22:13:20.123456789 +0000 UTC 0001-01-01 00:00:00 +0000 UTC http://p/graph?g0.expr=up+%3D%3D+0&g0.tab=1 abc} {resolved alertname=B  2023-11-14 23:13:20 +0100 +0100 2023-11-15 00:00:00.5 -0530 -0530  def}]",
        ),
    ),
    ("{{ .CommonLabels }}", Ok("alertname=A, job=n, zone=<b>")),
    ("{{ .GroupLabels.SortedPairs }}", Ok("alertname=A")),
    ("{{ .CommonLabels.Names }}", Ok("[alertname job zone]")),
    ("{{ .CommonLabels.Values }}", Ok("[A n <b>]")),
    ("{{ .CommonLabels.Values.Join \"-\" }}", Ok("A-n-<b>")),
    (
        "{{ .CommonLabels.SortedPairs.Values | join \", \" }}",
        Ok("A, n, <b>"),
    ),
    (
        "{{ .CommonLabels.Remove .GroupLabels.Names }}",
        Ok("job=n, zone=<b>"),
    ),
    (
        "{{ (.CommonLabels.Remove (stringSlice \"job\")).Names }}",
        Ok("[alertname zone]"),
    ),
    (
        "{{ .CommonLabels.Remove \"x\" }}",
        Err(
            "template: :1:24: executing \"\" at <\"x\">: can't handle \"x\" for arg of type []string",
        ),
    ),
    (
        "{{ .CommonLabels.Remove }}",
        Err(
            "template: :1:16: executing \"\" at <.CommonLabels.Remove>: wrong number of args for Remove: want 1 got 0",
        ),
    ),
    ("{{ .CommonLabels.job }}", Ok("n")),
    ("{{ .CommonLabels.nope }}", Ok("")),
    (
        "{{ .CommonLabels.nope.x }}",
        Err(
            "template: :1:16: executing \"\" at <.CommonLabels.nope.x>: can't evaluate field x in type string",
        ),
    ),
    (
        "{{ .Nope }}",
        Err(
            "template: :1:3: executing \"\" at <.Nope>: can't evaluate field Nope in type *template.Data",
        ),
    ),
    ("{{ .Alerts.Firing | len }}", Ok("1")),
    (
        "{{ .Alerts.Firing }}",
        Ok(
            "[{firing alertname=A, job=n, zone=<b> summary=s & t, x=y 2023-11-14 22:13:20.123456789 +0000 UTC 0001-01-01 00:00:00 +0000 UTC http://p/graph?g0.expr=up+%3D%3D+0&g0.tab=1 abc}]",
        ),
    ),
    (
        "{{ .Alerts.Nope }}",
        Err(
            "template: :1:10: executing \"\" at <.Alerts.Nope>: can't evaluate field Nope in type template.Alerts",
        ),
    ),
    (
        "{{ .Alerts.Firing.Resolved }}",
        Err(
            "template: :1:10: executing \"\" at <.Alerts.Firing.Resolved>: can't evaluate field Resolved in type []template.Alert",
        ),
    ),
    ("{{ (index .Alerts 0).Labels.zone }}", Ok("<b>")),
    (
        "{{ (index .Alerts 0).Nope }}",
        Err(
            "template: :1:18: executing \"\" at <0>: can't evaluate field Nope in type template.Alert",
        ),
    ),
    (
        "{{ range .Alerts }}{{ .Status }} {{ .StartsAt }} {{ .EndsAt }};{{ end }}",
        Ok(
            "firing 2023-11-14 22:13:20.123456789 +0000 UTC 0001-01-01 00:00:00 +0000 UTC;resolved 2023-11-14 23:13:20 +0100 +0100 2023-11-15 00:00:00.5 -0530 -0530;",
        ),
    ),
    ("{{ range .CommonLabels }}{{ . }};{{ end }}", Ok("A;n;<b>;")),
    (
        "{{ range $k, $v := .CommonLabels }}{{ $k }}{{ $v }};{{ end }}",
        Ok("alertnameA;jobn;zone<b>;"),
    ),
    (
        "{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}",
        Ok("alertname=A job=n zone=<b> "),
    ),
    (
        "{{ range .CommonLabels.SortedPairs }}{{ . }}{{ end }}",
        Ok("{alertname A}{job n}{zone <b>}"),
    ),
    ("{{ index .CommonLabels \"job\" }}", Ok("n")),
    ("{{ len .CommonLabels }}", Ok("3")),
    (
        "{{ printf \"%v %+v %#v %T\" .GroupLabels .GroupLabels .GroupLabels .GroupLabels }}",
        Ok("alertname=A alertname=A template.KV{\"alertname\":\"A\"} template.KV"),
    ),
    (
        "{{ printf \"%#v\" (index .Alerts 0).Labels }}",
        Ok("template.KV{\"alertname\":\"A\", \"job\":\"n\", \"zone\":\"<b>\"}"),
    ),
    (
        "{{ printf \"%T %T %T\" .GroupLabels.SortedPairs .GroupLabels.Names .Alerts.Firing }}",
        Ok("template.Pairs template.Strings []template.Alert"),
    ),
    (
        "{{ printf \"%#v %#v\" .GroupLabels.SortedPairs .GroupLabels.Names }}",
        Ok(
            "template.Pairs{template.Pair{Name:\"alertname\", Value:\"A\"}} template.Strings{\"alertname\"}",
        ),
    ),
    (
        "{{ printf \"%s %q %d %x\" .GroupLabels .GroupLabels .GroupLabels .GroupLabels }}",
        Ok(
            "alertname=A \"alertname=A\" map[%!d(string=alertname):%!d(string=A)] 616c6572746e616d653d41",
        ),
    ),
    (
        "{{ printf \"%s\" .Alerts }}",
        Ok(
            "[{firing alertname=A, job=n, zone=<b> summary=s & t, x=y 2023-11-14 22:13:20.123456789 +0000 UTC 0001-01-01 00:00:00 +0000 UTC http://p/graph?g0.expr=up+%3D%3D+0&g0.tab=1 abc} {resolved alertname=B  2023-11-14 23:13:20 +0100 +0100 2023-11-15 00:00:00.5 -0530 -0530  def}]",
        ),
    ),
    ("{{printf \"%T\" .}}", Ok("*template.Data")),
    (
        "{{ eq .GroupLabels .CommonLabels }}",
        Err(
            "template: :1:3: executing \"\" at <eq .GroupLabels .CommonLabels>: error calling eq: non-comparable type alertname=A, job=n, zone=<b>: template.KV",
        ),
    ),
    (
        "{{ .routeLabelsRendered }}",
        Err(
            "template: :1:3: executing \"\" at <.routeLabelsRendered>: routeLabelsRendered is an unexported field of struct type *template.Data",
        ),
    ),
    (
        "{{ .receiver }}",
        Err(
            "template: :1:3: executing \"\" at <.receiver>: can't evaluate field receiver in type *template.Data",
        ),
    ),
    ("{{ routeLabels \"a\" }}", Ok("firing!")),
    ("{{ routeLabels \"b\" }}", Ok("firing")),
    ("{{ routeLabels \"zz\" }}", Ok("")),
    (
        "{{ routeLabels \"e\" }}",
        Err(
            "template: :1:3: executing \"\" at <routeLabels \"e\">: error calling routeLabels: template: :1: function \"bad\" not defined",
        ),
    ),
    ("{{ toJson .GroupLabels }}", Ok("{\"alertname\":\"A\"}")),
    (
        "{{ toJson .GroupLabels.SortedPairs }}",
        Ok("[{\"Name\":\"alertname\",\"Value\":\"A\"}]"),
    ),
    ("{{ toJson nil }}", Ok("null")),
    ("{{ toJson 1.5 }}", Ok("1.5")),
    ("{{ toJson 1e21 }}", Ok("1e+21")),
    ("{{ toJson 1e-7 }}", Ok("1e-7")),
    ("{{ toJson 0.000001 }}", Ok("0.000001")),
    ("{{ toJson 123456789.0 }}", Ok("123456789")),
    (
        "{{ toJson \"<a>&\\\"\\u2028\\x01\\t\\n\\b\\f\\\\\u{e9}\" }}",
        Ok("\"\\u003ca\\u003e\\u0026\\\"\\u2028\\u0001\\t\\n\\b\\f\\\\\u{e9}\""),
    ),
    (
        "{{ toJson (list 1 \"a\" nil true 2.5 (dict \"k\" 1)) }}",
        Ok("[1,\"a\",null,true,2.5,{\"k\":1}]"),
    ),
    ("{{ toJson (list) }}", Ok("[]")),
    ("{{ toJson (stringSlice) }}", Ok("[]")),
    ("{{ toJson (stringSlice \"a\") }}", Ok("[\"a\"]")),
    (
        "{{ toJson (index .Alerts 0).StartsAt }}",
        Ok("\"2023-11-14T22:13:20.123456789Z\""),
    ),
    (
        "{{ toJson ((index .Alerts 0).StartsAt.Sub (index .Alerts 1).StartsAt) }}",
        Ok("123456789"),
    ),
    ("{{ toJson (safeHtml \"<b>\") }}", Ok("\"\\u003cb\\u003e\"")),
    ("{{ toJson 1e-10 }}", Ok("1e-10")),
    ("{{ toJson 1e100 }}", Ok("1e+100")),
    ("{{ toJson (dict) }}", Ok("{}")),
    ("{{ list }}", Ok("[]")),
    ("{{ list 1 \"a\" nil }}", Ok("[1 a <nil>]")),
    ("{{ append (list 1) 2 3 }}", Ok("[1 2 3]")),
    ("{{ append (list) }}", Ok("[]")),
    (
        "{{ append (stringSlice \"a\") \"b\" }}",
        Err(
            "template: :1:23: executing \"\" at <\"a\">: wrong type for value; expected []interface {}; got []string",
        ),
    ),
    (
        "{{ dict \"a\" 1 \"b\" }}",
        Err(
            "template: :1:3: executing \"\" at <dict \"a\" 1 \"b\">: error calling dict: dict requires an even number of arguments",
        ),
    ),
    (
        "{{ dict 1 2 }}",
        Err(
            "template: :1:3: executing \"\" at <dict 1 2>: error calling dict: dict keys must be strings",
        ),
    ),
    ("{{ (dict \"a\" (dict \"b\" 2)).a.b }}", Ok("2")),
    ("{{ (dict \"a\" 1).z }}", Ok("<no value>")),
    (
        "{{ (dict \"a\" 1).z.y }}",
        Err("template: :1:13: executing \"\" at <1>: nil pointer evaluating interface {}.y"),
    ),
    (
        "{{ (dict \"a\" 1).a.y }}",
        Err("template: :1:13: executing \"\" at <1>: can't evaluate field y in type interface {}"),
    ),
    ("{{ dict }}", Ok("map[]")),
    ("{{ index (list 1 2) 1 }}", Ok("2")),
    (
        "{{ range append (list 1) .Status }}{{ . }},{{ end }}",
        Ok("1,firing,"),
    ),
    (
        "{{ join \",\" (list \"a\") }}",
        Err(
            "template: :1:18: executing \"\" at <\"a\">: wrong type for value; expected []string; got []interface {}",
        ),
    ),
    ("{{ join \",\" (stringSlice \"a\" \"b\") }}", Ok("a,b")),
    (
        "{{ join \",\" \"a\" }}",
        Err(
            "template: :1:12: executing \"\" at <\"a\">: can't handle \"a\" for arg of type []string",
        ),
    ),
    (
        "{{ stringSlice 1 }}",
        Err("template: :1:15: executing \"\" at <1>: expected string; found 1"),
    ),
    ("{{ join \",\" nil }}", Ok("")),
    (
        "{{ \"a\" | join \",\" }}",
        Err(
            "template: :1:14: executing \"\" at <\",\">: wrong type for value; expected []string; got string",
        ),
    ),
    (
        "{{ .Alerts | join \",\" }}",
        Err(
            "template: :1:18: executing \"\" at <\",\">: wrong type for value; expected []string; got template.Alerts",
        ),
    ),
    ("{{ .GroupLabels.Names | join \",\" }}", Ok("alertname")),
    (
        "{{ join }}",
        Err(
            "template: :1:3: executing \"\" at <join>: wrong number of args for join: want 2 got 0",
        ),
    ),
    (
        "{{ join \",\" }}",
        Err(
            "template: :1:3: executing \"\" at <join>: wrong number of args for join: want 2 got 1",
        ),
    ),
    (
        "{{ toUpper \"ab \u{df} \u{e9} \u{1c6} \u{149} \u{131}\" }}",
        Ok("AB \u{df} \u{c9} \u{1c4} \u{149} I"),
    ),
    (
        "{{ toLower \"AB \u{130} \u{1e9e} \u{3a3} \u{391}\u{3a3}\" }}",
        Ok("ab i \u{df} \u{3c3} \u{3b1}\u{3c3}"),
    ),
    (
        "{{ toUpper 1 }}",
        Err("template: :1:11: executing \"\" at <1>: expected string; found 1"),
    ),
    (
        "{{ toUpper .Nope }}",
        Err(
            "template: :1:11: executing \"\" at <.Nope>: can't evaluate field Nope in type *template.Data",
        ),
    ),
    (
        "{{ toUpper nil }}",
        Err("template: :1:11: executing \"\" at <nil>: cannot assign nil to string"),
    ),
    (
        "{{ 1 | toUpper }}",
        Err(
            "template: :1:7: executing \"\" at <toUpper>: wrong type for value; expected string; got int",
        ),
    ),
    (
        "{{ .Alerts | toUpper }}",
        Err(
            "template: :1:13: executing \"\" at <toUpper>: wrong type for value; expected string; got template.Alerts",
        ),
    ),
    ("{{ trimSpace \" a\\t\\n\\u00a0\" }}", Ok("a")),
    (
        "{{ title \"hello WORLD foo-bar foo_bar don't 3com a.b x:y \u{df} \u{fb01}x \u{1c6} \u{e9}a\" }}",
        Ok("Hello World Foo-Bar Foo_bar Don't 3Com A.b X:y Ss Fix \u{1c5} \u{c9}a"),
    ),
    (
        "{{ title \"o'neil it's 4th 10gb a/b a\\\\b (abc) \\\"q\\\" HTTPServer i18n\" }}",
        Ok("O'neil It's 4Th 10Gb A/B A\\B (Abc) \"Q\" Httpserver I18n"),
    ),
    (
        "{{ title \"a1b2 1a2b _x __y x__y 12:34 a,b 1,2x a;b ab\u{b7}cd ab\u{2027}cd\" }}",
        Ok("A1b2 1A2b _X __Y X__y 12:34 A,B 1,2X A;B Ab\u{b7}cd Ab\u{2027}cd"),
    ),
    ("{{ title \"\" }}", Ok("")),
    (
        "{{ title \"\u{c0}\u{c9} \u{f1}and\u{fa} \u{416}\u{416} \u{436}\u{443}\u{43a}\" }}",
        Ok("\u{c0}\u{e9} \u{d1}and\u{fa} \u{416}\u{436} \u{416}\u{443}\u{43a}"),
    ),
    (
        "{{title \"a'b'c l'x 'quoted' ab.'cd x.y.z ..a .b\"}}",
        Ok("A'b'c L'x 'Quoted' Ab.'Cd X.y.z ..A .B"),
    ),
    ("{{ match \"^a.c$\" \"abc\" }}", Ok("true")),
    ("{{ match \"b\" \"abc\" }}", Ok("true")),
    (
        "{{ reReplaceAll \"(.*):(.*)\" \"$2-${1}\" \"host:90\" }}",
        Ok("90-host"),
    ),
    ("{{ reReplaceAll \"a\" \"$\" \"banana\" }}", Ok("b$n$n$")),
    ("{{ reReplaceAll \"x*\" \"-\" \"abc\" }}", Ok("-a-b-c-")),
    (
        "{{ reReplaceAll \"(?P<n>a+)\" \"[$n]\" \"baaac\" }}",
        Ok("b[aaa]c"),
    ),
    ("{{ reReplaceAll \"\\\\d\" \"#\" \"a1b22\" }}", Ok("a#b##")),
    (
        "{{ reReplaceAll \"(a)(b)?\" \"<$1$2>\" \"abab aa\" }}",
        Ok("<ab><ab> <a><a>"),
    ),
    ("{{ safeHtml \"<b>\" }}", Ok("<b>")),
    ("{{ safeUrl \"x\" }}", Ok("x")),
    (
        "{{ safeHtml \"a\" | toUpper }}",
        Err(
            "template: :1:18: executing \"\" at <toUpper>: wrong type for value; expected string; got template.HTML",
        ),
    ),
    ("{{ printf \"%T\" (safeHtml \"a\") }}", Ok("template.HTML")),
    ("{{ eq (safeHtml \"a\") \"a\" }}", Ok("true")),
    ("{{ len (safeHtml \"abc\") }}", Ok("3")),
    (
        "{{ urlUnescape \"a%20b+c%zz\" }}",
        Err(
            "template: :1:3: executing \"\" at <urlUnescape \"a%20b+c%zz\">: error calling urlUnescape: invalid URL escape \"%zz\"",
        ),
    ),
    ("{{ urlUnescape \"a%20b+c%41\" }}", Ok("a b cA")),
    (
        "{{ urlUnescape \"%4\" }}",
        Err(
            "template: :1:3: executing \"\" at <urlUnescape \"%4\">: error calling urlUnescape: invalid URL escape \"%4\"",
        ),
    ),
    ("{{ base64encode \"a?>~\" }}", Ok("YT8-fg==")),
    ("{{ base64decode \"YT8-fg==\" }}", Ok("a?>~")),
    (
        "{{ base64decode \"YT8+fg==\" }}",
        Err(
            "template: :1:3: executing \"\" at <base64decode \"YT8+fg==\">: error calling base64decode: illegal base64 data at input byte 3",
        ),
    ),
    (
        "{{ base64decode \"YT8\" }}",
        Err(
            "template: :1:3: executing \"\" at <base64decode \"YT8\">: error calling base64decode: illegal base64 data at input byte 0",
        ),
    ),
    ("{{ base64decode \"YT\\n8-\" }}", Ok("a?>")),
    ("{{ humanizeDuration 3661 }}", Ok("1h 1m 1s")),
    ("{{ humanizeDuration \"90.5\" }}", Ok("1m 30s")),
    (
        "{{ humanizeDuration .Status }}",
        Err(
            "template: :1:3: executing \"\" at <humanizeDuration .Status>: error calling humanizeDuration: strconv.ParseFloat: parsing \"firing\": invalid syntax",
        ),
    ),
    ("{{ humanizeDuration 0.0012 }}", Ok("1.2ms")),
    (
        "{{ humanizeDuration ((index .Alerts 0).StartsAt.Sub (index .Alerts 1).StartsAt) }}",
        Ok("123.5ms"),
    ),
    (
        "{{ (index .Alerts 0).StartsAt | date \"Mon Jan _2 15:04:05.000 MST 2006\" }}",
        Ok("Tue Nov 14 22:13:20.123 UTC 2023"),
    ),
    (
        "{{ (index .Alerts 1).EndsAt | date \"2006-01-02T15:04:05Z07:00\" }}",
        Ok("2023-11-15T00:00:00-05:30"),
    ),
    (
        "{{ date \"02 Jan 06 15:04 -0700 MST PM pm 3 03 4 5 1 01 002 __2 .999 ,000 January Monday Jan2\" (index .Alerts 1).EndsAt }}",
        Ok(
            "15 Nov 23 00:00 -0530 -0530 AM am 12 12 0 0 11 11 319 319 .5 ,500 November Wednesday Nov15",
        ),
    ),
    (
        "{{ (index .Alerts 0).StartsAt | tz \"Europe/Paris\" }}",
        Ok("2023-11-14 23:13:20.123456789 +0100 CET"),
    ),
    (
        "{{ (index .Alerts 0).StartsAt | tz \"Nope/Zone\" }}",
        Err(
            "template: :1:32: executing \"\" at <tz \"Nope/Zone\">: error calling tz: unknown time zone Nope/Zone",
        ),
    ),
    (
        "{{ (index .Alerts 0).StartsAt | tz \"UTC\" }}",
        Ok("2023-11-14 22:13:20.123456789 +0000 UTC"),
    ),
    (
        "{{ (index .Alerts 0).StartsAt | tz \"America/Sao_Paulo\" }}",
        Ok("2023-11-14 19:13:20.123456789 -0300 -03"),
    ),
    (
        "{{ (index .Alerts 0).StartsAt | tz \"Asia/Kolkata\" | date \"15:04 MST -07:00\" }}",
        Ok("03:43 IST +05:30"),
    ),
    (
        "{{ toDate \"2006-01-02\" \"2024-02-30\" }}",
        Ok("0001-01-01 00:00:00 +0000 UTC"),
    ),
    (
        "{{ toDate \"2006-01-02\" \"2024-02-29\" }}",
        Ok("2024-02-29 00:00:00 +0000 UTC"),
    ),
    (
        "{{ mustToDate \"2006-01-02\" \"2024-13-01\" }}",
        Err(
            "template: :1:3: executing \"\" at <mustToDate \"2006-01-02\" \"2024-13-01\">: error calling mustToDate: parsing time \"2024-13-01\": month out of range",
        ),
    ),
    (
        "{{ mustToDate \"2006-01-02\" \"x\" }}",
        Err(
            "template: :1:3: executing \"\" at <mustToDate \"2006-01-02\" \"x\">: error calling mustToDate: parsing time \"x\" as \"2006-01-02\": cannot parse \"x\" as \"2006\"",
        ),
    ),
    (
        "{{ mustToDate \"2006-01-02 15:04:05\" \"2024-01-02 03:04:05.678\" }}",
        Ok("2024-01-02 03:04:05.678 +0000 UTC"),
    ),
    (
        "{{ mustToDate \"Jan 2 2006 3:04PM\" \"feb 3 2024 11:30PM\" }}",
        Ok("2024-02-03 23:30:00 +0000 UTC"),
    ),
    (
        "{{ mustToDate \"2006-01-02T15:04:05Z07:00\" \"2024-01-02T03:04:05+02:00\" }}",
        Ok("2024-01-02 03:04:05 +0200 +0200"),
    ),
    (
        "{{ mustToDate \"2006-01-02\" \"2024-01-02x\" }}",
        Err(
            "template: :1:3: executing \"\" at <mustToDate \"2006-01-02\" \"2024-01-02x\">: error calling mustToDate: parsing time \"2024-01-02x\": extra text: \"x\"",
        ),
    ),
    (
        "{{ mustToDate \"2006 002\" \"2024 366\" }}",
        Ok("2024-12-31 00:00:00 +0000 UTC"),
    ),
    (
        "{{ mustToDate \"06-1-2\" \"70-3-4\" }}",
        Ok("1970-03-04 00:00:00 +0000 UTC"),
    ),
    (
        "{{ mustToDate \"15:04\" \"25:00\" }}",
        Err(
            "template: :1:3: executing \"\" at <mustToDate \"15:04\" \"25:00\">: error calling mustToDate: parsing time \"25:00\": hour out of range",
        ),
    ),
    (
        "{{ mustToDate \"2006-01-02\" \"2024-1-02\" }}",
        Err(
            "template: :1:3: executing \"\" at <mustToDate \"2006-01-02\" \"2024-1-02\">: error calling mustToDate: parsing time \"2024-1-02\" as \"2006-01-02\": cannot parse \"1-02\" as \"01\"",
        ),
    ),
    (
        "{{ (index .Alerts 0).StartsAt.Unix }} {{ (index .Alerts 0).StartsAt.UnixNano }} {{ (index .Alerts 0).StartsAt.Year }} {{ (index .Alerts 0).StartsAt.Month }} {{ (index .Alerts 0).StartsAt.Weekday }} {{ (index .Alerts 0).StartsAt.YearDay }}",
        Ok("1700000000 1700000000123456789 2023 November Tuesday 318"),
    ),
    (
        "{{ printf \"%d %s %v %T\" (index .Alerts 0).StartsAt.Month (index .Alerts 0).StartsAt.Month (index .Alerts 0).StartsAt.Month (index .Alerts 0).StartsAt.Month }}",
        Ok("11 November November time.Month"),
    ),
    (
        "{{ (index .Alerts 0).StartsAt.Sub (index .Alerts 1).StartsAt }}",
        Ok("123.456789ms"),
    ),
    (
        "{{ ((index .Alerts 0).StartsAt.Sub (index .Alerts 1).StartsAt).Seconds }}",
        Ok("0.123456789"),
    ),
    (
        "{{ (index .Alerts 0).StartsAt.Add 1000 }}",
        Ok("2023-11-14 22:13:20.123457789 +0000 UTC"),
    ),
    (
        "{{ (index .Alerts 0).StartsAt.AddDate 0 1 20 }}",
        Ok("2024-01-03 22:13:20.123456789 +0000 UTC"),
    ),
    (
        "{{ (index .Alerts 0).StartsAt.Format \"2006\" }}",
        Ok("2023"),
    ),
    (
        "{{ (index .Alerts 0).StartsAt.Format }}",
        Err(
            "template: :1:18: executing \"\" at <0>: wrong number of args for Format: want 1 got 0",
        ),
    ),
    (
        "{{ (index .Alerts 0).StartsAt.Format 1 }}",
        Err("template: :1:37: executing \"\" at <1>: expected string; found 1"),
    ),
    (
        "{{ (index .Alerts 0).StartsAt.Nope }}",
        Err("template: :1:18: executing \"\" at <0>: can't evaluate field Nope in type time.Time"),
    ),
    ("{{ (index .Alerts 0).EndsAt.IsZero }}", Ok("true")),
    (
        "{{ (index .Alerts 0).StartsAt.After (index .Alerts 1).StartsAt }}",
        Ok("true"),
    ),
    (
        "{{ eq (index .Alerts 0).StartsAt (index .Alerts 0).StartsAt }}",
        Ok("true"),
    ),
    (
        "{{ printf \"%s|%v|%q\" (index .Alerts 0).StartsAt (index .Alerts 1).StartsAt (index .Alerts 1).StartsAt }}",
        Ok(
            "2023-11-14 22:13:20.123456789 +0000 UTC|2023-11-14 23:13:20 +0100 +0100|\"2023-11-14 23:13:20 +0100 +0100\"",
        ),
    ),
    (
        "{{ printf \"%T\" (index .Alerts 0).StartsAt }}",
        Ok("time.Time"),
    ),
    (
        "{{ (index .Alerts 1).StartsAt.UTC }}",
        Ok("2023-11-14 22:13:20 +0000 UTC"),
    ),
    (
        "{{ (index .Alerts 0).StartsAt.Truncate 1000000000 }}",
        Ok("2023-11-14 22:13:20 +0000 UTC"),
    ),
    (
        "{{ gt ((index .Alerts 0).StartsAt.Sub (index .Alerts 1).StartsAt) 5 }}",
        Ok("true"),
    ),
    (
        "{{ tz \"UTC\" 1 }}",
        Err("template: :1:12: executing \"\" at <1>: can't handle 1 for arg of type time.Time"),
    ),
    (
        "{{ date \"2006\" \"x\" }}",
        Err(
            "template: :1:15: executing \"\" at <\"x\">: can't handle \"x\" for arg of type time.Time",
        ),
    ),
    ("{{ range 3 }}{{ . }}{{ end }}", Ok("012")),
];

/// Alerts.
pub(crate) const PROMETHEUS: &[Case] = &[
    (
        "{{ $labels.instance }} {{ $value }}",
        Ok("host.example.org:9100 1234.5678"),
    ),
    (
        "{{ $labels }}",
        Ok("map[instance:host.example.org:9100 job:node]"),
    ),
    ("{{ $labels.nope }}x", Ok("x")),
    (
        "{{ $externalLabels.cluster }} {{ $externalURL }}",
        Ok("x<y> http://ext:9090/pre/fix"),
    ),
    (
        "{{ . }}",
        Ok(
            "{map[instance:host.example.org:9100 job:node] map[cluster:x<y>] http://ext:9090/pre/fix 1234.5678}",
        ),
    ),
    ("{{ .Value }}", Ok("1234.5678")),
    (
        "{{ .Nope }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <.Nope>: can't evaluate field Nope in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }",
        ),
    ),
    (
        "{{ $nope }}",
        Err(
            "error parsing template __alert_A: template: __alert_A:1: undefined variable \"$nope\"",
        ),
    ),
    (
        "{{ nope }}",
        Err(
            "error parsing template __alert_A: template: __alert_A:1: function \"nope\" not defined",
        ),
    ),
    (
        "{{ .Value.x }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:121: executing \"__alert_A\" at <.Value.x>: can't evaluate field x in type interface {}",
        ),
    ),
    (
        "{{ $value.x }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:121: executing \"__alert_A\" at <$value.x>: can't evaluate field x in type float64",
        ),
    ),
    ("{{ $value | printf \"%.2f\" }}", Ok("1234.57")),
    ("{{ printf \"%d\" $value }}", Ok("%!d(float64=1234.5678)")),
    ("{{ if gt $value 1000.0 }}big{{ end }}", Ok("big")),
    (
        "{{ if gt $value 1000 }}big{{ end }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:118: executing \"__alert_A\" at <gt $value 1000>: error calling gt: incompatible types for comparison: float64 and int",
        ),
    ),
    (
        "{{ query \"up\" | first }}",
        Ok("{map[__name__:m __value__:sv instance:b:80] 2}"),
    ),
    ("{{ query \"up\" | first | value }}", Ok("2")),
    (
        "{{ query \"up\" | first | label \"instance\" }}",
        Ok("b:80"),
    ),
    ("{{ query \"up\" | first | strvalue }}", Ok("sv")),
    (
        "{{ query \"empty\" | first }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:131: executing \"__alert_A\" at <first>: error calling first: first() called on vector with no elements",
        ),
    ),
    (
        "{{ query \"bad\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <query \"bad\">: error calling query: bad query",
        ),
    ),
    ("{{ query \"empty\" }}", Ok("[]")),
    (
        "{{ range query \"up\" }}{{ .Labels.instance }}={{ .Value }} {{ end }}",
        Ok("b:80=2 a:80=11.5 "),
    ),
    (
        "{{ range query \"up\" | sortByLabel \"instance\" }}{{ .Labels.instance }}={{ .Value }} {{ end }}",
        Ok("a:80=11.5 b:80=2 "),
    ),
    (
        "{{ with query \"up\" }}{{ . | first | value | humanize }}{{ end }}",
        Ok("2"),
    ),
    (
        "{{ with query \"empty\" }}x{{ else }}none{{ end }}",
        Ok("none"),
    ),
    (
        "{{ printf \"%T %T %T\" (query \"up\") (query \"up\" | first) (query \"up\" | first | value) }}",
        Ok("template.queryResult *template.sample float64"),
    ),
    (
        "{{ (query \"up\" | first).Labels }}",
        Ok("map[__name__:m __value__:sv instance:b:80]"),
    ),
    (
        "{{ (query \"up\" | first).Nope }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:129: executing \"__alert_A\" at <first>: can't evaluate field Nope in type *template.sample",
        ),
    ),
    (
        "{{ index (query \"up\") 0 }}",
        Ok("{map[__name__:m __value__:sv instance:b:80] 2}"),
    ),
    (
        "{{ index (query \"up\") 5 }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <index (query \"up\") 5>: error calling index: index out of range: 5",
        ),
    ),
    ("{{ len (query \"up\") }}", Ok("2")),
    (
        "{{ \"x\" | first }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:121: executing \"__alert_A\" at <first>: wrong type for value; expected template.queryResult; got string",
        ),
    ),
    (
        "{{ first nil }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <first nil>: error calling first: first() called on vector with no elements",
        ),
    ),
    (
        "{{ label \"a\" nil }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <label \"a\" nil>: error calling label: runtime error: invalid memory address or nil pointer dereference",
        ),
    ),
    (
        "{{ value 1 }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:121: executing \"__alert_A\" at <1>: can't handle 1 for arg of type *template.sample",
        ),
    ),
    (
        "{{ printf \"%v\" (query \"up\" | first) }}",
        Ok("&{map[__name__:m __value__:sv instance:b:80] 2}"),
    ),
    (
        "{{ printf \"%+v\" (query \"up\" | first) }}",
        Ok("&{Labels:map[__name__:m __value__:sv instance:b:80] Value:2}"),
    ),
    (
        "{{ sortByLabel \"x\" 1 }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:131: executing \"__alert_A\" at <1>: can't handle 1 for arg of type template.queryResult",
        ),
    ),
    ("{{ now }}", Ok("1.700000000123e+09")),
    ("{{ title \"hello WORLD\" }}", Ok("Hello WORLD")),
    ("{{ toUpper \"a\" }}{{ toLower \"A\" }}", Ok("Aa")),
    (
        "{{ graphLink \"up == 0\" }} {{ tableLink \"sum(a{b=\\\"c\\\"})\" }}",
        Ok(
            "/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=sum%28a%7Bb%3D%22c%22%7D%29&g0.tab=1",
        ),
    ),
    ("{{ urlQueryEscape \"a b&c\" }}", Ok("a+b%26c")),
    (
        "{{ stripPort \"a.b:80\" }} {{ stripPort \"[::1]:80\" }} {{ stripPort \"x\" }} {{ stripDomain \"a.b.c:80\" }} {{ stripDomain \"1.2.3.4:80\" }} {{ stripDomain \"a.b\" }} {{ stripDomain \"[fe80::1]:9\" }}",
        Ok("a.b ::1 x a:80 1.2.3.4:80 a [fe80::1]:9"),
    ),
    ("{{ match \"a.*\" \"abc\" }}", Ok("true")),
    ("{{ reReplaceAll \"(.*)\\\\..*\" \"$1\" \"a.b\" }}", Ok("a")),
    (
        "{{ externalURL }} {{ pathPrefix }}",
        Ok("http://ext:9090/pre/fix /pre/fix"),
    ),
    ("{{ args 1 \"a\" }}", Ok("map[arg0:1 arg1:a]")),
    ("{{ (args 1 2).arg1 }}", Ok("2")),
    ("{{ (args 1 2).arg9 }}", Ok("<no value>")),
    (
        "{{ tmpl \"x\" 1 }}",
        Err(
            "error parsing template __alert_A: template: __alert_A:1: function \"tmpl\" not defined",
        ),
    ),
    ("{{ safeHtml \"<b>\" }}", Ok("<b>")),
    (
        "{{ parseDuration \"1h30m\" }} {{ parseDuration \"-5m\" }} {{ parseDuration \"1d\" }}",
        Ok("5400 -300 86400"),
    ),
    (
        "{{ parseDuration \"x\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <parseDuration \"x\">: error calling parseDuration: not a valid duration string: \"x\"",
        ),
    ),
    (
        "{{ parseDuration \"\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <parseDuration \"\">: error calling parseDuration: empty duration string",
        ),
    ),
    (
        "{{ parseDuration \"1h1d\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <parseDuration \"1h1d\">: error calling parseDuration: not a valid duration string: \"1h1d\"",
        ),
    ),
    (
        "{{ toTime 1700000000.5 }}",
        Ok("2023-11-14 22:13:20.5 +0000 UTC"),
    ),
    ("{{ (toTime 1700000000.5).Year }}", Ok("2023")),
    (
        "{{ toTime \"x\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <toTime \"x\">: error calling toTime: strconv.ParseFloat: parsing \"x\": invalid syntax",
        ),
    ),
    (
        "{{ toTime 1e30 }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <toTime 1e30>: error calling toTime: 1e+30 cannot be represented as a nanoseconds timestamp since it overflows int64",
        ),
    ),
    ("{{ toDuration 90.5 }}", Ok("1m30.5s")),
    ("{{ (toDuration \"60\").Minutes }}", Ok("1")),
    (
        "{{ humanizeTimestamp 1700000000.123456 }}",
        Ok("2023-11-14 22:13:20.123 +0000 UTC"),
    ),
    ("{{ humanizeTimestamp \"NaN\" }}", Ok("NaN")),
    (
        "{{ humanizeTimestamp 1e20 }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanizeTimestamp 1e20>: error calling humanizeTimestamp: 1e+20 cannot be represented as a nanoseconds timestamp since it overflows int64",
        ),
    ),
    (
        "{{ humanizeTimestamp -1.5 }}",
        Ok("1969-12-31 23:59:58.5 +0000 UTC"),
    ),
    (
        "{{ humanize nil }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanize nil>: error calling humanize: can't convert <nil> to float",
        ),
    ),
    (
        "{{ humanize .Labels }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanize .Labels>: error calling humanize: can't convert map[string]string to float",
        ),
    ),
    (
        "{{ humanize true }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanize true>: error calling humanize: can't convert bool to float",
        ),
    ),
    (
        "{{ humanize \"abc\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanize \"abc\">: error calling humanize: strconv.ParseFloat: parsing \"abc\": invalid syntax",
        ),
    ),
    (
        "{{ humanize \"1e999\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanize \"1e999\">: error calling humanize: strconv.ParseFloat: parsing \"1e999\": value out of range",
        ),
    ),
    ("{{ humanize \"inf\" }}", Ok("+Inf")),
    (
        "{{ humanize \"0x10\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanize \"0x10\">: error calling humanize: strconv.ParseFloat: parsing \"0x10\": invalid syntax",
        ),
    ),
    (
        "{{ humanize \"\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanize \"\">: error calling humanize: strconv.ParseFloat: parsing \"\": invalid syntax",
        ),
    ),
    (
        "{{ humanize \" 1\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanize \" 1\">: error calling humanize: strconv.ParseFloat: parsing \" 1\": invalid syntax",
        ),
    ),
    ("{{ humanize \"1_000\" }}", Ok("1k")),
    (
        "{{ humanize \"+NaN\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanize \"+NaN\">: error calling humanize: strconv.ParseFloat: parsing \"+NaN\": invalid syntax",
        ),
    ),
    ("{{ humanize \"-Infinity\" }}", Ok("-Inf")),
    ("{{ $x := 1 }}{{ $x }}", Ok("1")),
    (
        "{{ define \"t\" }}{{ . }}{{ end }}{{ template \"t\" $labels.job }}",
        Ok("node"),
    ),
    (
        "multi\nline {{ .Foo }}",
        Err(
            "error executing template __alert_A: template: __alert_A:2:8: executing \"__alert_A\" at <.Foo>: can't evaluate field Foo in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }",
        ),
    ),
    (
        "a\n{{ end }}",
        Err("error parsing template __alert_A: template: __alert_A:2: unexpected {{end}}"),
    ),
    (
        "{{ $labels.instance | reReplaceAll \"a\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:134: executing \"__alert_A\" at <reReplaceAll>: wrong number of args for reReplaceAll: want 3 got 2",
        ),
    ),
    ("{{ $value | humanizePercentage }}", Ok("1.235e+05%")),
    (
        "{{ range $k, $v := $labels }}{{ $k }}={{ $v }},{{ end }}",
        Ok("instance=host.example.org:9100,job=node,"),
    ),
    ("{{ with $labels.nope }}x{{ else }}y{{ end }}", Ok("y")),
    (
        "{{ $labels.a.b }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:122: executing \"__alert_A\" at <$labels.a.b>: can't evaluate field b in type string",
        ),
    ),
    ("{{ $value := 5 }}{{ $value }}", Ok("5")),
    ("no template", Ok("no template")),
    (
        "{{ first (query \"up\") | value | printf \"%.3f\" }}",
        Ok("2.000"),
    ),
    ("{{ humanize 0 }}", Ok("0")),
    ("{{ humanize1024 0 }}", Ok("0")),
    ("{{ humanizeDuration 0 }}", Ok("0s")),
    ("{{ humanizePercentage 0 }}", Ok("0%")),
    (
        "{{ humanizeTimestamp 0 }}",
        Ok("1970-01-01 00:00:00 +0000 UTC"),
    ),
    ("{{ toTime 0 }}", Ok("1970-01-01 00:00:00 +0000 UTC")),
    ("{{ toDuration 0 }}", Ok("0s")),
    ("{{ humanize 1 }}", Ok("1")),
    ("{{ humanize1024 1 }}", Ok("1")),
    ("{{ humanizeDuration 1 }}", Ok("1s")),
    ("{{ humanizePercentage 1 }}", Ok("100%")),
    (
        "{{ humanizeTimestamp 1 }}",
        Ok("1970-01-01 00:00:01 +0000 UTC"),
    ),
    ("{{ toTime 1 }}", Ok("1970-01-01 00:00:01 +0000 UTC")),
    ("{{ toDuration 1 }}", Ok("1s")),
    ("{{ humanize -1 }}", Ok("-1")),
    ("{{ humanize1024 -1 }}", Ok("-1")),
    ("{{ humanizeDuration -1 }}", Ok("-1s")),
    ("{{ humanizePercentage -1 }}", Ok("-100%")),
    (
        "{{ humanizeTimestamp -1 }}",
        Ok("1969-12-31 23:59:59 +0000 UTC"),
    ),
    ("{{ toTime -1 }}", Ok("1969-12-31 23:59:59 +0000 UTC")),
    ("{{ toDuration -1 }}", Ok("-1s")),
    ("{{ humanize 999 }}", Ok("999")),
    ("{{ humanize1024 999 }}", Ok("999")),
    ("{{ humanizeDuration 999 }}", Ok("16m 39s")),
    ("{{ humanizePercentage 999 }}", Ok("9.99e+04%")),
    (
        "{{ humanizeTimestamp 999 }}",
        Ok("1970-01-01 00:16:39 +0000 UTC"),
    ),
    ("{{ toTime 999 }}", Ok("1970-01-01 00:16:39 +0000 UTC")),
    ("{{ toDuration 999 }}", Ok("16m39s")),
    ("{{ humanize 1000 }}", Ok("1k")),
    ("{{ humanize1024 1000 }}", Ok("1000")),
    ("{{ humanizeDuration 1000 }}", Ok("16m 40s")),
    ("{{ humanizePercentage 1000 }}", Ok("1e+05%")),
    (
        "{{ humanizeTimestamp 1000 }}",
        Ok("1970-01-01 00:16:40 +0000 UTC"),
    ),
    ("{{ toTime 1000 }}", Ok("1970-01-01 00:16:40 +0000 UTC")),
    ("{{ toDuration 1000 }}", Ok("16m40s")),
    ("{{ humanize 1024 }}", Ok("1.024k")),
    ("{{ humanize1024 1024 }}", Ok("1ki")),
    ("{{ humanizeDuration 1024 }}", Ok("17m 4s")),
    ("{{ humanizePercentage 1024 }}", Ok("1.024e+05%")),
    (
        "{{ humanizeTimestamp 1024 }}",
        Ok("1970-01-01 00:17:04 +0000 UTC"),
    ),
    ("{{ toTime 1024 }}", Ok("1970-01-01 00:17:04 +0000 UTC")),
    ("{{ toDuration 1024 }}", Ok("17m4s")),
    ("{{ humanize 1234567 }}", Ok("1.235M")),
    ("{{ humanize1024 1234567 }}", Ok("1.177Mi")),
    ("{{ humanizeDuration 1234567 }}", Ok("14d 6h 56m 7s")),
    ("{{ humanizePercentage 1234567 }}", Ok("1.235e+08%")),
    (
        "{{ humanizeTimestamp 1234567 }}",
        Ok("1970-01-15 06:56:07 +0000 UTC"),
    ),
    ("{{ toTime 1234567 }}", Ok("1970-01-15 06:56:07 +0000 UTC")),
    ("{{ toDuration 1234567 }}", Ok("342h56m7s")),
    ("{{ humanize 0.5 }}", Ok("500m")),
    ("{{ humanize1024 0.5 }}", Ok("0.5")),
    ("{{ humanizeDuration 0.5 }}", Ok("500ms")),
    ("{{ humanizePercentage 0.5 }}", Ok("50%")),
    (
        "{{ humanizeTimestamp 0.5 }}",
        Ok("1970-01-01 00:00:00.5 +0000 UTC"),
    ),
    ("{{ toTime 0.5 }}", Ok("1970-01-01 00:00:00.5 +0000 UTC")),
    ("{{ toDuration 0.5 }}", Ok("500ms")),
    ("{{ humanize 0.00123 }}", Ok("1.23m")),
    ("{{ humanize1024 0.00123 }}", Ok("0.00123")),
    ("{{ humanizeDuration 0.00123 }}", Ok("1.23ms")),
    ("{{ humanizePercentage 0.00123 }}", Ok("0.123%")),
    (
        "{{ humanizeTimestamp 0.00123 }}",
        Ok("1970-01-01 00:00:00.001 +0000 UTC"),
    ),
    (
        "{{ toTime 0.00123 }}",
        Ok("1970-01-01 00:00:00.001 +0000 UTC"),
    ),
    ("{{ toDuration 0.00123 }}", Ok("1.23ms")),
    ("{{ humanize 1e-9 }}", Ok("1n")),
    ("{{ humanize1024 1e-9 }}", Ok("1e-09")),
    ("{{ humanizeDuration 1e-9 }}", Ok("1ns")),
    ("{{ humanizePercentage 1e-9 }}", Ok("1e-07%")),
    (
        "{{ humanizeTimestamp 1e-9 }}",
        Ok("1970-01-01 00:00:00 +0000 UTC"),
    ),
    ("{{ toTime 1e-9 }}", Ok("1970-01-01 00:00:00 +0000 UTC")),
    ("{{ toDuration 1e-9 }}", Ok("1ns")),
    ("{{ humanize 1e-30 }}", Ok("1e-06y")),
    ("{{ humanize1024 1e-30 }}", Ok("1e-30")),
    ("{{ humanizeDuration 1e-30 }}", Ok("1e-06ys")),
    ("{{ humanizePercentage 1e-30 }}", Ok("1e-28%")),
    (
        "{{ humanizeTimestamp 1e-30 }}",
        Ok("1970-01-01 00:00:00 +0000 UTC"),
    ),
    ("{{ toTime 1e-30 }}", Ok("1970-01-01 00:00:00 +0000 UTC")),
    ("{{ toDuration 1e-30 }}", Ok("0s")),
    ("{{ humanize 1e30 }}", Ok("1e+06Y")),
    ("{{ humanize1024 1e30 }}", Ok("8.272e+05Yi")),
    (
        "{{ humanizeDuration 1e30 }}",
        Ok("-106751991167300d -15h -30m -8s"),
    ),
    ("{{ humanizePercentage 1e30 }}", Ok("1e+32%")),
    (
        "{{ humanizeTimestamp 1e30 }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanizeTimestamp 1e30>: error calling humanizeTimestamp: 1e+30 cannot be represented as a nanoseconds timestamp since it overflows int64",
        ),
    ),
    (
        "{{ toTime 1e30 }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <toTime 1e30>: error calling toTime: 1e+30 cannot be represented as a nanoseconds timestamp since it overflows int64",
        ),
    ),
    ("{{ toDuration 1e30 }}", Ok("-2562047h47m16.854775808s")),
    ("{{ humanize -12345.678 }}", Ok("-12.35k")),
    ("{{ humanize1024 -12345.678 }}", Ok("-12.06ki")),
    ("{{ humanizeDuration -12345.678 }}", Ok("-3h 25m 45s")),
    ("{{ humanizePercentage -12345.678 }}", Ok("-1.235e+06%")),
    (
        "{{ humanizeTimestamp -12345.678 }}",
        Ok("1969-12-31 20:34:14.322 +0000 UTC"),
    ),
    (
        "{{ toTime -12345.678 }}",
        Ok("1969-12-31 20:34:14.322 +0000 UTC"),
    ),
    ("{{ toDuration -12345.678 }}", Ok("-3h25m45.678s")),
    ("{{ humanize 1023.9 }}", Ok("1.024k")),
    ("{{ humanize1024 1023.9 }}", Ok("1024")),
    ("{{ humanizeDuration 1023.9 }}", Ok("17m 3s")),
    ("{{ humanizePercentage 1023.9 }}", Ok("1.024e+05%")),
    (
        "{{ humanizeTimestamp 1023.9 }}",
        Ok("1970-01-01 00:17:03.9 +0000 UTC"),
    ),
    ("{{ toTime 1023.9 }}", Ok("1970-01-01 00:17:03.9 +0000 UTC")),
    ("{{ toDuration 1023.9 }}", Ok("17m3.9s")),
    ("{{ humanize 999.99 }}", Ok("1000")),
    ("{{ humanize1024 999.99 }}", Ok("1000")),
    ("{{ humanizeDuration 999.99 }}", Ok("16m 39s")),
    ("{{ humanizePercentage 999.99 }}", Ok("1e+05%")),
    (
        "{{ humanizeTimestamp 999.99 }}",
        Ok("1970-01-01 00:16:39.99 +0000 UTC"),
    ),
    (
        "{{ toTime 999.99 }}",
        Ok("1970-01-01 00:16:39.99 +0000 UTC"),
    ),
    ("{{ toDuration 999.99 }}", Ok("16m39.99s")),
    ("{{ humanize 999.96 }}", Ok("1000")),
    ("{{ humanize1024 999.96 }}", Ok("1000")),
    ("{{ humanizeDuration 999.96 }}", Ok("16m 39s")),
    ("{{ humanizePercentage 999.96 }}", Ok("1e+05%")),
    (
        "{{ humanizeTimestamp 999.96 }}",
        Ok("1970-01-01 00:16:39.96 +0000 UTC"),
    ),
    (
        "{{ toTime 999.96 }}",
        Ok("1970-01-01 00:16:39.96 +0000 UTC"),
    ),
    ("{{ toDuration 999.96 }}", Ok("16m39.96s")),
    ("{{ humanize 1048576 }}", Ok("1.049M")),
    ("{{ humanize1024 1048576 }}", Ok("1Mi")),
    ("{{ humanizeDuration 1048576 }}", Ok("12d 3h 16m 16s")),
    ("{{ humanizePercentage 1048576 }}", Ok("1.049e+08%")),
    (
        "{{ humanizeTimestamp 1048576 }}",
        Ok("1970-01-13 03:16:16 +0000 UTC"),
    ),
    ("{{ toTime 1048576 }}", Ok("1970-01-13 03:16:16 +0000 UTC")),
    ("{{ toDuration 1048576 }}", Ok("291h16m16s")),
    ("{{ humanize 86400 }}", Ok("86.4k")),
    ("{{ humanize1024 86400 }}", Ok("84.38ki")),
    ("{{ humanizeDuration 86400 }}", Ok("1d 0h 0m 0s")),
    ("{{ humanizePercentage 86400 }}", Ok("8.64e+06%")),
    (
        "{{ humanizeTimestamp 86400 }}",
        Ok("1970-01-02 00:00:00 +0000 UTC"),
    ),
    ("{{ toTime 86400 }}", Ok("1970-01-02 00:00:00 +0000 UTC")),
    ("{{ toDuration 86400 }}", Ok("24h0m0s")),
    ("{{ humanize 3600 }}", Ok("3.6k")),
    ("{{ humanize1024 3600 }}", Ok("3.516ki")),
    ("{{ humanizeDuration 3600 }}", Ok("1h 0m 0s")),
    ("{{ humanizePercentage 3600 }}", Ok("3.6e+05%")),
    (
        "{{ humanizeTimestamp 3600 }}",
        Ok("1970-01-01 01:00:00 +0000 UTC"),
    ),
    ("{{ toTime 3600 }}", Ok("1970-01-01 01:00:00 +0000 UTC")),
    ("{{ toDuration 3600 }}", Ok("1h0m0s")),
    ("{{ humanize 3661 }}", Ok("3.661k")),
    ("{{ humanize1024 3661 }}", Ok("3.575ki")),
    ("{{ humanizeDuration 3661 }}", Ok("1h 1m 1s")),
    ("{{ humanizePercentage 3661 }}", Ok("3.661e+05%")),
    (
        "{{ humanizeTimestamp 3661 }}",
        Ok("1970-01-01 01:01:01 +0000 UTC"),
    ),
    ("{{ toTime 3661 }}", Ok("1970-01-01 01:01:01 +0000 UTC")),
    ("{{ toDuration 3661 }}", Ok("1h1m1s")),
    ("{{ humanize 59.9999 }}", Ok("60")),
    ("{{ humanize1024 59.9999 }}", Ok("60")),
    ("{{ humanizeDuration 59.9999 }}", Ok("60s")),
    ("{{ humanizePercentage 59.9999 }}", Ok("6000%")),
    (
        "{{ humanizeTimestamp 59.9999 }}",
        Ok("1970-01-01 00:00:59.999 +0000 UTC"),
    ),
    (
        "{{ toTime 59.9999 }}",
        Ok("1970-01-01 00:00:59.999 +0000 UTC"),
    ),
    ("{{ toDuration 59.9999 }}", Ok("59.9999s")),
    ("{{ humanize 60 }}", Ok("60")),
    ("{{ humanize1024 60 }}", Ok("60")),
    ("{{ humanizeDuration 60 }}", Ok("1m 0s")),
    ("{{ humanizePercentage 60 }}", Ok("6000%")),
    (
        "{{ humanizeTimestamp 60 }}",
        Ok("1970-01-01 00:01:00 +0000 UTC"),
    ),
    ("{{ toTime 60 }}", Ok("1970-01-01 00:01:00 +0000 UTC")),
    ("{{ toDuration 60 }}", Ok("1m0s")),
    ("{{ humanize 90061 }}", Ok("90.06k")),
    ("{{ humanize1024 90061 }}", Ok("87.95ki")),
    ("{{ humanizeDuration 90061 }}", Ok("1d 1h 1m 1s")),
    ("{{ humanizePercentage 90061 }}", Ok("9.006e+06%")),
    (
        "{{ humanizeTimestamp 90061 }}",
        Ok("1970-01-02 01:01:01 +0000 UTC"),
    ),
    ("{{ toTime 90061 }}", Ok("1970-01-02 01:01:01 +0000 UTC")),
    ("{{ toDuration 90061 }}", Ok("25h1m1s")),
    ("{{ humanize 0.0001 }}", Ok("100u")),
    ("{{ humanize1024 0.0001 }}", Ok("0.0001")),
    ("{{ humanizeDuration 0.0001 }}", Ok("100us")),
    ("{{ humanizePercentage 0.0001 }}", Ok("0.01%")),
    (
        "{{ humanizeTimestamp 0.0001 }}",
        Ok("1970-01-01 00:00:00 +0000 UTC"),
    ),
    ("{{ toTime 0.0001 }}", Ok("1970-01-01 00:00:00 +0000 UTC")),
    ("{{ toDuration 0.0001 }}", Ok("100\u{b5}s")),
    ("{{ humanize 123.456789 }}", Ok("123.5")),
    ("{{ humanize1024 123.456789 }}", Ok("123.5")),
    ("{{ humanizeDuration 123.456789 }}", Ok("2m 3s")),
    ("{{ humanizePercentage 123.456789 }}", Ok("1.235e+04%")),
    (
        "{{ humanizeTimestamp 123.456789 }}",
        Ok("1970-01-01 00:02:03.456 +0000 UTC"),
    ),
    (
        "{{ toTime 123.456789 }}",
        Ok("1970-01-01 00:02:03.456 +0000 UTC"),
    ),
    ("{{ toDuration 123.456789 }}", Ok("2m3.456789s")),
    ("{{ humanize \"NaN\" }}", Ok("NaN")),
    ("{{ humanize1024 \"NaN\" }}", Ok("NaN")),
    ("{{ humanizeDuration \"NaN\" }}", Ok("NaN")),
    ("{{ humanizePercentage \"NaN\" }}", Ok("NaN%")),
    ("{{ humanizeTimestamp \"NaN\" }}", Ok("NaN")),
    (
        "{{ toTime \"NaN\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <toTime \"NaN\">: error calling toTime: value is NaN or Inf",
        ),
    ),
    ("{{ toDuration \"NaN\" }}", Ok("-2562047h47m16.854775808s")),
    ("{{ humanize \"+Inf\" }}", Ok("+Inf")),
    ("{{ humanize1024 \"+Inf\" }}", Ok("+Inf")),
    ("{{ humanizeDuration \"+Inf\" }}", Ok("+Inf")),
    ("{{ humanizePercentage \"+Inf\" }}", Ok("+Inf%")),
    ("{{ humanizeTimestamp \"+Inf\" }}", Ok("+Inf")),
    (
        "{{ toTime \"+Inf\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <toTime \"+Inf\">: error calling toTime: value is NaN or Inf",
        ),
    ),
    ("{{ toDuration \"+Inf\" }}", Ok("-2562047h47m16.854775808s")),
    ("{{ humanize \"-Inf\" }}", Ok("-Inf")),
    ("{{ humanize1024 \"-Inf\" }}", Ok("-Inf")),
    ("{{ humanizeDuration \"-Inf\" }}", Ok("-Inf")),
    ("{{ humanizePercentage \"-Inf\" }}", Ok("-Inf%")),
    ("{{ humanizeTimestamp \"-Inf\" }}", Ok("-Inf")),
    (
        "{{ toTime \"-Inf\" }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <toTime \"-Inf\">: error calling toTime: value is NaN or Inf",
        ),
    ),
    ("{{ toDuration \"-Inf\" }}", Ok("-2562047h47m16.854775808s")),
    ("{{ humanize 100000 }}", Ok("100k")),
    ("{{ humanize1024 100000 }}", Ok("97.66ki")),
    ("{{ humanizeDuration 100000 }}", Ok("1d 3h 46m 40s")),
    ("{{ humanizePercentage 100000 }}", Ok("1e+07%")),
    (
        "{{ humanizeTimestamp 100000 }}",
        Ok("1970-01-02 03:46:40 +0000 UTC"),
    ),
    ("{{ toTime 100000 }}", Ok("1970-01-02 03:46:40 +0000 UTC")),
    ("{{ toDuration 100000 }}", Ok("27h46m40s")),
    ("{{ humanize 12345 }}", Ok("12.35k")),
    ("{{ humanize1024 12345 }}", Ok("12.06ki")),
    ("{{ humanizeDuration 12345 }}", Ok("3h 25m 45s")),
    ("{{ humanizePercentage 12345 }}", Ok("1.234e+06%")),
    (
        "{{ humanizeTimestamp 12345 }}",
        Ok("1970-01-01 03:25:45 +0000 UTC"),
    ),
    ("{{ toTime 12345 }}", Ok("1970-01-01 03:25:45 +0000 UTC")),
    ("{{ toDuration 12345 }}", Ok("3h25m45s")),
    ("{{ humanize 1e6 }}", Ok("1M")),
    ("{{ humanize1024 1e6 }}", Ok("976.6ki")),
    ("{{ humanizeDuration 1e6 }}", Ok("11d 13h 46m 40s")),
    ("{{ humanizePercentage 1e6 }}", Ok("1e+08%")),
    (
        "{{ humanizeTimestamp 1e6 }}",
        Ok("1970-01-12 13:46:40 +0000 UTC"),
    ),
    ("{{ toTime 1e6 }}", Ok("1970-01-12 13:46:40 +0000 UTC")),
    ("{{ toDuration 1e6 }}", Ok("277h46m40s")),
    ("{{ humanize 0.1 }}", Ok("100m")),
    ("{{ humanize1024 0.1 }}", Ok("0.1")),
    ("{{ humanizeDuration 0.1 }}", Ok("100ms")),
    ("{{ humanizePercentage 0.1 }}", Ok("10%")),
    (
        "{{ humanizeTimestamp 0.1 }}",
        Ok("1970-01-01 00:00:00.1 +0000 UTC"),
    ),
    ("{{ toTime 0.1 }}", Ok("1970-01-01 00:00:00.1 +0000 UTC")),
    ("{{ toDuration 0.1 }}", Ok("100ms")),
    ("{{ humanize 99999 }}", Ok("100k")),
    ("{{ humanize1024 99999 }}", Ok("97.66ki")),
    ("{{ humanizeDuration 99999 }}", Ok("1d 3h 46m 39s")),
    ("{{ humanizePercentage 99999 }}", Ok("1e+07%")),
    (
        "{{ humanizeTimestamp 99999 }}",
        Ok("1970-01-02 03:46:39 +0000 UTC"),
    ),
    ("{{ toTime 99999 }}", Ok("1970-01-02 03:46:39 +0000 UTC")),
    ("{{ toDuration 99999 }}", Ok("27h46m39s")),
    ("{{ humanize 1e24 }}", Ok("1Y")),
    ("{{ humanize1024 1e24 }}", Ok("847Zi")),
    (
        "{{ humanizeDuration 1e24 }}",
        Ok("-106751991167300d -15h -30m -8s"),
    ),
    ("{{ humanizePercentage 1e24 }}", Ok("1e+26%")),
    (
        "{{ humanizeTimestamp 1e24 }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanizeTimestamp 1e24>: error calling humanizeTimestamp: 1e+24 cannot be represented as a nanoseconds timestamp since it overflows int64",
        ),
    ),
    (
        "{{ toTime 1e24 }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <toTime 1e24>: error calling toTime: 1e+24 cannot be represented as a nanoseconds timestamp since it overflows int64",
        ),
    ),
    ("{{ toDuration 1e24 }}", Ok("-2562047h47m16.854775808s")),
    ("{{ humanize 1e27 }}", Ok("1000Y")),
    ("{{ humanize1024 1e27 }}", Ok("827.2Yi")),
    (
        "{{ humanizeDuration 1e27 }}",
        Ok("-106751991167300d -15h -30m -8s"),
    ),
    ("{{ humanizePercentage 1e27 }}", Ok("1e+29%")),
    (
        "{{ humanizeTimestamp 1e27 }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanizeTimestamp 1e27>: error calling humanizeTimestamp: 1e+27 cannot be represented as a nanoseconds timestamp since it overflows int64",
        ),
    ),
    (
        "{{ toTime 1e27 }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <toTime 1e27>: error calling toTime: 1e+27 cannot be represented as a nanoseconds timestamp since it overflows int64",
        ),
    ),
    ("{{ toDuration 1e27 }}", Ok("-2562047h47m16.854775808s")),
    ("{{ humanize -0.5 }}", Ok("-500m")),
    ("{{ humanize1024 -0.5 }}", Ok("-0.5")),
    ("{{ humanizeDuration -0.5 }}", Ok("-500ms")),
    ("{{ humanizePercentage -0.5 }}", Ok("-50%")),
    (
        "{{ humanizeTimestamp -0.5 }}",
        Ok("1969-12-31 23:59:59.5 +0000 UTC"),
    ),
    ("{{ toTime -0.5 }}", Ok("1969-12-31 23:59:59.5 +0000 UTC")),
    ("{{ toDuration -0.5 }}", Ok("-500ms")),
    ("{{ humanize 1e15 }}", Ok("1P")),
    ("{{ humanize1024 1e15 }}", Ok("909.5Ti")),
    ("{{ humanizeDuration 1e15 }}", Ok("11574074074d 1h 46m 40s")),
    ("{{ humanizePercentage 1e15 }}", Ok("1e+17%")),
    (
        "{{ humanizeTimestamp 1e15 }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <humanizeTimestamp 1e15>: error calling humanizeTimestamp: 1e+15 cannot be represented as a nanoseconds timestamp since it overflows int64",
        ),
    ),
    (
        "{{ toTime 1e15 }}",
        Err(
            "error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" at <toTime 1e15>: error calling toTime: 1e+15 cannot be represented as a nanoseconds timestamp since it overflows int64",
        ),
    ),
    ("{{ toDuration 1e15 }}", Ok("-2562047h47m16.854775808s")),
    ("{{ humanize 9.9995 }}", Ok("9.999")),
    ("{{ humanize1024 9.9995 }}", Ok("9.999")),
    ("{{ humanizeDuration 9.9995 }}", Ok("9.999s")),
    ("{{ humanizePercentage 9.9995 }}", Ok("999.9%")),
    (
        "{{ humanizeTimestamp 9.9995 }}",
        Ok("1970-01-01 00:00:09.999 +0000 UTC"),
    ),
    (
        "{{ toTime 9.9995 }}",
        Ok("1970-01-01 00:00:09.999 +0000 UTC"),
    ),
    ("{{ toDuration 9.9995 }}", Ok("9.9995s")),
    ("{{ humanize 12.345 }}", Ok("12.35")),
    ("{{ humanize1024 12.345 }}", Ok("12.35")),
    ("{{ humanizeDuration 12.345 }}", Ok("12.35s")),
    ("{{ humanizePercentage 12.345 }}", Ok("1234%")),
    (
        "{{ humanizeTimestamp 12.345 }}",
        Ok("1970-01-01 00:00:12.345 +0000 UTC"),
    ),
    (
        "{{ toTime 12.345 }}",
        Ok("1970-01-01 00:00:12.345 +0000 UTC"),
    ),
    ("{{ toDuration 12.345 }}", Ok("12.345s")),
    ("{{ humanize \"12.5\" }}", Ok("12.5")),
    ("{{ humanize1024 \"12.5\" }}", Ok("12.5")),
    ("{{ humanizeDuration \"12.5\" }}", Ok("12.5s")),
    ("{{ humanizePercentage \"12.5\" }}", Ok("1250%")),
    (
        "{{ humanizeTimestamp \"12.5\" }}",
        Ok("1970-01-01 00:00:12.5 +0000 UTC"),
    ),
    (
        "{{ toTime \"12.5\" }}",
        Ok("1970-01-01 00:00:12.5 +0000 UTC"),
    ),
    ("{{ toDuration \"12.5\" }}", Ok("12.5s")),
];
