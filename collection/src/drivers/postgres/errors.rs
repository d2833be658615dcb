//! From the server's and the library's errors to planscope's, with what to do about them.

use crate::error::{CollectError, ErrorKind};
use crate::target::Host;
use planscope_explain::workload::{Fingerprint, Problem};
use std::error::Error as _;
use tokio_postgres::error::{DbError, SqlState};

/// What a failure means, by its SQLSTATE.
fn kind_of(error: &DbError) -> ErrorKind {
    let code = error.code();
    match code.code() {
        // query_canceled (statement_timeout), lock_not_available (lock_timeout)
        "57014" | "55P03" | "25P03" | "57P05" => ErrorKind::Timeout,
        "42501" => ErrorKind::Permission,
        "28000" | "28P01" => ErrorKind::Authentication,
        "3D000" => ErrorKind::Config,
        "58P01" | "0A000" => ErrorKind::Missing,
        "53300" | "53400" | "57P01" | "57P02" | "57P03" | "57P04" => ErrorKind::Connection,
        other if other.starts_with("08") => ErrorKind::Connection,
        _ => ErrorKind::Input,
    }
}

/// A failure on an open connection to `server`.
pub(super) fn failed(error: tokio_postgres::Error, server: &str) -> CollectError {
    let Some(db) = error.as_db_error() else {
        let message = format!("lost the connection to {server}: {}", innermost(&error));
        return CollectError::new(ErrorKind::Connection, message).caused_by(error);
    };
    let mut mapped = CollectError::new(kind_of(db), db.message());
    if let Some(hint) = db.hint() {
        mapped = mapped.hint(hint);
    }
    mapped.caused_by(error)
}

/// A failure to connect.
pub(super) fn not_connected(
    error: tokio_postgres::Error,
    host: &Host,
    database: &str,
) -> CollectError {
    let server = host.place();
    if let Some(db) = error.as_db_error() {
        return refused(db, host, database).caused_by(error);
    }
    let reason = innermost(&error);
    if error.to_string().contains("TLS") {
        return CollectError::new(
            ErrorKind::Connection,
            format!("cannot open an encrypted connection to {server}: {reason}"),
        )
        .hint("give the certificate authority with ?sslrootcert=FILE")
        .hint("?sslmode=require encrypts without checking the certificate, ?sslmode=disable does not encrypt")
        .caused_by(error);
    }
    if error.to_string().contains("authentication") || error.to_string().contains("configuration") {
        return CollectError::new(
            ErrorKind::Authentication,
            format!("cannot log in to {server}: {reason}"),
        )
        .hint(
            "give the password with PGPASSWORD or in ~/.pgpass (host:port:database:user:password)",
        )
        .caused_by(error);
    }
    unreachable(host, &reason).caused_by(error)
}

/// The server is not there.
pub(super) fn unreachable(host: &Host, reason: &str) -> CollectError {
    let message = format!("cannot reach {}: {reason}", host.place());
    CollectError::new(ErrorKind::Connection, message)
        .hint("check host and port, and that the server listens there")
        .hint(format!("pg_isready -h {} -p {}", host.name, host.port))
}

/// The server answered, with a refusal. A pooler has one SQLSTATE for everything, and says in words
/// what the server would say with a code.
fn refused(error: &DbError, host: &Host, database: &str) -> CollectError {
    const PASSWORD: &str =
        "give the password with PGPASSWORD or in ~/.pgpass (host:port:database:user:password)";
    let reason = error.message();
    let pooled =
        |words: &str| *error.code() == SqlState::PROTOCOL_VIOLATION && reason.contains(words);
    let refused = |kind| CollectError::new(kind, format!("{} refuses: {reason}", host.place()));
    match error.code() {
        code if *code == SqlState::INVALID_PASSWORD || pooled("authentication") => {
            refused(ErrorKind::Authentication)
                .hint(PASSWORD)
                .hint("check the user name in the URL")
        }
        code if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            refused(ErrorKind::Authentication)
                .hint("the server's pg_hba.conf decides who may connect from where; add a line for this user, database and address")
                .hint("it may want an encrypted connection: ?sslmode=require")
        }
        code if *code == SqlState::INVALID_CATALOG_NAME || pooled("database") => {
            let list = format!("psql -h {} -p {} -l lists the databases", host.name, host.port);
            refused(ErrorKind::Config).hint(format!("{list}; {database} is not among them"))
        }
        code if *code == SqlState::TOO_MANY_CONNECTIONS => refused(ErrorKind::Connection)
            .hint("try again when a connection is free, or connect through the pooler"),
        _ => refused(kind_of(error)),
    }
}

/// The last error of the chain: the one that names the reason.
fn innermost(error: &tokio_postgres::Error) -> String {
    let mut last = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        last = error.to_string();
        source = error.source();
    }
    last
}

/// A failure that is a problem of one statement only.
pub(super) fn problem(error: &CollectError, statement: Fingerprint) -> Problem {
    let waited = database_error(error).is_some_and(|db| db.code().code() == "55P03");
    let kind = match error.kind {
        ErrorKind::Timeout if waited => "lock-timeout",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Permission => "permission",
        _ => "explain-failed",
    };
    Problem { kind: kind.to_owned(), message: error.to_string(), statement: Some(statement) }
}

/// The server's error under a failure.
pub(super) fn database_error(error: &CollectError) -> Option<&DbError> {
    let source = error.source.as_deref()?.downcast_ref::<tokio_postgres::Error>()?;
    source.as_db_error()
}
