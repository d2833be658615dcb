//! Opening a connection: the target's URL as the driver's options, one member of a replica set, and what
//! is to be known before the first question.
//!
//! The profiler, the plan cache and the counters of an index are each member's own, so every question
//! must go to the same one: the member that the read preference picks is asked directly from then on.

use super::document::Fields as _;
use super::errors;
use super::link::{Facts, Link, MARK, Wire, record};
use super::rehearsal::Answers;
use crate::error::{CollectError, ErrorKind, Result};
use crate::guard::{Audit, Policy, Pulse, Rehearsal, Stop};
use crate::target::{Host, Target};
use bson::{Document, doc};
use mongodb::Client;
use mongodb::error::Error;
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;
use mongodb::event::sdam::SdamEvent;
use mongodb::options::{ClientOptions, ReadPreference, SelectionCriteria, ServerAddress, Tls};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Databases of the server itself.
const SYSTEM: [&str; 3] = ["admin", "config", "local"];

/// Opens a connection.
pub(super) async fn open(target: &Target, policy: &Policy, stop: Stop) -> Result<Link> {
    stop.check()?;
    let opened = tokio::select! {
        opened = open_unwatched(target, policy, &stop) => opened,
        () = stop.stopped() => Err(CollectError::stopped()),
    };
    opened
}

async fn open_unwatched(target: &Target, policy: &Policy, stop: &Stop) -> Result<Link> {
    if let Some(rehearsal) = &policy.rehearsal {
        return rehearse(target, policy, rehearsal, stop).await;
    }
    let options = options(target, policy).await?;
    let server = server_name(&options);
    let criteria = options.selection_criteria.clone().unwrap_or_else(secondary_preferred);
    let is_direct = options.direct_connection == Some(true);
    record(&policy.audit, &server, "admin", &doc! { "hello": 1, "comment": MARK })?;
    let (client, hello) = greet(options.clone(), &criteria, target, &server).await?;
    let mut link = Link {
        facts: facts_of(&hello, &options),
        server,
        wire: Wire::Server(client),
        criteria,
        comment: comment(),
        policy: policy.clone(),
        stop: stop.clone(),
        pulse: Pulse::default(),
    };
    if let (false, Some(me)) = (is_direct, member(&hello)) {
        link.server = me.to_string();
        let client = Client::with_options(of_member(&options, me));
        let failed = |error| errors::not_connected(error, target, &link.server);
        link.wire = Wire::Server(client.map_err(failed)?);
    }
    learn(&mut link, target).await?;
    Ok(link)
}

/// A dry run: the target is not even looked up.
async fn rehearse(
    target: &Target,
    policy: &Policy,
    rehearsal: &Rehearsal,
    stop: &Stop,
) -> Result<Link> {
    let hosts: Vec<String> = target.hosts().iter().map(Host::place).collect();
    let server = hosts.join(",");
    record(&policy.audit, &server, "admin", &doc! { "hello": 1, "comment": MARK })?;
    let mut link = Link {
        facts: Facts { state: "standalone", ..Facts::default() },
        server,
        wire: Wire::Rehearsal(Answers::new(rehearsal, target)),
        criteria: secondary_preferred(),
        comment: comment(),
        policy: policy.clone(),
        stop: stop.clone(),
        pulse: Pulse::default(),
    };
    learn(&mut link, target).await?;
    Ok(link)
}

/// The target as the driver's options.
async fn options(target: &Target, policy: &Policy) -> Result<ClientOptions> {
    let parsed = ClientOptions::parse(target.url_with_password());
    let parsed = tokio::time::timeout(policy.connect_timeout, parsed).await;
    let Ok(parsed) = parsed else {
        let seconds = policy.connect_timeout.as_secs_f64();
        let message = format!("{target} was not resolved within {seconds} s");
        return Err(CollectError::new(ErrorKind::Connection, message));
    };
    let mut options = parsed.map_err(|error| errors::malformed(error, target))?;
    options.app_name.get_or_insert_with(|| MARK.to_owned());
    options.connect_timeout.get_or_insert(policy.connect_timeout);
    options.server_selection_timeout.get_or_insert(policy.connect_timeout);
    // One more, to end what the others run.
    options.max_pool_size = Some(policy.connections.max(1).saturating_add(1));
    options.min_pool_size = None;
    options.retry_reads = Some(false);
    options.retry_writes = Some(false);
    options.command_event_handler = Some(EventHandler::callback(implied(&policy.audit)));
    Ok(options)
}

/// What the library sends by itself, beside our commands.
const IMPLIED: [&str; 7] = [
    "abortTransaction",
    "authenticate",
    "endSessions",
    "getMore",
    "killCursors",
    "saslContinue",
    "saslStart",
];

/// Records it; the secrets of a log-in are not in the event.
fn implied(audit: &Audit) -> impl Fn(CommandEvent) + Send + Sync + 'static {
    let audit = audit.clone();
    move |event| {
        let CommandEvent::Started(started) = event else { return };
        if !IMPLIED.contains(&started.command_name.as_str()) {
            return;
        }
        let mut command = started.command;
        if command.is_empty() {
            command.insert(started.command_name, 1);
        }
        // It is on its way: when it cannot be recorded, nothing more is sent.
        let _ = record(&audit, &started.connection.address.to_string(), &started.db, &command);
    }
}

/// Reads need no primary, and the primary has enough to do.
fn secondary_preferred() -> SelectionCriteria {
    SelectionCriteria::ReadPreference(ReadPreference::SecondaryPreferred {
        options: Some(Default::default()),
    })
}

/// The options for one member of a replica set.
fn of_member(options: &ClientOptions, member: ServerAddress) -> ClientOptions {
    let mut direct = ClientOptions::default();
    direct.hosts = vec![member];
    direct.direct_connection = Some(true);
    direct.repl_set_name.clone_from(&options.repl_set_name);
    direct.credential.clone_from(&options.credential);
    direct.tls.clone_from(&options.tls);
    direct.app_name.clone_from(&options.app_name);
    direct.connect_timeout = options.connect_timeout;
    direct.server_selection_timeout = options.server_selection_timeout;
    direct.max_pool_size = options.max_pool_size;
    direct.command_event_handler.clone_from(&options.command_event_handler);
    direct.retry_reads = Some(false);
    direct.retry_writes = Some(false);
    direct
}

/// The first words with the server. With every host known to fail there is nothing to wait for.
async fn greet(
    mut options: ClientOptions,
    criteria: &SelectionCriteria,
    target: &Target,
    server: &str,
) -> Result<(Client, Document)> {
    let (sender, mut failures) = unbounded_channel();
    options.sdam_event_handler = Some(EventHandler::callback(move |event| {
        if let SdamEvent::ServerHeartbeatFailed(failed) = event {
            // Nobody listens once the connection is open.
            let _ = sender.send((failed.server_address.to_string(), failed.failure));
        }
    }));
    let hosts = options.hosts.len();
    let not_connected = |error: Error| errors::not_connected(error, target, server);
    let client = Client::with_options(options).map_err(not_connected)?;
    let greeting = async {
        match hello(&client, criteria, "hello").await {
            // Before 4.4.2.
            Err(error) if is_unknown(&error) => hello(&client, criteria, "isMaster").await,
            other => other,
        }
    };
    let hello = tokio::select! {
        answer = greeting => answer.map_err(not_connected)?,
        error = all_failed(&mut failures, hosts) => return Err(not_connected(error)),
    };
    Ok((client, hello))
}

fn hello<'a>(
    client: &'a Client,
    criteria: &SelectionCriteria,
    command: &'a str,
) -> impl Future<Output = mongodb::error::Result<Document>> + 'a {
    let criteria = criteria.clone();
    async move {
        let command = doc! { command: 1, "comment": MARK };
        client.database("admin").run_command(command).selection_criteria(criteria).await
    }
}

fn is_unknown(error: &Error) -> bool {
    matches!(error.kind.as_ref(), mongodb::error::ErrorKind::Command(c) if c.code == 59)
}

/// Waits until every host has failed; gives the last failure.
async fn all_failed(failures: &mut UnboundedReceiver<(String, Error)>, hosts: usize) -> Error {
    let mut failed = BTreeMap::new();
    while let Some((host, error)) = failures.recv().await {
        failed.insert(host, error.clone());
        if failed.len() >= hosts {
            return error;
        }
    }
    std::future::pending().await
}

fn server_name(options: &ClientOptions) -> String {
    let hosts: Vec<String> = options.hosts.iter().map(ToString::to_string).collect();
    hosts.join(",")
}

/// The member of a replica set that answered.
fn member(hello: &Document) -> Option<ServerAddress> {
    hello.text("setName")?;
    ServerAddress::parse(hello.text("me")?).ok()
}

fn facts_of(hello: &Document, options: &ClientOptions) -> Facts {
    let state = if hello.text("msg") == Some("isdbgrid") {
        "mongos"
    } else if hello.get("setName").is_none() {
        "standalone"
    } else if hello.flag("secondary") {
        "secondary"
    } else if hello.flag("isWritablePrimary") || hello.flag("ismaster") {
        "primary"
    } else {
        "member"
    };
    Facts {
        state,
        replica_set: hello.text("setName").map(str::to_owned),
        is_encrypted: matches!(options.tls, Some(Tls::Enabled(_))),
        ..Facts::default()
    }
}

/// A comment that no other session has.
fn comment() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{MARK} {}.{number}", std::process::id())
}

/// Version, user and databases.
async fn learn(link: &mut Link, target: &Target) -> Result<()> {
    let status = link.run("admin", doc! { "connectionStatus": 1, "showPrivileges": true }).await;
    let status = status.map_err(|error| told(error, target, &link.server))?;
    let info = status.document("authInfo").cloned().unwrap_or_default();
    let at = |document: &&Document, key: &str| {
        Some(format!("{}@{}", document.text(key)?, document.text("db")?))
    };
    link.facts.user = info.documents("authenticatedUsers").first().and_then(|u| at(u, "user"));
    let roles = info.documents("authenticatedUserRoles");
    link.facts.roles = roles.iter().filter_map(|role| at(role, "role")).collect();
    link.facts.privileges =
        info.documents("authenticatedUserPrivileges").into_iter().cloned().collect();
    let list = doc! { "listDatabases": 1, "nameOnly": true, "authorizedDatabases": true };
    let known = match link.run("admin", list).await {
        Ok(answer) => names(&answer),
        Err(error) if error.kind == ErrorKind::Permission => {
            return Err(errors::login_wanted(target, &link.server).caused_by(error));
        }
        Err(error) => return Err(told(error, target, &link.server)),
    };
    link.facts.databases = chosen(target, &known)?;
    let build = link.run("admin", doc! { "buildInfo": 1 }).await?;
    link.facts.version = build.text("version").unwrap_or_default().to_owned();
    Ok(())
}

fn names(answer: &Document) -> Vec<String> {
    let databases = answer.documents("databases");
    databases.iter().filter_map(|database| database.text("name")).map(str::to_owned).collect()
}

/// A failure of the first questions, with the hints of a failure to connect.
fn told(error: CollectError, target: &Target, server: &str) -> CollectError {
    match errors::underneath(&error) {
        Some(source) if error.kind != ErrorKind::Stopped => {
            errors::not_connected(source.clone(), target, server)
        }
        _ => error,
    }
}

/// The database that the target names, else every one of the user's.
fn chosen(target: &Target, known: &[String]) -> Result<Vec<String>> {
    let users: Vec<String> =
        known.iter().filter(|name| !SYSTEM.contains(&name.as_str())).cloned().collect();
    let Some(wanted) = target.database() else {
        if users.is_empty() {
            let message = "the server has no database that the user may see";
            return Err(CollectError::new(ErrorKind::Config, message)
                .hint("name one: mongodb://user@host/DATABASE?authSource=admin"));
        }
        return Ok(users);
    };
    if !known.is_empty() && !known.iter().any(|name| name == wanted) {
        let there = if users.is_empty() { "none".to_owned() } else { users.join(", ") };
        let message = format!("there is no database {wanted}");
        return Err(CollectError::new(ErrorKind::Config, message)
            .hint(format!("databases that are there: {there}")));
    }
    Ok(vec![wanted.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Environment;

    async fn of(url: &str) -> Result<ClientOptions> {
        let target = Target::parse_with(url, &Environment::default()).unwrap();
        options(&target, &Policy::default()).await
    }

    #[tokio::test]
    async fn the_url_reaches_the_driver() {
        let got = of("mongodb://a%40b:p%2Fw%3A@h1:1,[::1]:2/shop?authSource=admin&replicaSet=rs0&tls=true\
                      &tlsCAFile=%2Fca.pem&readPreference=nearest&connectTimeoutMS=1500&appName=%40x%40")
            .await
            .unwrap();
        assert_eq!(server_name(&got), "h1:1,::1:2");
        let credential = got.credential.unwrap();
        assert_eq!(credential.username.as_deref(), Some("a@b"));
        assert_eq!(credential.password.as_deref(), Some("p/w:"));
        assert_eq!(credential.source.as_deref(), Some("admin"));
        assert_eq!(got.default_database.as_deref(), Some("shop"));
        assert_eq!(got.repl_set_name.as_deref(), Some("rs0"));
        let Some(Tls::Enabled(tls)) = got.tls else { panic!("not encrypted") };
        assert_eq!(tls.ca_file_path.unwrap().to_str(), Some("/ca.pem"));
        let nearest = ReadPreference::Nearest { options: None };
        assert_eq!(got.selection_criteria, Some(SelectionCriteria::ReadPreference(nearest)));
        assert_eq!(got.connect_timeout.unwrap().as_millis(), 1500);
        assert_eq!(got.app_name.as_deref(), Some("@x@"));
        let direct = of("mongodb://h/?directConnection=true").await.unwrap();
        assert_eq!(direct.direct_connection, Some(true));
        assert_eq!(direct.app_name.as_deref(), Some(MARK));
        assert_eq!(direct.connect_timeout, Some(Policy::default().connect_timeout));
    }

    #[tokio::test]
    async fn no_refusal_of_a_url_shows_the_password() {
        for parameters in
            ["readPreference=SECRET", "nonsense=1", "authMechanism=x", "tls=maybe", "replicaSet="]
        {
            match of(&format!("mongodb://u:SECRET@h/d?{parameters}")).await {
                Ok(_) => {}
                Err(error) => {
                    let all = format!("{error} {error:?} {}", error.hints.join(" "));
                    assert!(!all.contains("SECRET"), "{all}");
                }
            }
        }
    }

    #[test]
    fn the_users_databases_are_looked_at() {
        let target = |url: &str| Target::parse_with(url, &Environment::default()).unwrap();
        let known = ["admin", "blog", "config", "local", "shop"].map(str::to_owned);
        assert_eq!(chosen(&target("mongodb://h/"), &known).unwrap(), ["blog", "shop"]);
        assert_eq!(chosen(&target("mongodb://h/shop"), &known).unwrap(), ["shop"]);
        assert_eq!(chosen(&target("mongodb://h/shop"), &[]).unwrap(), ["shop"]);
        let error = chosen(&target("mongodb://h/shap"), &known).unwrap_err();
        assert_eq!(error.hints, ["databases that are there: blog, shop"]);
        assert!(chosen(&target("mongodb://h/"), &known[..1]).is_err());
    }
}
