//! Encryption as libpq's `sslmode` means it.

use crate::error::{CollectError, ErrorKind, Result};
use crate::target::Target;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use std::sync::Arc;
use tokio_postgres::config::SslMode as Wire;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How much encryption and proof of identity is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SslMode {
    /// Never encrypt.
    Disable,
    /// Only if the server insists.
    Allow,
    /// If the server can.
    Prefer,
    /// Always; check nothing unless a root certificate is given.
    Require,
    /// Always, and the certificate comes from a known authority.
    VerifyCa,
    /// Always, and the certificate is the host's.
    VerifyFull,
}

impl SslMode {
    /// The mode that the target asks for; libpq's default is `prefer`.
    pub fn of(target: &Target) -> Result<Self> {
        Ok(match target.param("sslmode").unwrap_or("prefer") {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => {
                return Err(CollectError::new(ErrorKind::Config, "unknown sslmode")
                    .hint("sslmode is disable, allow, prefer, require, verify-ca or verify-full"));
            }
        })
    }

    /// The ways to try, in order, as libpq does: `prefer` falls back to no encryption, `allow`
    /// comes to it only when the server refuses without.
    pub fn attempts(self) -> &'static [Wire] {
        match self {
            Self::Disable => &[Wire::Disable],
            Self::Allow => &[Wire::Disable, Wire::Require],
            Self::Prefer => &[Wire::Prefer, Wire::Disable],
            Self::Require | Self::VerifyCa | Self::VerifyFull => &[Wire::Require],
        }
    }
}

/// The connector for a target's parameters.
pub(super) fn connector(target: &Target, mode: SslMode) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(target, mode, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| CollectError::new(ErrorKind::Config, "TLS cannot be set up").caused_by(e))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match (target.param("sslcert"), target.param("sslkey")) {
        (Some(certificate), Some(key)) => {
            let key =
                PrivateKeyDer::from_pem_file(key).map_err(|e| unreadable("sslkey", key, e))?;
            let wrong = |e| unreadable("sslcert", certificate, e);
            builder
                .with_client_auth_cert(certificates(certificate, "sslcert")?, key)
                .map_err(wrong)?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(MakeRustlsConnect::new(config))
}

fn verifier(target: &Target, mode: SslMode, provider: &Arc<CryptoProvider>) -> Result<Verifier> {
    let root = target.param("sslrootcert");
    // libpq: `require` with a root certificate is `verify-ca`, for those who relied on it.
    let mode = if mode == SslMode::Require && root.is_some() { SslMode::VerifyCa } else { mode };
    if mode < SslMode::VerifyCa {
        return Ok(Verifier {
            chain: None,
            own: Vec::new(),
            check_name: false,
            provider: provider.clone(),
        });
    }
    let (roots, own) = match root {
        None | Some("system") => (native_roots()?, Vec::new()),
        Some(file) => (roots_from(file)?, certificates(file, "sslrootcert")?),
    };
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|e| CollectError::new(ErrorKind::Config, "no root certificate").caused_by(e))?;
    let check_name = mode == SslMode::VerifyFull;
    Ok(Verifier { chain: Some(chain), own, check_name, provider: provider.clone() })
}

fn native_roots() -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(CollectError::new(ErrorKind::Config, "the system has no root certificates")
            .hint("give one with ?sslrootcert=FILE"));
    }
    Ok(roots)
}

fn roots_from(file: &str) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file, "sslrootcert")? {
        roots.add(certificate).map_err(|e| unreadable("sslrootcert", file, e))?;
    }
    Ok(roots)
}

fn certificates(file: &str, param: &str) -> Result<Vec<CertificateDer<'static>>> {
    let all: std::result::Result<Vec<_>, _> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|e| unreadable(param, file, e));
    match all?.as_slice() {
        [] => Err(CollectError::new(ErrorKind::Config, format!("{file} holds no certificate"))),
        some => Ok(some.to_vec()),
    }
}

fn unreadable(
    param: &str,
    file: &str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> CollectError {
    CollectError::new(ErrorKind::Config, format!("cannot use {file} as {param}: {error}"))
        .hint(format!("{param} is the path of a file with PEM text"))
        .caused_by(error)
}

/// Checks as much as the mode asks for.
#[derive(Debug)]
struct Verifier {
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// What the user named as authority. A server that signed its own certificate is one itself,
    /// which OpenSSL accepts and webpki does not.
    own: Vec<CertificateDer<'static>>,
    check_name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        if self.own.iter().any(|own| own == end_entity) {
            if self.check_name {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        let verdict =
            chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verdict {
            // The chain is checked before the name.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.check_name => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
