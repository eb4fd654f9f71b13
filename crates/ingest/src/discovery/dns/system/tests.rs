use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::{Message, MessageType, OpCode};
use hickory_resolver::proto::rr::rdata::{A, CNAME, MX, NS, SRV};
use hickory_resolver::proto::rr::{Name, Record};
use tokio::net::UdpSocket;

use super::*;

/// Answers each question on loopback with what `records` says of its name and type.
async fn serve(
    socket: UdpSocket,
    records: fn(&str, RecordType) -> Result<Vec<RData>, ResponseCode>,
) {
    let mut bytes = [0; 4096];
    loop {
        let (length, client) = socket.recv_from(&mut bytes).await.unwrap();
        let question = Message::from_vec(&bytes[..length]).unwrap();
        let query = question.queries[0].clone();
        let mut response = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
        response.add_query(query.clone());
        match records(&query.name().to_ascii().to_lowercase(), query.query_type()) {
            Ok(found) => {
                for data in found {
                    response.add_answer(Record::from_rdata(query.name().clone(), 60, data));
                }
            }
            Err(code) => response.metadata.response_code = code,
        }
        socket
            .send_to(&response.to_vec().unwrap(), client)
            .await
            .unwrap();
    }
}

fn records(name: &str, kind: RecordType) -> Result<Vec<RData>, ResponseCode> {
    let host = |name: &str| Name::from_ascii(name).unwrap();
    match (name, kind) {
        ("_db._tcp.example.", RecordType::SRV) => {
            Ok(vec![RData::SRV(SRV::new(0, 0, 3306, host("db1.example.")))])
        }
        ("a.example.", RecordType::A) => Ok(vec![
            RData::CNAME(CNAME(host("a.example."))),
            RData::A(A::new(192, 0, 2, 1)),
        ]),
        ("example.", RecordType::MX) => Ok(vec![RData::MX(MX::new(10, host("mx.example.")))]),
        ("example.", RecordType::NS) => Ok(vec![RData::NS(NS(host("ns.example.")))]),
        ("empty.example.", _) => Ok(Vec::new()),
        ("broken.example.", _) => Err(ResponseCode::ServFail),
        _ => Err(ResponseCode::NXDomain),
    }
}

#[tokio::test]
async fn reads_each_type_of_record() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(serve(socket, records));
    let mut udp = ConnectionConfig::udp();
    udp.port = port;
    let server = NameServerConfig::new([127, 0, 0, 1].into(), true, vec![udp]);
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    *builder.options_mut() = ResolverOpts::default();
    builder.options_mut().try_tcp_on_error = false;
    builder.options_mut().timeout = Duration::from_secs(20);
    let resolver = builder.build().unwrap();
    let service = Answer::Service {
        host: "db1.example.".into(),
        port: 3306,
    };
    let cases = [
        ("_db._tcp.example.", DnsRecord::Srv, Ok(vec![service])),
        (
            "a.example.",
            DnsRecord::A,
            Ok(vec![Answer::Address([192, 0, 2, 1].into())]),
        ),
        (
            "example.",
            DnsRecord::Mx,
            Ok(vec![Answer::MailServer("mx.example.".into())]),
        ),
        (
            "example.",
            DnsRecord::Ns,
            Ok(vec![Answer::NameServer("ns.example.".into())]),
        ),
        ("empty.example.", DnsRecord::Aaaa, Ok(Vec::new())),
        ("gone.example.", DnsRecord::A, Ok(Vec::new())),
        ("broken.example.", DnsRecord::A, Err(())),
        ("not a name..", DnsRecord::A, Err(())),
    ];
    for (name, record, expected) in cases {
        let found = look_up(&resolver, name, record).await;
        assert_eq!(found.clone().map_err(|_| ()), expected, "{name}: {found:?}");
    }
}
