//! Sections that hold the fields of an HTTP client among their own.

/// Defines a section with the fields given and those of `RawHttpClient`, and `take_http_client` to get the latter.
/// The list stands here once more because a macro cannot read it there; the compiler compares the two.
macro_rules! section_with_http_client {
    ($(#[$meta:meta])* $name:ident { $($fields:tt)* }) => {
        $(#[$meta])*
        #[derive(Debug, Default, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(in crate::config) struct $name {
            $($fields)*
            pub(in crate::config) basic_auth: Option<Spanned<plimsoll_runtime::config::http_client::RawBasicAuth>>,
            pub(in crate::config) authorization: Option<Spanned<plimsoll_runtime::config::http_client::RawAuthorization>>,
            pub(in crate::config) oauth2: Option<Spanned<plimsoll_runtime::config::http_client::RawOauth2>>,
            pub(in crate::config) bearer_token: Option<Spanned<plimsoll_runtime::http::Secret>>,
            pub(in crate::config) bearer_token_file: Option<Spanned<String>>,
            pub(in crate::config) tls_config: Option<Spanned<plimsoll_runtime::config::http_client::RawTls>>,
            pub(in crate::config) follow_redirects: Option<bool>,
            pub(in crate::config) enable_http2: Option<bool>,
            pub(in crate::config) proxy_url: Option<Spanned<String>>,
            pub(in crate::config) no_proxy: Option<Spanned<String>>,
            pub(in crate::config) proxy_from_environment: Option<Spanned<bool>>,
            pub(in crate::config) proxy_connect_header: Option<Spanned<plimsoll_runtime::config::http_client::RawProxyHeaders>>,
            pub(in crate::config) http_headers: plimsoll_runtime::config::http_client::RawHeaders,
        }

        impl $name {
            /// Takes the fields of the HTTP client out.
            pub(in crate::config) fn take_http_client(&mut self) -> plimsoll_runtime::config::http_client::RawHttpClient {
                plimsoll_runtime::config::http_client::RawHttpClient {
                    basic_auth: self.basic_auth.take(),
                    authorization: self.authorization.take(),
                    oauth2: self.oauth2.take(),
                    bearer_token: self.bearer_token.take(),
                    bearer_token_file: self.bearer_token_file.take(),
                    tls_config: self.tls_config.take(),
                    follow_redirects: self.follow_redirects,
                    enable_http2: self.enable_http2,
                    proxy_url: self.proxy_url.take(),
                    no_proxy: self.no_proxy.take(),
                    proxy_from_environment: self.proxy_from_environment.take(),
                    proxy_connect_header: self.proxy_connect_header.take(),
                    http_headers: std::mem::take(&mut self.http_headers),
                }
            }
        }
    };
}
pub(in crate::config) use section_with_http_client;
