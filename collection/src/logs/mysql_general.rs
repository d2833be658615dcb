//! The general query log of MySQL and MariaDB: every command, without its duration.
//!
//! A line that begins a command has a time (only when the second changes in old versions), the
//! connection's number, the command and its argument; other lines go on with the argument.

use super::event::{Event, Session};
use super::facts::Reason;
use super::mysql_slow::{note_version, short_time};
use super::reader::{Hints, LogReader, Parser, Records, content, last_start, lines};
use super::sink::Sink;
use super::time::{Clock, Micros, digits, number};
use memchr::memmem;
use planscope_explain::Engine;
use rustc_hash::FxHashMap;
use std::any::Any;

/// The general query log.
pub static READER: LogReader = LogReader {
    name: "mysql-general",
    engine: Engine::Mysql,
    summary: "the general query log of MySQL and MariaDB",
    detect,
    open,
};

/// The commands of the protocol, as servers name them.
const COMMANDS: [&str; 33] = [
    "Query",
    "Execute",
    "Prepare",
    "Connect",
    "Quit",
    "Init DB",
    "Field List",
    "Create DB",
    "Drop DB",
    "Refresh",
    "Shutdown",
    "Statistics",
    "Processlist",
    "Connect Out",
    "Kill",
    "Debug",
    "Ping",
    "Time",
    "Delayed insert",
    "Change user",
    "Binlog Dump GTID",
    "Binlog Dump",
    "Table Dump",
    "Register Slave",
    "Register Replica",
    "Long Data",
    "Close stmt",
    "Reset stmt",
    "Set option",
    "Fetch",
    "Daemon",
    "Reset Connection",
    "Sleep",
];

/// What the server says of a connection that it does not accept, before it names the user.
const REFUSED: &str = "Access denied for user";

/// Most connections whose user and database are remembered.
const MOST_CONNECTIONS: usize = 10_000;

fn detect(sample: &[u8]) -> u8 {
    let good = lines(sample).take(300).filter(|line| Head::read(content(line)).is_some()).count();
    // The slow log has the same banner, and statements that may look like a command.
    match good {
        0 => 0,
        1 => 60,
        _ => 75,
    }
}

fn open(sample: &[u8], _hints: &Hints) -> Box<dyn Parser> {
    let engine =
        if memmem::find(sample, b"MariaDB").is_some() { Engine::Mariadb } else { Engine::Mysql };
    Box::new(General { engine })
}

struct General {
    engine: Engine,
}

impl Parser for General {
    fn engine(&self) -> Engine {
        self.engine
    }

    fn cut(&self, block: &[u8]) -> usize {
        last_start(block, |rest| {
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            Head::read(&rest[..end]).is_some()
        })
    }

    /// The user and the database of a connection are said when it begins.
    fn is_stateless(&self) -> bool {
        false
    }

    fn start(&self) -> Box<dyn Records> {
        Box::new(Commands::default())
    }
}

/// The beginning of a command.
struct Head<'a> {
    time: Option<Micros>,
    connection: i64,
    command: &'static str,
    argument: &'a [u8],
}

impl<'a> Head<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let (time, rest) = stamp(line)?;
        let rest = rest.trim_ascii_start();
        let length = digits(rest);
        let connection = number(&rest[..length])?;
        let rest = rest[length..].strip_prefix(b" ").or(rest[length..].strip_prefix(b"\t"))?;
        let command = COMMANDS.iter().find(|name| rest.starts_with(name.as_bytes()))?;
        let after = &rest[command.len()..];
        let separated = after.is_empty() || matches!(after[0], b' ' | b'\t');
        separated.then(|| Self { time, connection, command, argument: after.trim_ascii_start() })
    }
}

/// `2016-06-07T19:07:02.558338Z`, `051007 21:55:24`, or blanks.
fn stamp(line: &[u8]) -> Option<(Option<Micros>, &[u8])> {
    if let Some((time, length)) = Clock::default().read(line) {
        return Some((Some(time), &line[length..]));
    }
    if matches!(line.first()?, b' ' | b'\t') {
        return Some((None, line));
    }
    let time = short_time(line)?;
    // The date, the time, and blanks before it.
    let blanks = line[6..].iter().take_while(|b| **b == b' ').count();
    let clock = line[6 + blanks..].iter().position(|b| matches!(b, b' ' | b'\t'))?;
    Some((Some(time), &line[6 + blanks + clock..]))
}

/// What is known of a connection.
#[derive(Default)]
struct Connection {
    user: Vec<u8>,
    database: Vec<u8>,
}

#[derive(Default)]
struct Commands {
    time: Option<Micros>,
    connections: FxHashMap<i64, Connection>,
}

impl Records for Commands {
    fn read(&mut self, chunk: &[u8], sink: &mut Sink<'_>) {
        let mut open: Option<(Head<'_>, usize)> = None;
        let mut at = 0;
        for line in lines(chunk) {
            let end = at + line.len();
            let text = content(line);
            if let Some(head) = Head::read(text) {
                self.close(chunk, open.take(), at, sink);
                let argument = end - (line.len() - text.len()) - head.argument.len();
                open = Some((head, argument));
            } else if is_banner(text) {
                self.close(chunk, open.take(), at, sink);
                note_version(text, sink);
            } else if open.is_none() && !text.trim_ascii().is_empty() {
                sink.reject(Reason::NoRecord, line);
            }
            at = end;
        }
        self.close(chunk, open, chunk.len(), sink);
    }

    fn hand_over(&mut self) -> Option<Box<dyn Any>> {
        Some(Box::new(std::mem::take(self)))
    }

    fn take_over(&mut self, state: Box<dyn Any>) {
        if let Ok(before) = state.downcast() {
            *self = *before;
        }
    }
}

/// The lines that a server writes when it starts.
fn is_banner(line: &[u8]) -> bool {
    line.ends_with(b"started with:")
        || line.starts_with(b"Tcp port: ")
        || (line.starts_with(b"Time") && line.ends_with(b"Argument"))
}

impl Commands {
    fn close(
        &mut self,
        chunk: &[u8],
        open: Option<(Head<'_>, usize)>,
        end: usize,
        sink: &mut Sink<'_>,
    ) {
        let Some((head, start)) = open else { return };
        let argument = chunk.get(start..end).unwrap_or_default().trim_ascii();
        self.time = head.time.or(self.time);
        if self.connections.len() >= MOST_CONNECTIONS {
            self.connections.clear();
        }
        let known = self.connections.entry(head.connection).or_default();
        match head.command {
            // Who was refused is nobody.
            "Connect" if argument.starts_with(REFUSED.as_bytes()) => {
                let who = Session { database: &known.database, user: &known.user, app: b"" };
                sink.error(REFUSED, b"", self.time, &who);
            }
            "Connect" | "Change user" => known.connect(argument),
            "Init DB" => known.database = argument.to_owned(),
            "Query" => known.use_database(argument),
            _ => {}
        }
        let Connection { user, database } = known;
        let event = Event {
            time: self.time,
            session: Session { database, user, app: b"" },
            ..Event::default()
        };
        match head.command {
            "Query" | "Execute" if !argument.is_empty() => {
                let (statement, plain) = unnumbered(argument);
                // Old servers wrote the number of a prepared statement before its text.
                let statement = if head.command == "Execute" { statement } else { plain };
                sink.event(&Event { statement, ..event });
            }
            // It is executed later, or never.
            "Prepare" | "Close stmt" | "Long Data" | "Reset stmt" => sink.facts.steps.0 += 1,
            command => {
                sink.facts.administrator_commands += 1;
                let statement = format!("administrator command: {command}");
                sink.event(&Event { statement: statement.as_bytes(), ..event });
            }
        }
        if head.command == "Quit" {
            self.connections.remove(&head.connection);
        }
    }
}

/// `[12] SELECT …`: the statement without the number, and as it is.
fn unnumbered(argument: &[u8]) -> (&[u8], &[u8]) {
    let without = argument.strip_prefix(b"[").and_then(|rest| {
        let length = digits(rest);
        rest[length..].strip_prefix(b"] ").filter(|_| length > 0)
    });
    (without.unwrap_or(argument), argument)
}

impl Connection {
    /// `root@localhost on db1 using Socket`, with `as other` after the name where that is who acts.
    fn connect(&mut self, argument: &[u8]) {
        let mut words = argument.split(|b| *b == b' ').filter(|word| !word.is_empty());
        let name = words.next().unwrap_or_default();
        self.user = name.split(|b| *b == b'@').next().unwrap_or_default().to_owned();
        let on = match words.next() {
            Some(b"as") => words.nth(1),
            word => word,
        };
        let database = on.filter(|on| *on == b"on").and_then(|_| words.next());
        self.database = database.filter(|name| *name != b"using").unwrap_or_default().to_owned();
    }
}

impl Connection {
    /// `USE shop`: most clients send it as a command of its own, the server's own scripts do not.
    fn use_database(&mut self, statement: &[u8]) {
        let Some((word, name)) = statement.split_at_checked(4) else { return };
        let name = name.strip_suffix(b";").unwrap_or(name).trim_ascii();
        let is_one = !name.is_empty() && !name.iter().any(|b| b"; \t\n".contains(b));
        if word.eq_ignore_ascii_case(b"use ") && is_one {
            self.database = name.iter().copied().filter(|byte| *byte != b'`').collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_every_version() {
        let read = |line: &'static str| {
            let head = Head::read(line.as_bytes())?;
            Some((
                head.time.is_some(),
                head.connection,
                head.command,
                std::str::from_utf8(head.argument).ok()?,
            ))
        };
        assert_eq!(
            read("051007 21:55:24\t     42 Connect     root@localhost on db1"),
            Some((true, 42, "Connect", "root@localhost on db1"))
        );
        assert_eq!(
            read("\t\t                 42 Query       SELECT foo "),
            Some((false, 42, "Query", "SELECT foo "))
        );
        assert_eq!(
            read("100211  0:55:24      51 Query       SELECT 1"),
            Some((true, 51, "Query", "SELECT 1"))
        );
        assert_eq!(
            read("2016-06-07T19:07:02.558713Z    4 Query\tSET x"),
            Some((true, 4, "Query", "SET x"))
        );
        assert_eq!(
            read("2018-09-07T18:45:40.101009+08:00\t257426 Quit\t"),
            Some((true, 257426, "Quit", ""))
        );
        assert_eq!(read("   WHERE col = 12345"), None);
        assert_eq!(read("SELECT 1"), None);
    }
}
