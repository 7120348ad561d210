//! RPC over HTTP: a conversation on two channels, each an HTTP connection of its own, joined by the cookie of their virtual connection.

use protocol::rpch::{RtsCommand, RtsFlags, RtsPdu};
use runtime::ndr::Representation;
use runtime::{Encoder, Guid};

use crate::capture::{Direction, pcap_of};
use crate::conversation::{Form, conversation};
use crate::{SHOWN, file, ropc, shows};

type Packets = Vec<(u16, Direction, Vec<u8>)>;

fn rts(flags: u16, commands: Vec<RtsCommand<'_>>) -> Vec<u8> {
    let mut e = Encoder::new();
    RtsPdu { flags: RtsFlags(flags), commands }.pack(&mut e).unwrap();
    e.as_slice().to_vec()
}

fn cookie(number: u8) -> RtsCommand<'static> {
    RtsCommand::Cookie(Guid([number; 16]))
}

fn head(method: &str, length: usize) -> Vec<u8> {
    format!("{method} /rpc/rpcproxy.dll?exchange:6001 HTTP/1.1\r\nHost: exchange\r\nContent-Length: {length}\r\n\r\n")
        .into_bytes()
}

/// How a session goes: its cookies and ports begin at `number`.
#[derive(Clone, Copy)]
struct Session {
    number: u8,
    form: Form,
    /// The server sends chunks.
    chunked: bool,
    /// The IN channel is replaced after so many PDUs.
    recycled: Option<usize>,
}

impl Session {
    fn port(self, channel: u16) -> u16 {
        50_000 + 10 * u16::from(self.number) + channel
    }

    /// In chunks that end within PDUs, where it is chunked.
    fn answered(self, packets: &mut Packets, bytes: &[u8]) {
        let mut sent = Vec::new();
        if self.chunked {
            for part in bytes.chunks(bytes.len() / 2 + 1) {
                sent.extend([format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat());
            }
        } else {
            sent.extend(bytes);
        }
        packets.push((self.port(2), Direction::ToClient, sent));
    }

    fn packets(self) -> Packets {
        let mut all = Packets::new();
        let (of_virtual, of_out, of_in) = (self.number, self.number + 1, self.number + 2);
        // Refused without credentials first, as browsers and Outlook have it.
        all.push((self.port(2), Direction::ToServer, head("RPC_OUT_DATA", 0)));
        let refused = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 2\r\n\r\nno".to_vec();
        all.push((self.port(2), Direction::ToClient, refused));
        let window = RtsCommand::ReceiveWindowSize(0x1_0000);
        let opened = rts(0, vec![RtsCommand::Version(1), cookie(of_virtual), cookie(of_out), window.clone()]);
        all.push((self.port(2), Direction::ToServer, [head("RPC_OUT_DATA", opened.len()), opened].concat()));
        let other = rts(
            0,
            vec![
                RtsCommand::Version(1),
                cookie(of_virtual),
                cookie(of_in),
                RtsCommand::ChannelLifetime(0x4000_0000),
                RtsCommand::ClientKeepalive(300_000),
                RtsCommand::AssociationGroupId(Guid([0xEE; 16])),
            ],
        );
        let mut channel = self.port(1);
        all.push((channel, Direction::ToServer, [head("RPC_IN_DATA", 0x4000_0000), other].concat()));
        let length = if self.chunked { "Transfer-Encoding: chunked" } else { "Content-Length: 1073741824" };
        let accepted = format!("HTTP/1.1 200 Success\r\nContent-Type: application/rpc\r\n{length}\r\n\r\n");
        all.push((self.port(2), Direction::ToClient, accepted.into_bytes()));
        self.answered(&mut all, &rts(0, vec![RtsCommand::ConnectionTimeout(120_000)]));
        let timeout = RtsCommand::ConnectionTimeout(120_000);
        self.answered(&mut all, &rts(0, vec![RtsCommand::Version(1), window, timeout]));
        let mut sent = 0;
        for (direction, bytes) in conversation(self.form) {
            if direction == Direction::ToClient {
                self.answered(&mut all, &bytes);
                continue;
            }
            if self.recycled == Some(sent) {
                channel = self.port(3);
                let cookies = vec![RtsCommand::Version(1), cookie(of_virtual), cookie(of_in), cookie(self.number + 3)];
                all.push((channel, Direction::ToServer, [head("RPC_IN_DATA", 0x4000_0000), rts(4, cookies)].concat()));
            }
            all.push((channel, direction, bytes));
            sent += 1;
        }
        all
    }
}

fn shown(packets: &Packets, name: &str) -> (bool, String) {
    let bytes = pcap_of(packets.iter().map(|(port, direction, data)| (*port, *direction, data.as_slice())));
    let path = file(name, &bytes);
    let answer = ropc(&["decode", "capture", path.to_str().unwrap()]);
    std::fs::remove_file(path).unwrap();
    answer
}

const FORM: Form = Form { representation: Representation::NDR, fragment: 5840, trailer: true, signed: false };

#[test]
fn channels_of_several_sessions_are_joined_by_their_cookies() {
    let big = Form { representation: Representation::NDR_BIG_ENDIAN, fragment: 64, ..FORM };
    let first = Session { number: 1, form: FORM, chunked: false, recycled: Some(2) };
    let second = Session { number: 5, form: big, chunked: true, recycled: None };
    let (mut one, mut other) = (first.packets().into_iter(), second.packets().into_iter());
    let mut packets = Packets::new();
    // Two of the second for each of the first.
    loop {
        let before = packets.len();
        packets.extend(one.next());
        packets.extend(other.by_ref().take(2));
        if packets.len() == before {
            break;
        }
    }
    let (fine, text) = shown(&packets, "channels.pcap");
    assert!(fine, "{text}");
    // Each session as if it had one connection, down to the operations.
    shows(&text, &[SHOWN, SHOWN].concat());
    shows(
        &text,
        &[
            "10.0.0.2:50012 client RtsPdu in packet ",
            "10.0.0.2:50011 client RtsPdu in packet ",
            "10.0.0.2:50011 client Bind in packet ",
            "10.0.0.2:50012 server RtsPdu in packet ",
            "10.0.0.2:50012 server BindAck in packet ",
            "10.0.0.2:50013 client RtsPdu in packet ",
            "10.0.0.2:50013 client Request in packet ",
            "10.0.0.2:50051 client Bind in packet ",
            "10.0.0.2:50052 server BindAck in packet ",
        ],
    );
    assert!(!text.contains("an answer to a call that is not there"), "{text}");
}

#[test]
fn a_channel_without_the_other_one_is_read_as_far_as_it_goes() {
    let session = Session { number: 1, form: FORM, chunked: true, recycled: None };
    let of = |channel| session.packets().into_iter().filter(|(port, ..)| *port == session.port(channel)).collect();
    let (fine, text) = shown(&of(1), "in.pcap");
    assert!(fine, "{text}");
    shows(&text, &["client Bind", "stub_data EcDoRpcExt2 request", "RopId: 0x12 RopSetColumns"]);
    let (fine, text) = shown(&of(2), "out.pcap");
    assert!(fine, "{text}");
    shows(&text, &["server BindAck", "server Response", "an answer to a call that is not there"]);
    // What is cut off within a chunk is read up to there.
    let mut cut: Packets = of(2);
    let last = cut.last_mut().unwrap();
    last.2.truncate(last.2.len() / 2);
    let (_, text) = shown(&cut, "cut.pcap");
    shows(&text, &["server BindAck", "server Response"]);
}
