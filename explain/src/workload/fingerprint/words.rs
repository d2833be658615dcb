//! The words of SQL that matter to a reader who has only tokens.

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

impl WordClass {
    /// The class of a word in lower case.
    pub(in crate::workload) fn of(word: &[u8]) -> Self {
        match word {
            b"select" => Self::Select,
            b"in" => Self::In,
            b"values" | b"value" => Self::Values,
            b"any" | b"some" => Self::Any,
            b"all" => Self::All,
            b"array" => Self::Array,
            b"null" => Self::Null,
            b"true" | b"false" => Self::Bool,
            b"is" => Self::Is,
            b"not" => Self::Not,
            b"set" => Self::Set,
            b"as" | b"at" => Self::As,
            b"asc" => Self::Ascending,
            b"like" | b"ilike" => Self::Like,
            b"glob" => Self::Glob,
            b"regexp" | b"rlike" | b"similar" => Self::Regex,
            b"limit" | b"offset" | b"fetch" | b"first" | b"next" | b"top" => Self::Rows,
            b"savepoint" | b"release" | b"deallocate" => Self::Names,
            b"by" => Self::By,
            b"having" | b"where" | b"union" | b"for" | b"window" | b"except" | b"intersect"
            | b"returning" => Self::EndsKeys,
            b"default" | b"current_date" | b"current_time" | b"current_timestamp"
            | b"localtime" | b"localtimestamp" | b"current_user" | b"session_user" => {
                Self::Constant
            }
            b"and" | b"or" | b"xor" | b"on" | b"when" | b"then" | b"else" | b"case"
            | b"between" | b"distinct" | b"return" | b"div" | b"mod" | b"from" | b"using"
            | b"escape" | b"to" | b"interval" | b"call" => Self::Operand,
            b"join" | b"exists" | b"over" | b"with" | b"lateral" | b"filter" | b"into"
            | b"materialized" | b"references" | b"key" | b"partition" => Self::Keyword,
            _ => Self::Plain,
        }
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
