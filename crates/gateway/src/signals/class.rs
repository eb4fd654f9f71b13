//! What a request's end counts as: by status, but for what a status does not tell.

use crate::reason::Reason;

/// What a request's end counts as.
///
/// | what | class |
/// |---|---|
/// | the client left before its answer was whole | `499` |
/// | the answer broke off, or there was none although the connection stood | `5xx`, whatever status went out |
/// | gRPC said 1 (cancelled) | `499` |
/// | gRPC said 2, 4, 13, 14, 15: the server failed | `5xx`, although HTTP said 200 |
/// | gRPC said another code than 0: the caller is to blame | `4xx` |
/// | anything else | the status' first digit; 499 from an endpoint is `4xx` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// An upgrade: 101.
    Informational,
    /// 2xx.
    Success,
    /// 3xx.
    Redirection,
    /// 4xx: the client is to blame.
    ClientError,
    /// 5xx, and answers that broke off.
    ServerError,
    /// The client left.
    ClientGone,
}

impl Class {
    /// All, in the order of their declaration.
    pub const ALL: [Self; 6] = [
        Self::Informational,
        Self::Success,
        Self::Redirection,
        Self::ClientError,
        Self::ServerError,
        Self::ClientGone,
    ];

    /// Returns it as it is written in logs and labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "1xx",
            Self::Success => "2xx",
            Self::Redirection => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
            Self::ClientGone => "499",
        }
    }

    /// Says whether the request failed by a fault of the gateway or of what is behind it.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::ServerError)
    }

    pub(crate) fn of(status: u16, grpc_status: Option<u8>, reason: Reason) -> Self {
        match (reason, grpc_status, status) {
            (Reason::ClientGone, ..) => Self::ClientGone,
            // These may come after the head, whose status is out by then.
            (Reason::UpstreamTruncated | Reason::Internal, ..) => Self::ServerError,
            (Reason::Timeout | Reason::UpstreamClosed | Reason::UpstreamMalformed, ..) => {
                Self::ServerError
            }
            (_, Some(1), _) => Self::ClientGone,
            (_, Some(2 | 4 | 13 | 14 | 15), _) => Self::ServerError,
            (_, Some(1..), 200) => Self::ClientError,
            (_, _, 100..=199) => Self::Informational,
            (_, _, 200..=299) => Self::Success,
            (_, _, 300..=399) => Self::Redirection,
            (_, _, 400..=499) => Self::ClientError,
            _ => Self::ServerError,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_not_always_what_happened() {
        let class = |status, grpc, reason| Class::of(status, grpc, reason).as_str();
        assert_eq!(class(200, None, Reason::Ok), "2xx");
        assert_eq!(class(101, None, Reason::Ok), "1xx");
        assert_eq!(class(301, None, Reason::Answered), "3xx");
        assert_eq!(class(499, None, Reason::Ok), "4xx");
        assert_eq!(class(200, None, Reason::ClientGone), "499");
        assert_eq!(class(0, None, Reason::ClientGone), "499");
        assert_eq!(class(200, None, Reason::UpstreamTruncated), "5xx");
        assert_eq!(class(200, None, Reason::Timeout), "5xx");
        assert_eq!(class(0, None, Reason::Fault), "5xx");
        assert_eq!(class(429, None, Reason::RateLimited), "4xx");
    }

    #[test]
    fn grpc_says_in_its_own_code_who_is_to_blame() {
        let class = |code| Class::of(200, Some(code), Reason::Ok).as_str();
        assert_eq!((class(0), class(1)), ("2xx", "499"));
        for code in [2, 4, 13, 14, 15] {
            assert_eq!(class(code), "5xx");
        }
        for code in [3, 5, 6, 7, 8, 9, 10, 11, 12, 16, 200] {
            assert_eq!(class(code), "4xx");
        }
    }
}
