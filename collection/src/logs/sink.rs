//! Where readers put what they find: statements by fingerprint and database, facts, rejects.

use super::class::Class;
use super::event::{Event, Filter, Session};
use super::facts::{Facts, Reason, Rejects, count_name, merge_rejects};
use super::time::Micros;
use memchr::memmem;
use planscope_explain::Engine;
use planscope_explain::workload::Fingerprint;
use planscope_explain::workload::fingerprint::{Normalizer, fingerprint};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64;

/// Most statements kept one by one by all threads; beyond it the lighter half is summed up.
const MOST_CLASSES: usize = 50_000;

/// Fewest statements that a thread keeps.
const FEWEST_CLASSES: usize = 10_000;

/// Longest text kept of one statement, by how many statements there are already: whatever the log,
/// texts stay below some 200 MB.
const ROOM: [(usize, usize); 3] = [(500, 128 << 10), (5000, 16 << 10), (usize::MAX, 4 << 10)];

/// Slots of the cache of texts that were fingerprinted; a power of two.
const CACHE_SLOTS: usize = 1 << 12;

/// Most bytes of a statement that its fingerprint looks at.
const FINGERPRINT_MAX_BYTES: usize = 16 << 20;

/// How many bytes of a reject are shown.
const SAMPLE_BYTES: usize = 160;

/// What planscope writes into each statement of its own.
const OWN_MARK: &[u8] = b"/* planscope";

/// A text that was fingerprinted: its hash and length stand for it.
#[derive(Clone, Copy, Default)]
struct Cached {
    hash: u64,
    length: usize,
    fingerprint: u64,
    own: bool,
}

/// Where a statement goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// To this class.
    Class(usize),
    /// It is planscope's own.
    Own,
    /// It says nothing: blanks, comments, a semicolon. Drivers ask so whether a server is there.
    Empty,
}

/// Collects what one thread reads.
pub struct Sink<'o> {
    engine: Engine,
    filter: &'o Filter,
    normalizer: Normalizer,
    /// The fingerprint of a statement that says nothing.
    nothing: u64,
    cache: Vec<Cached>,
    places: FxHashMap<(u64, u32), u32>,
    classes: Vec<Class>,
    /// The database of each class.
    homes: Vec<u32>,
    databases: Vec<Vec<u8>>,
    last_database: u32,
    most: usize,
    own_mark: memmem::Finder<'static>,
    /// What is no execution.
    pub(super) facts: Facts,
    /// What could not be read.
    pub(super) rejects: Rejects,
    /// The rejected pieces themselves, one a line, when they were asked for.
    rejected: Option<Vec<u8>>,
}

impl<'o> Sink<'o> {
    /// An empty sink for statements of `engine`, one of `threads`.
    pub fn new(engine: Engine, filter: &'o Filter, keep_rejects: bool, threads: usize) -> Self {
        Self {
            engine,
            filter,
            normalizer: Normalizer::new(engine),
            nothing: fingerprint("", engine).0,
            cache: vec![Cached::default(); CACHE_SLOTS],
            places: FxHashMap::default(),
            classes: Vec::new(),
            homes: Vec::new(),
            databases: vec![Vec::new()],
            last_database: 0,
            most: (MOST_CLASSES / threads.max(1)).max(FEWEST_CLASSES),
            own_mark: memmem::Finder::new(OWN_MARK),
            facts: Facts::default(),
            rejects: Rejects::default(),
            rejected: keep_rejects.then(Vec::new),
        }
    }

    /// Adds an execution.
    pub fn event(&mut self, event: &Event<'_>) {
        self.execution(event, None);
    }

    /// Adds an execution whose fingerprint is the same for all statements with that `shape`.
    pub fn shaped(&mut self, event: &Event<'_>, shape: &[u8]) {
        self.execution(event, Some(shape));
    }

    fn execution(&mut self, event: &Event<'_>, shape: Option<&[u8]>) {
        if !self.filter.keeps(event.time, &event.session) {
            self.facts.left_out(event.time);
            return;
        }
        let place = self.place(event.statement, shape, event.session.database);
        if place == Place::Own {
            self.facts.own += 1;
            return;
        }
        self.facts.events += 1;
        self.facts.total_ns += u128::from(event.duration_ns.unwrap_or(0));
        self.facts.weighed += u64::from(event.weight > 1);
        if let Some(time) = event.time {
            self.facts.worked(time, event.duration_ns.unwrap_or(0), event.weight);
        }
        match place {
            Place::Class(place) => {
                let room = self.room();
                self.classes[place].add(event, room);
            }
            _ => self.facts.empty += 1,
        }
    }

    /// Counts an error and the statement that failed, where it is known.
    pub fn error(
        &mut self,
        message: &str,
        statement: &[u8],
        time: Option<Micros>,
        who: &Session<'_>,
    ) {
        if !self.filter.keeps(time, who) {
            return;
        }
        count_name(&mut self.facts.errors, message, 1);
        if let Some(time) = time {
            self.facts.saw(time);
        }
        if !statement.is_empty()
            && let Place::Class(place) = self.place(statement, None, who.database)
        {
            let room = self.room();
            self.classes[place].add_error(statement, time, room);
        }
    }

    /// Adds a temporary file or a lock wait to the statement that caused it.
    pub fn cost(
        &mut self,
        statement: &[u8],
        time: Option<Micros>,
        who: &Session<'_>,
        (temp_bytes, lock_ns): (Option<u64>, Option<u64>),
    ) {
        if !statement.is_empty()
            && self.filter.keeps(time, who)
            && let Place::Class(place) = self.place(statement, None, who.database)
        {
            let room = self.room();
            let class = &mut self.classes[place];
            class.add_cost(temp_bytes, lock_ns);
            class.keep_text(statement, time, room);
        }
    }

    /// Whether the filters keep something that happened then, in that session.
    pub fn keeps(&self, time: Option<Micros>, who: &Session<'_>) -> bool {
        self.filter.keeps(time, who)
    }

    /// Counts a piece that was not read.
    pub fn reject(&mut self, reason: Reason, piece: &[u8]) {
        let known = self.rejects.entry(reason).or_default();
        known.count += 1;
        known.bytes += piece.len() as u64;
        if known.sample.is_empty() {
            let shown = piece.get(..SAMPLE_BYTES).unwrap_or(piece);
            known.sample = String::from_utf8_lossy(shown).trim_end().to_owned();
        }
        if let Some(rejected) = &mut self.rejected {
            rejected.extend_from_slice(piece.strip_suffix(b"\n").unwrap_or(piece));
            rejected.push(b'\n');
        }
    }

    /// Takes the rejected pieces that have gathered.
    pub(super) fn take_rejected(&mut self) -> Vec<u8> {
        self.rejected.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The class of a statement.
    fn place(&mut self, statement: &[u8], shape: Option<&[u8]>, database: &[u8]) -> Place {
        let key = shape.unwrap_or(statement);
        let hash = xxh3_64(key);
        let slot = hash as usize & (CACHE_SLOTS - 1);
        let cached = self.cache[slot];
        let known = cached.hash == hash && cached.length == key.len() && !key.is_empty();
        let Cached { fingerprint, own, .. } = if known {
            cached
        } else {
            let own = self.own_mark.find(statement).is_some();
            let fingerprint = self.fingerprint(statement);
            self.cache[slot] = Cached { hash, length: key.len(), fingerprint, own };
            self.cache[slot]
        };
        if own {
            return Place::Own;
        }
        if fingerprint == self.nothing {
            return Place::Empty;
        }
        let database = self.database(database);
        if let Some(place) = self.places.get(&(fingerprint, database)) {
            return Place::Class(*place as usize);
        }
        Place::Class(self.new_class(fingerprint, database))
    }

    /// How much text may be kept of a statement.
    fn room(&self) -> usize {
        let count = self.classes.len();
        ROOM.iter().find(|(most, _)| count <= *most).map_or(0, |(_, room)| *room)
    }

    fn new_class(&mut self, fingerprint: u64, database: u32) -> usize {
        if self.classes.len() >= self.most {
            self.summarise();
        }
        let place = self.classes.len();
        self.places.insert((fingerprint, database), place as u32);
        self.classes.push(Class::new(Fingerprint(fingerprint)));
        self.homes.push(database);
        place
    }

    fn fingerprint(&mut self, statement: &[u8]) -> u64 {
        let text = statement.get(..FINGERPRINT_MAX_BYTES).unwrap_or(statement);
        // Checking is much quicker than mending, and most texts are good.
        let text =
            std::str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text), Cow::Borrowed);
        if self.engine == Engine::Mongodb {
            return fingerprint(&text, self.engine).0;
        }
        self.normalizer.fingerprint(&text).0
    }

    /// The number of a database; the last one is asked first.
    fn database(&mut self, name: &[u8]) -> u32 {
        if self.databases[self.last_database as usize] != name {
            let known = self.databases.iter().position(|known| known == name);
            self.last_database = known.unwrap_or_else(|| {
                self.databases.push(name.to_owned());
                self.databases.len() - 1
            }) as u32;
        }
        self.last_database
    }

    /// Keeps the heavier half of the statements; the others stay in the totals only.
    fn summarise(&mut self) {
        let mut order: Vec<usize> = (0..self.classes.len()).collect();
        order.sort_by_key(|place| {
            let class = &self.classes[*place];
            (std::cmp::Reverse(class.total_ns), class.fingerprint)
        });
        order.truncate(self.most / 2);
        let mut kept = Vec::with_capacity(self.most);
        let mut homes = Vec::with_capacity(self.most);
        self.places.clear();
        for place in order {
            let class = std::mem::take(&mut self.classes[place]);
            self.places.insert((class.fingerprint.0, self.homes[place]), kept.len() as u32);
            homes.push(self.homes[place]);
            kept.push(class);
        }
        for class in &self.classes {
            self.facts.summarised.0 += class.events;
            self.facts.summarised.1 += class.total_ns;
        }
        (self.classes, self.homes) = (kept, homes);
    }

    /// Adds everything that another thread has found.
    pub(super) fn merge(&mut self, mut other: Self) {
        let rejected = other.take_rejected();
        if let Some(mine) = &mut self.rejected {
            mine.extend(rejected);
        }
        // All threads together keep no more than each was allowed.
        self.most = usize::MAX;
        for (class, home) in other.classes.into_iter().zip(other.homes) {
            let database = self.database(&other.databases[home as usize]);
            let known = self.places.get(&(class.fingerprint.0, database)).map(|p| *p as usize);
            let place = known.unwrap_or_else(|| self.new_class(class.fingerprint.0, database));
            self.classes[place].merge(class);
        }
        self.facts.merge(other.facts);
        merge_rejects(&mut self.rejects, other.rejects);
    }

    /// The statements, heaviest first, each with its database.
    pub(super) fn into_classes(self) -> (Vec<(Class, Option<String>)>, Facts, Rejects) {
        let name = |home: &u32| {
            let name = String::from_utf8_lossy(&self.databases[*home as usize]);
            (!name.is_empty()).then(|| Cow::into_owned(name))
        };
        let databases: Vec<Option<String>> = self.homes.iter().map(name).collect();
        let mut all: Vec<_> = self.classes.into_iter().zip(databases).collect();
        all.sort_by(|(a, home_a), (b, home_b)| {
            (b.total_ns, b.events, a.fingerprint, home_a).cmp(&(
                a.total_ns,
                a.events,
                b.fingerprint,
                home_b,
            ))
        });
        (all, self.facts, self.rejects)
    }
}
