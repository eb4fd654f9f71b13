//! The SMTP side of an attempt: connect, be known, hand the mail over.
//!
//! | state | server says | we do |
//! |---|---|---|
//! | connected | 220 | EHLO (HELO when that is not known) |
//! | greeted, TLS wanted | offers STARTTLS | STARTTLS, handshake, EHLO again |
//! | greeted, user known | offers AUTH | the first mechanism of its list that we have the means for |
//! | known | 2xx | MAIL, RCPT for each recipient, DATA, the mail, QUIT |
//!
//! A 5xx answer refuses the mail, anything else that goes wrong may go better later. A recipient that the server does not
//! know keeps nobody else from being told.

mod auth;
mod session;

use std::sync::Arc;

use plimsoll_runtime::http::{Error, Secret, SecretSource};
use plimsoll_runtime::tasks::Tasks;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::config::SmtpGlobals;
use crate::{Mail, Verdict};

use auth::Credentials;
use session::{Session, Stream};

/// The port of SMTP that begins with TLS.
const IMPLICIT_TLS_PORT: u16 = 465;

/// What is read from files just before.
struct Material {
    credentials: Credentials,
    tls: Arc<rustls::ClientConfig>,
}

/// Brings a mail to its server.
pub(super) async fn deliver(mail: &Mail, tasks: &Tasks) -> Verdict {
    match attempt(mail, tasks).await {
        Ok(()) => Verdict::sent(),
        Err(verdict) => verdict,
    }
}

async fn attempt(mail: &Mail, tasks: &Tasks) -> Result<(), Verdict> {
    let smtp = Arc::clone(&mail.smtp);
    let material = tasks
        .run_blocking("notify.secrets", move || read(&smtp))
        .await
        .map_err(|panicked| Verdict::refused(panicked.to_string()))?
        .map_err(|error| Verdict::retry(error.chain()))?;
    let masks = material.credentials.masks();
    let handed_over = talk(mail, &material).await;
    handed_over.map_err(|verdict| verdict.with_reason(|reason| masks.excerpt(&reason)))
}

async fn talk(mail: &Mail, material: &Material) -> Result<(), Verdict> {
    let smtp = &mail.smtp;
    let Some(server) = &smtp.smarthost else {
        return Err(Verdict::refused("there is no mail server"));
    };
    let stream = TcpStream::connect((server.host.as_str(), server.port))
        .await
        .map_err(|error| {
            Verdict::retry(format!("could not connect to the mail server: {error}"))
        })?;
    let is_implicit = smtp
        .forces_implicit_tls
        .unwrap_or(server.port == IMPLICIT_TLS_PORT);
    if is_implicit {
        let stream = handshake(stream, &server.host, material).await?;
        let mut session = Session::open(stream).await?;
        session.greet(&smtp.hello).await?;
        return hand_over(session, mail, material, true).await;
    }
    let mut session = Session::open(stream).await?;
    session.greet(&smtp.hello).await?;
    if !smtp.requires_tls {
        return hand_over(session, mail, material, false).await;
    }
    let stream = session.start_tls().await?;
    let stream = handshake(stream, &server.host, material).await?;
    let mut session = Session::resume(stream);
    session.greet(&smtp.hello).await?;
    hand_over(session, mail, material, true).await
}

/// Reads what may be in files; blocks.
fn read(smtp: &SmtpGlobals) -> Result<Material, Error> {
    let secret = |source: &Option<SecretSource>| -> Result<Option<Secret>, Error> {
        source.as_ref().map(SecretSource::read).transpose()
    };
    Ok(Material {
        credentials: Credentials {
            username: smtp.username.clone(),
            password: secret(&smtp.password)?,
            secret: secret(&smtp.secret)?,
            identity: smtp.identity.clone(),
        },
        tls: smtp.tls.to_rustls()?,
    })
}

async fn handshake(
    stream: TcpStream,
    host: &str,
    material: &Material,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Verdict> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Verdict::refused(format!("`{host}` is no name that TLS knows")))?;
    TlsConnector::from(Arc::clone(&material.tls))
        .connect(name, stream)
        .await
        .map_err(|error| Verdict::retry(format!("TLS with the mail server failed: {error}")))
}

async fn hand_over<S: Stream>(
    mut session: Session<S>,
    mail: &Mail,
    material: &Material,
    is_encrypted: bool,
) -> Result<(), Verdict> {
    let host = mail.smtp.smarthost.as_ref().map_or("", |one| &one.host);
    let is_safe = is_encrypted || matches!(host, "localhost" | "127.0.0.1" | "::1");
    auth::authenticate(&mut session, &material.credentials, is_safe).await?;
    session.envelope(&mail.from, &mail.to).await?;
    session.data(&mail.message).await?;
    session.quit().await;
    Ok(())
}
