//! How a request names the endpoint: a path and `Host` in HTTP/1.1, pseudo headers in HTTP/2.

use http::header::{self, HeaderValue};
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{Request, Uri, Version};

use super::target::Target;

impl Target {
    /// Addresses a request, whose URI has path and query, to the endpoint under the name of `host`.
    pub(crate) fn address<B>(&self, request: &mut Request<B>, host: HeaderValue, is_http2: bool) {
        let path = request.uri().path_and_query().cloned();
        let mut parts = Parts::default();
        parts.path_and_query = Some(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
        if is_http2 {
            *request.version_mut() = Version::HTTP_2;
            request.headers_mut().remove(header::HOST);
            let parsed = |host: &HeaderValue| host.to_str().ok()?.parse::<Authority>().ok();
            parts.authority = parsed(&host).or_else(|| parsed(self.host_header()));
            // A scheme without an authority is no URI.
            parts.scheme = parts.authority.as_ref().map(|_| match self.settings().tls {
                Some(_) => Scheme::HTTPS,
                None => Scheme::HTTP,
            });
        } else {
            *request.version_mut() = Version::HTTP_11;
            request.headers_mut().insert(header::HOST, host);
        }
        // An authority goes with a scheme and a path with both, so what is there stays when this fails: never another path.
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Endpoint, Protocol};
    use crate::pool::Settings;

    #[test]
    fn the_path_stays_whatever_the_host_is() {
        let settings = Settings {
            protocol: Protocol::Http2,
            tls: None,
            connect_timeout: std::time::Duration::from_secs(1),
            connections_max: 1,
            idle: std::time::Duration::from_secs(1),
            age_max: None,
            sends_proxy_header: false,
        };
        let target = Target::new(&Endpoint::new("10.0.0.7", 8080), settings, 1);
        for (host, expected) in [
            ("shop.example", "http://shop.example/a?b"),
            ("no host", "http://10.0.0.7:8080/a?b"),
        ] {
            let mut request = Request::delete("/a?b").body(()).unwrap();
            target.address(&mut request, HeaderValue::from_static(host), true);
            assert_eq!(request.uri(), expected);
        }
    }
}
