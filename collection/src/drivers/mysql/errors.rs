//! From the server's and the library's errors to planscope's, with what to do about them.

use crate::error::{CollectError, ErrorKind};
use crate::target::{Host, Target};
use mysql_async::{DriverError, Error, IoError, ServerError};
use planscope_explain::Engine;
use planscope_explain::workload::{Fingerprint, Problem};
use std::error::Error as _;

/// The server takes encrypted connections only.
pub(super) const INSECURE: u16 = 3159;

/// What a failure means, by its number.
fn kind_of(code: u16) -> ErrorKind {
    match code {
        // Host not allowed, bad password, no socket login, password expired, old protocol
        1045 | 1129 | 1130 | 1251 | 1698 | 1820 | 1862 => ErrorKind::Authentication,
        // Database, command, column, definer, routine, view, view's definer, access check
        1044 | 1142 | 1143 | 1227 | 1345 | 1356 | 1370 | 1449 | 3118 => ErrorKind::Permission,
        // Lock wait, killed query, max_statement_time, max_execution_time, NOWAIT
        1205 | 1317 | 1969 | 3024 | 3572 => ErrorKind::Timeout,
        // Too many connections (of all, of the user), shutdown, killed connection
        1040 | 1053 | 1203 | 1226 | 1927 | INSECURE | 4031 => ErrorKind::Connection,
        1049 => ErrorKind::Config,
        _ => ErrorKind::Input,
    }
}

/// The server's number of a failure.
pub(super) fn code(error: &CollectError) -> Option<u16> {
    Some(error.source.as_deref()?.downcast_ref::<ServerError>()?.code)
}

/// The failure with the library's error underneath, without the wrappers that say the same again.
fn caused_by(failure: CollectError, error: Error) -> CollectError {
    match error {
        Error::Server(error) => failure.caused_by(error),
        Error::Driver(error) => failure.caused_by(error),
        Error::Io(IoError::Io(error)) => failure.caused_by(error),
        Error::Io(IoError::Tls(error)) => failure.caused_by(error),
        error => failure.caused_by(error),
    }
}

/// A failure on an open connection to `server`.
pub(super) fn failed(error: Error, server: &str) -> CollectError {
    let Error::Server(refusal) = &error else {
        let message = format!("lost the connection to {server}: {}", innermost(&error));
        return caused_by(CollectError::new(ErrorKind::Connection, message), error);
    };
    let mut mapped = CollectError::new(kind_of(refusal.code), told(refusal.code, &refusal.message));
    if let Some(hint) = hint(refusal.code) {
        mapped = mapped.hint(hint);
    }
    caused_by(mapped, error)
}

/// The server's words, or ours where they lead astray.
fn told(code: u16, message: &str) -> String {
    match code {
        1205 => "waited too long for a lock; somebody changes the table or its rows".to_owned(),
        1317 => "it took too long and was ended".to_owned(),
        1969 | 3024 => "it took longer than the time limit and was ended".to_owned(),
        1345 => "the plan of a view needs SELECT on the tables below it, and SHOW VIEW".to_owned(),
        1792 => "it would write, and the session is read-only".to_owned(),
        1046 => "no database is selected".to_owned(),
        _ => message.trim_end_matches('.').to_owned(),
    }
}

fn hint(code: u16) -> Option<&'static str> {
    Some(match code {
        1142 | 1143 => {
            "GRANT what the message names: EXPLAIN needs the privileges of the statement itself"
        }
        1227 => "GRANT the privilege that the message names, or leave this out",
        1345 => "GRANT SELECT, SHOW VIEW on the view's database",
        1356 | 1449 => "the view's definer lacks privileges, or is gone",
        1046 => "name it at the end of the target: mysql://user@host/database",
        1205 => "SHOW PROCESSLIST tells who holds the lock",
        _ => return None,
    })
}

/// A failure to connect.
pub(super) fn not_connected(error: Error, host: &Host, target: &Target) -> CollectError {
    let server = host.place();
    let failure = match &error {
        _ if tls_error(&error).is_some() => unencrypted(&server, &innermost(&error)),
        Error::Server(refusal) => refused(refusal.code, &refusal.message, host, target),
        Error::Io(IoError::Tls(_)) => unencrypted(&server, &innermost(&error)),
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            unencrypted(&server, "the server does not encrypt")
        }
        Error::Driver(DriverError::UnknownAuthPlugin { name }) => no_method(&server, name),
        Error::Driver(DriverError::CleartextPluginDisabled) => {
            no_method(&server, "mysql_clear_password")
        }
        _ => unreachable(host, &innermost(&error)),
    };
    caused_by(failure, error)
}

/// The server wants the password in a way that we do not know.
fn no_method(server: &str, method: &str) -> CollectError {
    let message =
        format!("cannot log in to {server}: it asks for {method}, which planscope does not speak");
    CollectError::new(ErrorKind::Authentication, message)
        .hint("check the user name in the URL: of a user that does not exist MySQL asks anything")
        .hint("give planscope an account with caching_sha2_password, mysql_native_password or ed25519")
}

/// The failure of a TLS handshake under an error.
pub(super) fn tls_error(error: &Error) -> Option<&rustls::Error> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = error.source();
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Some(found);
        }
        source = error.source();
    }
    None
}

fn unencrypted(server: &str, reason: &str) -> CollectError {
    CollectError::new(
        ErrorKind::Connection,
        format!("cannot open an encrypted connection to {server}: {reason}"),
    )
    .hint("give the certificate authority with ?ssl-ca=FILE")
    .hint("?ssl-mode=required encrypts without checking the certificate, ?ssl-mode=disabled does not encrypt")
}

/// Whether trying without encryption could help.
pub(super) fn is_about_encryption(error: &CollectError) -> bool {
    error.message.starts_with("cannot open an encrypted connection")
}

/// The server is not there.
pub(super) fn unreachable(host: &Host, reason: &str) -> CollectError {
    let message = format!("cannot reach {}: {reason}", host.place());
    CollectError::new(ErrorKind::Connection, message)
        .hint("check host and port, and that the server listens there")
        .hint(format!("mysqladmin {} ping", place_options(host)))
}

/// The options by which the clients reach the same server.
fn place_options(host: &Host) -> String {
    match host.is_socket() {
        true => format!("--socket={}", host.name),
        false => format!("-h {} -P {}", host.name, host.port),
    }
}

/// The server answered, with a refusal.
fn refused(code: u16, reason: &str, host: &Host, target: &Target) -> CollectError {
    const PASSWORD: &str = "give the password with MYSQL_PWD or in ~/.my.cnf ([client] password=…)";
    let reason = reason.trim_end_matches('.');
    let refused = CollectError::new(kind_of(code), format!("{} refuses: {reason}", host.place()));
    match code {
        1045 => {
            let mut error = refused.hint(PASSWORD).hint("check the user name in the URL");
            if target.param("ssl-mode").is_some_and(|mode| mode.starts_with("dis")) {
                error = error.hint("it may want an encrypted connection: ?ssl-mode=required");
            }
            match target.password_hint() {
                Some(hint) => error.hint(hint),
                None => error,
            }
        }
        1044 | 1049 => {
            let options = place_options(host);
            let database = target.database().unwrap_or_default();
            refused.hint(format!(
                "mysql {options} -u {} -p -e 'SHOW DATABASES' lists those that the user may see; \
                 {database} is not among them",
                target.user().unwrap_or("USER"),
            ))
        }
        1129 => refused.hint("FLUSH HOSTS; on the server, or: mysqladmin flush-hosts"),
        1130 => refused.hint(format!(
            "the account does not exist for this address: CREATE USER {}@'this host' …",
            Engine::Mysql.quoted(target.user().unwrap_or("planscope"))
        )),
        1698 => refused
            .hint("the account logs in through the server's socket only: ?socket=/run/mysqld/mysqld.sock")
            .hint("or give planscope an account with a password"),
        1820 | 1862 => refused.hint("ALTER USER USER() IDENTIFIED BY 'a new password';"),
        1040 | 1203 | 1226 => refused.hint("try again when a connection is free, or raise max_connections"),
        INSECURE => refused.hint("add ?ssl-mode=required to the target"),
        _ => refused,
    }
}

/// The last error of the chain: the one that names the reason.
fn innermost(error: &Error) -> String {
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
    let kind = match error.kind {
        ErrorKind::Timeout if code(error) == Some(1205) => "lock-timeout",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Permission => "permission",
        _ => "explain-failed",
    };
    let message = match error.hints.first() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    };
    Problem { kind: kind.to_owned(), message, statement: Some(statement) }
}

/// Whether the failure is not the statement's: nothing else will work either.
pub(super) fn matters_to_all(error: &CollectError) -> bool {
    matches!(error.kind, ErrorKind::Connection | ErrorKind::Stopped)
}
