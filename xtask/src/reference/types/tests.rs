use super::page;

fn document(schemas: &str) -> String {
    format!(r#"{{"openapi":"3.1.0","paths":{{}},"components":{{"schemas":{{{schemas}}}}}}}"#)
}

/// Checks the declarations that schemas become.
fn check(schemas: &str, expected: &str) {
    let text = page(&document(schemas)).unwrap();
    let begin = text.find("\n\n").unwrap() + 2;
    let end = text.find("\n/** What each path answers with").unwrap();
    assert_eq!(&text[begin..end], expected);
}

#[test]
fn an_object_becomes_an_interface() {
    check(
        r##""It":{"type":"object","description":"It.","required":["id","at"],"properties":{
            "id":{"type":"integer","description":"Its\nnumber */ there."},
            "at":{"oneOf":[{"type":"null"},{"$ref":"#/components/schemas/Time","description":"When."}]},
            "last-error":{"type":"string"},"many":{"type":["array","null"],"items":{"type":["string","null"]}}}},
        "Time":{"type":"string","format":"date-time"}"##,
        "\
/** It. */
export interface It {
  /**
   * Its
   * number *\\/ there.
   */
  id: number;
  /** When. */
  at: Time | null;
  \"last-error\"?: string;
  many?: (string | null)[] | null;
}

export type Time = string;
",
    );
}

#[test]
fn a_part_of_another_is_extended() {
    check(
        r##""Base":{"type":"object","required":["a"],"properties":{"a":{"type":"boolean"}}},
        "More":{"allOf":[{"$ref":"#/components/schemas/Base"},
            {"type":"object","required":["b"],"properties":{"b":{"type":"number"}}}],"description":"More."}"##,
        "\
export interface Base {
  a: boolean;
}

/** More. */
export interface More extends Base {
  b: number;
}
",
    );
}

#[test]
fn words_alternatives_maps_and_tuples() {
    check(
        r##""Word":{"type":"string","enum":["a","b c"]},
        "Either":{"oneOf":[{"$ref":"#/components/schemas/Word"},
            {"type":"object","required":["kind"],"properties":{"kind":{"type":"string","enum":["x"]}}}]},
        "Map":{"type":"object","additionalProperties":{"$ref":"#/components/schemas/Word"}},
        "Pair":{"type":"array","prefixItems":[{"type":"number"},{"type":"string"}],"items":false},
        "Any":{}"##,
        "\
export type Word = \"a\" | \"b c\";

export type Either = Word | {
  kind: \"x\";
};

export type Map = Record<string, Word>;

export type Pair = [number, string];

export type Any = unknown;
",
    );
}

#[test]
fn answers_lose_their_envelope() {
    let text = page(
        r##"{"paths":{"/api/v1/a":{"get":{"responses":{"default":{},"200":{"content":{"application/json":{"schema":
            {"type":"object","properties":{"status":{"type":"string"},"data":{"type":"array","items":{"type":"string"}}}}}}}}}},
        "/api/v2/b":{"delete":{"responses":{"200":{}}},"post":{"responses":{"200":{"content":{"application/json":{"schema":
            {"$ref":"#/components/schemas/It"}}}}}}}},
        "components":{"schemas":{"It":{"type":"string"}}}}"##,
    );
    let text = text.unwrap();
    for line in [
        "  \"GET /api/v1/a\": string[];\n",
        "  \"DELETE /api/v2/b\": void;\n",
        "  \"POST /api/v2/b\": It;\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let wrong = document(r##""A":{"type":"array","items":{"$ref":"#/components/schemas/B"}}"##);
    let error = page(&wrong).unwrap_err().to_string();
    assert_eq!(error, "A refers to B, which is not there");
    assert!(page("{}").is_err());
}
