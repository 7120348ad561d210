//! RPC in captures: connections that carry PDUs by themselves, and the channels of RPC over HTTP, each an HTTP connection of one
//! direction, which a virtual connection joins (MS-RPCH 3.2).
//!
//! The first PDU of a channel names its virtual connection by a cookie, also where it takes the place of another channel
//! (IN_R1/A1, OUT_R1/A3 and their like): its bytes go on where those of the other one end.

use std::ops::Range;

use super::streams::{Connection, Stream};
use super::{http, pdus};
use crate::decode::pdus::Side;
use crate::decode::rops::Decoder;

/// The methods of both channels (MS-RPCH 2.1.2.1.1 and 2.1.2.1.2).
const METHODS: [&str; 2] = ["RPC_IN_DATA ", "RPC_OUT_DATA "];

/// Where bytes stand in a stream.
type Places = Vec<Range<usize>>;

/// What one side sent in all channels of a connection.
#[derive(Debug, Default)]
pub(super) struct Joined<'c> {
    pub(super) bytes: Vec<u8>,
    pieces: Vec<Piece<'c>>,
}

/// Bytes of a stream, and where they stand among all.
#[derive(Debug)]
struct Piece<'c> {
    start: usize,
    client: &'c str,
    stream: &'c Stream,
    offset: usize,
}

/// A connection as RPC sees it.
#[derive(Debug, Default)]
pub(super) struct Virtual<'c> {
    /// The cookie of channels that are joined.
    cookie: Option<String>,
    client: Joined<'c>,
    server: Joined<'c>,
}

impl<'c> Joined<'c> {
    fn add(&mut self, connection: &'c Connection, stream: &'c Stream, pieces: &[Range<usize>]) {
        for piece in pieces {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(stream.bytes.get(piece.clone()).unwrap_or_default());
            self.pieces.push(Piece { start, client: &connection.client, stream, offset: piece.start });
        }
    }

    /// The client of the channel that brought this byte, and the number of the packet.
    fn origin(&self, at: usize) -> (&'c str, usize) {
        let before = self.pieces.partition_point(|piece| piece.start <= at);
        let piece = before.checked_sub(1).and_then(|index| self.pieces.get(index));
        piece.map_or(("", 0), |piece| {
            let offset = piece.offset.saturating_add(at.saturating_sub(piece.start));
            (piece.client, piece.stream.packet_at(offset))
        })
    }
}

impl<'c> Virtual<'c> {
    /// What this side sent.
    pub(super) fn side(&self, side: Side) -> &[u8] {
        if side == Side::Client { &self.client.bytes } else { &self.server.bytes }
    }

    /// The client of the channel that brought the last byte before this place, and the number of the packet.
    pub(super) fn origin(&self, side: Side, end: usize) -> (&'c str, usize) {
        let joined = if side == Side::Client { &self.client } else { &self.server };
        joined.origin(end.saturating_sub(1))
    }
}

/// The connections of RPC among these, in the order of their first packets.
pub(super) fn of<'c>(decoder: &mut Decoder<'_>, connections: &'c [Connection]) -> Vec<Virtual<'c>> {
    let mut all: Vec<Virtual<'c>> = Vec::new();
    for connection in connections {
        let (client, server) = (&connection.from_client, &connection.from_server);
        let whole = |stream: &Stream| 0..stream.bytes.len();
        let (cookie, of_client, of_server) = match channel(connection) {
            Some((of_client, of_server)) => {
                (pdus::virtual_connection(decoder, &gathered(client, &of_client)), of_client, of_server)
            }
            None if pdus::looks_like(&client.bytes) || pdus::looks_like(&server.bytes) => {
                (None, vec![whole(client)], vec![whole(server)])
            }
            None => continue,
        };
        let known = cookie.as_ref().and_then(|cookie| all.iter().position(|one| one.cookie.as_ref() == Some(cookie)));
        let index = known.unwrap_or_else(|| {
            all.push(Virtual { cookie, ..Virtual::default() });
            all.len().saturating_sub(1)
        });
        if let Some(one) = all.get_mut(index) {
            one.client.add(connection, client, &of_client);
            one.server.add(connection, server, &of_server);
        }
    }
    all
}

/// Where PDUs stand in both streams of a channel of RPC over HTTP. Requests without any are attempts to authenticate.
fn channel(connection: &Connection) -> Option<(Places, Places)> {
    let with_pdus = |stream: &Stream, bodies: Vec<http::Body>| {
        bodies.into_iter().rfind(|body| pdus::looks_like(&gathered(stream, &body.pieces)))
    };
    let requests = http::bodies(&connection.from_client.bytes, false);
    let request = with_pdus(&connection.from_client, requests)
        .filter(|body| METHODS.iter().any(|method| body.first.starts_with(method)))?;
    let response = with_pdus(&connection.from_server, http::bodies(&connection.from_server.bytes, true));
    Some((request.pieces, response.map(|body| body.pieces).unwrap_or_default()))
}

fn gathered(stream: &Stream, pieces: &[Range<usize>]) -> Vec<u8> {
    pieces.iter().filter_map(|piece| stream.bytes.get(piece.clone())).flatten().copied().collect()
}
