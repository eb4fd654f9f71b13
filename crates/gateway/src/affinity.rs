//! What ties a client to an endpoint: the hash of something it sends, or a cookie that names the endpoint.
//!
//! ```text
//! Set-Cookie: plimsoll=<16 bytes, base64url>; Path=/; HttpOnly; SameSite=Lax [; Secure] [; Max-Age=3600]
//!                      |
//!                      HMAC-SHA256(secret, backend 0x00 endpoint), its first half
//! ```
//!
//! The value is a signature alone: it tells a client nothing about what is behind, and it cannot be made without the
//! secret, so nobody chooses his endpoint. It is the same in each process with the same secret, whatever its ids are.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::header::HeaderValue;
use plimsoll_runtime::http::Secret;
use plimsoll_traffic::EndpointId;
use plimsoll_traffic::balance::{key_of_address, key_of_bytes};
use sha2::Sha256;

use crate::gateway::Backend;
use crate::model::{LimitKey, StickyCookie};
use crate::names::BackendId;
use crate::proxy::headers;

/// Bytes of the signature that the cookie has: 128 bits cannot be guessed.
const TOKEN_BYTES: usize = 16;

/// Signs and reads the cookies of a route.
#[derive(Debug)]
pub struct Signer {
    key: Hmac<Sha256>,
    /// Filled as endpoints are met; lives as long as the configuration.
    known: RwLock<Known>,
    /// All endpoints were met: what is not known then is none of ours, however often it is sent.
    knows_all: AtomicBool,
}

#[derive(Debug, Default)]
struct Known {
    tokens: HashMap<(BackendId, EndpointId), Arc<str>>,
    endpoints: HashMap<Arc<str>, (BackendId, EndpointId)>,
}

impl Signer {
    /// Wraps a secret; without one `made_up` is it.
    pub fn new(secret: Option<&Secret>, made_up: &[u8; 32]) -> Self {
        let secret = secret.map_or(&made_up[..], |secret| secret.expose().as_bytes());
        Self {
            key: Hmac::new_from_slice(secret).expect("a key of HMAC may have any length"),
            known: RwLock::default(),
            knows_all: AtomicBool::new(false),
        }
    }

    /// Returns the endpoint that a cookie names, if it is one of these backends'.
    pub fn read<'b>(
        &self,
        cookie: &str,
        backends: impl Iterator<Item = &'b Arc<Backend>>,
    ) -> Option<(&'b Arc<Backend>, EndpointId)> {
        // Anything else cannot be one of ours; it is not even looked up.
        if cookie.len() != TOKEN_BYTES.div_ceil(3) * 4 - 2 {
            return None;
        }
        let mut backends: Vec<_> = backends.collect();
        let find = |known: &Known| known.endpoints.get(cookie).copied();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = find(&known);
        drop(known);
        if found.is_none() && !self.knows_all.load(Relaxed) {
            backends.iter().for_each(|backend| self.learn(backend));
            // Not before: whoever comes meanwhile must not miss what is being met.
            self.knows_all.store(true, Relaxed);
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            found = find(&known);
        }
        let (id, endpoint) = found?;
        let place = backends.iter().position(|backend| backend.id == id)?;
        Some((backends.swap_remove(place), endpoint))
    }

    /// Returns the cookie's value for an endpoint.
    pub fn token(&self, backend: &Backend, endpoint: EndpointId, name: &str) -> Arc<str> {
        let id = (backend.id, endpoint);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = known.tokens.get(&id) {
            return Arc::clone(token);
        }
        drop(known);
        let token: Arc<str> = self.sign(&backend.name, name).into();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.tokens.insert(id, Arc::clone(&token));
        known.endpoints.insert(Arc::clone(&token), id);
        token
    }

    fn learn(&self, backend: &Backend) {
        for (endpoint, target) in backend.targets() {
            self.token(backend, endpoint, target.name());
        }
    }

    fn sign(&self, backend: &str, endpoint: &str) -> String {
        let mut mac = self.key.clone();
        mac.update(backend.as_bytes());
        mac.update(&[0]);
        mac.update(endpoint.as_bytes());
        let signature = mac.finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(&signature[..TOKEN_BYTES])
    }
}

/// Returns the cookie that ties a client to the endpoint of a token.
pub(crate) fn set_cookie(cookie: &StickyCookie, token: &str, is_tls: bool) -> Option<HeaderValue> {
    let secure = if is_tls { "; Secure" } else { "" };
    let mut text = format!(
        "{}={token}; Path=/; HttpOnly; SameSite=Lax{secure}",
        cookie.name
    );
    if let Some(max_age) = cookie.max_age {
        text.push_str(&format!("; Max-Age={}", max_age.as_secs()));
    }
    HeaderValue::try_from(text).ok()
}

/// Returns the hash of what a key names; `None` when the request has nothing of it.
pub(crate) fn key_hash(key: &LimitKey, headers: &HeaderMap, client: IpAddr) -> Option<u64> {
    match key {
        LimitKey::Route => Some(0),
        LimitKey::Client => Some(key_of_address(client)),
        LimitKey::Header(name) => headers
            .get(name)
            .map(|value| key_of_bytes(value.as_bytes())),
        LimitKey::Cookie(name) => {
            headers::cookie(headers, name).map(|value| key_of_bytes(value.as_bytes()))
        }
    }
}

/// Makes up a secret from the system's entropy.
pub(crate) fn random_key() -> [u8; 32] {
    let mut key = [0; 32];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider
        .secure_random
        .fill(&mut key)
        .expect("the system has entropy once it has started");
    key
}
