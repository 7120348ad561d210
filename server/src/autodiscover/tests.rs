#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::request::RESPONSE_SCHEMA;
use super::*;
use crate::auth::legacy_dn;

fn ada() -> Account {
    Account {
        address: "ada@example.test".to_owned(),
        display_name: "Ada <& Co>".to_owned(),
        legacy_dn: legacy_dn("Example", "ada"),
        mailbox_guid: "00112233-4455-6677-8899-aabbccddeeff".to_owned(),
        password_hash: "$argon2id$secret".to_owned(),
        generation: 1,
        locked: false,
    }
}

fn request(inner: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/\
         autodiscover/outlook/requestschema/2006\">\n <Request>\n  {inner}\n  <AcceptableResponseSchema>\
         {RESPONSE_SCHEMA}</AcceptableResponseSchema>\n </Request>\n</Autodiscover>\n"
    )
}

fn ask(body: &str, capability: Option<&str>) -> String {
    let dir = tempfile::tempdir().unwrap();
    let deployment = Deployment::ensure(dir.path()).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::new(86_400 + 3_723, 450_000_000);
    let answer = answer(body.as_bytes(), capability, &ada(), None, &deployment, "localhost:8443", now).unwrap();
    answer.replace(&deployment.guid(), "DEPLOYMENT").replace(&format!("\"{}\"", deployment.short()), "\"ID\"")
}

#[test]
fn the_own_address_gets_settings_with_the_mapi_http_section() {
    let body = request("<EMailAddress>Ada@Example.test</EMailAddress>");
    let url = "https://localhost:8443/mapi/emsmdb/?MailboxId=00112233-4455-6677-8899-aabbccddeeff@example.test";
    let book = url.replace("emsmdb", "nspi");
    assert_eq!(
        ask(&body, Some("1")),
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/\
             autodiscover/responseschema/2006\"><Response xmlns=\"{RESPONSE_SCHEMA}\"><User><DisplayName>Ada &lt;&amp; \
             Co&gt;</DisplayName><LegacyDN>/o=Example/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients\
             /cn=ada</LegacyDN><AutoDiscoverSMTPAddress>ada@example.test</AutoDiscoverSMTPAddress><DeploymentId>\
             DEPLOYMENT</DeploymentId></User><Account><AccountType>email</AccountType><Action>settings</Action>\
             <MicrosoftOnline>False</MicrosoftOnline><Protocol Type=\"mapiHttp\" Version=\"1\"><MailStore><InternalUrl>\
             {url}</InternalUrl><ExternalUrl>{url}</ExternalUrl></MailStore><AddressBook><InternalUrl>{book}\
             </InternalUrl><ExternalUrl>{book}</ExternalUrl></AddressBook></Protocol></Account></Response>\
             </Autodiscover>"
        )
    );
}

#[test]
fn the_mapi_http_section_is_for_clients_that_ask_for_it() {
    let body = request("<EMailAddress>ada@example.test</EMailAddress>");
    for capability in [None, Some("0"), Some("x"), Some("-1"), Some("")] {
        let answer = ask(&body, capability);
        assert!(answer.contains("<Action>settings</Action>") && !answer.contains("mapiHttp"), "{capability:?}");
    }
    assert!(ask(&body, Some("7")).contains("Version=\"1\""));
}

#[test]
fn the_own_legacy_dn_will_do() {
    let answer = ask(&request(&format!("<LegacyDN>{}</LegacyDN>", ada().legacy_dn.to_uppercase())), Some("1"));
    assert!(answer.contains("mapiHttp"));
}

#[test]
fn every_other_address_gets_one_and_the_same_answer() {
    let expected = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"http://schemas.microsoft.com/\
                    exchange/autodiscover/responseschema/2006\"><Response><Error Time=\"01:02:03.4500000\" Id=\"ID\">\
                    <ErrorCode>500</ErrorCode><Message>The email address can't be found.</Message><DebugData/></Error>\
                    </Response></Autodiscover>";
    for inner in [
        "<EMailAddress>bob@example.test</EMailAddress>",
        "<EMailAddress>nobody@example.test</EMailAddress>",
        "<EMailAddress>not an address</EMailAddress>",
        "<LegacyDN>/o=Example/cn=bob</LegacyDN>",
    ] {
        assert_eq!(ask(&request(inner), Some("1")).replace("&apos;", "'"), expected, "{inner}");
    }
}

#[test]
fn another_schema_is_refused_by_name() {
    let body = request("<EMailAddress>ada@example.test</EMailAddress>").replace("outlook/resp", "mobilesync/resp");
    assert!(ask(&body, None).contains("<ErrorCode>601</ErrorCode>"));
}

#[test]
fn what_is_no_request_is_refused_as_invalid() {
    let good = "<EMailAddress>ada@example.test</EMailAddress>";
    let deep = format!("{}{}", "<a>".repeat(9), "</a>".repeat(9));
    let doctype = format!("<!DOCTYPE x [<!ENTITY a \"ada\">]>{}", request(good));
    let cases = [
        "".to_owned(),
        "x".to_owned(),
        "<Autodiscover/>".to_owned(),
        request(""),
        request(good).replace("</Request>", ""),
        request(&format!("{good}{good}")),
        request(&format!("{good}{deep}")),
        request("<EMailAddress>&a;@example.test</EMailAddress>"),
        request(&format!("<EMailAddress>{}</EMailAddress>", "a".repeat(1025))),
        format!("{}{}", request(good), request(good)),
        doctype,
    ];
    for body in cases {
        assert!(ask(&body, Some("1")).contains("<ErrorCode>600</ErrorCode>"), "{body}");
    }
    let deployment = Deployment::ensure(tempfile::tempdir().unwrap().path()).unwrap();
    let answer = answer(b"\xff\xfe<", None, &ada(), None, &deployment, "x", SystemTime::now()).unwrap();
    assert!(answer.contains("<ErrorCode>600</ErrorCode>"));
}

#[test]
fn references_comments_and_prefixes_are_read_as_xml_means_them() {
    let body = format!(
        "\u{feff}<p:Autodiscover xmlns:p=\"x\"><p:Request><p:AcceptableResponseSchema>{RESPONSE_SCHEMA}\
         </p:AcceptableResponseSchema><p:EMailAddress>&#97;d<!-- -->a<![CDATA[@]]>example.test</p:EMailAddress>\
         </p:Request></p:Autodiscover>"
    );
    assert!(ask(&body, Some("1")).contains("mapiHttp"));
}

#[test]
fn answers_carry_no_secret() {
    let answer = ask(&request("<EMailAddress>ada@example.test</EMailAddress>"), Some("1"));
    assert!(!answer.contains("argon2id"));
}

#[test]
fn a_shared_mailbox_may_be_asked_about() {
    let deployment = Deployment::ensure(tempfile::tempdir().unwrap().path()).unwrap();
    let guid = "99999999-4455-6677-8899-aabbccddeeff";
    let bob = Account {
        address: "bob@example.test".to_owned(),
        display_name: "Bob & Co".to_owned(),
        legacy_dn: legacy_dn("Example", "bob"),
        mailbox_guid: guid.to_owned(),
        ..ada()
    };
    let ask = |address: &str, shared: Option<&Account>| {
        let body = request(&format!("<EMailAddress>{address}</EMailAddress>"));
        let now = SystemTime::now();
        answer(body.as_bytes(), Some("1"), &ada(), shared, &deployment, "localhost:8443", now).unwrap()
    };
    let own = ask("ada@example.test", Some(&bob));
    assert!(own.contains("cn=ada<") && !own.contains(guid), "{own}");
    let other = ask("Bob@example.test", Some(&bob));
    assert!(other.contains(&format!("MailboxId={guid}@example.test")) && other.contains("cn=bob<"), "{other}");
    for (address, shared) in [("bob@example.test", None), ("carol@example.test", Some(&bob))] {
        assert!(ask(address, shared).contains("<ErrorCode>500</ErrorCode>"), "{address}");
    }
}

#[test]
fn the_address_of_another_is_told_from_the_own_one() {
    let asked = |element: &str| address_of_another(request(element).as_bytes(), &ada());
    assert_eq!(asked("<EMailAddress>Bob@Example.test</EMailAddress>").as_deref(), Some("bob@example.test"));
    assert_eq!(asked("<EMailAddress>Ada@example.test</EMailAddress>"), None);
    assert_eq!(asked(&format!("<LegacyDN>{}</LegacyDN>", ada().legacy_dn)), None);
    assert_eq!(address_of_another(b"x", &ada()), None);
}
