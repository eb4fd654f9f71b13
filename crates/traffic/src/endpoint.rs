//! Endpoints as they are declared and ordered.

/// Names an endpoint within one upstream, as long as it is declared; never given to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId(pub u32);

/// An endpoint as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSpec {
    /// What it is called in metrics, logs and orders; unique within its upstream: by default host and port.
    pub name: String,
    /// Its share, relative to the others; 0 takes no new requests.
    pub weight: u32,
    /// 0 is used first; see [`Options::overprovisioning`](crate::Options::overprovisioning).
    pub priority: u8,
}

/// What a person ordered about an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AdminState {
    /// Nothing: health decides.
    #[default]
    Auto,
    /// It counts as healthy whatever is measured.
    ForcedUp,
    /// It gets nothing, and its connections are closed.
    ForcedDown,
    /// It gets nothing new but requests that stick to it; what runs is finished.
    Draining,
}
