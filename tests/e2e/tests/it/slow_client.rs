//! Clients that never finish what they began.

use std::io::Write;
use std::net::TcpStream;

use plimsoll_e2e::{Home, Server};

/// Below the 512 connections that the server holds at the same time.
const CLIENTS: usize = 300;

#[test]
fn half_a_request_blocks_nobody() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let beginnings = [
        "GET /api/v1/query?query=up HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        "POST /api/v1/import/prometheus HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nslow 1\n",
        "POST /api/v1/write HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "",
    ];
    let slow: Vec<TcpStream> = (0..CLIENTS)
        .map(|number| {
            let mut stream = TcpStream::connect(server.api.address).unwrap();
            stream
                .write_all(beginnings[number % beginnings.len()].as_bytes())
                .unwrap();
            stream
        })
        .collect();
    for number in 0..20 {
        let reply = server.import_text(&format!("quick {number}\n")).unwrap();
        assert_eq!(reply.status, 204, "{}", reply.text());
    }
    assert_eq!(server.api.value("quick").unwrap(), 19.0);
    assert!(server.api.vector("slow").unwrap().is_empty());
    drop(slow);
    assert_eq!(server.api.get("/-/healthy", &[]).unwrap().status, 200);
}
