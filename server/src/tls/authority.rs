//! A local certificate authority, so that a fresh machine serves TLS that its owner's clients can verify.
//!
//! The authority may vouch for loopback names only: whoever trusts it trusts it for nothing else, even if
//! its key is stolen. The leaf certificate has a key of its own and is made anew before it expires.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::files::{create_private_dir, read, read_private, remove, write_private, write_public};
use super::{TlsError, content};

/// The certificate of the authority, for clients to trust; PEM.
pub const CA_FILE: &str = "ca.pem";
const CA_KEY_FILE: &str = "ca-key.pem";
pub(super) const LEAF_FILE: &str = "server.pem";
const LEAF_KEY_FILE: &str = "server-key.pem";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a new authority is valid.
const CA_LIFETIME: Duration = DAY.saturating_mul(3650);
/// How long a new leaf certificate is valid.
const LEAF_LIFETIME: Duration = DAY.saturating_mul(90);
/// A leaf certificate with less time left than this is made anew.
const LEAF_RENEWAL: Duration = DAY.saturating_mul(30);
/// Certificates are valid from this long ago, for clients whose clocks are behind.
const BACKDATING: Duration = DAY;

/// The DNS name that the authority may vouch for, with the names below it (RFC 6761 6.3).
const LOOPBACK_NAME: &str = "localhost";

/// A leaf certificate with its key, and the authority that vouches for it.
#[derive(Debug)]
pub struct LocalCertificates {
    authority: CertificateDer<'static>,
    leaf: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl LocalCertificates {
    /// Loads the certificates of `dir`, making what is missing, expired, or (the leaf) about to expire.
    ///
    /// A file that is there and cannot be read is an error: it is not replaced silently.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn ensure(dir: &Path, now: SystemTime) -> Result<Self, TlsError> {
        create_private_dir(dir)?;
        let authority = Authority::ensure(dir, now)?;
        if !authority.vouches_for_leaf(dir, now)? {
            authority.issue_leaf(dir, now)?;
        }
        let key_path = dir.join(LEAF_KEY_FILE);
        let key = PrivatePkcs8KeyDer::from_pem_slice(read_private(&key_path)?.as_bytes())
            .map_err(|_| content(&key_path, "no private key in PEM form"))?;
        Ok(Self { authority: authority.certificate, leaf: read_certificate(&dir.join(LEAF_FILE))?, key: key.into() })
    }

    /// The certificate of the authority.
    #[must_use]
    pub fn authority(&self) -> &CertificateDer<'static> {
        &self.authority
    }

    /// The leaf certificate.
    #[must_use]
    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.leaf
    }

    /// What a listener needs.
    #[must_use]
    pub fn into_chain_and_key(self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (vec![self.leaf], self.key)
    }
}

struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn ensure(dir: &Path, now: SystemTime) -> Result<Self, TlsError> {
        let (path, key_path) = (dir.join(CA_FILE), dir.join(CA_KEY_FILE));
        // An authority that would expire before a new leaf does is of no more use.
        if !is_current(&path, &key_path, now + LEAF_LIFETIME)? {
            let key = KeyPair::generate()?;
            let certificate = authority_params(now).self_signed(&key)?;
            // Interrupted between the two files, the next start finds no certificate and begins anew.
            remove(&path)?;
            write_private(&key_path, key.serialize_pem().as_bytes())?;
            write_public(&path, certificate.pem().as_bytes())?;
        }
        let key = KeyPair::from_pem(&read_private(&key_path)?)?;
        let certificate = read_certificate(&path)?;
        if !holds_key(&certificate, &key) {
            return Err(content(&path, "the certificate does not belong to the key beside it"));
        }
        // An issuer is its name and its key; the name is always the same.
        Ok(Self { certificate, issuer: Issuer::new(authority_params(now), key) })
    }

    /// Whether the leaf is there with its key, from this authority, and has time left.
    fn vouches_for_leaf(&self, dir: &Path, now: SystemTime) -> Result<bool, TlsError> {
        let (path, key_path) = (dir.join(LEAF_FILE), dir.join(LEAF_KEY_FILE));
        if !is_current(&path, &key_path, now + LEAF_RENEWAL)? {
            return Ok(false);
        }
        let key = KeyPair::from_pem(&read_private(&key_path)?)?;
        Ok(holds_key(&read_certificate(&path)?, &key) && is_issued_by(&path, &self.certificate)?)
    }

    fn issue_leaf(&self, dir: &Path, now: SystemTime) -> Result<(), TlsError> {
        let key = KeyPair::generate()?;
        let certificate = leaf_params(now)?.signed_by(&key, &self.issuer)?;
        write_private(&dir.join(LEAF_KEY_FILE), key.serialize_pem().as_bytes())?;
        write_public(&dir.join(LEAF_FILE), certificate.pem().as_bytes())?;
        Ok(())
    }
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn authority_params(now: SystemTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name("ropc local certificate authority (loopback only)");
    params.not_before = OffsetDateTime::from(now - BACKDATING);
    params.not_after = OffsetDateTime::from(now + CA_LIFETIME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName(LOOPBACK_NAME.to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(Ipv6Addr::LOCALHOST.octets(), 128)),
        ],
        excluded_subtrees: Vec::new(),
    });
    params
}

fn leaf_params(now: SystemTime) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = name(LOOPBACK_NAME);
    params.subject_alt_names = vec![
        SanType::DnsName(LOOPBACK_NAME.try_into()?),
        SanType::DnsName(format!("autodiscover.{LOOPBACK_NAME}").try_into()?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ];
    params.not_before = OffsetDateTime::from(now - BACKDATING);
    params.not_after = OffsetDateTime::from(now + LEAF_LIFETIME);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn read_certificate(path: &Path) -> Result<CertificateDer<'static>, TlsError> {
    CertificateDer::from_pem_slice(read(path)?.as_bytes()).map_err(|_| content(path, "no certificate in PEM form"))
}

/// Whether a certificate and its key are both there and the certificate is valid until `deadline`.
fn is_current(path: &Path, key_path: &Path, deadline: SystemTime) -> Result<bool, TlsError> {
    if !path.exists() || !key_path.exists() {
        return Ok(false);
    }
    let certificate = read_certificate(path)?;
    let parsed = parse(path, &certificate)?;
    Ok(parsed.validity().not_after.to_datetime() > OffsetDateTime::from(deadline))
}

/// Whether the certificate at `path` names the key of `authority` as the one it was signed with.
fn is_issued_by(path: &Path, authority: &CertificateDer<'_>) -> Result<bool, TlsError> {
    let certificate = read_certificate(path)?;
    let leaf = parse(path, &certificate)?;
    let authority = parse(path, authority)?;
    let signer = leaf.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        x509_parser::extensions::ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.clone(),
        _ => None,
    });
    let subject = authority.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier(id) => Some(id.clone()),
        _ => None,
    });
    Ok(signer.is_some() && signer == subject)
}

fn holds_key(certificate: &CertificateDer<'_>, key: &KeyPair) -> bool {
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, parsed)| parsed.public_key().subject_public_key.data.as_ref() == key.public_key_raw())
}

fn parse<'a>(path: &Path, certificate: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, TlsError> {
    X509Certificate::from_der(certificate)
        .map(|(_, parsed)| parsed)
        .map_err(|_| content(path, "not an X.509 certificate"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::sync::Arc;

    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::crypto::aws_lc_rs;
    use rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    fn verify(
        authority: &CertificateDer<'static>,
        leaf: &CertificateDer<'_>,
        host: &str,
        now: SystemTime,
    ) -> Result<(), rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let now = UnixTime::since_unix_epoch(now.duration_since(SystemTime::UNIX_EPOCH).unwrap());
        let host = ServerName::try_from(host.to_owned()).unwrap();
        verifier.verify_server_cert(leaf, &[], &host, &[], now).map(|_| ())
    }

    #[test]
    fn clients_that_trust_the_authority_verify_loopback_names() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let made = LocalCertificates::ensure(dir.path(), now).unwrap();
        for host in ["localhost", "autodiscover.localhost", "127.0.0.1", "::1"] {
            verify(made.authority(), made.leaf(), host, now).unwrap();
        }
        for host in ["example.test", "127.0.0.2", "other.localhost"] {
            assert!(verify(made.authority(), made.leaf(), host, now).is_err(), "{host}");
        }
    }

    #[test]
    fn the_authority_cannot_vouch_for_other_names() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        create_private_dir(dir.path()).unwrap();
        let authority = Authority::ensure(dir.path(), now).unwrap();
        let key = KeyPair::generate().unwrap();
        for host in ["example.test", "192.0.2.1", "2001:db8::1"] {
            let mut params = leaf_params(now).unwrap();
            params.subject_alt_names = CertificateParams::new(vec![host.to_owned()]).unwrap().subject_alt_names;
            let forged = params.signed_by(&key, &authority.issuer).unwrap();
            let refused = verify(&authority.certificate, forged.der(), host, now).unwrap_err();
            let constraint = format!("{refused:?}");
            assert!(constraint.contains("NameConstraintViolation"), "{host}: {constraint}");
        }
    }

    #[test]
    fn a_second_start_finds_the_same_certificates() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let first = LocalCertificates::ensure(dir.path(), now).unwrap();
        let second = LocalCertificates::ensure(dir.path(), now + DAY).unwrap();
        assert_eq!((first.authority, first.leaf), (second.authority, second.leaf));
    }

    #[test]
    fn the_leaf_is_renewed_before_it_expires_and_the_authority_stays() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let first = LocalCertificates::ensure(dir.path(), now).unwrap();
        let later = now + LEAF_LIFETIME - LEAF_RENEWAL + DAY;
        let second = LocalCertificates::ensure(dir.path(), later).unwrap();
        assert_eq!(first.authority, second.authority);
        assert_ne!(first.leaf, second.leaf);
        verify(second.authority(), second.leaf(), "localhost", now + LEAF_LIFETIME + DAY).unwrap();
    }

    #[test]
    fn an_authority_near_its_end_is_replaced_with_its_leaf() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let first = LocalCertificates::ensure(dir.path(), now).unwrap();
        let later = now + CA_LIFETIME - LEAF_LIFETIME + DAY;
        let second = LocalCertificates::ensure(dir.path(), later).unwrap();
        assert_ne!(first.authority, second.authority);
        verify(second.authority(), second.leaf(), "localhost", later).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("tls");
        LocalCertificates::ensure(&inner, SystemTime::now()).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&inner), 0o700);
        for key in [CA_KEY_FILE, LEAF_KEY_FILE] {
            assert_eq!(mode(&inner.join(key)), 0o600, "{key}");
        }
    }

    #[test]
    fn a_certificate_of_another_key_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        LocalCertificates::ensure(dir.path(), now).unwrap();
        LocalCertificates::ensure(other.path(), now).unwrap();
        std::fs::copy(other.path().join(CA_FILE), dir.path().join(CA_FILE)).unwrap();
        assert!(matches!(LocalCertificates::ensure(dir.path(), now), Err(TlsError::Content { .. })));
    }
}
