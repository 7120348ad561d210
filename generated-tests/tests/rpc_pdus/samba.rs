//! Samba's library reads and writes the same bytes. Its Python packs structures little-endian only.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use generated_tests::Choices;
use generated_tests::oracles::Noise;
use protocol::dcerpc::{
    RpcDataRepresentation, RpcFloatingPointRepresentation, RpcPdu, RpcPduBody, RpcPduType, RpcSecVtCommand,
    RpcSecVtCommandValue, RpcVerificationTrailer,
};
use runtime::Encoder;

use crate::{dcerpc, peer};

/// Values of each kind.
const COUNT: usize = 400;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What both describe alike: Samba leaves a token to who reads the data, and has types of PDUs without connections here.
fn comparable(pdu: &mut RpcPdu<'_>) -> bool {
    pdu.drep = RpcDataRepresentation(0x10);
    pdu.drep_float = RpcFloatingPointRepresentation::FLOAT_IEEE;
    pdu.drep_reserved = [0; 2];
    match &mut pdu.body {
        RpcPduBody::Other { .. } => false,
        // Its fault ends with bytes that are always there, and its refusal has nothing in front of the signature.
        RpcPduBody::BindNak { signature, .. } => {
            signature.to_mut().clear();
            true
        }
        RpcPduBody::Auth3(pad) => {
            *pad = runtime::Blob::Owned(vec![0; 4]);
            true
        }
        RpcPduBody::BindAck(body) | RpcPduBody::AlterContextResp(body) => {
            body.port_spec = crate::port(body.port_spec.len());
            true
        }
        RpcPduBody::Shutdown | RpcPduBody::CoCancel | RpcPduBody::Orphaned => pdu.auth_verifier.is_none(),
        _ => true,
    }
}

fn lines() -> Vec<String> {
    let mut noise = Noise::new(0x5D05);
    let mut choices = || Choices::new((0..600).map(|_| noise.number() as u32).collect());
    let mut lines = Vec::new();
    while lines.len() < COUNT {
        let mut pdu = dcerpc::rpc_pdu_value(&mut choices());
        if comparable(&mut pdu) {
            let mut e = Encoder::new();
            pdu.pack(&mut e).unwrap();
            let bytes = hex(e.as_slice());
            lines.push(bytes);
        }
    }
    lines
}

#[test]
fn samba_agrees_on_pdus() {
    let Some(python) = peer::python() else { return };
    // A PDU says its byte order itself; so is it asked, and not in each representation as other structures are.
    let script = "import sys\nfrom samba.dcerpc import dcerpc\nfrom samba.ndr import ndr_unpack, ndr_pack\n\
                  for line in sys.stdin:\n  data = bytes.fromhex(line)\n  try:\n    \
                  again = ndr_pack(ndr_unpack(dcerpc.ncacn_packet, data))\n    \
                  print('ok' if again == data else 'packed ' + again.hex(), flush=True)\n  \
                  except Exception as error:\n    print('error', ' '.join(str(error).split()), flush=True)\n";
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut stdin = child.stdin.take().unwrap();
    let text = lines().join("\n") + "\n";
    let sent = text.clone();
    let writer = std::thread::spawn(move || stdin.write_all(sent.as_bytes()));
    let output = child.wait_with_output().expect("python ends");
    writer.join().unwrap().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), COUNT);
    let mut of_types: BTreeMap<u8, (usize, Vec<String>)> = BTreeMap::new();
    for (line, answer) in text.lines().zip(answers.lines()) {
        let kind = u8::from_str_radix(&line[4..6], 16).unwrap();
        let (agreed, others) = of_types.entry(kind).or_default();
        match answer == "ok" {
            true => *agreed += 1,
            false => others.push(format!("{answer}: {line}")),
        }
    }
    let problems: Vec<String> = of_types
        .iter()
        .filter_map(|(kind, (agreed, others))| {
            let first = others.first()?;
            Some(format!("{:?}: {agreed} agree, {} do not: {first:.600}", RpcPduType(*kind), others.len()))
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(of_types.len(), 12, "{of_types:?}");
}

#[test]
fn samba_agrees_on_verification_trailers() {
    let Some(python) = peer::python() else { return };
    let mut noise = Noise::new(0x5EC7);
    let mut sent = String::new();
    let mut made = 0;
    while made < COUNT {
        let mut g = Choices::new((0..300).map(|_| noise.number() as u32).collect());
        let trailer: RpcVerificationTrailer<'_> = dcerpc::rpc_verification_trailer_value(&mut g);
        let mut e = Encoder::new();
        // As long as the document says.
        let words = |command: &RpcSecVtCommand<'_>| match &command.value {
            RpcSecVtCommandValue::Other { data, .. } => data.len() % 4 == 0,
            _ => true,
        };
        if !trailer.commands.iter().all(words) || trailer.pack(&mut e).is_err() {
            continue;
        }
        made += 1;
        let bytes = hex(e.as_slice());
        sent.push_str(&format!("{bytes} {}\n", trailer.commands.len()));
    }
    let script = "import sys\nfrom samba.dcerpc import dcerpc\nfrom samba.ndr import ndr_unpack, ndr_pack\n\
                  for line in sys.stdin:\n  data, count = line.split()\n  data = bytes.fromhex(data)\n  \
                  vt = ndr_unpack(dcerpc.sec_verification_trailer, data)\n  \
                  print(vt.count.count == int(count), ndr_pack(vt) == data, flush=True)\n";
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(sent.as_bytes()));
    let output = child.wait_with_output().expect("python ends");
    writer.join().unwrap().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    let wrong = answers.lines().position(|line| line != "True True");
    assert_eq!((answers.lines().count(), wrong), (COUNT, None));
}
