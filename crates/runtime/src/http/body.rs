//! Bodies read with a limit: a peer decides neither how much memory we use nor how long we listen.

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use plimsoll_types::ByteCount;

use super::{Error, ErrorKind};

/// Reads the body of a peer's response, at most `limit` bytes of it as they come over the wire.
///
/// The deadline given with the request holds here too.
///
/// # Errors
/// [`ErrorKind::TooLarge`] as soon as the peer announces or sends more, [`ErrorKind::Timeout`], or
/// [`ErrorKind::Broken`] when it sends less than announced.
///
/// # Cancel safety
/// The connection is closed; nothing of the body is left.
pub async fn read_response_capped(
    mut response: reqwest::Response,
    limit: ByteCount,
) -> Result<Bytes, Error> {
    let limit = limit.as_usize();
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(Error::too_large(limit));
    }
    // An announcement is not trusted with more than a small part of the memory at once.
    let mut body = BytesMut::with_capacity(announced.min(64 << 10) as usize);
    while let Some(chunk) = response.chunk().await.map_err(Error::from_reqwest)? {
        if chunk.len() > limit - body.len() {
            return Err(Error::too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Reads the body of a request to one of our servers, at most `limit` bytes of it.
///
/// It has no deadline of its own: the server's read timeout holds.
///
/// # Errors
/// [`ErrorKind::TooLarge`], or [`ErrorKind::Broken`] when the client goes away.
///
/// # Cancel safety
/// What was read is dropped.
pub async fn read_capped<B>(body: B, limit: ByteCount) -> Result<Bytes, Error>
where
    B: http_body::Body,
    B::Data: Buf,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let limit = limit.as_usize();
    if body.size_hint().lower() > limit as u64 {
        return Err(Error::too_large(limit));
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Error::too_large(limit)),
        Err(error) => Err(Error::new(ErrorKind::Broken, "the body broke off").with_source(error)),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    #[tokio::test]
    async fn reads_up_to_the_limit() {
        for (length, fits) in [(0, true), (9, true), (10, true), (11, false)] {
            let body = Full::new(Bytes::from(vec![b'x'; length]));
            let read = read_capped(body, ByteCount(10)).await;
            match read {
                Ok(bytes) => assert!(fits && bytes.len() == length),
                Err(error) => {
                    assert!(!fits);
                    assert_eq!(error.kind(), ErrorKind::TooLarge);
                    assert_eq!(error.to_string(), "the body exceeds the limit of 10 bytes");
                }
            }
        }
    }

    #[tokio::test]
    async fn tells_a_broken_body_from_a_long_one() {
        struct Breaks(bool);
        impl http_body::Body for Breaks {
            type Data = Bytes;
            type Error = std::io::Error;
            fn poll_frame(
                mut self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>>
            {
                let first = std::mem::replace(&mut self.0, true);
                std::task::Poll::Ready(Some(if first {
                    Err(std::io::ErrorKind::ConnectionReset.into())
                } else {
                    Ok(http_body::Frame::data(Bytes::from_static(b"x")))
                }))
            }
        }
        let error = read_capped(Breaks(false), ByteCount(10)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Broken);
        assert_eq!(error.chain(), "the body broke off: connection reset");
    }
}
