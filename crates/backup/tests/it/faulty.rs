//! An object store in memory that fails by plan, and calls back.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_util::stream::{self, BoxStream, StreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use plimsoll_backup::Repository;

type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = Result<T>> + Send + 'a>>;
type Hook = Box<dyn FnOnce() + Send>;

/// Clones share the contents and the plan.
#[derive(Clone, Default)]
pub(crate) struct Faulty {
    pub(crate) inner: Arc<InMemory>,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Default)]
struct Plan {
    calls: u64,
    /// From this call on all fail.
    fails_from: Option<u64>,
    /// The first call that fails has its effect all the same, as when only the answer is lost.
    is_answer_lost: bool,
    hook: Option<(u64, Hook)>,
}

/// What happens to a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Works,
    Fails,
    LosesAnswer,
}

impl Faulty {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn repository(&self) -> Repository {
        Repository::new(Arc::new(self.clone()), "memory".into()).unwrap()
    }

    /// Begins to count at 0, and lets every call from `number` on fail.
    pub(crate) fn fail_from(&self, number: u64, is_answer_lost: bool) {
        let mut plan = self.plan.lock().unwrap();
        *plan = Plan {
            fails_from: Some(number),
            is_answer_lost,
            ..Plan::default()
        };
    }

    /// Begins to count at 0, and calls `hook` before a call.
    pub(crate) fn before(&self, number: u64, hook: impl FnOnce() + Send + 'static) {
        *self.plan.lock().unwrap() = Plan {
            hook: Some((number, Box::new(hook))),
            ..Plan::default()
        };
    }

    /// Lets everything work, and returns how many calls there were.
    pub(crate) fn heal(&self) -> u64 {
        std::mem::take(&mut *self.plan.lock().unwrap()).calls
    }

    fn fate(&self) -> Fate {
        let mut plan = self.plan.lock().unwrap();
        let number = plan.calls;
        plan.calls += 1;
        let hook = plan.hook.take_if(|(at, _)| *at == number);
        let fails = plan.fails_from.is_some_and(|from| number >= from);
        let is_first = plan.fails_from == Some(number);
        let is_answer_lost = plan.is_answer_lost;
        drop(plan);
        if let Some((_, hook)) = hook {
            hook();
        }
        match (fails, is_first && is_answer_lost) {
            (false, _) => Fate::Works,
            (true, true) => Fate::LosesAnswer,
            (true, false) => Fate::Fails,
        }
    }

    async fn run<T>(&self, call: impl std::future::Future<Output = Result<T>>) -> Result<T> {
        let fate = self.fate();
        if fate == Fate::Fails {
            return Err(failed());
        }
        let outcome = call.await;
        match fate {
            Fate::LosesAnswer => Err(failed()),
            _ => outcome,
        }
    }
}

fn failed() -> Error {
    Error::Generic {
        store: "faulty",
        source: "as planned".into(),
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

impl ObjectStore for Faulty {
    fn put_opts<'a, 'b, 'c>(
        &'a self,
        location: &'b Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Future<'c, PutResult>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(self.run(self.inner.put_opts(location, payload, options)))
    }

    fn put_multipart_opts<'a, 'b, 'c>(
        &'a self,
        location: &'b Path,
        options: PutMultipartOptions,
    ) -> Future<'c, Box<dyn MultipartUpload>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(self.run(self.inner.put_multipart_opts(location, options)))
    }

    fn get_opts<'a, 'b, 'c>(
        &'a self,
        location: &'b Path,
        options: GetOptions,
    ) -> Future<'c, GetResult>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(self.run(self.inner.get_opts(location, options)))
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let this = self.clone();
        locations
            .then(move |location| {
                let this = this.clone();
                async move {
                    let one = stream::iter([location]).boxed();
                    let mut deleted = this.inner.delete_stream(one);
                    let delete = async { deleted.next().await.unwrap_or_else(|| Err(failed())) };
                    this.run(delete).await
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.fate() {
            Fate::Works => self.inner.list(prefix),
            _ => stream::iter([Err(failed())]).boxed(),
        }
    }

    fn list_with_delimiter<'a, 'b, 'c>(&'a self, prefix: Option<&'b Path>) -> Future<'c, ListResult>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(self.run(self.inner.list_with_delimiter(prefix)))
    }

    fn copy_opts<'a, 'b, 'c, 'd>(
        &'a self,
        from: &'b Path,
        to: &'c Path,
        options: CopyOptions,
    ) -> Future<'d, ()>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
        Self: 'd,
    {
        Box::pin(self.run(self.inner.copy_opts(from, to, options)))
    }
}
