//! The order to take no more connections, to all who take them in.

use tokio::sync::watch;

/// Why no more connections are taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// The listener goes away: those that the kernel has taken are served still.
    Closed,
    /// Another process takes them from the same sockets.
    HandedOver,
}

/// Gives the order; it is given once.
#[derive(Debug)]
pub(crate) struct Order(watch::Sender<Option<Leave>>);

/// Hears the order.
#[derive(Clone, Debug)]
pub(crate) struct Leaving(watch::Receiver<Option<Leave>>);

impl Order {
    /// Makes an order that is not given yet.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Returns one who hears it.
    pub(crate) fn listen(&self) -> Leaving {
        Leaving(self.0.subscribe())
    }

    /// Gives it; later ones change nothing.
    pub(crate) fn give(&self, leave: Leave) {
        self.0.send_if_modified(|order| {
            let is_first = order.is_none();
            *order = Some(order.unwrap_or(leave));
            is_first
        });
    }

    /// Waits until nobody listens any more.
    pub(crate) async fn heard(&self) {
        self.0.closed().await;
    }
}

impl Leaving {
    /// Waits for the order.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub(crate) async fn told(&mut self) -> Leave {
        match self.0.wait_for(Option::is_some).await {
            Ok(leave) => leave.unwrap_or(Leave::Closed),
            // Whoever could give it is gone.
            Err(_) => Leave::Closed,
        }
    }
}
