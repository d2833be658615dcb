//! Opening a connection that keeps to the policy.

use super::errors;
use super::link::{Facts, Link, Row, Wire as Line};
use super::rehearsal::Answers;
use super::socket::{self, Address, Socket};
use super::tls::{self, SslMode};
use crate::drivers::hosts;
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Policy, Pulse, Stop};
use crate::target::{Host, Target};
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode as Wire;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;

pub(super) const FACTS: &str = include_str!("../sql/postgres/facts.sql");

/// What the session is asked to be when it starts, beside the timeouts.
const SESSION: [(&str, &str); 3] = [
    ("default_transaction_read_only", "on"),
    ("standard_conforming_strings", "on"),
    // Ours are never idle in a transaction; should one be, it must not hold back VACUUM.
    ("idle_in_transaction_session_timeout", "60000"),
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
            Ok(link) => match unwanted(target, &link.facts) {
                None => return Ok(link),
                Some(what) => failures.push(CollectError::new(
                    ErrorKind::Connection,
                    format!("{} is {what}, and target_session_attrs asks for another", link.server),
                )),
            },
            Err(error) => failures.push(error),
        }
    }
    Err(hosts::all_failed(failures))
}

/// What the server is, if the target wants another kind.
fn unwanted(target: &Target, facts: &Facts) -> Option<&'static str> {
    match (target.param("target_session_attrs")?, facts.is_standby) {
        ("read-write" | "primary", true) => Some("a standby"),
        ("standby", false) => Some("a primary"),
        _ => None,
    }
}

async fn host_in_time(
    target: &Target,
    host: &Host,
    mode: SslMode,
    policy: &Policy,
    stop: &Stop,
) -> Result<Link> {
    let limit = hosts::limit(target, "connect_timeout", policy);
    match tokio::time::timeout(limit, any_way(target, host, mode, policy, stop)).await {
        Ok(opened) => opened,
        Err(_) => {
            let reason = format!("no answer within {} s", limit.as_secs_f64());
            Err(errors::unreachable(host, &reason))
        }
    }
}

/// Tries the ways that the mode allows; the first failure is the one that is told.
async fn any_way(
    target: &Target,
    host: &Host,
    mode: SslMode,
    policy: &Policy,
    stop: &Stop,
) -> Result<Link> {
    let tls = tls::connector(target, mode)?;
    let mut first = None;
    for wire in mode.attempts() {
        let way = Way { target, host, wire: *wire, tls: &tls, policy };
        match way.open(stop).await {
            Ok(link) => return Ok(link),
            Err(error) => {
                let another = is_about_encryption(&error);
                first = first.or(Some(error));
                if !another {
                    break;
                }
            }
        }
    }
    let missing = || CollectError::new(ErrorKind::Config, "no way to connect");
    Err(first.unwrap_or_else(missing))
}

/// Whether trying with more or less encryption could help: the handshake failed, or pg_hba.conf
/// has no line for this kind of connection.
fn is_about_encryption(error: &CollectError) -> bool {
    match errors::database_error(error) {
        Some(db) => db.code().code() == "28000",
        None => error.message.starts_with("cannot open an encrypted connection"),
    }
}

/// One way to connect.
struct Way<'a> {
    target: &'a Target,
    host: &'a Host,
    wire: Wire,
    tls: &'a MakeRustlsConnect,
    policy: &'a Policy,
}

impl Way<'_> {
    async fn open(&self, stop: &Stop) -> Result<Link> {
        let started = match self.start(true).await {
            Err(error) if is_about_options(&error) => self.start(false).await,
            other => other,
        };
        let (wire, address) = started?;
        let mut link = Link {
            facts: Facts::default(),
            server: self.host.place(),
            host: self.host.name.clone(),
            address,
            wire,
            tls: self.tls.clone(),
            prelude: String::new(),
            stop: stop.clone(),
            audit: self.policy.audit.clone(),
            pulse: Pulse::default(),
        };
        self.learn(&mut link).await?;
        Ok(link)
    }

    fn explained(&self, error: tokio_postgres::Error) -> CollectError {
        let database = self.target.database().unwrap_or_default();
        let error = errors::not_connected(error, self.host, database);
        match self.target.password_hint() {
            Some(hint) if error.kind == ErrorKind::Authentication => error.hint(hint),
            _ => error,
        }
    }

    async fn start(&self, with_options: bool) -> Result<(Line, Address)> {
        let config = self.config(with_options);
        self.policy.audit.did(&self.host.place(), &announced(&config))?;
        if let Some(rehearsal) = &self.policy.rehearsal {
            let answers = Answers::new(rehearsal, self.target, self.policy);
            return Ok((Line::Rehearsal(answers), Address::nowhere()));
        }
        let (socket, address) = match socket::dial(self.host).await {
            Ok(dialled) => dialled,
            Err(error) => {
                let reason = error.to_string();
                return Err(errors::unreachable(self.host, &reason).caused_by(error));
            }
        };
        let mut tls = self.tls.clone();
        let connector = MakeTlsConnect::<Socket>::make_tls_connect(&mut tls, &self.host.name)
            .map_err(|error| CollectError::new(ErrorKind::Config, error.to_string()))?;
        let connected = config.connect_raw(socket, connector).await;
        let (client, connection) = connected.map_err(|error| self.explained(error))?;
        // Ends by itself when the client is dropped or the server hangs up.
        tokio::spawn(connection);
        Ok((Line::Server(client), address))
    }

    fn config(&self, with_options: bool) -> Config {
        let mut config = Config::new();
        config
            // A server does not encrypt on its socket.
            .ssl_mode(if self.host.is_socket() { Wire::Disable } else { self.wire })
            .application_name(self.target.param("application_name").unwrap_or("planscope"));
        self.target.user().map(|user| config.user(user));
        self.target.database().map(|database| config.dbname(database));
        self.target.password_for(self.host).map(|password| config.password(password));
        if with_options {
            config.options(self.options());
        } else if let Some(options) = self.target.param("options") {
            config.options(options);
        }
        config
    }

    /// The user's own options first: of two that set the same, the server takes the last.
    fn options(&self) -> String {
        let mut options = self.target.param("options").unwrap_or_default().to_owned();
        for (name, value) in session_settings(self.policy) {
            options.push_str(&format!(" -c {name}={value}"));
        }
        options
    }

    /// Asks what the server is, and takes the measures that this calls for.
    async fn learn(&self, link: &mut Link) -> Result<()> {
        let rows = link.ask(FACTS).await?.pop().unwrap_or_default();
        let Some(row) = rows.first() else {
            return Err(CollectError::new(ErrorKind::Input, "the server does not say what it is"));
        };
        link.facts = facts(row);
        let lock_timeout = self.policy.lock_timeout.as_millis().max(1).to_string();
        link.facts.is_pooled = !row.flag(6) || row.get(7) != Some(lock_timeout.as_str());
        if link.facts.is_pooled {
            link.prelude = prelude(self.policy, &link.facts);
            link.facts.is_untracked = link.facts.is_superuser;
        } else if may_untrack(link).await {
            let silent = "SET pg_stat_statements.track = 'none'";
            link.facts.is_untracked = link.ask(silent).await.is_ok();
        } else {
            // The role may be set so: before 15 nobody else can grant it.
            let asked = "SELECT /* planscope */ current_setting('pg_stat_statements.track', true)";
            let sets = link.ask(asked).await.unwrap_or_default();
            let track = sets.first().and_then(|rows| rows.first()).and_then(|row| row.get(0));
            link.facts.is_untracked = track == Some("none");
        }
        Ok(())
    }
}

/// The policy as statements for the transaction that a message is. `SET` without `LOCAL` would
/// stay in the pooler's connection and hit the application.
pub(super) fn prelude(policy: &Policy, facts: &Facts) -> String {
    let mut prelude = format!("{} SET TRANSACTION READ ONLY;", super::link::MARK);
    if facts.is_superuser {
        prelude.push_str("SET LOCAL pg_stat_statements.track='none';");
    }
    let local = |(name, _): &(&str, String)| !name.contains("transaction");
    for (name, value) in session_settings(policy).into_iter().filter(local) {
        prelude.push_str(&format!("SET LOCAL {name}={value};"));
    }
    prelude
}

/// The startup message in words, without the password.
fn announced(config: &Config) -> String {
    let of = |text: Option<&str>| text.unwrap_or("(default)").to_owned();
    format!(
        "connects as {} to {}, application_name {}, options{}",
        of(config.get_user()),
        of(config.get_dbname()),
        of(config.get_application_name()),
        of(config.get_options()),
    )
}

fn session_settings(policy: &Policy) -> Vec<(&'static str, String)> {
    let millis = |limit: Duration| limit.as_millis().max(1).to_string();
    let fixed = SESSION.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let mut all: Vec<(&str, String)> = fixed.collect();
    all.push(("statement_timeout", millis(policy.statement_timeout)));
    all.push(("lock_timeout", millis(policy.lock_timeout)));
    all
}

fn facts(row: &Row) -> Facts {
    let text = |column| row.get(column).unwrap_or_default().to_owned();
    let version = text(1);
    Facts {
        version_num: row.get(0).and_then(|text| text.parse().ok()).unwrap_or_default(),
        // `15.18 (Debian 15.18-0+deb12u1)`
        version: version.split_whitespace().next().unwrap_or_default().to_owned(),
        database: text(2),
        user: text(3),
        is_superuser: row.get(4) == Some("on"),
        is_encrypted: row.get(5).map(|flag| flag == "t"),
        is_standby: row.flag(8),
        is_pooled: false,
        is_untracked: false,
    }
}

/// Whether we may switch off the counting of our own statements.
async fn may_untrack(link: &Link) -> bool {
    if link.facts.is_superuser {
        return true;
    }
    let asked = "SELECT /* planscope */ \
                 has_parameter_privilege(current_user, 'pg_stat_statements.track', 'SET')";
    link.facts.version_num >= 150_000
        && link.ask(asked).await.is_ok_and(|sets| {
            sets.first().and_then(|rows| rows.first()).is_some_and(|row| row.flag(0))
        })
}

/// Whether a pooler refuses the options of the session.
fn is_about_options(error: &CollectError) -> bool {
    errors::database_error(error).is_some_and(|db| {
        db.code().code().starts_with("08") && db.message().contains("startup parameter")
    })
}
