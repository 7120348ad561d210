//! TCP connections: what each side sent, in order.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::packets::Packet;

/// What one side of a connection sent, up to the first byte that the capture lacks.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) bytes: Vec<u8>,
    /// Where the bytes of packets begin, with the number of the packet.
    starts: Vec<(usize, usize)>,
    /// Sequence number of the first byte.
    first: Option<u32>,
    /// Bytes by their distance from the first one, with the number of the packet.
    segments: BTreeMap<u32, (usize, Vec<u8>)>,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// Address and port of the side that asks.
    pub(super) client: String,
    pub(super) from_client: Stream,
    pub(super) from_server: Stream,
}

struct Segment<'p> {
    from: SocketAddr,
    to: SocketAddr,
    sequence: u32,
    /// It opens a connection, or answers one that does.
    opens: bool,
    acknowledges: bool,
    data: &'p [u8],
}

impl Stream {
    fn add(&mut self, segment: &Segment<'_>, packet: usize) {
        let start = segment.sequence.wrapping_add(u32::from(segment.opens));
        let first = *self.first.get_or_insert(start);
        // Half of the numbers lie before the first: what was sent before the capture began.
        let distance = start.wrapping_sub(first);
        if segment.data.is_empty() || distance > u32::MAX / 2 {
            return;
        }
        let kept = self.segments.entry(distance).or_insert_with(|| (packet, Vec::new()));
        if kept.1.len() < segment.data.len() {
            kept.1 = segment.data.to_vec();
        }
    }

    /// Puts the segments together; what came twice counts once.
    fn assemble(&mut self) {
        for (distance, (packet, data)) in std::mem::take(&mut self.segments) {
            let have = self.bytes.len();
            let start = usize::try_from(distance).unwrap_or(usize::MAX);
            if start > have {
                break;
            }
            let fresh = data.get(have - start..).unwrap_or_default();
            if !fresh.is_empty() {
                self.starts.push((have, packet));
                self.bytes.extend_from_slice(fresh);
            }
        }
    }

    /// The number of the packet that brought this byte; that of the last one for those beyond the end.
    pub(super) fn packet_at(&self, offset: usize) -> usize {
        let before = self.starts.partition_point(|(start, _)| *start <= offset);
        before.checked_sub(1).and_then(|index| self.starts.get(index)).map_or(0, |(_, packet)| *packet)
    }
}

impl Connection {
    /// It begins as TLS does.
    pub(super) fn is_encrypted(&self) -> bool {
        const HANDSHAKE: [u8; 2] = [0x16, 0x03];
        self.from_client.bytes.starts_with(&HANDSHAKE) || self.from_server.bytes.starts_with(&HANDSHAKE)
    }
}

/// The connections of some packets in the order of their first ones. The client is the side that opens the
/// connection; where that is not in the capture, the side that speaks first.
pub(super) fn connections(packets: &[Packet]) -> Vec<Connection> {
    let mut connections: Vec<Connection> = Vec::new();
    let mut open: HashMap<(SocketAddr, SocketAddr), usize> = HashMap::new();
    for packet in packets {
        let number = packet.number;
        let Some(segment) = segment(&packet.bytes) else { continue };
        let (there, back) = ((segment.from, segment.to), (segment.to, segment.from));
        let anew = segment.opens && !segment.acknowledges && is_used(&connections, open.get(&there));
        if anew || !(open.contains_key(&there) || open.contains_key(&back)) {
            if segment.opens && segment.acknowledges {
                open.insert(back, connections.len());
            } else {
                open.insert(there, connections.len());
            }
            let client = if segment.opens && segment.acknowledges { segment.to } else { segment.from };
            connections.push(Connection {
                client: client.to_string(),
                from_client: Stream::default(),
                from_server: Stream::default(),
            });
        }
        if let Some(connection) = open.get(&there).and_then(|index| connections.get_mut(*index)) {
            connection.from_client.add(&segment, number);
        } else if let Some(connection) = open.get(&back).and_then(|index| connections.get_mut(*index)) {
            connection.from_server.add(&segment, number);
        }
    }
    for connection in &mut connections {
        connection.from_client.assemble();
        connection.from_server.assemble();
    }
    connections
}

/// Something was sent on the connection: opening it again makes another one.
fn is_used(connections: &[Connection], index: Option<&usize>) -> bool {
    index
        .and_then(|index| connections.get(*index))
        .is_some_and(|connection| !connection.from_client.segments.is_empty())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The TCP segment of an IP packet. Fragments are left out.
fn segment(packet: &[u8]) -> Option<Segment<'_>> {
    const TCP: u8 = 6;
    match packet.first()? >> 4 {
        4 => {
            let header = usize::from(packet.first()? & 0x0F) * 4;
            let total = usize::from(u16_at(packet, 2)?);
            let fragment = u16_at(packet, 6)? & 0x3FFF;
            if *packet.get(9)? != TCP || fragment != 0 {
                return None;
            }
            let from: [u8; 4] = *packet.get(12..)?.first_chunk()?;
            let to: [u8; 4] = *packet.get(16..)?.first_chunk()?;
            // 0 where the network card cut the packet up itself.
            let end = if total == 0 { packet.len() } else { total.min(packet.len()) };
            tcp(Ipv4Addr::from(from).into(), Ipv4Addr::from(to).into(), packet.get(header..end)?)
        }
        6 => {
            const EXTENSIONS: [u8; 3] = [0, 43, 60];
            let payload = usize::from(u16_at(packet, 4)?);
            let from: [u8; 16] = *packet.get(8..)?.first_chunk()?;
            let to: [u8; 16] = *packet.get(24..)?.first_chunk()?;
            let (mut next, mut at) = (*packet.get(6)?, 40_usize);
            while EXTENSIONS.contains(&next) {
                next = *packet.get(at)?;
                at = at.checked_add(usize::from(*packet.get(at.checked_add(1)?)?) * 8 + 8)?;
            }
            let end = if payload == 0 { packet.len() } else { payload.saturating_add(40).min(packet.len()) };
            let bytes = packet.get(at..end).filter(|_| next == TCP)?;
            tcp(Ipv6Addr::from(from).into(), Ipv6Addr::from(to).into(), bytes)
        }
        _ => None,
    }
}

fn tcp(from: IpAddr, to: IpAddr, bytes: &[u8]) -> Option<Segment<'_>> {
    const SYN: u8 = 0x02;
    const ACK: u8 = 0x10;
    let flags = *bytes.get(13)?;
    Some(Segment {
        from: SocketAddr::new(from, u16_at(bytes, 0)?),
        to: SocketAddr::new(to, u16_at(bytes, 2)?),
        sequence: u32::from_be_bytes(*bytes.get(4..)?.first_chunk()?),
        opens: flags & SYN != 0,
        acknowledges: flags & ACK != 0,
        data: bytes.get(usize::from(bytes.get(12)? >> 4) * 4..)?,
    })
}
