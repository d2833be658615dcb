//! The words of SQL that matter to a reader who has only tokens.

use crate::workload::bytes;

/// What a word does to the tokens around it. A quoted identifier that reads like one of these keeps
/// its quotes, so that it is never taken for the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::workload) enum WordClass {
    /// A name, or a keyword that changes nothing here.
    Plain,
    /// A keyword after which an operand begins: a sign there belongs to the number.
    Operand,
    /// A keyword that is no function's name although `(` may follow.
    Keyword,
    /// `IN`.
    In,
    /// `VALUES`, `VALUE`.
    Values,
    /// `ANY`, `SOME`.
    Any,
    /// `ALL`.
    All,
    /// `ARRAY`.
    Array,
    /// `SELECT`.
    Select,
    /// `NULL`.
    Null,
    /// `TRUE`, `FALSE`.
    Bool,
    /// `IS`.
    Is,
    /// `NOT`.
    Not,
    /// `SET`.
    Set,
    /// `AS`, `AT`: a type, a name or a time zone follows, no column.
    As,
    /// `ASC`.
    Ascending,
    /// `DEFAULT`, `CURRENT_DATE` and the like: constant while the statement runs.
    Constant,
    /// `LIKE`, `ILIKE`.
    Like,
    /// `GLOB`.
    Glob,
    /// `REGEXP`, `RLIKE`, `SIMILAR`.
    Regex,
    /// `LIMIT`, `OFFSET`, `FETCH`, `FIRST`, `NEXT`, `TOP`: a row count follows.
    Rows,
    /// `SAVEPOINT`, `RELEASE`, `DEALLOCATE`: at the start of a statement a name follows that is made
    /// up by a driver, as good as a literal.
    Names,
    /// `BY`: a list of keys follows.
    By,
    /// Ends the list of keys after `BY`.
    EndsKeys,
}

/// Every word that is more than plain, with its class.
const WORDS: &[(&str, WordClass)] = &[
    ("select", WordClass::Select),
    ("in", WordClass::In),
    ("values", WordClass::Values),
    ("value", WordClass::Values),
    ("any", WordClass::Any),
    ("some", WordClass::Any),
    ("all", WordClass::All),
    ("array", WordClass::Array),
    ("null", WordClass::Null),
    ("true", WordClass::Bool),
    ("false", WordClass::Bool),
    ("is", WordClass::Is),
    ("not", WordClass::Not),
    ("set", WordClass::Set),
    ("as", WordClass::As),
    ("at", WordClass::As),
    ("asc", WordClass::Ascending),
    ("like", WordClass::Like),
    ("ilike", WordClass::Like),
    ("glob", WordClass::Glob),
    ("regexp", WordClass::Regex),
    ("rlike", WordClass::Regex),
    ("similar", WordClass::Regex),
    ("limit", WordClass::Rows),
    ("offset", WordClass::Rows),
    ("fetch", WordClass::Rows),
    ("first", WordClass::Rows),
    ("next", WordClass::Rows),
    ("top", WordClass::Rows),
    ("savepoint", WordClass::Names),
    ("release", WordClass::Names),
    ("deallocate", WordClass::Names),
    ("by", WordClass::By),
    ("having", WordClass::EndsKeys),
    ("where", WordClass::EndsKeys),
    ("union", WordClass::EndsKeys),
    ("for", WordClass::EndsKeys),
    ("window", WordClass::EndsKeys),
    ("except", WordClass::EndsKeys),
    ("intersect", WordClass::EndsKeys),
    ("returning", WordClass::EndsKeys),
    ("default", WordClass::Constant),
    ("current_date", WordClass::Constant),
    ("current_time", WordClass::Constant),
    ("current_timestamp", WordClass::Constant),
    ("localtime", WordClass::Constant),
    ("localtimestamp", WordClass::Constant),
    ("current_user", WordClass::Constant),
    ("session_user", WordClass::Constant),
    ("and", WordClass::Operand),
    ("or", WordClass::Operand),
    ("xor", WordClass::Operand),
    ("on", WordClass::Operand),
    ("when", WordClass::Operand),
    ("then", WordClass::Operand),
    ("else", WordClass::Operand),
    ("case", WordClass::Operand),
    ("between", WordClass::Operand),
    ("distinct", WordClass::Operand),
    ("return", WordClass::Operand),
    ("div", WordClass::Operand),
    ("mod", WordClass::Operand),
    ("from", WordClass::Operand),
    ("using", WordClass::Operand),
    ("escape", WordClass::Operand),
    ("to", WordClass::Operand),
    ("interval", WordClass::Operand),
    ("call", WordClass::Operand),
    ("join", WordClass::Keyword),
    ("exists", WordClass::Keyword),
    ("over", WordClass::Keyword),
    ("with", WordClass::Keyword),
    ("lateral", WordClass::Keyword),
    ("filter", WordClass::Keyword),
    ("into", WordClass::Keyword),
    ("materialized", WordClass::Keyword),
    ("references", WordClass::Keyword),
    ("key", WordClass::Keyword),
    ("partition", WordClass::Keyword),
];

/// Slots for the first eight bytes of the words above; a power of two, more than twice as many.
const SLOTS: usize = 256;

/// The words by their first eight bytes: the number of those bytes, and a place in [`WORDS`]. A word
/// whose place is taken stands in the next that is free.
static TABLE: [(u64, u8); SLOTS] = table();

const fn slot(word: u64) -> usize {
    (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
}

/// The first eight bytes of a word as one number, as [`bytes::load`] gives it.
const fn head(word: &[u8]) -> u64 {
    let mut number = 0;
    let mut at = 0;
    while at < 8 && at < word.len() {
        number |= (word[at] as u64) << (8 * at);
        at += 1;
    }
    number
}

const fn table() -> [(u64, u8); SLOTS] {
    let mut table = [(0, 0); SLOTS];
    let mut at = 0;
    while at < WORDS.len() {
        let word = head(WORDS[at].0.as_bytes());
        let mut place = slot(word);
        while table[place].0 != 0 {
            place = (place + 1) % SLOTS;
        }
        table[place] = (word, at as u8);
        at += 1;
    }
    table
}

impl WordClass {
    /// The class of a word in lower case.
    pub(in crate::workload) fn of(word: &[u8]) -> Self {
        Self::of_any(word, 0, word.len())
    }

    /// The class of a word in lower case of at most eight bytes, as one number.
    #[inline(always)]
    pub(in crate::workload) fn of_short(word: u64) -> Self {
        let mut place = slot(word);
        loop {
            match TABLE[place] {
                (0, _) => return Self::Plain,
                (known, at) if known == word => {
                    let (name, class) = WORDS[at as usize];
                    // Beginnings of longer words stand in the table too.
                    if name.len() <= 8 {
                        return class;
                    }
                }
                _ => {}
            }
            place = (place + 1) % SLOTS;
        }
    }

    /// The class of the word from `start` to `end` of a text, in any case.
    #[inline]
    pub(in crate::workload) fn of_any(text: &[u8], start: usize, end: usize) -> Self {
        let word = bytes::lower(bytes::load(text, start));
        if end - start <= 8 {
            return Self::of_short(bytes::lowest(word, end - start));
        }
        Self::of_long(word, text.get(start..end).unwrap_or_default())
    }

    /// The class of a longer word whose first eight bytes are `head` in lower case.
    #[inline]
    fn of_long(head: u64, word: &[u8]) -> Self {
        let mut place = slot(head);
        while TABLE[place].0 != 0 {
            let (name, class) = WORDS[TABLE[place].1 as usize];
            if TABLE[place].0 == head && name.as_bytes().eq_ignore_ascii_case(word) {
                return class;
            }
            place = (place + 1) % SLOTS;
        }
        Self::Plain
    }

    /// Whether what follows begins an operand, so that `-1` there is one number and `?` a
    /// placeholder.
    pub(in crate::workload) fn expects_operand(self) -> bool {
        !matches!(
            self,
            Self::Plain
                | Self::Keyword
                | Self::Names
                | Self::Null
                | Self::Bool
                | Self::Ascending
                | Self::Constant
                | Self::Array
                | Self::Any
        )
    }

    /// Whether `(` after it opens the arguments of a function (or of an array): no blank there.
    pub(in crate::workload) fn calls(self) -> bool {
        matches!(self, Self::Plain | Self::Any | Self::Array | Self::Names)
    }
}
