//! Exports that cannot be complete are broken off.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use plimsoll_testkit::MemoryStore;
use plimsoll_types::{
    Exemplar, Labels, Matcher, Metadata, Queryable, Selection, StorageError, StorageErrorKind,
    TimeRange,
};

use crate::harness::Server;

#[derive(Clone, Copy)]
enum Trouble {
    Error,
    Panic,
    Warning,
}

/// A store whose selections are in trouble for the metric `bad`.
struct Troubled(MemoryStore, Trouble);

impl Queryable for Troubled {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Selection, StorageError> {
        let mut selection = self.0.select(matchers, range)?;
        if matchers.iter().any(|matcher| matcher.value() == "bad") {
            match self.1 {
                Trouble::Error => {
                    return Err(StorageError::new(StorageErrorKind::Corrupt, "a torn part"));
                }
                Trouble::Panic => panic!("a fault of ours"),
                Trouble::Warning => selection.warnings.push("a part is missing".into()),
            }
        }
        Ok(selection)
    }

    fn series(
        &self,
        _: &[Vec<Matcher>],
        _: TimeRange,
        _: usize,
    ) -> Result<Vec<Labels>, StorageError> {
        Ok(Vec::new())
    }

    fn label_names(
        &self,
        _: &[Vec<Matcher>],
        _: TimeRange,
        _: usize,
    ) -> Result<Vec<String>, StorageError> {
        Ok(Vec::new())
    }

    fn label_values(
        &self,
        _: &str,
        _: &[Vec<Matcher>],
        _: TimeRange,
        _: usize,
    ) -> Result<Vec<String>, StorageError> {
        Ok(Vec::new())
    }

    fn exemplars(
        &self,
        _: &[Vec<Matcher>],
        _: TimeRange,
    ) -> Result<Vec<(Labels, Vec<Exemplar>)>, StorageError> {
        Ok(Vec::new())
    }

    fn metadata(
        &self,
        _: Option<&str>,
        _: usize,
    ) -> Result<Vec<(String, Vec<Metadata>)>, StorageError> {
        Ok(Vec::new())
    }
}

/// Returns the lines that came, and whether the body came to its end.
async fn export(trouble: Trouble, query: &str) -> (usize, bool) {
    let data = Server::with_data().await;
    let server = Server::over(Troubled(data.store.clone(), trouble));
    let request = Request::get(format!("/api/v1/export?{query}")).body(Body::empty());
    let response = server.respond(request.expect("a request")).await;
    assert_eq!(response.status(), StatusCode::OK);
    let (mut body, mut lines) = (response.into_body(), 0);
    while let Some(frame) = body.frame().await {
        if frame.is_err() {
            return (lines, false);
        }
        lines += 1;
    }
    (lines, true)
}

#[tokio::test]
async fn what_is_missing_breaks_the_body_off() {
    for trouble in [Trouble::Error, Trouble::Panic, Trouble::Warning] {
        assert_eq!(export(trouble, "match[]=up").await, (2, true));
        assert_eq!(export(trouble, "match[]=up&match[]=bad").await, (2, false));
    }
}
