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

/// Most statements that a thread keeps one by one; beyond it the lighter ones are summed up.
const MOST_CLASSES: usize = 50_000;

/// Most bytes that all threads keep of statements; beyond it the lighter ones are summed up.
const MOST_BYTES: usize = 22 << 20;

/// Fewest bytes that a thread may keep, however many there are.
const FEWEST_BYTES: usize = 8 << 20;

/// What a statement takes besides its texts and figures: its places in the tables.
const CLASS_BYTES: usize = size_of::<Class>() + 32;

/// Longest text kept of one statement, by how many statements there are already.
const ROOM: [(usize, usize); 3] = [(100, 128 << 10), (1000, 16 << 10), (usize::MAX, 4 << 10)];

/// Slots of the cache of texts that were fingerprinted; a power of two.
const CACHE_SLOTS: usize = 1 << 12;

/// Texts between two looks at how often the cache knew one. When that is less than one in sixteen, as
/// where literals are written into statements, it is left alone for many such rounds.
const CACHE_ROUND: u32 = 4096;
const CACHE_REST: u32 = 15 * CACHE_ROUND;

/// Most bytes of a statement that its fingerprint looks at.
const FINGERPRINT_MAX_BYTES: usize = 16 << 20;

/// How many bytes of a reject are shown.
const SAMPLE_BYTES: usize = 160;

/// What planscope writes into each statement of its own.
const OWN_MARK: &[u8] = b"/* planscope";

/// A text, or a shape of texts, that was fingerprinted: its hash and length stand for it.
#[derive(Clone, Copy)]
struct Cached {
    hash: u64,
    length: usize,
    fingerprint: u64,
    own: bool,
    /// The database in which it ran last, and its class there.
    home: u32,
    class: u32,
}

impl Cached {
    /// No class.
    const NONE: u32 = u32::MAX;
    /// The length of a shape, which is a hash already; no text is so long.
    const SHAPE: usize = usize::MAX;
    const EMPTY: Self =
        Self { hash: 0, length: 0, fingerprint: 0, own: false, home: 0, class: Self::NONE };
}

/// Statements, each with its database.
type Classes = Vec<(Box<Class>, Option<String>)>;

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
    /// Texts that were looked up in this round, those that were known, and those to come for which
    /// the cache is left alone.
    asked: u32,
    hits: u32,
    resting: u32,
    places: FxHashMap<(u64, u32), u32>,
    #[expect(
        clippy::vec_box,
        reason = "half a kilobyte each: in boxes they move and grow for nothing"
    )]
    classes: Vec<Box<Class>>,
    /// The database of each class.
    homes: Vec<u32>,
    databases: Vec<Vec<u8>>,
    /// Their numbers.
    numbers: FxHashMap<Vec<u8>, u32>,
    last_database: u32,
    /// Bytes that the classes take, and the most that they may.
    held: usize,
    most_bytes: usize,
    own_mark: memmem::Finder<'static>,
    /// The statement of a shape, when it is written.
    text: Vec<u8>,
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
            cache: vec![Cached::EMPTY; CACHE_SLOTS],
            asked: 0,
            hits: 0,
            resting: 0,
            places: FxHashMap::default(),
            classes: Vec::new(),
            homes: Vec::new(),
            databases: vec![Vec::new()],
            numbers: FxHashMap::from_iter([(Vec::new(), 0)]),
            last_database: 0,
            held: 0,
            most_bytes: (MOST_BYTES / threads.max(1)).max(FEWEST_BYTES),
            own_mark: memmem::Finder::new(OWN_MARK),
            text: Vec::new(),
            facts: Facts::default(),
            rejects: Rejects::default(),
            rejected: keep_rejects.then(Vec::new),
        }
    }

    /// Adds an execution.
    pub fn event(&mut self, event: &Event<'_>) {
        if self.is_kept(event) {
            let place = self.place(event.statement, None, event.session.database);
            self.execution(event, place);
        }
    }

    /// Adds an execution whose fingerprint is the same for all statements with that `shape`. Its
    /// statement is written only where it is needed: for a shape that is new here, and as an example.
    pub fn shaped(&mut self, event: &Event<'_>, shape: u64, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.is_kept(event) {
            return;
        }
        let known = self.known(shape, event.session.database);
        if let Some(place) = known.filter(|place| !self.classes[*place].wants_text(event)) {
            return self.execution(event, Place::Class(place));
        }
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        write(&mut text);
        let event = Event { statement: &text, ..*event };
        let place = self.place(&text, Some(shape), event.session.database);
        self.execution(&event, place);
        self.text = text;
    }

    fn is_kept(&mut self, event: &Event<'_>) -> bool {
        let is_kept = self.filter.keeps(event.time, &event.session);
        if !is_kept {
            self.facts.left_out(event.time);
        }
        is_kept
    }

    fn execution(&mut self, event: &Event<'_>, place: Place) {
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
                self.change(place, |class| class.add(event, room));
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
            self.change(place, |class| class.add_error(statement, time, room));
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
            self.change(place, |class| {
                class.add_cost(temp_bytes, lock_ns);
                class.keep_text(statement, time, room);
            });
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
    fn place(&mut self, statement: &[u8], shape: Option<u64>, database: &[u8]) -> Place {
        if self.resting > 0 && shape.is_none() {
            self.resting -= 1;
            let own = self.own_mark.find(statement).is_some();
            let fingerprint = if own { 0 } else { self.fingerprint(statement) };
            return self.placed(fingerprint, own, database);
        }
        let hash = shape.unwrap_or_else(|| xxh3_64(statement));
        let length = shape.map_or(statement.len(), |_| Cached::SHAPE);
        let slot = hash as usize & (CACHE_SLOTS - 1);
        let cached = self.cache[slot];
        let known = cached.hash == hash && cached.length == length && length > 0;
        self.count_hit(known);
        if known && cached.class != Cached::NONE && self.is_database(cached.home, database) {
            return Place::Class(cached.class as usize);
        }
        let Cached { fingerprint, own, .. } = if known {
            cached
        } else {
            let own = self.own_mark.find(statement).is_some();
            let fingerprint = self.fingerprint(statement);
            self.cache[slot] = Cached { hash, length, fingerprint, own, ..Cached::EMPTY };
            self.cache[slot]
        };
        let place = self.placed(fingerprint, own, database);
        if let Place::Class(class) = place {
            (self.cache[slot].home, self.cache[slot].class) = (self.last_database, class as u32);
        }
        place
    }

    /// The class of a shape in a database, where it is at hand.
    #[inline]
    fn known(&self, shape: u64, database: &[u8]) -> Option<usize> {
        let cached = &self.cache[shape as usize & (CACHE_SLOTS - 1)];
        let known = cached.hash == shape && cached.length == Cached::SHAPE;
        (known && cached.class != Cached::NONE && self.is_database(cached.home, database))
            .then_some(cached.class as usize)
    }

    /// The class of a fingerprint.
    fn placed(&mut self, fingerprint: u64, own: bool, database: &[u8]) -> Place {
        if own {
            return Place::Own;
        }
        if fingerprint == self.nothing {
            return Place::Empty;
        }
        let home = self.database(database);
        let known = self.places.get(&(fingerprint, home)).map(|place| *place as usize);
        Place::Class(known.unwrap_or_else(|| self.new_class(fingerprint, database)))
    }

    fn count_hit(&mut self, known: bool) {
        self.asked += 1;
        self.hits += u32::from(known);
        if self.asked == CACHE_ROUND {
            self.resting = if self.hits < CACHE_ROUND / 16 { CACHE_REST } else { 0 };
            (self.asked, self.hits) = (0, 0);
        }
    }

    /// Whether the database of that number has that name.
    #[inline]
    fn is_database(&self, number: u32, name: &[u8]) -> bool {
        self.databases.get(number as usize).is_some_and(|known| known == name)
    }

    /// Changes a class and counts the bytes that it takes more, or less, since.
    #[inline]
    fn change(&mut self, place: usize, how: impl FnOnce(&mut Class)) {
        let class = &mut self.classes[place];
        let before = class.heap_bytes();
        how(class);
        self.held = (self.held + class.heap_bytes()).saturating_sub(before);
        if self.held > self.most_bytes {
            self.summarise();
        }
    }

    /// How much text may be kept of a statement.
    fn room(&self) -> usize {
        let count = self.classes.len();
        ROOM.iter().find(|(most, _)| count <= *most).map_or(0, |(_, room)| *room)
    }

    fn new_class(&mut self, fingerprint: u64, database: &[u8]) -> usize {
        if self.classes.len() >= MOST_CLASSES && self.most_bytes < usize::MAX {
            self.summarise();
        }
        // Databases may have other numbers now.
        let home = self.database(database);
        self.held += CLASS_BYTES;
        let place = self.classes.len();
        self.places.insert((fingerprint, home), place as u32);
        self.classes.push(Box::new(Class::new(Fingerprint(fingerprint))));
        self.homes.push(home);
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
            // Names that are no UTF-8 are one where they are shown as one.
            let name = String::from_utf8_lossy(name);
            let name = name.as_bytes();
            let known = self.numbers.get(name).copied();
            self.last_database = known.unwrap_or_else(|| {
                let number = self.databases.len() as u32;
                self.databases.push(name.to_owned());
                self.numbers.insert(name.to_owned(), number);
                number
            });
        }
        self.last_database
    }

    /// Keeps the heaviest statements, in half of the room; the others stay in the totals only.
    fn summarise(&mut self) {
        // The keys beside each other: a class is looked at once, not once a comparison.
        let homes_of = self.classes.iter().zip(&self.homes).enumerate();
        let mut order: Vec<_> = homes_of
            .map(|(place, (class, home))| {
                (std::cmp::Reverse(class.total_ns), class.fingerprint, *home, place)
            })
            .collect();
        order.sort_unstable();
        self.held = 0;
        let mut kept = Vec::new();
        let mut homes = Vec::new();
        self.cache.fill(Cached::EMPTY);
        let all = std::mem::take(&mut self.classes);
        let mut all: Vec<Option<Box<Class>>> = all.into_iter().map(Some).collect();
        for (.., place) in order {
            let Some(class) = all[place].take() else { continue };
            let bytes = CLASS_BYTES + class.heap_bytes();
            if kept.len() >= MOST_CLASSES / 2 || self.held + bytes > self.most_bytes / 2 {
                self.facts.summarised.0 += class.events;
                self.facts.summarised.1 += class.total_ns;
                continue;
            }
            self.held += bytes;
            homes.push(self.homes[place]);
            kept.push(class);
        }
        (self.classes, self.homes) = (kept, homes);
        self.forget_databases();
    }

    /// Keeps the names of the databases that a statement is from.
    fn forget_databases(&mut self) {
        let mut numbers: FxHashMap<u32, u32> = FxHashMap::default();
        let mut names = vec![Vec::new()];
        self.places.clear();
        for (place, home) in self.homes.iter_mut().enumerate() {
            let number = *numbers.entry(*home).or_insert_with(|| {
                if *home == 0 {
                    return 0;
                }
                names.push(std::mem::take(&mut self.databases[*home as usize]));
                names.len() as u32 - 1
            });
            *home = number;
            self.places.insert((self.classes[place].fingerprint.0, number), place as u32);
        }
        self.numbers = (0..).zip(&names).map(|(number, name)| (name.clone(), number)).collect();
        (self.databases, self.last_database) = (names, 0);
    }

    /// Adds everything that another thread has found.
    pub(super) fn merge(&mut self, mut other: Self) {
        let rejected = other.take_rejected();
        if let Some(mine) = &mut self.rejected {
            mine.extend(rejected);
        }
        // All threads together keep no more than each was allowed.
        self.most_bytes = usize::MAX;
        for (class, home) in other.classes.into_iter().zip(other.homes) {
            let name = other.databases.get(home as usize).map(Vec::as_slice).unwrap_or_default();
            let home = self.database(name);
            let known = self.places.get(&(class.fingerprint.0, home)).map(|place| *place as usize);
            let place = known.unwrap_or_else(|| self.new_class(class.fingerprint.0, name));
            self.classes[place].merge(*class);
        }
        self.facts.merge(other.facts);
        merge_rejects(&mut self.rejects, other.rejects);
    }

    /// The statements, heaviest first, each with its database.
    pub(super) fn into_classes(self) -> (Classes, Facts, Rejects) {
        let name = |home: &u32| {
            let name = String::from_utf8_lossy(&self.databases[*home as usize]);
            (!name.is_empty()).then(|| Cow::into_owned(name))
        };
        let databases: Vec<Option<String>> = self.homes.iter().map(name).collect();
        let mut all: Vec<_> = self.classes.into_iter().zip(databases).collect();
        all.sort_unstable_by(|(a, home_a), (b, home_b)| {
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
