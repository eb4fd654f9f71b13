//! Bodies read with a limit: a peer decides neither how much memory we use nor how long we listen.

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use plimsoll_types::ByteCount;

use super::{BodyMemory, BodyShare, Error, ErrorKind};

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

/// Reads the start of the body of a peer's response, at most `limit` bytes, for who is content with what comes: the
/// second value says whether that was all of it. A body that is longer, breaks off or takes until the deadline is not.
///
/// # Cancel safety
/// The connection is closed; nothing of the body is left.
pub async fn read_response_start(
    mut response: reqwest::Response,
    limit: ByteCount,
) -> (Bytes, bool) {
    let limit = limit.as_usize();
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let fits = chunk.len().min(limit - body.len());
                body.extend_from_slice(&chunk[..fits]);
                if fits < chunk.len() {
                    return (body.freeze(), false);
                }
            }
            Ok(None) => return (body.freeze(), true),
            Err(_) => return (body.freeze(), false),
        }
    }
}

/// The first step of a body's buffer; it doubles from there.
const STEP_BYTES: usize = 4 << 10;

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
    read(body, limit, |_| Ok(())).await
}

/// Reads the body of a request as [`read_capped`] does, into memory that all bodies share.
///
/// The share grows with what has arrived, whatever was announced: a client that announces much and sends nothing
/// takes nothing from the others. What cannot fit as announced is refused before it is sent.
///
/// # Errors
/// [`ErrorKind::Overloaded`], and those of [`read_capped`].
///
/// # Cancel safety
/// What was read is dropped and its share given back.
pub async fn read_capped_within<B>(
    body: B,
    limit: ByteCount,
    memory: &BodyMemory,
) -> Result<(Bytes, BodyShare), Error>
where
    B: http_body::Body,
    B::Data: Buf,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let announced = body.size_hint().lower();
    if announced <= limit.0 {
        memory.check(announced)?;
    }
    let mut share = memory.take(0)?;
    let bytes = read(body, limit, |capacity| share.grow_to(capacity as u64)).await?;
    Ok((bytes, share))
}

/// Copies every frame into one buffer: frames kept as they came would cost a tiny chunk its whole read buffer.
/// `reserve` is asked before the buffer grows to so many bytes.
async fn read<B>(
    body: B,
    limit: ByteCount,
    mut reserve: impl FnMut(usize) -> Result<(), Error>,
) -> Result<Bytes, Error>
where
    B: http_body::Body,
    B::Data: Buf,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let limit = limit.as_usize();
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(Error::too_large(limit));
    }
    let mut body = std::pin::pin!(body);
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Error::new(ErrorKind::Broken, "the body broke off").with_source(error)
        })?;
        // Trailers say nothing that we read.
        let Ok(mut data) = frame.into_data() else {
            continue;
        };
        if data.remaining() > limit - bytes.len() {
            return Err(Error::too_large(limit));
        }
        let needed = bytes.len() + data.remaining();
        if needed > bytes.capacity() {
            let end = if announced >= needed {
                announced
            } else {
                limit
            };
            let capacity = needed.max(2 * bytes.capacity()).max(STEP_BYTES).min(end);
            reserve(capacity)?;
            bytes.reserve_exact(capacity - bytes.len());
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            bytes.extend_from_slice(chunk);
            let length = chunk.len();
            data.advance(length);
        }
    }
    Ok(bytes.into())
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

    /// Sends so many frames of one byte.
    struct Trickle(usize);

    impl http_body::Body for Trickle {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            let left = self.0.checked_sub(1);
            self.0 = left.unwrap_or(0);
            let byte = http_body::Frame::data(Bytes::from_static(b"x"));
            std::task::Poll::Ready(left.map(|_| Ok(byte)))
        }
    }

    #[tokio::test]
    async fn tiny_chunks_take_what_their_bytes_take() {
        let memory = BodyMemory::new(ByteCount::KIB.times(70));
        let limit = ByteCount::MIB;
        let (bytes, share) = read_capped_within(Trickle(40 << 10), limit, &memory)
            .await
            .unwrap();
        assert_eq!(bytes.len(), 40 << 10);
        // The buffer doubled to 64 KiB; 6 KiB are left, too little for as much again.
        let error = read_capped_within(Trickle(40 << 10), limit, &memory)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Overloaded);
        let announced = Full::new(Bytes::from(vec![b'x'; 8 << 10]));
        let error = read_capped_within(announced, limit, &memory).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Overloaded);
        drop((bytes, share));
        assert!(
            read_capped_within(Trickle(40 << 10), limit, &memory)
                .await
                .is_ok()
        );
        let error = read_capped(Trickle(11), ByteCount(10)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
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
