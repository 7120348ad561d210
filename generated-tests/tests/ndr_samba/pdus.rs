//! Samples of PDUs: Samba checks the ranges of their numbers.

use generated_tests::Choices;
use generated_tests::oracles::Noise;
use protocol::rpch::{
    ForwardDestination, RtsClientAddress, RtsClientAddressClientAddress, RtsCommand, RtsFlags, RtsFlowControlAck,
    RtsPdu,
};
use runtime::{Blob, Encoder};

fn words_of_padding(g: &mut Choices) -> Blob<'static> {
    let words: u64 = g.within(0, 8);
    g.blob_as(4 * words)
}

fn command(g: &mut Choices) -> RtsCommand<'static> {
    match g.pick(15) {
        0 => RtsCommand::ReceiveWindowSize(g.within(0x2000, 0x4_0000)),
        1 => RtsCommand::FlowControlAck(RtsFlowControlAck {
            bytes_received: g.u32(),
            available_window: g.u32(),
            channel_cookie: g.guid(),
        }),
        2 => RtsCommand::ConnectionTimeout(g.within(120_000, 14_400_000)),
        3 => RtsCommand::Cookie(g.guid()),
        4 => RtsCommand::ChannelLifetime(g.within(0x2_0000, 0x8000_0000)),
        5 => RtsCommand::ClientKeepalive(g.within(60_000, 0xFFFF_FFFF)),
        6 => RtsCommand::Version(1),
        7 => RtsCommand::Empty,
        // Samba aligns what follows, where the document has no gaps.
        8 => RtsCommand::Padding(words_of_padding(g)),
        9 => RtsCommand::NegativeANCE,
        10 => RtsCommand::ANCE,
        // Samba's text of an address of version 6 is not always read back.
        11 => {
            RtsCommand::ClientAddress(RtsClientAddress { client_address: RtsClientAddressClientAddress::IPv4(g.u32()) })
        }
        12 => RtsCommand::AssociationGroupId(g.guid()),
        13 => RtsCommand::Destination(ForwardDestination(g.within(0, 3))),
        _ => RtsCommand::PingTrafficSentNotify(g.u32()),
    }
}

/// Lines of so many RTS PDUs.
pub fn lines(count: usize) -> Vec<String> {
    let mut noise = Noise::new(0x0475);
    let mut choices = || Choices::new((0..200).map(|_| noise.number() as u32).collect());
    let pdu = |mut g: Choices| {
        let flags = RtsFlags(g.within(0, 0x7F));
        RtsPdu { flags, commands: g.list(command) }
    };
    let line = |pdu: RtsPdu<'_>| {
        let mut e = Encoder::new();
        pdu.pack(&mut e).unwrap();
        let hex: String = e.as_slice().iter().map(|byte| format!("{byte:02x}")).collect();
        // Only its own order of bytes: a structure of Samba's Python has no other.
        format!("S dcerpc.ncacn_packet {hex} {hex} {hex}")
    };
    (0..count).map(|_| line(pdu(choices()))).collect()
}
