//! Opening a connection that keeps to the policy.

use super::errors;
use super::link::{Facts, Link, MARK, SELECT, Wire};
use super::rehearsal::Answers;
use super::tls::{self, SslMode};
use crate::drivers::hosts;
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Policy, Pulse, Stop};
use crate::target::{Host, Target};
use mysql_async::{Conn, Opts, OptsBuilder, SslOpts};
use planscope_explain::Engine;
use std::time::Duration;

/// What every session is, on both engines. Times come in UTC; what we wait for is bounded.
const SESSION: [&str; 4] = [
    "SET SESSION TRANSACTION READ ONLY",
    "SET NAMES utf8mb4",
    "SET SESSION autocommit = 1",
    "SET SESSION time_zone = '+00:00'",
];

/// Opens a connection to the first host that lets us in.
pub(super) async fn open(target: &Target, policy: &Policy, stop: Stop) -> Result<Link> {
    stop.check()?;
    tokio::select! {
        opened = first_host(target, policy, &stop) => opened,
        () = stop.stopped() => Err(CollectError::stopped()),
    }
}

async fn first_host(target: &Target, policy: &Policy, stop: &Stop) -> Result<Link> {
    let mode = SslMode::of(target)?;
    let mut failures: Vec<CollectError> = Vec::new();
    for host in target.hosts() {
        match host_in_time(target, host, mode, policy, stop).await {
            Ok(link) => return Ok(link),
            Err(error) => failures.push(error),
        }
    }
    Err(hosts::all_failed(failures))
}

async fn host_in_time(
    target: &Target,
    host: &Host,
    mode: SslMode,
    policy: &Policy,
    stop: &Stop,
) -> Result<Link> {
    let limit = hosts::limit(target, "connect-timeout", policy);
    match tokio::time::timeout(limit, any_way(target, host, mode, policy, stop)).await {
        Ok(opened) => opened,
        Err(_) => {
            let reason = format!("no answer within {} s", limit.as_secs_f64());
            Err(errors::unreachable(host, &reason))
        }
    }
}

/// Tries the ways that the mode allows. The last failure is the one that is told, unless it only says
/// that the server insists on what failed before.
async fn any_way(
    target: &Target,
    host: &Host,
    mode: SslMode,
    policy: &Policy,
    stop: &Stop,
) -> Result<Link> {
    let mut told = CollectError::new(ErrorKind::Config, "no way to connect");
    for encrypted in mode.attempts() {
        let ssl = match *encrypted && !host.is_socket() {
            true => Some(tls::options(target, mode)?),
            false => None,
        };
        policy.audit.did(&host.place(), &announced(target, ssl.is_some()))?;
        if let Some(rehearsal) = &policy.rehearsal {
            let answers = Wire::Rehearsal(Answers::new(rehearsal, target));
            let opts = options(target, host, ssl);
            return learn(answers, opts, target, host, policy, stop).await;
        }
        let error = match dial(target, host, mode, ssl).await {
            Ok((conn, opts)) => {
                return learn(Wire::new(conn), opts, target, host, policy, stop).await;
            }
            Err(error) => errors::not_connected(error, host, target),
        };
        let another = errors::is_about_encryption(&error);
        if errors::code(&error) != Some(errors::INSECURE) {
            told = error;
        }
        if !another {
            break;
        }
    }
    Err(told)
}

/// The handshake in words, without the password.
fn announced(target: &Target, is_encrypted: bool) -> String {
    format!(
        "connects as {} to {}, {}, program_name planscope",
        target.user().unwrap_or("(default)"),
        target.database().unwrap_or("no database"),
        if is_encrypted { "encrypted" } else { "not encrypted" },
    )
}

/// Connects; with `verify_ca` whatever the name in the certificate is.
async fn dial(
    target: &Target,
    host: &Host,
    mode: SslMode,
    ssl: Option<SslOpts>,
) -> mysql_async::Result<(Conn, Opts)> {
    let opts = options(target, host, ssl.clone());
    let error = match Conn::new(opts.clone()).await {
        Ok(conn) => return Ok((conn, opts)),
        Err(error) => error,
    };
    let name = errors::tls_error(&error).and_then(tls::other_name);
    match (mode, ssl, name) {
        (SslMode::VerifyCa, Some(ssl), Some(name)) => {
            let ssl = ssl.with_danger_tls_hostname_override(Some(name));
            let opts = options(target, host, Some(ssl));
            Ok((Conn::new(opts.clone()).await?, opts))
        }
        _ => Err(error),
    }
}

fn options(target: &Target, host: &Host, ssl: Option<SslOpts>) -> Opts {
    let mut options = OptsBuilder::default()
        .user(target.user())
        .pass(target.password_for(host))
        .db_name(target.database())
        .ssl_opts(ssl)
        // Else the library asks the server for them, with statements that are not marked as ours.
        .max_allowed_packet(Some(64 << 20))
        .wait_timeout(Some(28_800))
        .prefer_socket(false)
        .stmt_cache_size(0)
        .connect_attribute("program_name", "planscope");
    options = match host.is_socket() {
        true => options.socket(Some(host.name.clone())),
        false => options.ip_or_hostname(host.name.clone()).tcp_port(host.port),
    };
    options.into()
}

/// Makes the session harmless, and asks what the server is.
async fn learn(
    wire: Wire,
    opts: Opts,
    target: &Target,
    host: &Host,
    policy: &Policy,
    stop: &Stop,
) -> Result<Link> {
    let facts = Facts {
        engine: target.engine,
        number: (0, 0, 0),
        version: String::new(),
        account: String::new(),
        database: target.database().map(str::to_owned),
        connection: match &wire {
            Wire::Server(Some(conn)) => u64::from(conn.id()),
            _ => 0,
        },
        is_encrypted: false,
        is_replica_like: false,
        sql_mode: String::new(),
        has_json_v2: false,
        is_read_only: false,
        is_proxied: false,
    };
    let mut link = Link {
        facts,
        server: host.place(),
        limit: policy.statement_timeout,
        stop: stop.clone(),
        wire,
        audit: policy.audit.clone(),
        opts,
        pulse: Pulse::default(),
    };
    for sql in SESSION {
        link.ask(&marked(sql)).await?;
    }
    identify(&mut link).await?;
    limit_session(&mut link, policy).await?;
    Ok(link)
}

/// `SET …` as `SET /* planscope */ …`: a comment in front of a statement is left out by some clients'
/// tools, one behind its first word never is.
fn marked(sql: &str) -> String {
    match sql.split_once(' ') {
        Some((verb, rest)) => format!("{verb} {MARK} {rest}"),
        None => sql.to_owned(),
    }
}

async fn identify(link: &mut Link) -> Result<()> {
    let sql = format!(
        "{SELECT} VERSION() AS version, @@version_comment AS comment, CURRENT_USER() AS account, \
         DATABASE() AS name, CONNECTION_ID() AS connection, @@global.read_only AS is_replica, \
         @@session.sql_mode AS sql_mode"
    );
    let rows = link.ask(&sql).await?;
    let Some(row) = rows.first() else {
        return Err(CollectError::new(ErrorKind::Input, "the server does not say what it is"));
    };
    let version = row.string("version");
    let is_mariadb = [&version, &row.string("comment")]
        .iter()
        .any(|text| text.to_ascii_lowercase().contains("mariadb"));
    let facts = &mut link.facts;
    facts.engine = if is_mariadb { Engine::Mariadb } else { Engine::Mysql };
    facts.version = version.split('-').next().unwrap_or_default().to_owned();
    facts.number = number(&facts.version);
    facts.account = row.string("account");
    facts.database = row.text("name").map(str::to_owned);
    let greeted = facts.connection;
    facts.connection = row.text("connection").and_then(|id| id.parse().ok()).unwrap_or(greeted);
    // A greeting has room for 32 bits.
    facts.is_proxied = greeted != facts.connection & u64::from(u32::MAX);
    facts.is_replica_like = row.text("is_replica").is_some_and(|value| value != "0");
    facts.sql_mode = row.string("sql_mode");
    let sql = format!("SHOW {MARK} SESSION STATUS LIKE 'Ssl_cipher'");
    let rows = link.ask_if_allowed(&sql).await?.unwrap_or_default();
    let cipher = rows.first().and_then(|row| row.at(1));
    link.facts.is_encrypted = cipher.is_some_and(|cipher| !cipher.is_empty());
    let sql = format!(
        "SHOW {MARK} SESSION VARIABLES WHERE Variable_name IN ('transaction_read_only', \
         'tx_read_only', 'explain_json_format_version')"
    );
    for row in link.ask(&sql).await? {
        match (row.at(0).unwrap_or_default(), row.at(1)) {
            ("explain_json_format_version", _) => link.facts.has_json_v2 = true,
            (_, value) => link.facts.is_read_only = value == Some("ON"),
        }
    }
    Ok(())
}

/// `10.11.19` as numbers.
fn number(version: &str) -> (u32, u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}

/// The limits that the server keeps for us.
async fn limit_session(link: &mut Link, policy: &Policy) -> Result<()> {
    let lock = policy.lock_timeout.as_secs().max(1);
    let waits =
        format!("SET SESSION lock_wait_timeout = {lock}, innodb_lock_wait_timeout = {lock}");
    link.ask(&marked(&waits)).await?;
    limit_statements(link, policy.statement_timeout).await
}

/// Longest time of a statement, as the server keeps it.
pub(super) async fn limit_statements(link: &mut Link, limit: Duration) -> Result<()> {
    let sql = match link.facts.engine {
        Engine::Mariadb => format!("SET SESSION max_statement_time = {}", limit.as_secs_f64()),
        _ => format!("SET SESSION max_execution_time = {}", limit.as_millis().max(1)),
    };
    link.ask(&marked(&sql)).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        assert_eq!(number("10.11.19"), (10, 11, 19));
        assert_eq!(number("9.7"), (9, 7, 0));
        assert_eq!(number("x"), (0, 0, 0));
    }

    #[test]
    fn statements_of_ours_are_marked() {
        assert_eq!(marked("SET NAMES utf8mb4"), "SET /* planscope */ NAMES utf8mb4");
    }
}
