//! Every PDU that MS-RPCH 2.2.4 names: its bytes, worked out from the document, and what other programs see in them.
//!
//! `data/rts-pdus.tsv` has a line a PDU: name, section, flags, commands, bytes. A number behind Cookie and AssociationGroupId
//! stands for the 16 bytes that begin with 16 times the number.

use std::collections::BTreeSet;

use generated_tests::described::root;
use generated_tests::vectors::hex;
use protocol::rpch::{
    ForwardDestination, RtsClientAddress, RtsClientAddressClientAddress, RtsCommand, RtsFlags, RtsFlowControlAck,
    RtsPdu,
};
use runtime::{Cursor, Encoder, Guid};

use crate::peers;

struct Row {
    name: String,
    section: String,
    flags: u16,
    /// Word and value of each command.
    commands: Vec<(String, String)>,
    bytes: Vec<u8>,
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("generated-tests/tests/data/rts-pdus.tsv")).unwrap();
    let row = |line: &str| {
        let [name, section, flags, commands, bytes] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("five columns: {line}")
        };
        let commands = commands.split(' ').filter(|word| *word != "-");
        Row {
            name: name.to_owned(),
            section: section.to_owned(),
            flags: u16::from_str_radix(&flags[2..], 16).unwrap(),
            commands: commands
                .map(|word| word.split_once('=').unwrap_or((word, "")))
                .map(|(word, value)| (word.to_owned(), value.to_owned()))
                .collect(),
            bytes: hex(bytes),
        }
    };
    text.lines().skip(1).map(row).collect()
}

fn number(text: &str) -> u32 {
    text.parse().unwrap()
}

fn cookie_bytes(text: &str) -> [u8; 16] {
    let number: u8 = text.parse().unwrap();
    std::array::from_fn(|index| 16 * number + index as u8)
}

fn cookie(text: &str) -> Guid {
    Guid(cookie_bytes(text))
}

const DESTINATIONS: [&str; 4] = ["FDClient", "FDInProxy", "FDServer", "FDOutProxy"];

fn destination(text: &str) -> u32 {
    DESTINATIONS.iter().position(|name| *name == text).unwrap() as u32
}

/// The command with its number in MS-RPCH 2.2.3.5.
fn command(word: &str, value: &str) -> (u32, RtsCommand<'static>) {
    match word {
        "ReceiveWindowSize" => (0x0, RtsCommand::ReceiveWindowSize(number(value))),
        "FlowControlAck" => {
            let [received, window, channel] = value.split(':').collect::<Vec<_>>()[..] else { panic!("{value}") };
            let ack = RtsFlowControlAck {
                bytes_received: number(received),
                available_window: number(window),
                channel_cookie: cookie(channel),
            };
            (0x1, RtsCommand::FlowControlAck(ack))
        }
        "ConnectionTimeout" => (0x2, RtsCommand::ConnectionTimeout(number(value))),
        "Cookie" => (0x3, RtsCommand::Cookie(cookie(value))),
        "ChannelLifetime" => (0x4, RtsCommand::ChannelLifetime(number(value))),
        "ClientKeepalive" => (0x5, RtsCommand::ClientKeepalive(number(value))),
        "Version" => (0x6, RtsCommand::Version(number(value))),
        "Empty" => (0x7, RtsCommand::Empty),
        "Padding" => (0x8, RtsCommand::Padding(vec![0; number(value) as usize].into())),
        "NegativeANCE" => (0x9, RtsCommand::NegativeANCE),
        "ANCE" => (0xA, RtsCommand::ANCE),
        "ClientAddress" => {
            let client_address = match value.parse().unwrap() {
                std::net::IpAddr::V4(address) => RtsClientAddressClientAddress::IPv4(address.to_bits()),
                std::net::IpAddr::V6(address) => RtsClientAddressClientAddress::IPv6(address.octets()),
            };
            (0xB, RtsCommand::ClientAddress(RtsClientAddress { client_address }))
        }
        "AssociationGroupId" => (0xC, RtsCommand::AssociationGroupId(cookie(value))),
        "Destination" => (0xD, RtsCommand::Destination(ForwardDestination(destination(value)))),
        "PingTrafficSentNotify" => (0xE, RtsCommand::PingTrafficSentNotify(number(value))),
        other => panic!("{other}"),
    }
}

#[test]
fn every_pdu_and_every_command_of_the_document_is_there() {
    let rows = rows();
    let sections: BTreeSet<&str> = rows.iter().map(|row| row.section.as_str()).collect();
    let expected: Vec<String> = (2..=51).map(|number| format!("2.2.4.{number}")).collect();
    assert_eq!(sections, expected.iter().map(String::as_str).collect());
    let kinds: BTreeSet<u32> =
        rows.iter().flat_map(|row| &row.commands).map(|(word, value)| command(word, value).0).collect();
    assert_eq!(kinds, (0x0..=0xE).collect());
    let destinations: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| &row.commands)
        .filter(|(word, _)| word == "Destination")
        .map(|c| c.1.as_str())
        .collect();
    assert!(destinations.contains("FDClient") && destinations.contains("FDServer"));
}

#[test]
fn pdus_are_the_bytes_of_the_document() {
    for row in rows() {
        let commands = row.commands.iter().map(|(word, value)| command(word, value).1).collect();
        let pdu = RtsPdu { flags: RtsFlags(row.flags), commands };
        let mut e = Encoder::new();
        pdu.pack(&mut e).unwrap();
        assert_eq!(e.as_slice(), row.bytes, "{}", row.name);
        assert_eq!(pdu.packed_size(), row.bytes.len(), "{}", row.name);
        let mut c = Cursor::new(&row.bytes);
        assert_eq!(RtsPdu::unpack(&mut c).unwrap(), pdu, "{}", row.name);
        c.finish().unwrap();
    }
}

#[test]
fn headers_that_the_document_forbids_are_refused() {
    let bytes = rows().swap_remove(0).bytes;
    let with = |at: usize, value: u8| {
        let mut changed = bytes.clone();
        changed[at] = value;
        RtsPdu::unpack(&mut Cursor::new(&changed)).is_ok()
    };
    assert!(with(0, 5));
    // rpc_vers, PTYPE, pfc_flags, packed_drep, frag_length, auth_length, call_id, NumberOfCommands.
    let wrong =
        [(0, 4), (2, 19), (3, 1), (3, 7), (4, 0), (5, 1), (8, 0), (8, 0x4D), (10, 1), (12, 1), (18, 3), (18, 5)];
    for (at, value) in wrong {
        assert!(!with(at, value), "{value:#x} at {at}");
    }
    // The reserved half of a client's address is ignored, other address types and commands are not.
    let address = rows().into_iter().find(|row| row.name == "CONN/B2").unwrap().bytes;
    let mut changed = address.clone();
    *changed.last_mut().unwrap() = 0xEE;
    assert!(RtsPdu::unpack(&mut Cursor::new(&changed)).is_ok());
    changed[address.len() - 20] = 2;
    assert!(RtsPdu::unpack(&mut Cursor::new(&changed)).is_err());
    changed[address.len() - 24] = 0xF;
    assert!(RtsPdu::unpack(&mut Cursor::new(&changed)).is_err());
}

/// What impacket is to answer: flags and commands.
fn words(row: &Row) -> String {
    let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut text = format!("ok 0x{:04x}", row.flags);
    for (word, value) in &row.commands {
        let value = match word.as_str() {
            "Cookie" | "AssociationGroupId" => hexadecimal(&cookie_bytes(value)),
            "FlowControlAck" => {
                let (numbers, channel) = value.rsplit_once(':').unwrap();
                format!("{numbers}:{}", hexadecimal(&cookie_bytes(channel)))
            }
            "ClientAddress" => match value.parse().unwrap() {
                std::net::IpAddr::V4(address) => hexadecimal(&address.to_bits().to_le_bytes()),
                std::net::IpAddr::V6(address) => hexadecimal(&address.octets()),
            },
            _ => value.clone(),
        };
        text.push_str(&if value.is_empty() { format!(" {word}") } else { format!(" {word}={value}") });
    }
    text
}

#[test]
fn impacket_reads_and_writes_the_same_pdus() {
    let Some(python) = peers::impacket() else { return };
    let rows = rows();
    let line = |row: &Row| format!("rts {}", row.bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let answers = peers::ask_impacket(python, &rows.iter().map(line).collect::<Vec<_>>());
    for (row, answer) in rows.iter().zip(answers) {
        match row.commands.iter().any(|(word, _)| word == "Padding") {
            // Its class of this command cannot read itself.
            true => assert!(answer.starts_with("refused"), "{}: {answer}", row.name),
            false => assert_eq!(answer, words(row), "{}", row.name),
        }
    }
}

/// Columns of Wireshark that have a value of one command, with that command.
const VALUES: [(&str, &str); 13] = [
    ("ReceiveWindowSize", "dcerpc.cn_rts_command.receivewindowsize"),
    ("FlowControlAck.0", "dcerpc.cn_rts_command.fack.bytesreceived"),
    ("FlowControlAck.1", "dcerpc.cn_rts_command.fack.availablewindow"),
    ("FlowControlAck.2", "dcerpc.cn_rts_command.fack.channelcookie"),
    ("ConnectionTimeout", "dcerpc.cn_rts_command.connectiontimeout"),
    ("Cookie", "dcerpc.cn_rts_command.cookie"),
    ("ChannelLifetime", "dcerpc.cn_rts_command.channellifetime"),
    ("ClientKeepalive", "dcerpc.cn_rts_command.clientkeepalive"),
    ("Version", "dcerpc.cn_rts_command.version"),
    ("Padding", "dcerpc.cn_rts_command.padding.conformancecount"),
    ("AssociationGroupId", "dcerpc.cn_rts_command.associationgroupid"),
    ("Destination", "dcerpc.cn_rts_command.forwarddestination"),
    ("PingTrafficSentNotify", "dcerpc.cn_rts_command.pingtrafficsentnotify"),
];

/// As Wireshark shows the values of a column: decimal for times and enumerations, else hexadecimal.
fn column(row: &Row, of: &str) -> String {
    let (of, part) = of.split_once('.').map_or((of, None), |(of, part)| (of, part.parse::<usize>().ok()));
    let values = row.commands.iter().filter(|(word, _)| word == of).map(|(_, value)| {
        let value = part.map_or(value.as_str(), |part| value.split(':').nth(part).unwrap());
        match (of, part) {
            ("Cookie" | "AssociationGroupId", _) | (_, Some(2)) => cookie(value).to_string().to_lowercase(),
            ("Destination", _) => destination(value).to_string(),
            ("ConnectionTimeout" | "ChannelLifetime", _) => value.to_owned(),
            _ => format!("0x{:08x}", number(value)),
        }
    });
    values.collect::<Vec<_>>().join(",")
}

#[test]
fn wireshark_knows_each_pdu_by_its_name() {
    let rows = rows();
    let mut fields = vec!["_ws.col.Info", "dcerpc.cn_rts_flags", "dcerpc.cn_rts_commands_nb", "dcerpc.cn_rts_command"];
    fields.extend(VALUES.iter().map(|(_, field)| *field));
    let capture = peers::capture(&rows.iter().map(|row| row.bytes.clone()).collect::<Vec<_>>());
    let Some(found) = peers::tshark(&capture, &fields) else { return };
    assert_eq!(found.len(), rows.len());
    let mut named = 0;
    for (row, found) in rows.iter().zip(found) {
        let kinds = row.commands.iter().map(|(word, value)| format!("0x{:08x}", command(word, value).0));
        let mut expected =
            vec![format!("0x{:04x}", row.flags), row.commands.len().to_string(), kinds.collect::<Vec<_>>().join(",")];
        expected.extend(VALUES.iter().map(|(of, _)| column(row, of)));
        assert_eq!(found[1..], expected, "{}", row.name);
        let name = row.name.split(", ").next().unwrap().replace("Ping Traffic Sent Notify", "PingTrafficSentNotify");
        let names: Vec<&str> = found[0].split(',').map(str::trim).collect();
        match name.as_str() {
            // Wireshark 4.0 expects commands in every PDU, and ANCE where the document has NegativeANCE.
            "Echo" | "Ping" => assert!(found[0].contains("Malformed"), "{found:?}"),
            "OUT_R2/B2" => assert_eq!(names[0], "unknown RTS PDU"),
            _ => {
                assert!(names.contains(&name.as_str()), "{name}: {names:?}");
                named += 1;
            }
        }
    }
    assert_eq!(named, rows.len() - 3);
}
