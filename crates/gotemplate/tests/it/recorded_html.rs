//! What Go 1.26's `html/template` makes of documents, with the data of `language::document`.

use crate::Case;

/// One place of a document each.
pub(crate) const HTML: &[Case] = &[
    (
        "<style>a { b: \"{{.h | html}}\" }</style>",
        Ok(
            "<style>a { b: \"\\26lt\\3b a href=\\26#34\\3bx\\26#34\\3b\\26gt\\3b\\26#39\\3b\\26 amp\\3b\\2b \\a\\26lt\\3b\\2fscript\\26gt\\3b \" }</style>",
        ),
    ),
    ("<a href=\"{{.t}}\">", Ok("<a href=\"true\">")),
    ("<a style=\"{{.s}}\">", Ok("<a style=\"plain\">")),
    (
        "<input value={{urlquery .h .s}} >",
        Ok("<input value=%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3Eplain >"),
    ),
    (
        "<p>{{.ok | urlquery}}</p>",
        Ok("<p>http%3A%2F%2Fh%2Fp%3Fa%3Db%26c%3Dd&#43;e</p>"),
    ),
    (
        "<script>a = {{.x}}/2; b = \"/\"</script>",
        Ok("<script>a = \"expression(1)\"/2; b = \"/\"</script>"),
    ),
    (
        "<style>a { color: {{.ok}} }</style>",
        Ok("<style>a { color: ZgotmplZ }</style>"),
    ),
    (
        "<script>// {{.ok}}\n a</script>",
        Ok("<script>\n a</script>"),
    ),
    (
        "<a href=\"&#63;{{(safeUrl .u)}}\">",
        Ok("<a href=\"&#63;javascript:alert%281%29\">"),
    ),
    (
        "<a title={{urlquery .h .s}}>",
        Ok("<a title=%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3Eplain>"),
    ),
    (
        "<script>// {{.x}}\n a</script>",
        Ok("<script>\n a</script>"),
    ),
    (
        "<script>var y = {a: {{.ok | urlquery}} }</script>",
        Ok("<script>var y = {a: \"http%3A%2F%2Fh%2Fp%3Fa%3Db%26c%3Dd+e\" }</script>"),
    ),
    ("<style>{{.l}}</style>", Ok("<style>ZgotmplZ</style>")),
    (
        "<a style=\"background: url({{.css}})\">",
        Ok("<a style=\"background: url(#ZgotmplZ)\">"),
    ),
    (
        "<style>a { b: url(\"{{.ok | urlquery}}\") }</style>",
        Ok("<style>a { b: url(\"http%3A%2F%2Fh%2Fp%3Fa%3Db%26c%3Dd+e\") }</style>"),
    ),
    (
        "<p class=\"a {{.h}} b\">",
        Ok("<p class=\"a &lt;a href=&#34;x&#34;&gt;&#39;&amp;&#43;\n&lt;/script&gt; b\">"),
    ),
    (
        "<a href=\"&#63;{{.h | html}}\">",
        Ok("<a href=\"&#63;%3ca%20href%3d%22x%22%3e%27%26%2b%0a%3c%2fscript%3e\">"),
    ),
    (
        "<div>\n  <!-- a -->\n  {{/* b */}} c</div>",
        Ok("<div>\n  \n   c</div>"),
    ),
    (
        "<form action=\"{{(safeHtml .h)}}\">",
        Ok("<form action=\"%3ca%20href=%22x%22%3e%27&amp;&#43;%0a%3c/script%3e\">"),
    ),
    (
        "<a title=\"{{.q}}\">",
        Ok("<a title=\"x?y&amp;z=1#\u{e9} \u{fc}\">"),
    ),
    (
        "<a onclick=\"f({{(safeUrl .u)}})\">",
        Ok("<a onclick=\"f(&#34;javascript:alert(1)&#34;)\">"),
    ),
    (
        "<style>/* {{.h | html}} */ a</style>",
        Ok("<style>   a</style>"),
    ),
    (
        "<style>a { b: url(\"{{.nil}}\") }</style>",
        Ok("<style>a { b: url(\"\") }</style>"),
    ),
    ("<a {{.o}}=\"x\">", Ok("<a ZgotmplZ=\"x\">")),
    ("<style>/* {{.m}} */ a</style>", Ok("<style>   a</style>")),
    ("<a title='{{.amp}}'>", Ok("<a title='a&amp;amp;b%20c%zz'>")),
    ("<a href=\" {{.missing}}\">", Ok("<a href=\" \">")),
    ("<img srcset=\"{{.m}}\">", Ok("<img srcset=\"mailto:x@y\">")),
    ("<a {{(.h | html)}}=x>b", Ok("<a ZgotmplZ=x>b")),
    ("<a onclick=\"f('{{.e}}')\">", Ok("<a onclick=\"f('')\">")),
    (
        "<a title={{(urlquery .h)}}>",
        Ok("<a title=%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3E>"),
    ),
    ("{{.l}}", Ok("[a 1 &lt;nil&gt;]")),
    (
        "<script type=\"text/template\">{{.missing}}</script>",
        Ok("<script type=\"text/template\"></script>"),
    ),
    (
        "<a onclick=\"f(&quot;{{.m}}&quot;)\">",
        Ok("<a onclick=\"f(&quot;mailto:x@y&quot;)\">"),
    ),
    ("<a data-x=\"{{.m}}\">", Ok("<a data-x=\"mailto:x@y\">")),
    (
        "<script>var x = \"{{.t}}\";</script>",
        Ok("<script>var x = \"true\";</script>"),
    ),
    (
        "<p>{{print .h}}</p>",
        Ok("<p>&lt;a href=&#34;x&#34;&gt;&#39;&amp;&#43;\n&lt;/script&gt;</p>"),
    ),
    (
        "<script>x = \"<!--\";y={{.ok | urlquery}}</script>",
        Ok("<script>x = \"\\x3C!--\";y=\"http%3A%2F%2Fh%2Fp%3Fa%3Db%26c%3Dd+e\"</script>"),
    ),
    (
        "<script>x = \"<!--\";y={{.e}}</script>",
        Ok("<script>x = \"\\x3C!--\";y=\"\"</script>"),
    ),
    (
        "<script>a = {{(safeUrl .u)}}/2; b = \"/\"</script>",
        Ok("<script>a = \"javascript:alert(1)\"/2; b = \"/\"</script>"),
    ),
    (
        "<b>x</b><!-- c --> {{print .h}}",
        Ok("<b>x</b> &lt;a href=&#34;x&#34;&gt;&#39;&amp;&#43;\n&lt;/script&gt;"),
    ),
    (
        "<a href=\"&#63;{{urlquery .h .s}}\">",
        Ok("<a href=\"&#63;%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3Eplain\">"),
    ),
    (
        "<input value={{html .h}} >",
        Err("html/template:t:1:15: predefined escaper \"html\" disallowed in template"),
    ),
    (
        "<script>var x = \"{{.h | printf \"%s\" | html}}\";</script>",
        Ok(
            "<script>var x = \"\\u0026lt;a href=\\u0026#34;x\\u0026#34;\\u0026gt;\\u0026#39;\\u0026amp;\\u002b\\n\\u0026lt;\\/script\\u0026gt;\";</script>",
        ),
    ),
    ("<style>/* {{.ok}} */ a</style>", Ok("<style>   a</style>")),
    ("<a href=\" {{.css}}\">", Ok("<a href=\" #ZgotmplZ\">")),
    (
        "<a href=\"/p/{{.h | html}}\">",
        Ok("<a href=\"/p/%3ca%20href=%22x%22%3e%27&amp;+%0a%3c/script%3e\">"),
    ),
    ("<title>{{.w}}</title>", Ok("<title>a b=c`d</title>")),
    ("{{.css}}", Ok("color: red")),
    ("<br/>{{.ok}}", Ok("<br/>http://h/p?a=b&amp;c=d e")),
    (
        "<style>a { b: url(\"{{(urlquery .h)}}\") }</style>",
        Ok("<style>a { b: url(\"%3Ca+href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3E\") }</style>"),
    ),
    (
        "<a href=\"&#63;{{.css}}\">",
        Ok("<a href=\"&#63;color%3a%20red\">"),
    ),
    (
        "<textarea>{{.u}}</textarea>",
        Ok("<textarea>javascript:alert(1)</textarea>"),
    ),
    (
        "<a style=\"{{urlquery .h .s}}\">",
        Ok("<a style=\"%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3Eplain\">"),
    ),
    (
        "<a style=\"background: url('{{urlquery .h .s}}')\">",
        Ok(
            "<a style=\"background: url('%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3Eplain')\">",
        ),
    ),
    (
        "<script>a = {{.m}}/2; b = \"/\"</script>",
        Ok("<script>a = \"mailto:x@y\"/2; b = \"/\"</script>"),
    ),
    (
        "<p class=\"a {{.ok | urlquery}} b\">",
        Ok("<p class=\"a http%3A%2F%2Fh%2Fp%3Fa%3Db%26c%3Dd&#43;e b\">"),
    ),
    (
        "<{{(.h | html)}}>",
        Ok(
            "&lt;&amp;lt;a href=&amp;#34;x&amp;#34;&amp;gt;&amp;#39;&amp;amp;&#43;\n&amp;lt;/script&amp;gt;>",
        ),
    ),
    (
        "<a style=\"background: url({{.t}})\">",
        Ok("<a style=\"background: url(true)\">"),
    ),
    (
        "<script>x = \"<!--\";y={{.n}}</script>",
        Ok("<script>x = \"\\x3C!--\";y= 3.5 </script>"),
    ),
    ("<a href='{{.o}}'>", Ok("<a href='#ZgotmplZ'>")),
    (
        "<a href=\"/p?x={{.h}}\">",
        Ok("<a href=\"/p?x=%3ca%20href%3d%22x%22%3e%27%26%2b%0a%3c%2fscript%3e\">"),
    ),
    (
        "<script>x = 1 / {{.o}} / 2</script>",
        Ok("<script>x = 1 / {\"k\":\"\\u003cv\\u003e\"} / 2</script>"),
    ),
    ("<style>{{.nil}}</style>", Ok("<style></style>")),
    ("<a href=\"{{.n}}?q={{.n}}\">", Ok("<a href=\"3.5?q=3.5\">")),
    ("<a href=\"/p/{{.nil}}\">", Ok("<a href=\"/p/\">")),
    ("<a title='{{.l}}'>", Ok("<a title='[a 1 &lt;nil&gt;]'>")),
    ("<a {{.s}}=\"x\">", Ok("<a plain=\"x\">")),
    (
        "<script>x = \"<!--\";y={{.h | html}}</script>",
        Ok(
            "<script>x = \"\\x3C!--\";y=\"\\u0026lt;a href=\\u0026#34;x\\u0026#34;\\u0026gt;\\u0026#39;\\u0026amp;+\\n\\u0026lt;/script\\u0026gt;\"</script>",
        ),
    ),
    (
        "<a href=\"/p?x={{.u}}\">",
        Ok("<a href=\"/p?x=javascript%3aalert%281%29\">"),
    ),
    (
        "<svg xlink:href=\"{{.amp}}\">",
        Ok("<svg xlink:href=\"a&amp;amp;b%20c%25zz\">"),
    ),
    (
        "<script>var y = {a: {{.nil}} }</script>",
        Ok("<script>var y = {a:  null  }</script>"),
    ),
    ("<a href='{{.x}}'>", Ok("<a href='expression%281%29'>")),
    (
        "<a onclick=\"f({{.nil}})\">",
        Ok("<a onclick=\"f( null )\">"),
    ),
    (
        "<a onclick=\"f({{.ok}})\">",
        Ok("<a onclick=\"f(&#34;http://h/p?a=b\\u0026c=d e&#34;)\">"),
    ),
    (
        "<script>var x = `${ {{.h | printf \"%s\" | html}} }`;</script>",
        Ok(
            "<script>var x = `${ \"\\u0026lt;a href=\\u0026#34;x\\u0026#34;\\u0026gt;\\u0026#39;\\u0026amp;+\\n\\u0026lt;/script\\u0026gt;\" }`;</script>",
        ),
    ),
    (
        "<a data-x=\"{{(.h | html)}}\">",
        Ok(
            "<a data-x=\"&amp;lt;a href=&amp;#34;x&amp;#34;&amp;gt;&amp;#39;&amp;amp;&#43;\n&amp;lt;/script&amp;gt;\">",
        ),
    ),
    (
        "<a onclick=\"f('{{html .h}}')\">",
        Ok(
            "<a onclick=\"f('\\u003ca href=\\u0022x\\u0022\\u003e\\u0027\\u0026\\u002b\\n\\u003c\\/script\\u003e')\">",
        ),
    ),
    (
        "<style>a { b: \"{{(safeUrl .u)}}\" }</style>",
        Ok("<style>a { b: \"javascript\\3a alert\\28 1\\29 \" }</style>"),
    ),
    (
        "<br/>{{urlquery .h .s}}",
        Ok("<br/>%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3Eplain"),
    ),
    (
        "<a style=\"width: {{html .h}}\">",
        Ok("<a style=\"width: ZgotmplZ\">"),
    ),
    (
        "<script>var x = {{.ok}};</script>",
        Ok("<script>var x = \"http://h/p?a=b\\u0026c=d e\";</script>"),
    ),
    (
        "<script>var x = {{.x}};</script>",
        Ok("<script>var x = \"expression(1)\";</script>"),
    ),
    (
        "{{(.h | html)}} < 5 && x > 3",
        Ok(
            "&amp;lt;a href=&amp;#34;x&amp;#34;&amp;gt;&amp;#39;&amp;amp;&#43;\n&amp;lt;/script&amp;gt; &lt; 5 && x > 3",
        ),
    ),
    (
        "<a style=\"background: url('{{.nil}}')\">",
        Ok("<a style=\"background: url('')\">"),
    ),
    (
        "<a href=\"/p/{{safeHtml .h | html}}\">",
        Ok("<a href=\"/p/%3ca%20href=%22x%22%3e%27&amp;+%0a%3c/script%3e\">"),
    ),
    (
        "<script>var x = `${ {{.ok}} }`;</script>",
        Ok("<script>var x = `${ \"http://h/p?a=b\\u0026c=d e\" }`;</script>"),
    ),
    (
        "<a href=\"{{.ok | urlquery}}\">",
        Ok("<a href=\"http%3A%2F%2Fh%2Fp%3Fa%3Db%26c%3Dd&#43;e\">"),
    ),
    ("<a data-x=\"{{.nil}}\">", Ok("<a data-x=\"\">")),
    ("<b>x</b><!-- c --> {{.w}}", Ok("<b>x</b> a b=c`d")),
    ("<a href=\"/p?x={{.e}}\">", Ok("<a href=\"/p?x=\">")),
    (
        "<style>a { color: {{js .h}} }</style>",
        Ok("<style>a { color: ZgotmplZ }</style>"),
    ),
    ("<a href={{1}}>", Ok("<a href=1>")),
    (
        "<a href=\"http://x/{{(safeUrl .u)}}/y?z={{(safeUrl .u)}}#{{(safeUrl .u)}}\">",
        Ok(
            "<a href=\"http://x/javascript:alert%281%29/y?z=javascript:alert%281%29#javascript:alert%281%29\">",
        ),
    ),
    (
        "<a onclick=\"f('{{.ok | urlquery}}')\">",
        Ok("<a onclick=\"f('http%3A%2F%2Fh%2Fp%3Fa%3Db%26c%3Dd\\u002be')\">"),
    ),
    ("<p>{{.nil}}</p>", Ok("<p></p>")),
    (
        "<br/>{{.h}}",
        Ok("<br/>&lt;a href=&#34;x&#34;&gt;&#39;&amp;&#43;\n&lt;/script&gt;"),
    ),
    ("<img src=\"{{.u}}\">", Ok("<img src=\"#ZgotmplZ\">")),
    (
        "<textarea>{{\"lit\"}}</textarea>",
        Ok("<textarea>lit</textarea>"),
    ),
    (
        "<script>var y = {a: {{(safeUrl .u)}} }</script>",
        Ok("<script>var y = {a: \"javascript:alert(1)\" }</script>"),
    ),
    (
        "<script>var y = {a: {{(.h | html)}} }</script>",
        Ok(
            "<script>var y = {a: \"\\u0026lt;a href=\\u0026#34;x\\u0026#34;\\u0026gt;\\u0026#39;\\u0026amp;+\\n\\u0026lt;/script\\u0026gt;\" }</script>",
        ),
    ),
    (
        "<img srcset=\"{{(.h | html)}}\">",
        Ok("<img srcset=\"#ZgotmplZ\">"),
    ),
    (
        "<!DOCTYPE html>{{.css}}<b>",
        Ok("<!DOCTYPE html>color: red<b>"),
    ),
    ("<a href={{.l}}>", Ok("<a href=[a%201%20%3cnil%3e]>")),
    ("<a style=\"{{.t}}\">", Ok("<a style=\"true\">")),
    (
        "<style>a { b: \"{{.h | printf \"%s\" | html}}\" }</style>",
        Ok(
            "<style>a { b: \"\\26lt\\3b a href=\\26#34\\3bx\\26#34\\3b\\26gt\\3b\\26#39\\3b\\26 amp\\3b\\2b \\a\\26lt\\3b\\2fscript\\26gt\\3b \" }</style>",
        ),
    ),
    (
        "<a style=\"width: {{.h | printf \"%s\" | html}}\">",
        Ok("<a style=\"width: ZgotmplZ\">"),
    ),
    (
        "<meta content=\"{{(urlquery .h)}}\">",
        Ok("<meta content=\"%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3E\">"),
    ),
    (
        "<style>a { b: \"{{.missing}}\" }</style>",
        Ok("<style>a { b: \"\" }</style>"),
    ),
    (
        "<script>var x = /{{.q}}/;</script>",
        Ok("<script>var x = /x\\?y\\u0026z=1#\u{e9} \u{fc}/;</script>"),
    ),
    (
        "<script type=\"application/json\">{{html .h}}</script>",
        Ok(
            "<script type=\"application/json\">\"\\u0026lt;a href=\\u0026#34;x\\u0026#34;\\u0026gt;\\u0026#39;\\u0026amp;+\\n\\u0026lt;/script\\u0026gt;\"</script>",
        ),
    ),
    ("<a href=\"/p/{{.missing}}\">", Ok("<a href=\"/p/\">")),
    (
        "<script>/* {{.q}} */ a</script>",
        Ok("<script>   a</script>"),
    ),
    (
        "<script type=\"text/template\">{{1}}</script>",
        Ok("<script type=\"text/template\">1</script>"),
    ),
    (
        "<style>a { b: url(\"{{.css}}\") }</style>",
        Ok("<style>a { b: url(\"#ZgotmplZ\") }</style>"),
    ),
    (
        "{{.h | html | print}}",
        Err("html/template:t:1:2: predefined escaper \"html\" disallowed in template"),
    ),
    (
        "<a onclick=\"f('{{(safeUrl .u)}}')\">",
        Ok("<a onclick=\"f('javascript:alert(1)')\">"),
    ),
    (
        "<script>x = 1 / {{js .h}} / 2</script>",
        Ok(
            "<script>x = 1 / \"\\\\u003Ca href\\\\u003D\\\\\\\"x\\\\\\\"\\\\u003E\\\\'\\\\u0026+\\\\u000A\\\\u003C/script\\\\u003E\" / 2</script>",
        ),
    ),
    (
        "<!DOCTYPE html>{{.h}}<b>",
        Ok("<!DOCTYPE html>&lt;a href=&#34;x&#34;&gt;&#39;&amp;&#43;\n&lt;/script&gt;<b>"),
    ),
    (
        "<a title=\"&lt;{{safeHtml .h | html}}&gt;\">",
        Ok("<a title=\"&lt;&lt;a href=&#34;x&#34;&gt;&#39;&amp;+\n&lt;/script&gt;&gt;\">"),
    ),
    (
        "<input value={{.l}} >",
        Ok("<input value=[a&#32;1&#32;&lt;nil&gt;] >"),
    ),
    (
        "<script>{{(.h | html)}}</script>",
        Ok(
            "<script>\"\\u0026lt;a href=\\u0026#34;x\\u0026#34;\\u0026gt;\\u0026#39;\\u0026amp;+\\n\\u0026lt;/script\\u0026gt;\"</script>",
        ),
    ),
    (
        "<a onclick=\"f('{{.missing}}')\">",
        Ok("<a onclick=\"f('')\">"),
    ),
    ("<a title=\"{{.x}}\">", Ok("<a title=\"expression(1)\">")),
    ("<a {{.q}}>", Ok("<a ZgotmplZ>")),
    (
        "<a href=\"{{.t}}?q={{.t}}\">",
        Ok("<a href=\"true?q=true\">"),
    ),
    (
        "<a title={{.ok | urlquery}}>",
        Ok("<a title=http%3A%2F%2Fh%2Fp%3Fa%3Db%26c%3Dd&#43;e>"),
    ),
    (
        "<img src=\"{{.h}}\">",
        Ok("<img src=\"%3ca%20href=%22x%22%3e%27&amp;&#43;%0a%3c/script%3e\">"),
    ),
    (
        "<a onclick=\"f({{.e}})\">",
        Ok("<a onclick=\"f(&#34;&#34;)\">"),
    ),
    (
        "<meta content=\"{{print .h}}\">",
        Ok("<meta content=\"&lt;a href=&#34;x&#34;&gt;&#39;&amp;&#43;\n&lt;/script&gt;\">"),
    ),
    (
        "<a title=\"&lt;{{print .h}}&gt;\">",
        Ok("<a title=\"&lt;&lt;a href=&#34;x&#34;&gt;&#39;&amp;&#43;\n&lt;/script&gt;&gt;\">"),
    ),
    (
        "<script>/* {{.amp}} */ a</script>",
        Ok("<script>   a</script>"),
    ),
    ("<input value={{.e}} >", Ok("<input value=ZgotmplZ >")),
    ("<a href=\" {{.w}}\">", Ok("<a href=\" a%20b=c%60d\">")),
    ("<!-- {{.h | html}} -->x", Ok("x")),
    (
        "<a title='{{safeHtml .h | html}}'>",
        Ok("<a title='&lt;a href=&#34;x&#34;&gt;&#39;&amp;+\n&lt;/script&gt;'>"),
    ),
    (
        "<b>x</b><!-- c --> {{(urlquery .h)}}",
        Ok("<b>x</b> %3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3E"),
    ),
    ("<a href={{.u}}>", Ok("<a href=#ZgotmplZ>")),
    (
        "<a style=\"width: {{print .h}}\">",
        Ok("<a style=\"width: ZgotmplZ\">"),
    ),
    (
        "<script>var x = /{{.x}}/;</script>",
        Ok("<script>var x = /expression\\(1\\)/;</script>"),
    ),
    ("<form action=\"{{.missing}}\">", Ok("<form action=\"\">")),
    (
        "<a href=\"{{.u}}?q={{.u}}\">",
        Ok("<a href=\"#ZgotmplZ?q=javascript%3aalert%281%29\">"),
    ),
    (
        "<script>var y = {a: {{print .h}} }</script>",
        Ok(
            "<script>var y = {a: \"\\u003ca href=\\\"x\\\"\\u003e'\\u0026+\\n\\u003c/script\\u003e\" }</script>",
        ),
    ),
    (
        "<script>var x = `{{.h | printf \"%s\" | html}}`;</script>",
        Ok(
            "<script>var x = `\\u0026lt;a href=\\u0026#34;x\\u0026#34;\\u0026gt;\\u0026#39;\\u0026amp;\\u002b\\n\\u0026lt;\\/script\\u0026gt;`;</script>",
        ),
    ),
    ("<a style=\"{{.x}}\">", Ok("<a style=\"ZgotmplZ\">")),
    (
        "<!DOCTYPE html>{{(safeUrl .u)}}<b>",
        Ok("<!DOCTYPE html>javascript:alert(1)<b>"),
    ),
    (
        "<img srcset=\"{{(urlquery .h)}}\">",
        Ok("<img srcset=\"%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3E\">"),
    ),
    (
        "<script>/* {{.h}} */ a</script>",
        Ok("<script>   a</script>"),
    ),
    (
        "<style>a { b: \"{{.nil}}\" }</style>",
        Ok("<style>a { b: \"\" }</style>"),
    ),
    ("<a {{.h}}=\"x\">", Ok("<a ZgotmplZ=\"x\">")),
    ("<img srcset=\"{{.u}}\">", Ok("<img srcset=\"#ZgotmplZ\">")),
    (
        "<b>x</b><!-- c --> {{js .h}}",
        Ok(
            "<b>x</b> \\u003Ca href\\u003D\\&#34;x\\&#34;\\u003E\\&#39;\\u0026&#43;\\u000A\\u003C/script\\u003E",
        ),
    ),
    (
        "<!DOCTYPE html>{{.h | printf \"%s\" | html}}<b>",
        Ok("<!DOCTYPE html>&lt;a href=&#34;x&#34;&gt;&#39;&amp;+\n&lt;/script&gt;<b>"),
    ),
    ("<a {{.missing}}=x>b", Ok("<a ZgotmplZ=x>b")),
    ("<style>/* {{.w}} */ a</style>", Ok("<style>   a</style>")),
    ("<br/>{{.t}}", Ok("<br/>true")),
    ("<a {{urlquery .h .s}}=x>b", Ok("<a ZgotmplZ=x>b")),
    (
        "<a title={{.h | html}}>",
        Err("html/template:t:1:11: predefined escaper \"html\" disallowed in template"),
    ),
    (
        "<a title={{html .h}}>",
        Err("html/template:t:1:11: predefined escaper \"html\" disallowed in template"),
    ),
    (
        "<script>var x = `${ {{.o}} }`;</script>",
        Ok("<script>var x = `${ {\"k\":\"\\u003cv\\u003e\"} }`;</script>"),
    ),
    (
        "<script>{{urlquery .h .s}}</script>",
        Ok("<script>\"%3Ca+href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3Eplain\"</script>"),
    ),
    (
        "<a href=\"http://x/{{.t}}/y?z={{.t}}#{{.t}}\">",
        Ok("<a href=\"http://x/true/y?z=true#true\">"),
    ),
    (
        "<a href=\"/p/{{.l}}\">",
        Ok("<a href=\"/p/[a%201%20%3cnil%3e]\">"),
    ),
    (
        "<img src=\"{{(urlquery .h)}}\">",
        Ok("<img src=\"%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3E\">"),
    ),
    (
        "<a title={{safeHtml .h | html}}>",
        Err("html/template:t:1:11: predefined escaper \"html\" disallowed in template"),
    ),
    (
        "<a title={{.l}}>",
        Ok("<a title=[a&#32;1&#32;&lt;nil&gt;]>"),
    ),
    (
        "<script>var x = {{(safeHtml .h)}};</script>",
        Ok(
            "<script>var x = \"\\u003ca href=\\\"x\\\"\\u003e'\\u0026+\\n\\u003c/script\\u003e\";</script>",
        ),
    ),
    (
        "<script>var x = '{{.ok | urlquery}}';</script>",
        Ok("<script>var x = 'http%3A%2F%2Fh%2Fp%3Fa%3Db%26c%3Dd\\u002be';</script>"),
    ),
    (
        "<script>var x = \"{{urlquery .h .s}}\";</script>",
        Ok(
            "<script>var x = \"%3Ca\\u002bhref%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3Eplain\";</script>",
        ),
    ),
    ("<a href=\"{{.m}}\">", Ok("<a href=\"mailto:x@y\">")),
    (
        "<script>a = {{\"lit\"}}/2; b = \"/\"</script>",
        Ok("<script>a = \"lit\"/2; b = \"/\"</script>"),
    ),
    ("<img srcset=\"{{.h}}\">", Ok("<img srcset=\"#ZgotmplZ\">")),
    (
        "{{.h}}",
        Ok("&lt;a href=&#34;x&#34;&gt;&#39;&amp;&#43;\n&lt;/script&gt;"),
    ),
    (
        "<script>x = \"<!--\";y={{.o}}</script>",
        Ok("<script>x = \"\\x3C!--\";y={\"k\":\"\\u003cv\\u003e\"}</script>"),
    ),
    (
        "<a href=\"&#63;{{.w}}\">",
        Ok("<a href=\"&#63;a%20b%3dc%60d\">"),
    ),
    (
        "<script>x = \"<!--\";y={{(safeHtml .h)}}</script>",
        Ok(
            "<script>x = \"\\x3C!--\";y=\"\\u003ca href=\\\"x\\\"\\u003e'\\u0026+\\n\\u003c/script\\u003e\"</script>",
        ),
    ),
    ("<a href=\" {{.e}}\">", Ok("<a href=\" \">")),
    ("<a href=\" {{.s}}\">", Ok("<a href=\" plain\">")),
    (
        "<a data-url=\"{{.ok}}\">",
        Ok("<a data-url=\"http://h/p?a=b&amp;c=d%20e\">"),
    ),
    (
        "<script>var x = \"{{.nil}}\";</script>",
        Ok("<script>var x = \"\";</script>"),
    ),
    (
        "<a style=\"background: url('{{.s}}')\">",
        Ok("<a style=\"background: url('plain')\">"),
    ),
    (
        "<a href=\"/p?x={{.o}}\">",
        Ok("<a href=\"/p?x=map%5bk%3a%3cv%3e%5d\">"),
    ),
    ("<!DOCTYPE html>{{.e}}<b>", Ok("<!DOCTYPE html><b>")),
    (
        "<b>x</b><!-- c --> {{.h | printf \"%s\" | html}}",
        Ok("<b>x</b> &lt;a href=&#34;x&#34;&gt;&#39;&amp;+\n&lt;/script&gt;"),
    ),
    (
        "<a href=\"&#63;{{.h}}\">",
        Ok("<a href=\"&#63;%3ca%20href%3d%22x%22%3e%27%26%2b%0a%3c%2fscript%3e\">"),
    ),
    (
        "<a style=\"background: url({{.w}})\">",
        Ok("<a style=\"background: url(a%20b=c%60d)\">"),
    ),
    (
        "<script type=\"text/template\">{{\"lit\"}}</script>",
        Ok("<script type=\"text/template\">lit</script>"),
    ),
    ("<a data-x=\"{{\"lit\"}}\">", Ok("<a data-x=\"lit\">")),
    (
        "<style>a { color: {{(safeUrl .u)}} }</style>",
        Ok("<style>a { color: ZgotmplZ }</style>"),
    ),
    (
        "<a style=\"background: url('{{.missing}}')\">",
        Ok("<a style=\"background: url('')\">"),
    ),
    (
        "<style>a { b: url(\"{{print .h}}\") }</style>",
        Ok("<style>a { b: url(\"%3ca%20href=%22x%22%3e%27&+%0a%3c/script%3e\") }</style>"),
    ),
    (
        "<script>/* {{.u}} */ a</script>",
        Ok("<script>   a</script>"),
    ),
    (
        "<script>a = {{(.h | html)}}/2; b = \"/\"</script>",
        Ok(
            "<script>a = \"\\u0026lt;a href=\\u0026#34;x\\u0026#34;\\u0026gt;\\u0026#39;\\u0026amp;+\\n\\u0026lt;/script\\u0026gt;\"/2; b = \"/\"</script>",
        ),
    ),
    ("<a title={{.n}}>", Ok("<a title=3.5>")),
    ("<a {{.e}}>", Ok("<a ZgotmplZ>")),
    (
        "a < b {{.ok | urlquery}}",
        Ok("a &lt; b http%3A%2F%2Fh%2Fp%3Fa%3Db%26c%3Dd&#43;e"),
    ),
    (
        "<textarea>{{.ok | urlquery}}</textarea>",
        Ok("<textarea>http%3A%2F%2Fh%2Fp%3Fa%3Db%26c%3Dd&#43;e</textarea>"),
    ),
    (
        "<a href={{html .h}}>",
        Ok(
            "<a href=&amp;lt;a%20href&#61;&amp;#34;x&amp;#34;&amp;gt;&amp;#39;&amp;amp;&#43;%0a&amp;lt;/script&amp;gt;>",
        ),
    ),
    (
        "<a title=\"{{safeHtml .h | html}}\">",
        Ok("<a title=\"&lt;a href=&#34;x&#34;&gt;&#39;&amp;+\n&lt;/script&gt;\">"),
    ),
    (
        "<a onclick=\"f(&quot;{{.missing}}&quot;)\">",
        Ok("<a onclick=\"f(&quot;&quot;)\">"),
    ),
    ("<a href=\"&#63;{{.missing}}\">", Ok("<a href=\"&#63;\">")),
    (
        "<a style=\"background: url({{1}})\">",
        Ok("<a style=\"background: url(1)\">"),
    ),
    ("<form action=\"{{\"lit\"}}\">", Ok("<form action=\"lit\">")),
    ("<!-- {{urlquery .h .s}} -->x", Ok("x")),
    (
        "<style>a { b: \"{{.x}}\" }</style>",
        Ok("<style>a { b: \"expression\\28 1\\29 \" }</style>"),
    ),
    (
        "<a title=\"&lt;{{js .h}}&gt;\">",
        Ok(
            "<a title=\"&lt;\\u003Ca href\\u003D\\&#34;x\\&#34;\\u003E\\&#39;\\u0026&#43;\\u000A\\u003C/script\\u003E&gt;\">",
        ),
    ),
    (
        "<script>/* {{(.h | html)}} */ a</script>",
        Ok("<script>   a</script>"),
    ),
    (
        "<a style=\"background: url('{{\"lit\"}}')\">",
        Ok("<a style=\"background: url('lit')\">"),
    ),
    ("<a title={{.css}}>", Ok("<a title=color:&#32;red>")),
    (
        "<script>var x = '{{\"lit\"}}';</script>",
        Ok("<script>var x = 'lit';</script>"),
    ),
    ("<a title='{{.nil}}'>", Ok("<a title=''>")),
    (
        "<script>x = 1 / {{.x}} / 2</script>",
        Ok("<script>x = 1 / \"expression(1)\" / 2</script>"),
    ),
    ("<a href=\"/p#{{.missing}}\">", Ok("<a href=\"/p#\">")),
    (
        "<a href=\"http://x/{{js .h}}/y?z={{js .h}}#{{js .h}}\">",
        Ok(
            "<a href=\"http://x/%5cu003Ca%20href%5cu003D%5c%22x%5c%22%5cu003E%5c%27%5cu0026&#43;%5cu000A%5cu003C/script%5cu003E/y?z=%5cu003Ca%20href%5cu003D%5c%22x%5c%22%5cu003E%5c%27%5cu0026%2b%5cu000A%5cu003C%2fscript%5cu003E#%5cu003Ca%20href%5cu003D%5c%22x%5c%22%5cu003E%5c%27%5cu0026%2b%5cu000A%5cu003C%2fscript%5cu003E\">",
        ),
    ),
    ("a < b {{.w}}", Ok("a &lt; b a b=c`d")),
    (
        "<textarea>{{.m}}</textarea>",
        Ok("<textarea>mailto:x@y</textarea>"),
    ),
    (
        "<script>var x = {{.l}};</script>",
        Ok("<script>var x = [\"a\",1,null];</script>"),
    ),
    (
        "<a href=\" {{urlquery .h .s}}\">",
        Ok("<a href=\" %3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3Eplain\">"),
    ),
    ("<a {{.ok | urlquery}}=x>b", Ok("<a ZgotmplZ=x>b")),
    (
        "<style>a { b: url(\"{{.o}}\") }</style>",
        Ok("<style>a { b: url(\"#ZgotmplZ\") }</style>"),
    ),
    (
        "<a href=\"/p/{{(urlquery .h)}}\">",
        Ok("<a href=\"/p/%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3E\">"),
    ),
    (
        "<a style=\"background: url('{{1}}')\">",
        Ok("<a style=\"background: url('1')\">"),
    ),
    (
        "<script>/* {{html .h}} */ a</script>",
        Ok("<script>   a</script>"),
    ),
    (
        "<script>{{.m}}</script>",
        Ok("<script>\"mailto:x@y\"</script>"),
    ),
    (
        "<script>var x = `{{1}}`;</script>",
        Ok("<script>var x = `1`;</script>"),
    ),
    (
        "<a href=\"{{html .h}}\">",
        Ok("<a href=\"%3ca%20href=%22x%22%3e%27&amp;+%0a%3c/script%3e\">"),
    ),
    (
        "<script>x = \"<!--\";y={{safeHtml .h | html}}</script>",
        Ok(
            "<script>x = \"\\x3C!--\";y=\"\\u0026lt;a href=\\u0026#34;x\\u0026#34;\\u0026gt;\\u0026#39;\\u0026amp;+\\n\\u0026lt;/script\\u0026gt;\"</script>",
        ),
    ),
    (
        "<style>{{.ok | urlquery}}</style>",
        Ok("<style>http%3A%2F%2Fh%2Fp%3Fa%3Db%26c%3Dd+e</style>"),
    ),
    (
        "{{(urlquery .h)}}",
        Ok("%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3E"),
    ),
    (
        "<a href=\" {{.h}}\">",
        Ok("<a href=\" %3ca%20href=%22x%22%3e%27&amp;&#43;%0a%3c/script%3e\">"),
    ),
    (
        "<a href=\"/p/{{.h}}\">",
        Ok("<a href=\"/p/%3ca%20href=%22x%22%3e%27&amp;&#43;%0a%3c/script%3e\">"),
    ),
    (
        "<a title=\"&lt;{{urlquery .h .s}}&gt;\">",
        Ok("<a title=\"&lt;%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3Eplain&gt;\">"),
    ),
    ("{{.m}} < 5 && x > 3", Ok("mailto:x@y &lt; 5 && x > 3")),
    (
        "<a style=\"font: '{{.css}}'\">",
        Ok("<a style=\"font: '#ZgotmplZ'\">"),
    ),
    (
        "<a href=\"{{.h | printf \"%s\" | html}}\">",
        Ok("<a href=\"%3ca%20href=%22x%22%3e%27&amp;+%0a%3c/script%3e\">"),
    ),
    ("<a title={{.o}}>", Ok("<a title=map[k:&lt;v&gt;]>")),
    ("<img srcset=\"{{.n}}\">", Ok("<img srcset=\"3.5\">")),
    ("<img src=\"{{.o}}\">", Ok("<img src=\"#ZgotmplZ\">")),
    (
        "<script>/* {{.nil}} */ a</script>",
        Ok("<script>   a</script>"),
    ),
    (
        "<script>var y = {a: {{safeHtml .h | html}} }</script>",
        Ok(
            "<script>var y = {a: \"\\u0026lt;a href=\\u0026#34;x\\u0026#34;\\u0026gt;\\u0026#39;\\u0026amp;+\\n\\u0026lt;/script\\u0026gt;\" }</script>",
        ),
    ),
    (
        "<img src=\"{{.q}}\">",
        Ok("<img src=\"x?y&amp;z=1#%c3%a9%20%c3%bc\">"),
    ),
    ("<a href=\"&#63;{{.t}}\">", Ok("<a href=\"&#63;true\">")),
    ("<a href={{.w}}>", Ok("<a href=a%20b&#61;c%60d>")),
    (
        "<a href='{{(safeUrl .u)}}'>",
        Ok("<a href='javascript:alert%281%29'>"),
    ),
    (
        "<p class=\"a {{.h | html}} b\">",
        Ok("<p class=\"a &lt;a href=&#34;x&#34;&gt;&#39;&amp;+\n&lt;/script&gt; b\">"),
    ),
    (
        "<a href=\"http://x/{{.e}}/y?z={{.e}}#{{.e}}\">",
        Ok("<a href=\"http://x//y?z=#\">"),
    ),
    (
        "<a href={{.h | printf \"%s\" | html}}>",
        Ok(
            "<a href=&amp;lt;a%20href&#61;&amp;#34;x&amp;#34;&amp;gt;&amp;#39;&amp;amp;&#43;%0a&amp;lt;/script&amp;gt;>",
        ),
    ),
    ("<a href='{{.missing}}'>", Ok("<a href=''>")),
    (
        "<script type=\"text/template\">{{.ok | urlquery}}</script>",
        Ok("<script type=\"text/template\">http%3A%2F%2Fh%2Fp%3Fa%3Db%26c%3Dd&#43;e</script>"),
    ),
    (
        "<svg xlink:href=\"{{urlquery .h .s}}\">",
        Ok("<svg xlink:href=\"%3Ca&#43;href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3Eplain\">"),
    ),
    (
        "<a-b c:d=\"{{print .h}}\">",
        Ok("<a-b c:d=\"&lt;a href=&#34;x&#34;&gt;&#39;&amp;&#43;\n&lt;/script&gt;\">"),
    ),
    ("<title>{{.css}}</title>", Ok("<title>color: red</title>")),
    (
        "<a href='{{html .h}}'>",
        Ok("<a href='%3ca%20href=%22x%22%3e%27&amp;+%0a%3c/script%3e'>"),
    ),
    (
        "<a title={{js .h}}>",
        Ok(
            "<a title=\\u003Ca&#32;href\\u003D\\&#34;x\\&#34;\\u003E\\&#39;\\u0026&#43;\\u000A\\u003C/script\\u003E>",
        ),
    ),
    (
        "<script>var x = \"{{(.h | html)}}\";</script>",
        Ok(
            "<script>var x = \"\\u0026lt;a href=\\u0026#34;x\\u0026#34;\\u0026gt;\\u0026#39;\\u0026amp;\\u002b\\n\\u0026lt;\\/script\\u0026gt;\";</script>",
        ),
    ),
    (
        "<iframe srcdoc=\"{{.m}}\">",
        Ok("<iframe srcdoc=\"mailto:x@y\">"),
    ),
    (
        "<svg xlink:href=\"{{.ok}}\">",
        Ok("<svg xlink:href=\"http://h/p?a=b&amp;c=d%20e\">"),
    ),
    (
        "<script>var x = {{urlquery .h .s}};</script>",
        Ok("<script>var x = \"%3Ca+href%3D%22x%22%3E%27%26%2B%0A%3C%2Fscript%3Eplain\";</script>"),
    ),
    (
        "<script>x = 1 / {{safeHtml .h | html}} / 2</script>",
        Ok(
            "<script>x = 1 / \"\\u0026lt;a href=\\u0026#34;x\\u0026#34;\\u0026gt;\\u0026#39;\\u0026amp;+\\n\\u0026lt;/script\\u0026gt;\" / 2</script>",
        ),
    ),
    (
        "<a href=\"{{.q}}?q={{.q}}\">",
        Ok("<a href=\"x?y&amp;z=1#%c3%a9%20%c3%bc?q=x%3fy%26z%3d1%23%c3%a9%20%c3%bc\">"),
    ),
];
