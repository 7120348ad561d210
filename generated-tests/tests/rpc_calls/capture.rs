//! Captures: what was sent on one connection as a pcap file of IP packets.

use std::collections::BTreeMap;

/// Which way something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    ToServer,
    ToClient,
}

/// A file with these packets of one TCP connection to a port that is no other protocol's.
pub fn pcap(packets: &[(Direction, Vec<u8>)]) -> Vec<u8> {
    pcap_of(packets.iter().map(|(direction, data)| (50_000, *direction, data.as_slice())))
}

/// The same of several connections, which the port of the client tells apart.
pub fn pcap_of<'a>(packets: impl Iterator<Item = (u16, Direction, &'a [u8])>) -> Vec<u8> {
    let mut file = [0xA1B2_C3D4_u32, 0x0002_0004, 0, 0, 0x0004_0000, 101].map(u32::to_be_bytes).concat();
    let mut connections = BTreeMap::new();
    for (number, (port, direction, data)) in packets.enumerate() {
        let sent = connections.entry(port).or_insert([1_u32; 2]);
        let back = usize::from(direction == Direction::ToClient);
        let (client, server) = (([10, 0, 0, 2], port), ([10, 0, 0, 1], 59_532_u16));
        let (from, to) = if back == 0 { (client, server) } else { (server, client) };
        let mut packet = vec![0x45, 0];
        packet.extend((40 + data.len() as u16).to_be_bytes());
        packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        packet.extend(from.0);
        packet.extend(to.0);
        packet.extend(from.1.to_be_bytes());
        packet.extend(to.1.to_be_bytes());
        packet.extend(sent[back].to_be_bytes());
        packet.extend(sent[1 - back].to_be_bytes());
        packet.extend([0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0]);
        packet.extend(data);
        sent[back] += data.len() as u32;
        let size = packet.len() as u32;
        file.extend([1_700_000_000 + number as u32, 0, size, size].map(u32::to_be_bytes).concat());
        file.extend(packet);
    }
    file
}
