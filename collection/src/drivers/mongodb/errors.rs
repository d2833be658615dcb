//! From the server's and the library's errors to planscope's, with what to do about them.

use crate::error::{CollectError, ErrorKind};
use crate::target::Target;
use mongodb::error::{Error, ErrorKind as Cause};
use planscope_explain::workload::{Fingerprint, Problem};
use std::fmt;

/// `Unauthorized`.
pub(super) const UNAUTHORIZED: i32 = 13;
/// `AuthenticationFailed`.
const AUTHENTICATION_FAILED: i32 = 18;
/// `CommandNotFound`.
const COMMAND_NOT_FOUND: i32 = 59;
/// An unknown stage of a pipeline.
pub(super) const UNKNOWN_STAGE: i32 = 40324;

/// The library's error under a failure; shown as the server's name and number for it.
#[derive(Debug)]
pub(super) struct Underneath(pub Error);

impl fmt::Display for Underneath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind.as_ref() {
            Cause::Command(command) => write!(f, "{} ({})", command.code_name, command.code),
            other => write!(f, "{other}"),
        }
    }
}

impl std::error::Error for Underneath {}

/// The library's error under a failure.
pub(super) fn underneath(error: &CollectError) -> Option<&Error> {
    error.source.as_deref()?.downcast_ref::<Underneath>().map(|underneath| &underneath.0)
}

/// The failure in the server's own words.
fn words(error: &Error) -> String {
    match error.kind.as_ref() {
        Cause::Command(command) => command.message.clone(),
        Cause::Io(io) => io.to_string(),
        other => other.to_string(),
    }
}

/// What a failure means, by the server's code.
fn kind_of(code: i32) -> ErrorKind {
    match code {
        UNAUTHORIZED => ErrorKind::Permission,
        AUTHENTICATION_FAILED | 11 => ErrorKind::Authentication,
        // MaxTimeMSExpired, ExceededTimeLimit, Interrupted, LockTimeout
        50 | 262 | 11601 | 24 => ErrorKind::Timeout,
        // CommandNotFound, CommandNotSupported, CommandNotSupportedOnView, QueryFeatureNotAllowed
        COMMAND_NOT_FOUND | 115 | 166 | 224 | UNKNOWN_STAGE => ErrorKind::Missing,
        // HostUnreachable, NetworkTimeout, ShutdownInProgress, NotWritablePrimary and kin
        6 | 7 | 89 | 91 | 189 | 9001 | 10107 | 11600 | 11602 | 13435 | 13436 => {
            ErrorKind::Connection
        }
        _ => ErrorKind::Input,
    }
}

/// The server's code under a failure.
pub(super) fn code(error: &CollectError) -> Option<i32> {
    match underneath(error)?.kind.as_ref() {
        Cause::Command(command) => Some(command.code),
        _ => None,
    }
}

/// A failure on an open connection to `server`.
pub(super) fn failed(error: Error, server: &str) -> CollectError {
    let mapped = match error.kind.as_ref() {
        Cause::Command(command) => {
            CollectError::new(kind_of(command.code), command.message.clone())
        }
        Cause::Authentication { message, .. } => {
            CollectError::new(ErrorKind::Authentication, message.clone())
        }
        Cause::Io(_)
        | Cause::ServerSelection { .. }
        | Cause::ConnectionPoolCleared { .. }
        | Cause::Shutdown => {
            let reason = words(&error);
            CollectError::new(
                ErrorKind::Connection,
                format!("lost the connection to {server}: {reason}"),
            )
        }
        other => CollectError::new(ErrorKind::Input, other.to_string()),
    };
    mapped.caused_by(Underneath(error))
}

/// The URL is one that the driver does not take.
pub(super) fn malformed(error: Error, target: &Target) -> CollectError {
    let reason = target.without_password(&words(&error));
    match error.kind.as_ref() {
        Cause::DnsResolve { .. } => {
            CollectError::new(ErrorKind::Connection, format!("cannot resolve {target}: {reason}"))
                .hint("check the host's name; mongodb+srv:// takes a name with SRV records in DNS")
        }
        _ => {
            CollectError::new(ErrorKind::Config, format!("the target's URL is not valid: {reason}"))
                .hint("mongodb://user@host:27017/database?authSource=admin")
        }
    }
}

/// A failure to connect.
pub(super) fn not_connected(error: Error, target: &Target, server: &str) -> CollectError {
    let reason = target.without_password(&words(&error));
    let is_login = match error.kind.as_ref() {
        Cause::Authentication { .. } => true,
        Cause::Command(command) => kind_of(command.code) == ErrorKind::Authentication,
        _ => false,
    };
    if is_login {
        return login_refused(target, server, &reason).caused_by(Underneath(error));
    }
    match error.kind.as_ref() {
        Cause::Command(command) => {
            CollectError::new(kind_of(command.code), format!("{server} refuses: {reason}"))
        }
        Cause::IncompatibleServer { .. } => {
            CollectError::new(ErrorKind::Missing, format!("{server} is too old: {reason}"))
                .hint("planscope reads MongoDB 4.4 and newer")
        }
        Cause::InvalidTlsConfig { .. } => {
            CollectError::new(ErrorKind::Config, format!("TLS: {reason}"))
                .hint("give the certificate authority with ?tls=true&tlsCAFile=FILE")
        }
        Cause::DnsResolve { .. } => unreachable(target, server, &reason),
        Cause::Io(io) => broken(io, target, server),
        Cause::InvalidResponse { .. } => not_mongodb(server, &reason),
        _ => unreachable(target, server, &reason),
    }
    .caused_by(Underneath(error))
}

fn login_refused(target: &Target, server: &str, reason: &str) -> CollectError {
    let user = target.user().unwrap_or("nobody");
    let source = target.param("authSource").or(target.database()).unwrap_or("admin");
    let message = format!("{server} refuses {user} of the database {source}: {reason}");
    let mut error = CollectError::new(ErrorKind::Authentication, message)
        .hint("check user and password; in a password write @ as %40, / as %2F and : as %3A");
    if source != "admin" {
        error = error.hint("most users are made in the database admin: ?authSource=admin");
    }
    error
}

/// Nobody is logged in and the server wants somebody to be.
pub(super) fn login_wanted(target: &Target, server: &str) -> CollectError {
    let hosts: Vec<String> = target.hosts().iter().map(crate::target::Host::authority).collect();
    CollectError::new(ErrorKind::Authentication, format!("{server} wants a user and a password"))
        .hint(format!("mongodb://USER:PASSWORD@{}/DATABASE?authSource=admin", hosts.join(",")))
}

fn broken(io: &std::io::Error, target: &Target, server: &str) -> CollectError {
    let reason = io.to_string();
    let tls = ["certificate", "tls", "TLS", "handshake"].iter().any(|word| reason.contains(word));
    if tls {
        return CollectError::new(
            ErrorKind::Connection,
            format!("cannot open an encrypted connection to {server}: {reason}"),
        )
        .hint("give the certificate authority with ?tls=true&tlsCAFile=FILE")
        .hint("?tls=false does not encrypt");
    }
    match io.kind() {
        std::io::ErrorKind::UnexpectedEof
        | std::io::ErrorKind::InvalidData
        | std::io::ErrorKind::ConnectionReset => not_mongodb(server, &reason),
        _ => unreachable(target, server, &reason),
    }
}

/// Something else listens there, or the server wants TLS.
fn not_mongodb(server: &str, reason: &str) -> CollectError {
    let message = format!("{server} does not answer as MongoDB does: {reason}");
    CollectError::new(ErrorKind::Connection, message)
        .hint("check the port: MongoDB listens on 27017 unless told otherwise")
        .hint("the server may want an encrypted connection: ?tls=true")
}

/// The server is not there.
pub(super) fn unreachable(target: &Target, server: &str, reason: &str) -> CollectError {
    let error =
        CollectError::new(ErrorKind::Connection, format!("cannot reach {server}: {reason}"))
            .hint("check host and port, and that the server listens there");
    match target.param("replicaSet") {
        Some(_) => error.hint("the members' own names must resolve from here; ?directConnection=true asks one member only"),
        None => error,
    }
}

/// Whether the failure is not of one question: nothing else will work either.
pub(super) fn matters_to_all(error: &CollectError) -> bool {
    matches!(error.kind, ErrorKind::Connection | ErrorKind::Stopped)
}

/// A failure that is a problem of one statement only.
pub(super) fn problem(error: &CollectError, statement: Fingerprint) -> Problem {
    let kind = match error.kind {
        ErrorKind::Timeout => "timeout",
        ErrorKind::Permission => "permission",
        _ => "explain-failed",
    };
    Problem { kind: kind.to_owned(), message: error.to_string(), statement: Some(statement) }
}
