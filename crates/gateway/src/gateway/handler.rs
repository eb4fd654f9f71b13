//! How connections hand their requests to the gateway.

use std::future::Future;
use std::sync::Arc;

use http::request::Parts;
use http::{Request, Response};

use super::{Gateway, Worker};
use crate::proxy::{self, Body};
use crate::server::{ClientBody, ConnectionInfo, Handler, Refusal, Reset, Tunnel};
use crate::signals::ListenerSignals;
use crate::worker::Spawner;

impl Handler for Gateway {
    type Worker = Worker;
    type Body = Body;

    fn worker(self: &Arc<Self>, index: usize, spawner: Spawner) -> Arc<Worker> {
        Worker::new(self, index, spawner)
    }

    fn listener(&self, name: &str) -> Option<Arc<ListenerSignals>> {
        Some(self.signals().listener(name))
    }

    fn answer(
        worker: Arc<Worker>,
        connection: Arc<ConnectionInfo>,
        request: Request<ClientBody>,
    ) -> impl Future<Output = Result<Response<Body>, Reset>> + Send + 'static {
        proxy::answer(worker, connection, request)
    }

    fn refuse(
        worker: &Arc<Worker>,
        connection: &Arc<ConnectionInfo>,
        parts: &Parts,
        refusal: Refusal,
    ) -> Response<Body> {
        proxy::refuse(worker, connection, parts, refusal)
    }

    fn broken(worker: &Arc<Worker>, connection: &Arc<ConnectionInfo>, refusal: Refusal) {
        proxy::broken(worker, connection, refusal);
    }

    fn tunnel(
        worker: Arc<Worker>,
        connection: Arc<ConnectionInfo>,
        tunnel: Tunnel,
    ) -> impl Future<Output = ()> + Send + 'static {
        proxy::tunnel(worker, connection, tunnel)
    }
}
