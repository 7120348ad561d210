//! pcap and pcapng files: the packets with the kind of link that they were seen on.

/// A packet from its IP header on.
#[derive(Debug)]
pub(super) struct Packet {
    /// Its number in the file, from 1, as Wireshark counts frames.
    pub(super) number: usize,
    pub(super) bytes: Vec<u8>,
}

/// Bytes in the order that a file says.
struct Reader<'b> {
    bytes: &'b [u8],
    big_endian: bool,
}

impl<'b> Reader<'b> {
    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn size(&self, at: usize) -> Option<usize> {
        usize::try_from(self.u32(at)?).ok()
    }

    fn slice(&self, at: usize, size: usize) -> Option<&'b [u8]> {
        self.bytes.get(at..at.checked_add(size)?)
    }
}

/// The first four bytes of pcap with times in micro- and nanoseconds, read in the order of the file.
const PCAP: [u32; 2] = [0xA1B2_C3D4, 0xA1B2_3C4D];
/// The first block of pcapng, the same in either byte order, and what says the byte order.
const SECTION: u32 = 0x0A0D_0D0A;
const BYTE_ORDER: u32 = 0x1A2B_3C4D;

fn pcap_order(file: &[u8]) -> Option<bool> {
    [false, true]
        .into_iter()
        .find(|&big_endian| Reader { bytes: file, big_endian }.u32(0).is_some_and(|magic| PCAP.contains(&magic)))
}

fn pcapng_order(section: &[u8]) -> Option<bool> {
    [false, true].into_iter().find(|&big_endian| {
        let reader = Reader { bytes: section, big_endian };
        reader.u32(0) == Some(SECTION) && reader.u32(8) == Some(BYTE_ORDER)
    })
}

/// All packets that carry IP. A file that is cut off gives those before the cut.
///
/// # Errors
/// When it is no capture.
pub(super) fn read(file: &[u8]) -> Result<Vec<Packet>, String> {
    if let Some(big_endian) = pcap_order(file) {
        return Ok(pcap(&Reader { bytes: file, big_endian }));
    }
    if pcapng_order(file).is_some() {
        return Ok(pcapng(file));
    }
    Err("neither pcap nor pcapng".to_owned())
}

fn pcap(file: &Reader<'_>) -> Vec<Packet> {
    const HEADER: usize = 24;
    const RECORD: usize = 16;
    let link = file.u32(20).unwrap_or_default() & 0x0FFF_FFFF;
    let mut packets = Vec::new();
    let mut number = 0;
    let mut at = HEADER;
    while let Some(size) = file.size(at.saturating_add(8)) {
        let Some(bytes) = file.slice(at.saturating_add(RECORD), size) else { break };
        number += 1;
        packets.extend(ip(link, bytes, number));
        at = at.saturating_add(RECORD).saturating_add(size);
    }
    packets
}

fn pcapng(file: &[u8]) -> Vec<Packet> {
    const INTERFACE: u32 = 1;
    const SIMPLE: u32 = 3;
    const ENHANCED: u32 = 6;
    const FRAME: usize = 12;
    let mut packets = Vec::new();
    let mut links = Vec::new();
    let mut rest = file;
    let mut number = 0;
    let mut big_endian = false;
    loop {
        if let Some(order) = pcapng_order(rest) {
            (big_endian, links) = (order, Vec::new());
        }
        let block = Reader { bytes: rest, big_endian };
        let (Some(kind), Some(size)) = (block.u32(0), block.size(4)) else { break };
        if size < FRAME || size > rest.len() {
            break;
        }
        let found = match kind {
            INTERFACE => {
                links.push(u32::from(block.u16(8).unwrap_or_default()));
                None
            }
            ENHANCED => block
                .size(8)
                .zip(block.size(20))
                .and_then(|(interface, captured)| Some((*links.get(interface)?, block.slice(28, captured)?))),
            SIMPLE => links.first().copied().zip(block.size(8)).and_then(|(link, size_of_packet)| {
                Some((link, block.slice(12, size_of_packet.min(size.checked_sub(16)?))?))
            }),
            _ => None,
        };
        number += usize::from(matches!(kind, SIMPLE | ENHANCED));
        packets.extend(found.and_then(|(link, bytes)| ip(link, bytes, number)));
        rest = rest.get(size..).unwrap_or_default();
    }
    packets
}

/// What follows the header of the link, where it is IP.
fn ip(link: u32, bytes: &[u8], number: usize) -> Option<Packet> {
    const LOOPBACK: u32 = 0;
    const ETHERNET: u32 = 1;
    const RAW: [u32; 3] = [12, 14, 101];
    const COOKED: u32 = 113;
    const COOKED_2: u32 = 276;
    const VLAN: [u16; 2] = [0x8100, 0x88A8];
    const IP: [u16; 2] = [0x0800, 0x86DD];
    let frame = Reader { bytes, big_endian: true };
    let (protocol, start) = match link {
        ETHERNET => {
            let mut at = 12;
            while VLAN.contains(&frame.u16(at)?) {
                at += 4;
            }
            (frame.u16(at)?, at + 2)
        }
        COOKED => (frame.u16(14)?, 16),
        COOKED_2 => (frame.u16(0)?, 20),
        LOOPBACK => (IP[0], 4),
        link if RAW.contains(&link) => (IP[0], 0),
        _ => return None,
    };
    IP.contains(&protocol).then(|| bytes.get(start..)).flatten().map(|bytes| Packet { number, bytes: bytes.to_vec() })
}
