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

/// A table of words by their first eight bytes as one number, as [`bytes::load`] gives it; a place
/// without a word has 0. The number times the multiplier says the place.
struct Table<const SLOTS: usize> {
    multiplier: u64,
    heads: [u64; SLOTS],
    /// Places in [`WORDS`].
    words: [u8; SLOTS],
}

/// Words of up to eight bytes, each in its own place: one look says all. A power of two.
static SHORT: Table<512> = short();

/// Longer words. Some begin alike: a word whose place is taken stands in the next that is free.
static LONG: Table<64> = long();

/// Where the search for a multiplier begins: the golden ratio, as good as any.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

const fn head(word: &[u8]) -> u64 {
    let mut number = 0;
    let mut at = 0;
    while at < 8 && at < word.len() {
        number |= (word[at] as u64) << (8 * at);
        at += 1;
    }
    number
}

impl<const SLOTS: usize> Table<SLOTS> {
    const EMPTY: Self = Self { multiplier: MULTIPLIER, heads: [0; SLOTS], words: [0; SLOTS] };

    #[inline(always)]
    const fn slot(&self, head: u64) -> usize {
        // The highest bits, which depend on all.
        (head.wrapping_mul(self.multiplier) >> (64 - SLOTS.trailing_zeros())) as usize
    }
}

const fn short() -> Table<512> {
    let mut table = Table::EMPTY;
    let mut at = 0;
    while at < WORDS.len() {
        let word = WORDS[at].0.as_bytes();
        let slot = table.slot(head(word));
        if word.len() > 8 {
            at += 1;
        } else if table.heads[slot] == 0 {
            (table.heads[slot], table.words[slot]) = (head(word), at as u8);
            at += 1;
        } else {
            // The place is taken: all words again with another multiplier.
            let multiplier = table.multiplier.wrapping_mul(MULTIPLIER);
            table = Table { multiplier, ..Table::EMPTY };
            at = 0;
        }
    }
    table
}

const fn long() -> Table<64> {
    let mut table = Table::EMPTY;
    let mut at = 0;
    while at < WORDS.len() {
        let word = WORDS[at].0.as_bytes();
        if word.len() > 8 {
            let mut slot = table.slot(head(word));
            while table.heads[slot] != 0 {
                slot = (slot + 1) % 64;
            }
            (table.heads[slot], table.words[slot]) = (head(word), at as u8);
        }
        at += 1;
    }
    table
}

impl WordClass {
    /// The class of a word in lower case.
    pub(in crate::workload) fn of(word: &[u8]) -> Self {
        if word.is_empty() {
            return Self::Plain;
        }
        Self::of_any(word, 0, word.len(), bytes::load(word, 0))
    }

    /// The class of the word from `start` to `end` of a text, in any case; there must be one. `head`
    /// is the eight bytes from `start` on.
    #[inline(always)]
    pub(in crate::workload) fn of_any(text: &[u8], start: usize, end: usize, head: u64) -> Self {
        let head = bytes::lower(head);
        if end - start <= 8 {
            return Self::of_short(bytes::lowest(head, end - start));
        }
        Self::of_long(head, text.get(start..end).unwrap_or_default())
    }

    /// The class of a word in lower case of at most eight bytes, as one number.
    #[inline(always)]
    pub(in crate::workload) fn of_short(word: u64) -> Self {
        let slot = SHORT.slot(word);
        if SHORT.heads[slot] != word {
            return Self::Plain;
        }
        WORDS[SHORT.words[slot] as usize].1
    }

    /// The class of a longer word whose first eight bytes are `head` in lower case.
    #[inline(always)]
    pub(in crate::workload) fn of_long(head: u64, word: &[u8]) -> Self {
        let mut slot = LONG.slot(head);
        while LONG.heads[slot] != 0 {
            let (name, class) = WORDS[LONG.words[slot] as usize];
            if LONG.heads[slot] == head && name.as_bytes().eq_ignore_ascii_case(word) {
                return class;
            }
            slot = (slot + 1) % 64;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_class_in_any_case() {
        for (word, class) in WORDS {
            assert_eq!(WordClass::of(word.as_bytes()), *class, "{word}");
            let mut text = word.to_ascii_uppercase();
            let length = text.len();
            text.push_str(" and more");
            let head = bytes::load(text.as_bytes(), 0);
            let found = WordClass::of_any(text.as_bytes(), 0, length, head);
            assert_eq!(found, *class, "{word}");
            for other in [format!("{word}q"), format!("q{word}"), word[..1].to_owned()] {
                assert_eq!(WordClass::of(other.as_bytes()), WordClass::Plain, "{other}");
            }
        }
        assert_eq!(WordClass::of(b""), WordClass::Plain);
    }
}
