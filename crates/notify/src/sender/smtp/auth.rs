//! Being known to a mail server: CRAM-MD5 (RFC 2195), PLAIN (RFC 4616) and LOGIN, whichever the server lists first and we have
//! the means for.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use plimsoll_runtime::http::Secret;

use super::session::{Reply, Session, Stream};
use crate::Verdict;
use crate::masks::Masks;

/// Who we are.
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: Option<Secret>,
    pub(super) secret: Option<Secret>,
    pub(super) identity: String,
}

impl Credentials {
    /// Returns what a server must not repeat, as it is and as it is sent.
    pub(super) fn masks(&self) -> Masks {
        let mut masks = Masks::default();
        for secret in [&self.password, &self.secret].into_iter().flatten() {
            masks.add(secret.expose());
            masks.add(&encoded(secret.expose()));
            masks.add(&self.plain_response());
        }
        masks
    }

    fn plain_response(&self) -> String {
        let password = self.password.as_ref().map_or("", Secret::expose);
        encoded(&format!("{}\0{}\0{password}", self.identity, self.username))
    }
}

/// Authenticates, when there is a user and the server asks for it. `is_safe` says that nobody in between reads along.
pub(super) async fn authenticate<S: Stream>(
    session: &mut Session<S>,
    credentials: &Credentials,
    is_safe: bool,
) -> Result<(), Verdict> {
    if credentials.username.is_empty() {
        return Ok(());
    }
    let Some(offered) = session.extension("AUTH").map(str::to_owned) else {
        return Ok(());
    };
    let has_password = credentials.password.is_some();
    for mechanism in offered.split_ascii_whitespace() {
        match mechanism.to_ascii_uppercase().as_str() {
            "CRAM-MD5" if credentials.secret.is_some() => {
                return cram_md5(session, credentials).await;
            }
            "PLAIN" if has_password => return plain(session, credentials, is_safe).await,
            "LOGIN" if has_password => return login(session, credentials).await,
            _ => {}
        }
    }
    let reason = format!(
        "the mail server offers {offered}, and the configuration has the means for none of it"
    );
    Err(Verdict::refused(reason))
}

async fn plain<S: Stream>(
    session: &mut Session<S>,
    credentials: &Credentials,
    is_safe: bool,
) -> Result<(), Verdict> {
    if !is_safe {
        let reason = "the mail server would get the password in clear text; use TLS";
        return Err(Verdict::refused(reason));
    }
    let response = credentials.plain_response();
    expect_known(session.command(&format!("AUTH PLAIN {response}")).await?)
}

async fn login<S: Stream>(
    session: &mut Session<S>,
    credentials: &Credentials,
) -> Result<(), Verdict> {
    expect_challenge(&session.command("AUTH LOGIN").await?)?;
    let user = encoded(&credentials.username);
    expect_challenge(&session.command(&user).await?)?;
    let password = credentials.password.as_ref().map_or("", Secret::expose);
    expect_known(session.command(&encoded(password)).await?)
}

async fn cram_md5<S: Stream>(
    session: &mut Session<S>,
    credentials: &Credentials,
) -> Result<(), Verdict> {
    let challenge = session.command("AUTH CRAM-MD5").await?;
    expect_challenge(&challenge)?;
    let text = challenge.lines.join("");
    let challenge = BASE64_STANDARD
        .decode(text.trim())
        .map_err(|_| Verdict::retry("the mail server's challenge is not base64"))?;
    let secret = credentials.secret.as_ref().map_or("", Secret::expose);
    let digest = hmac_md5(secret.as_bytes(), &challenge);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let response = encoded(&format!("{} {digest}", credentials.username));
    expect_known(session.command(&response).await?)
}

fn expect_challenge(reply: &Reply) -> Result<(), Verdict> {
    match reply.code {
        334 => Ok(()),
        _ => Err(reply.verdict("AUTH")),
    }
}

fn expect_known(reply: Reply) -> Result<(), Verdict> {
    match reply.code {
        235 => Ok(()),
        _ => Err(reply.verdict("AUTH")),
    }
}

fn encoded(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

/// RFC 2104 with MD5, which CRAM-MD5 asks for by name.
fn hmac_md5(key: &[u8], message: &[u8]) -> [u8; 16] {
    const BLOCK: usize = 64;
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..16].copy_from_slice(&Md5::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let keyed = |pad: u8| Md5::new_with_prefix(block.map(|byte| byte ^ pad));
    let inner = keyed(0x36).chain_update(message).finalize();
    keyed(0x5c).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 2195, section 2, and a key longer than a block (RFC 2202, case 6).
    #[test]
    fn agrees_with_the_rfcs() {
        let hex = |bytes: [u8; 16]| -> String {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let challenge = b"<1896.697170952@postoffice.reston.mci.net>";
        assert_eq!(
            hex(hmac_md5(b"tanstaaftanstaaf", challenge)),
            "b913a602c7eda7a495b4e6e7334d3890"
        );
        let message = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            hex(hmac_md5(&[0xaa; 80], message)),
            "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"
        );
    }

    /// A server that offers PLAIN; returns the verdict and what the server heard behind EHLO.
    async fn offered_plain(is_safe: bool) -> (Verdict, String) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let script = b"220 x\r\n250-x\r\n250 AUTH PLAIN\r\n535 no\r\n";
        theirs.write_all(script).await.expect("the pipe is wide");
        let mut session = Session::open(ours).await.expect("a greeting");
        session.greet("me").await.expect("EHLO is known");
        let credentials = Credentials {
            username: "user".into(),
            password: Some(Secret::new("pass")),
            secret: None,
            identity: String::new(),
        };
        let verdict = authenticate(&mut session, &credentials, is_safe).await;
        drop(session);
        let mut heard = String::new();
        theirs
            .read_to_string(&mut heard)
            .await
            .expect("the other end is dropped");
        let heard = heard.strip_prefix("EHLO me\r\n").expect("EHLO came first");
        (verdict.expect_err("the server says no"), heard.to_owned())
    }

    #[tokio::test]
    async fn a_password_does_not_go_out_in_clear_text() {
        let (verdict, heard) = offered_plain(false).await;
        assert!(matches!(verdict, Verdict::Refused { .. }) && heard.is_empty());
        let (verdict, heard) = offered_plain(true).await;
        let reason = "the mail server answered AUTH with 535 no";
        assert_eq!(verdict, Verdict::refused(reason));
        assert!(heard.starts_with("AUTH PLAIN "));
    }
}
