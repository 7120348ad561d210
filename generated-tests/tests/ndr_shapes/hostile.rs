//! The oracles over generated messages, and Samba's opinion of those that it knows.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use runtime::ndr::{NdrCursor, NdrEncoder, Representation};
use runtime::{Encoder, UnpackErrorKind};

use crate::peer::{self, Exchange, REPRESENTATIONS};
use crate::samples::{accounts, ctr, everything, grow, known_ctr, known_string, reg_string, rpc, shares, tree, value};
use crate::shapes::{
    EcDoRpcExt2Request, EcDoRpcExt2Response, EnumAccountsRequest, EnumAccountsResponse, EverythingRequest,
    EverythingResponse, GrowRequest, NetShareEnumAllRequest, NetShareEnumAllResponse, Node, QueryValueRequest,
    QueryValueResponse, Tree,
};

/// Words, little-endian, as they could stand in a message.
fn in_a_row(words: &[u32]) -> Vec<u8> {
    let mut e = Encoder::new();
    words.iter().try_for_each(|word| e.u32(*word)).unwrap();
    e.finish().to_vec()
}

/// Round trip, then an error for every shorter message.
macro_rules! assert_oracles {
    ($message:expr, $type:ident) => {
        for representation in REPRESENTATIONS {
            let bytes = $message.encode(representation).unwrap();
            let decoded = $type::decode(&bytes, representation);
            prop_assert_eq!(decoded.as_ref(), Ok(&$message));
            prop_assert_eq!(&decoded.unwrap().encode(representation).unwrap(), &bytes);
            for end in 0..bytes.len() {
                prop_assert!($type::decode(&bytes[..end], representation).is_err(), "cut at {}", end);
            }
        }
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn shares_come_back((request, response) in shares(ctr().boxed())) {
        assert_oracles!(request, NetShareEnumAllRequest);
        assert_oracles!(response, NetShareEnumAllResponse);
    }

    #[test]
    fn accounts_come_back((request, response) in accounts()) {
        assert_oracles!(request, EnumAccountsRequest);
        assert_oracles!(response, EnumAccountsResponse);
    }

    #[test]
    fn values_come_back((request, response) in value(reg_string())) {
        assert_oracles!(request, QueryValueRequest);
        assert_oracles!(response, QueryValueResponse);
    }

    #[test]
    fn trees_and_lists_come_back(request in grow()) {
        assert_oracles!(request, GrowRequest);
    }

    #[test]
    fn everything_comes_back((request, response) in everything()) {
        assert_oracles!(request, EverythingRequest);
        assert_oracles!(response, EverythingResponse);
    }

    #[test]
    fn ec_do_rpc_ext2_comes_back((request, response) in rpc()) {
        assert_oracles!(request, EcDoRpcExt2Request);
        assert_oracles!(response, EcDoRpcExt2Response);
    }

    /// Small words of three kinds: noise that gets past counts and pointers.
    #[test]
    fn reads_noise_without_panic(words in prop::collection::vec(prop_oneof![0u32..4, 0x20000u32..0x20008, any::<u32>()], 0..80)) {
        let bytes = in_a_row(&words);
        for representation in REPRESENTATIONS {
            let info = allocation_counter::measure(|| {
                _ = NetShareEnumAllRequest::decode(&bytes, representation);
                _ = NetShareEnumAllResponse::decode(&bytes, representation);
                _ = EnumAccountsResponse::decode(&bytes, representation);
                _ = QueryValueRequest::decode(&bytes, representation);
                _ = GrowRequest::decode(&bytes, representation);
                _ = EverythingRequest::decode(&bytes, representation);
                _ = EverythingResponse::decode(&bytes, representation);
                _ = EcDoRpcExt2Response::decode(&bytes, representation);
            });
            // The widest element for its bytes is a share: 72 bytes in memory for 12 on the wire.
            prop_assert!(info.bytes_max < 16 * 320 + 4096, "{} bytes", info.bytes_max);
        }
    }
}

#[test]
fn limits_the_depth_of_lists_and_trees() {
    // A list of pointers that never ends in null: (value, id) again and again.
    let list = in_a_row(&[1, 0x20000]).repeat(200);
    let error = Node::unpack(&mut NdrCursor::new(&list, Representation::NDR)).unwrap_err();
    assert_eq!(error.kind(), &UnpackErrorKind::TooDeep { limit: runtime::ndr::MAX_RECURSION });

    let mut deep = Tree::default();
    for _ in 0..30 {
        deep = Tree { label: None, count: 1, children: Some(vec![deep]) };
    }
    let error = deep.pack(&mut NdrEncoder::new(Representation::NDR)).unwrap_err();
    assert!(error.to_string().ends_with("nested deeper than 20"), "{error}");
    // A null label, one child, a pointer to it, its maximum count.
    let node = in_a_row(&[0, 1, 0x20000, 1]);
    let error = Tree::unpack(&mut NdrCursor::new(&node.repeat(30), Representation::NDR)).unwrap_err();
    assert_eq!(error.kind(), &UnpackErrorKind::TooDeep { limit: 20 });
    assert!(error.to_string().starts_with("children[0].children[0]."), "{error}");
}

fn exchanges<Q, A>(
    operation: &str,
    pair: &(Q, A),
    request: impl Fn(&Q, Representation) -> Vec<u8>,
    response: impl Fn(&A, Representation) -> Vec<u8>,
) -> [Exchange; 2]
where
    (Q, A): std::fmt::Debug,
{
    let (q, a) = (REPRESENTATIONS.map(|r| request(&pair.0, r)), REPRESENTATIONS.map(|r| response(&pair.1, r)));
    [(q.clone(), None), (q, Some(a))].map(|(request, response)| Exchange {
        operation: operation.to_owned(),
        name: format!("{pair:?}"),
        request,
        response,
    })
}

#[test]
fn samba_agrees_on_deferred_pointers_conformant_structures_and_expressions() {
    let Some(python) = peer::python() else { return };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut all = Vec::new();
    for _ in 0..150 {
        let pair = shares(known_ctr().boxed()).new_tree(&mut runner).unwrap().current();
        all.extend(exchanges(
            "srvsvc.NetShareEnumAll",
            &pair,
            |q, r| q.encode(r).unwrap(),
            |a, r| a.encode(r).unwrap(),
        ));
        let pair = accounts().new_tree(&mut runner).unwrap().current();
        all.extend(exchanges("lsa.EnumAccounts", &pair, |q, r| q.encode(r).unwrap(), |a, r| a.encode(r).unwrap()));
        let pair = value(known_string()).new_tree(&mut runner).unwrap().current();
        all.extend(exchanges("winreg.QueryValue", &pair, |q, r| q.encode(r).unwrap(), |a, r| a.encode(r).unwrap()));
    }
    peer::compare(python, &all);
}

#[test]
fn keeps_trees_whole() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..50 {
        let tree = tree().new_tree(&mut runner).unwrap().current();
        let mut e = NdrEncoder::new(Representation::NDR);
        tree.pack(&mut e).unwrap();
        let bytes = e.finish();
        assert_eq!(Tree::unpack(&mut NdrCursor::new(&bytes, Representation::NDR)).unwrap(), tree);
    }
}
