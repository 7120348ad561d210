//! Network traffic in bytes: TCP segments in packets, links and files.

/// A TCP segment: from the client or to it, its sequence number, flags and data.
pub type Segment = (bool, u32, u8, Vec<u8>);

pub const SYN: u8 = 0x02;
pub const ACK: u8 = 0x10;

/// The segments of one connection that sends these requests and responses in turn, at most so many bytes each.
pub fn segments_of(messages: Vec<(Vec<u8>, Vec<u8>)>, size: usize) -> Vec<Segment> {
    // Close to the end of the numbers, so that they begin again at 0.
    let (mut client, mut server) = (u32::MAX - 1000, 77);
    let mut all = vec![(true, client - 1, SYN, Vec::new()), (false, server - 1, SYN | ACK, Vec::new())];
    for (request, response) in messages {
        for (from_client, bytes) in [(true, request), (false, response)] {
            for part in bytes.chunks(size) {
                let next = if from_client { &mut client } else { &mut server };
                all.push((from_client, *next, ACK, part.to_vec()));
                *next = next.wrapping_add(u32::try_from(part.len()).unwrap());
            }
        }
    }
    all
}

pub fn tcp((from_client, sequence, flags, data): &Segment) -> Vec<u8> {
    let (from, to) = if *from_client { (50_000_u16, 80_u16) } else { (80, 50_000) };
    let mut bytes = [from.to_be_bytes(), to.to_be_bytes()].concat();
    bytes.extend(sequence.to_be_bytes());
    bytes.extend([0, 0, 0, 0, 0x50, *flags, 0xFF, 0xFF, 0, 0, 0, 0]);
    bytes.extend(data);
    bytes
}

pub fn ipv4(segment: &Segment) -> Vec<u8> {
    let payload = tcp(segment);
    let mut bytes = vec![0x45, 0];
    bytes.extend(u16::try_from(payload.len() + 20).unwrap().to_be_bytes());
    bytes.extend([0, 1, 0x40, 0, 64, 6, 0, 0]);
    let (client, server) = ([10, 0, 0, 2], [10, 0, 0, 1]);
    bytes.extend(if segment.0 { [client, server].concat() } else { [server, client].concat() });
    bytes.extend(payload);
    bytes
}

pub fn ipv6(segment: &Segment) -> Vec<u8> {
    let payload = tcp(segment);
    let mut bytes = vec![0x60, 0, 0, 0];
    // With a header of destination options before TCP.
    bytes.extend(u16::try_from(payload.len() + 8).unwrap().to_be_bytes());
    bytes.extend([60, 64]);
    let (client, server) = ([0xFD; 16], [0xFE; 16]);
    bytes.extend(if segment.0 { [client, server].concat() } else { [server, client].concat() });
    bytes.extend([6, 0, 1, 4, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes
}

pub fn ethernet(kind: [u8; 2], vlan: bool, packet: &[u8]) -> Vec<u8> {
    let tag: &[u8] = if vlan { &[0x81, 0, 0, 7] } else { &[] };
    // Short frames are filled up.
    [&[0; 12], tag, &kind, packet, &[0; 6]].concat()
}

pub fn pcap(big_endian: bool, link: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let order = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    // 2.4, two bytes each.
    let version = if big_endian { 0x0002_0004 } else { 0x0004_0002 };
    let mut file: Vec<u8> = [0xA1B2_C3D4, version, 0, 0, 65_535, link].into_iter().flat_map(order).collect();
    for packet in packets {
        let size = u32::try_from(packet.len()).unwrap();
        file.extend([1, 2, size, size].into_iter().flat_map(order));
        file.extend(packet);
    }
    file
}

pub fn pcapng(big_endian: bool, link: u16, packets: &[Vec<u8>]) -> Vec<u8> {
    let order = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let block = |kind: u32, body: Vec<u8>| {
        let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
        let size = order(u32::try_from(body.len() + padding.len() + 12).unwrap());
        [&order(kind)[..], &size, &body, &padding, &size].concat()
    };
    let link = if big_endian { link.to_be_bytes() } else { link.to_le_bytes() };
    let mut file = block(0x0A0D_0D0A, [&order(0x1A2B_3C4D)[..], &order(1), &[0xFF; 8]].concat());
    file.extend(block(1, [&link[..], &[0, 0], &order(65_535)].concat()));
    // A block of names, which is passed over.
    file.extend(block(4, vec![0; 4]));
    for packet in packets {
        let size = order(u32::try_from(packet.len()).unwrap());
        file.extend(block(6, [&order(0)[..], &order(1), &order(2), &size, &size, packet].concat()));
    }
    file
}
