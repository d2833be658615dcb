//! Encryption as the clients' `ssl-mode` means it.

use crate::error::{CollectError, ErrorKind, Result};
use crate::target::Target;
use mysql_async::{ClientIdentity, SslOpts};
use rustls::crypto::ring;
use rustls::{CertificateError, RootCertStore};
use std::path::PathBuf;

/// How much encryption and proof of identity is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SslMode {
    /// Never encrypt.
    Disabled,
    /// If the server can.
    Preferred,
    /// Always; check nothing.
    Required,
    /// Always, and the certificate comes from a known authority.
    VerifyCa,
    /// Always, and the certificate is the host's.
    VerifyIdentity,
}

impl SslMode {
    /// The mode that the target asks for. An authority alone asks for the whole check, of the name too:
    /// the clients leave that out.
    pub fn of(target: &Target) -> Result<Self> {
        let Some(asked) = target.param("ssl-mode") else {
            let authority = target.param("ssl-ca");
            return Ok(authority.map_or(Self::Preferred, |_| Self::VerifyIdentity));
        };
        Ok(match asked.to_ascii_lowercase().replace('-', "_").as_str() {
            "disabled" | "disable" => Self::Disabled,
            "preferred" | "prefer" => Self::Preferred,
            "required" | "require" => Self::Required,
            "verify_ca" => Self::VerifyCa,
            "verify_identity" | "verify_full" => Self::VerifyIdentity,
            _ => {
                return Err(CollectError::new(ErrorKind::Config, "unknown ssl-mode").hint(
                    "ssl-mode is disabled, preferred, required, verify_ca or verify_identity",
                ));
            }
        })
    }

    /// Whether to try with encryption, in order.
    pub fn attempts(self) -> &'static [bool] {
        match self {
            Self::Disabled => &[false],
            Self::Preferred => &[true, false],
            Self::Required | Self::VerifyCa | Self::VerifyIdentity => &[true],
        }
    }
}

/// The options of an encrypted connection.
pub(super) fn options(target: &Target, mode: SslMode) -> Result<SslOpts> {
    // Several libraries here use rustls: one provider for all, the first to come sets it.
    let _ = ring::default_provider().install_default();
    let mut options = SslOpts::default();
    if let Some((certificate, key)) = target.param("ssl-cert").zip(target.param("ssl-key")) {
        let identity = ClientIdentity::new(
            file("ssl-cert", certificate)?.into(),
            file("ssl-key", key)?.into(),
        );
        options = options.with_client_identity(Some(identity));
    }
    if mode < SslMode::VerifyCa {
        return Ok(options.with_danger_accept_invalid_certs(true));
    }
    let roots = match target.param("ssl-ca") {
        Some(path) => vec![file("ssl-ca", path)?.into()],
        None => native_roots()?.into_iter().map(Into::into).collect(),
    };
    Ok(options
        .with_disable_built_in_roots(true)
        .with_root_certs(roots)
        .with_danger_skip_domain_validation(mode == SslMode::VerifyCa))
}

/// The name of the server's certificate, when that is all that was wrong with it: for `verify_ca` any
/// name will do, and the library's own way around it no longer knows the words of this error.
pub(super) fn other_name(error: &rustls::Error) -> Option<String> {
    let rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
        presented,
        ..
    }) = error
    else {
        return None;
    };
    presented.iter().find_map(|name| plain_name(name))
}

/// `DnsName("db.example")` or `IpAddress(10.0.0.1)`, without what is around it. A wildcard stands for a
/// name below it.
fn plain_name(presented: &str) -> Option<String> {
    let (_, rest) = presented.split_once('(')?;
    let name = rest.trim_end_matches(')').trim_matches('"');
    let name = name.strip_prefix("*.").map_or(name.to_owned(), |rest| format!("planscope.{rest}"));
    (!name.is_empty()).then_some(name)
}

/// A file that can be read: the library's own error does not say which one could not.
fn file(param: &str, path: &str) -> Result<PathBuf> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(PathBuf::from(path)),
        Ok(_) => Err(unreadable(param, path, "it is not a file")),
        Err(error) => Err(unreadable(param, path, &error.to_string()).caused_by(error)),
    }
}

fn unreadable(param: &str, path: &str, reason: &str) -> CollectError {
    CollectError::new(ErrorKind::Config, format!("cannot use {path} as {param}: {reason}"))
        .hint(format!("{param} is the path of a file with PEM text"))
}

/// The system's authorities, those left out that rustls cannot read: one would spoil all.
fn native_roots() -> Result<Vec<Vec<u8>>> {
    let readable = |certificate: &rustls::pki_types::CertificateDer<'static>| {
        RootCertStore::empty().add(certificate.clone()).is_ok()
    };
    let mut roots = rustls_native_certs::load_native_certs().certs;
    roots.retain(readable);
    if roots.is_empty() {
        return Err(CollectError::new(ErrorKind::Config, "the system has no root certificates")
            .hint("give one with ?ssl-ca=FILE"));
    }
    Ok(roots.into_iter().map(|certificate| certificate.to_vec()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_certificates_are_read() {
        let name = |text: &str| plain_name(text).unwrap_or_default();
        assert_eq!(name("DnsName(\"db.example\")"), "db.example");
        assert_eq!(name("DnsName(\"*.db.example\")"), "planscope.db.example");
        assert_eq!(name("IpAddress(127.0.0.1)"), "127.0.0.1");
        assert_eq!(name("nothing"), "");
    }
}
