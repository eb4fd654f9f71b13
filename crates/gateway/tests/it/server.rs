//! Connections without backends: what clients of every kind and manner see of the server.

mod client;
mod drain;
mod handler;
mod handover;
mod http1;
mod http2;
mod limits;
mod proxy_protocol;
mod reload;
mod rest;
mod smuggling;
mod tls;
mod tunnel;
