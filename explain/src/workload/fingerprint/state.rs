//! What a [`Normalizer`](super::Normalizer) remembers of the tokens it has written.

use super::words::WordClass;

/// What was written last, as far as it decides what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    Start,
    Word(WordClass),
    Quoted,
    Value,
    Ellipsis,
    Open,
    Close,
    CloseBracket,
    Comma,
    Dot,
    Cast,
    Operator,
    Semicolon,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// Any other parentheses.
    Plain,
    /// The members of IN.
    Members,
    /// `= ANY (` or `<> ALL (`: the operator begins at `from` in the buffer.
    Quantified { from: usize, negated: bool },
    /// A row of VALUES.
    Row,
    /// The elements of ARRAY.
    Elements,
}

/// An open parenthesis or bracket. The first frame is the statement itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) list: List,
    /// Where the buffer ended after the opening character.
    pub(super) inside: usize,
    /// No column, no subquery so far.
    pub(super) constant: bool,
    /// Where the buffer ended after a row of VALUES in this frame that was reduced.
    pub(super) rows_end: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    pub(super) last: Last,
    /// What came before `last`.
    pub(super) before: Last,
    /// A word that is a column unless `(` or a value follows.
    pub(super) pending_column: bool,
    /// Between `::` or AS and the next comma, parenthesis or operator: words are types.
    pub(super) in_type: bool,
    /// A semicolon came; it is written when something follows.
    pub(super) semicolon: bool,
    pub(super) run: Run,
    pub(super) sign: Option<Sign>,
    /// Where the last operator began.
    pub(super) operator_at: usize,
    pub(super) operator: Quantifiable,
}

/// Signs before an operand: cut away when it turns out to be a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sign {
    pub(super) at: usize,
    pub(super) last: Last,
    pub(super) before: Last,
}

/// Values separated by commas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    None,
    /// The buffer ends with a value that begins here.
    Value(usize),
    /// … and a comma came after it.
    Comma(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantifiable {
    No,
    Equal,
    Unequal,
}

impl State {
    pub(super) const START: Self = Self {
        last: Last::Start,
        before: Last::Start,
        pending_column: false,
        in_type: false,
        semicolon: false,
        run: Run::None,
        sign: None,
        operator_at: 0,
        operator: Quantifiable::No,
    };
}

impl Frame {
    pub(super) fn new(list: List, inside: usize) -> Self {
        Self { list, inside, constant: true, rows_end: None }
    }
}
