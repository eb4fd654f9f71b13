use std::fs;
use std::path::PathBuf;

use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::*;
use crate::model::{Certificate, ServerTls};

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a certificate for these names, and its key.
    fn write(&self, stem: &str, names: &[&str]) -> Certificate {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let pair = Certificate {
            chain: self.path(&format!("{stem}.pem")),
            key: self.path(&format!("{stem}.key")),
        };
        fs::write(&pair.chain, cert.pem()).unwrap();
        fs::write(&pair.key, signing_key.serialize_pem()).unwrap();
        pair
    }
}

fn server(certificates: Vec<Certificate>) -> ServerTls {
    ServerTls {
        certificates,
        client_ca: None,
        requires_client_certificate: false,
        only_tls13: false,
        alpn: vec!["h2".into()],
    }
}

#[test]
fn files_are_read_again_when_they_change() {
    let files = Files::new();
    let tls = Tls::load(&server(vec![files.write("a", &["a.example"])])).unwrap();
    let first = tls.current();
    assert!(!tls.refresh().unwrap());
    assert!(Arc::ptr_eq(&first, &tls.current()));
    files.write("a", &["a.example"]);
    assert!(tls.refresh().unwrap());
    assert!(!Arc::ptr_eq(&first, &tls.current()));
}

#[test]
fn what_does_not_hold_changes_nothing() {
    let files = Files::new();
    let pair = files.write("a", &["a.example"]);
    let other = files.write("b", &["a.example"]);
    let tls = Tls::load(&server(vec![pair.clone()])).unwrap();
    let first = tls.current();
    // Half of a rotation: the certificate is there, its key not yet.
    fs::copy(&other.chain, &pair.chain).unwrap();
    let error = tls.refresh().unwrap_err();
    assert_eq!(error.file, pair.key);
    assert!(!tls.refresh().unwrap(), "the same files are not read again");
    assert_eq!(tls.holds().unwrap_err().file, pair.key, "who asks is told");
    assert!(Arc::ptr_eq(&first, &tls.current()));
    fs::copy(&other.key, &pair.key).unwrap();
    assert!(tls.refresh().unwrap());
    assert!(tls.holds().is_ok());
    let second = tls.current();
    fs::remove_file(&pair.key).unwrap();
    assert_eq!(tls.refresh().unwrap_err().what, "cannot be read");
    assert!(!tls.refresh().unwrap(), "it is said once");
    assert!(tls.holds().is_err());
    fs::copy(&other.key, &pair.key).unwrap();
    assert!(tls.holds().is_ok());
    assert!(!Arc::ptr_eq(&second, &tls.current()));
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let files = Files::new();
    let good = files.write("a", &["a.example"]);
    let empty = files.path("empty.pem");
    fs::write(&empty, "").unwrap();
    let check = |config: ServerTls, file: &Path, what: &str| {
        let error = Tls::load(&config).unwrap_err();
        assert_eq!((error.file.as_path(), error.what), (file, what));
    };
    let absent = files.path("absent.pem");
    let pair = |chain: &Path, key: &Path| Certificate {
        chain: chain.to_owned(),
        key: key.to_owned(),
    };
    check(
        server(vec![pair(&absent, &good.key)]),
        &absent,
        "cannot be read",
    );
    check(
        server(vec![pair(&empty, &good.key)]),
        &empty,
        "wanted certificates in PEM",
    );
    check(
        server(vec![pair(&good.chain, &empty)]),
        &empty,
        "wanted a private key in PEM",
    );
    let mut authority = server(vec![good.clone()]);
    authority.client_ca = Some(empty.clone());
    check(authority, &empty, "wanted certificates in PEM");
    let nameless = files.write("c", &[]);
    assert!(Tls::load(&server(vec![nameless.clone()])).is_ok());
    let what = "the certificate has no DNS name, so it would never be shown";
    check(server(vec![good, nameless.clone()]), &nameless.chain, what);
}
