//! DNS as the machine is set up to ask it.

use hickory_resolver::TokioResolver;
use hickory_resolver::config::ResolveHosts;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, RecordType};

use super::{Answer, DnsRecord, LookUp, Resolve};

/// Asks the servers of `/etc/resolv.conf`, read anew for each look-up, with its search list.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn look_up<'a>(&'a self, name: &'a str, record: DnsRecord) -> LookUp<'a> {
        Box::pin(async move {
            let mut builder = TokioResolver::builder_tokio()
                .map_err(|error| format!("/etc/resolv.conf cannot be used: {error}"))?;
            // `/etc/hosts` has none of these records but addresses, and Prometheus does not read it either.
            builder.options_mut().use_hosts_file = ResolveHosts::Never;
            let resolver = builder.build().map_err(|error| error.to_string())?;
            look_up(&resolver, name, record).await
        })
    }
}

async fn look_up(
    resolver: &TokioResolver,
    name: &str,
    record: DnsRecord,
) -> Result<Vec<Answer>, String> {
    match resolver.lookup(name, record_type(record)).await {
        Ok(found) => {
            let records = found.answers().iter();
            Ok(records.filter_map(|record| answer(&record.data)).collect())
        }
        Err(error) if is_empty(&error) => Ok(Vec::new()),
        Err(error) => Err(error.to_string()),
    }
}

/// Tells "there is nothing" from "nobody could say".
fn is_empty(error: &NetError) -> bool {
    let NetError::Dns(DnsError::NoRecordsFound(none)) = error else {
        return false;
    };
    matches!(
        none.response_code,
        ResponseCode::NoError | ResponseCode::NXDomain
    )
}

fn record_type(record: DnsRecord) -> RecordType {
    match record {
        DnsRecord::Srv => RecordType::SRV,
        DnsRecord::A => RecordType::A,
        DnsRecord::Aaaa => RecordType::AAAA,
        DnsRecord::Mx => RecordType::MX,
        DnsRecord::Ns => RecordType::NS,
    }
}

/// Reads one record; aliases on the way to an answer are none themselves.
fn answer(data: &RData) -> Option<Answer> {
    Some(match data {
        RData::SRV(service) => Answer::Service {
            host: service.target.to_string(),
            port: service.port,
        },
        RData::A(address) => Answer::Address(address.0.into()),
        RData::AAAA(address) => Answer::Address(address.0.into()),
        RData::MX(server) => Answer::MailServer(server.exchange.to_string()),
        RData::NS(server) => Answer::NameServer(server.0.to_string()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
