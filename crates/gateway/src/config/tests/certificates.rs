//! Files with certificates and keys: what is wrong with them is found when the configuration is read.

use std::path::Path;

use rcgen::{CertifiedKey, generate_simple_self_signed};

use crate::config::{Loaded, load};

fn write(directory: &Path, name: &str, text: &str) {
    std::fs::write(directory.join(name), text).unwrap();
}

/// Writes two certificates with their keys, and a file that uses some.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        let names = vec![format!("{name}.example")];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        write(directory.path(), &format!("{name}.pem"), &cert.pem());
        let key = signing_key.serialize_pem();
        write(directory.path(), &format!("{name}.key"), &key);
    }
    directory
}

fn read(directory: &Path, tls: &str) -> Result<Loaded, String> {
    let text = format!(
        "version: plimsoll/v1\n\
         gateway:\n  \
           listeners: [{{name: web, address: '127.0.0.1:443', tls: {{{tls}}}}}]\n  \
           backends: [{{name: a, endpoints: ['https://h'], tls: {{ca: b.pem}}}}]\n  \
           routes: [{{name: r, to: a}}]\n"
    );
    write(directory, "gateway.yml", &text);
    load(&directory.join("gateway.yml")).map_err(|errors| errors.to_string())
}

#[test]
fn good_files_are_remembered_and_watched() {
    let directory = directory();
    let tls = "certificates: [{chain: a.pem, key: a.key}], client_ca: b.pem, \
               require_client_certificate: true, versions: [1.3]";
    let loaded = read(directory.path(), tls).unwrap();
    let server = loaded.config.listeners[0].tls.as_ref().unwrap();
    assert!(server.only_tls13 && server.requires_client_certificate);
    assert_eq!(server.alpn, ["h2", "http/1.1"]);
    assert_eq!(server.certificates[0].chain, directory.path().join("a.pem"));
    let names: Vec<_> = loaded
        .files
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, ["gateway.yml", "a.key", "a.pem", "b.pem"]);
    let mut watch = loaded.watch();
    assert!(watch.changed().is_empty());
    write(directory.path(), "a.key", "another one");
    assert_eq!(watch.changed(), [directory.path().join("a.key")]);
}

#[test]
fn says_what_is_wrong_with_a_file() {
    let directory = directory();
    let path = directory.path();
    write(path, "empty.pem", "");
    write(
        path,
        "broken.pem",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    );
    let refused = |tls: &str, why: &str| {
        let errors = read(path, tls).unwrap_err();
        assert!(errors.contains(why), "{errors}");
        assert_eq!(errors.matches(": error: ").count(), 1, "{errors}");
        assert!(errors.contains("gateway.yml:3:"), "{errors}");
    };
    let pair = |chain: &str, key: &str| format!("certificates: [{{chain: {chain}, key: {key}}}]");
    refused(&pair("none.pem", "a.key"), "No such file");
    refused(&pair("a.pem", "none.key"), "No such file");
    refused(
        &pair("empty.pem", "a.key"),
        "it holds no certificate in PEM",
    );
    refused(&pair("broken.pem", "a.key"), "its PEM is broken");
    refused(&pair("a.pem", "a.pem"), "it holds no private key in PEM");
    refused(
        &pair("a.pem", "b.key"),
        "it is not the key of the certificate",
    );
    refused(
        "certificates: [{chain: a.pem}]",
        "a certificate needs `key`",
    );
    let good = pair("a.pem", "a.key");
    refused(
        &format!("{good}, client_ca: a.key"),
        "it holds no certificate in PEM",
    );
    refused(
        &format!("{good}, require_client_certificate: true"),
        "needs a `client_ca`",
    );
    refused(
        &format!("{good}, versions: [1.1, 1.3]"),
        "expected one of 1.2, 1.3",
    );
    refused(
        &format!("{good}, versions: [1.2]"),
        "`versions` without 1.3",
    );
    refused(&format!("{good}, alpn: []"), "`alpn` is empty");
    refused(
        &format!("{good}, alpn: [h3]"),
        "expected one of h2, http/1.1",
    );
}
