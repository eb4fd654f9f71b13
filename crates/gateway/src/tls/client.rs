//! What a handshake says about the client.

use rustls::{ProtocolVersion, ServerConnection};

use super::names;
use crate::server::{ClientCertificate, TlsInfo};

/// Returns what a finished handshake says.
pub(crate) fn info(connection: &ServerConnection) -> TlsInfo {
    let alpn = connection.alpn_protocol();
    TlsInfo {
        server_name: connection
            .server_name()
            .map(|name| name.to_ascii_lowercase().into()),
        alpn: alpn.map(|name| String::from_utf8_lossy(name).into()),
        is_tls13: connection.protocol_version() == Some(ProtocolVersion::TLSv1_3),
        client: connection
            .peer_certificates()
            .and_then(<[_]>::first)
            .map(certificate),
    }
}

fn certificate(der: &rustls::pki_types::CertificateDer<'_>) -> ClientCertificate {
    let names = names::of(der);
    ClientCertificate {
        common_name: names.common.map(Into::into),
        dns_names: names.dns.into_iter().map(Into::into).collect(),
        uris: names.uris.into_iter().map(Into::into).collect(),
    }
}
