//! The API describes itself: OpenAPI 3.1, made from the very structs that answers are written from.
//!
//! Each noun of `v1/` and `v2/` has a `describe` beside its routes that names its paths, what they take, and the struct that
//! they answer with; the derive of that struct says the rest. So an answer cannot change and its description stay. The
//! document is served at `/api/v1/openapi.json` and printed by `plimsoll reference openapi`; the types of the user interface
//! are made from it.
//!
//! | in Rust | in the document |
//! |---|---|
//! | a field that is an `Option` | required, and `null` where there is nothing: answers leave no field out |
//! | the same with `#[schema(nullable = false)]` beside serde's `skip_serializing_if` | not required, and never `null` |
//! | `#[schema(as = Name)]` | the name of the type, unique among all; without it the struct's own |
//! | a type of [`words`] | a text that is one of the words of an enumeration of another crate |

mod described;
pub(crate) mod values;
pub(crate) mod words;

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::{InfoBuilder, OpenApi};

use crate::{v1, v2};

pub(crate) use described::{Described, Operation};

/// What the document is called, and which version of the API it describes: the one in its paths.
const TITLE: &str = "Plimsoll";
const VERSION: &str = "1";
const ABOUT: &str = "Metrics, rules, alerts, service level objectives and the gateway of one Plimsoll. Paths below /api/v1 \
    answer {\"status\": \"success\", \"data\": ...}; those below /api/v2 are Alertmanager's and answer plainly.";

/// Returns the description of the whole API, as JSON that is indented and ends with a line feed.
pub fn openapi_json() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let text = document().to_pretty_json();
        text.expect("the description becomes JSON") + "\n"
    });
    &TEXT
}

fn document() -> OpenApi {
    let mut described = Described::default();
    v1::describe(&mut described);
    v2::describe(&mut described);
    let info = InfoBuilder::new()
        .title(TITLE)
        .version(VERSION)
        .description(Some(ABOUT));
    described.into_document(info.build())
}

/// Answers with the description.
pub(crate) async fn openapi() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, openapi_json()).into_response()
}
