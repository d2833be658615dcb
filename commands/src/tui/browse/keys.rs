//! The keys of the lists of statements, findings and advice.

use crate::tui::keymap::{KeyTable, row};
use crate::tui::message::Action as A;

/// In every list.
pub static LISTS: KeyTable = KeyTable {
    title: "Lists",
    rows: &[
        row(
            &["enter", "l", "right"],
            A::Open,
            "open",
            "the statement; of advice its details",
            "open",
        ),
        row(&["tab"], A::SwitchPane, "switch-pane", "to the details below, and back", ""),
        row(&["d"], A::Detail, "detail", "hide or show the details below", ""),
        row(&["S"], A::Statements, "statements", "the list of statements", ""),
        row(&["f"], A::Findings, "findings", "the list of findings", "findings"),
        row(&["a"], A::Advice, "advice", "indexes that would pay, with their proof", "advice"),
        row(&["]", ">"], A::NextList, "list-next", "the next list", ""),
        row(&["[", "<", "shift-tab"], A::PreviousList, "list-previous", "the previous list", ""),
        row(&["/"], A::Filter, "filter", "only what holds these words; empty: all", "filter"),
        row(&["e"], A::Export, "export", "write what is listed to a file", "export"),
        row(&["y"], A::Copy, "copy", "copy the statement, finding or advice", ""),
        row(&["Y"], A::CopyRemedy, "copy-remedy", "copy the SQL that mends it", ""),
    ],
};

/// In the list of statements.
pub static STATEMENTS: KeyTable = KeyTable {
    title: "Statements",
    rows: &[
        row(&["s"], A::NextSort, "sort-next", "sort by the next column", "sort"),
        row(&["ctrl-s"], A::PreviousSort, "sort-previous", "sort by the previous column", ""),
        row(&["r"], A::Reverse, "reverse", "the smallest or the largest first", ""),
        row(&["1"], A::SortBy(0), "sort-total", "sort by the time of all calls", ""),
        row(&["2"], A::SortBy(1), "sort-calls", "sort by calls", ""),
        row(&["3"], A::SortBy(2), "sort-mean", "sort by the time of a call", ""),
        row(&["4"], A::SortBy(3), "sort-reads", "sort by blocks read or rows looked at", ""),
        row(&["5"], A::SortBy(4), "sort-rows", "sort by rows returned", ""),
        row(&["6"], A::SortBy(5), "sort-findings", "sort by what the findings could save", ""),
        row(&["7"], A::SortBy(6), "sort-change", "sort by what changed, the worst first", ""),
        row(&["!"], A::OnlyFindings, "only-findings", "only statements with findings", ""),
        row(
            &["*"],
            A::OnlyChanged,
            "only-changed",
            "only new ones, and those with another plan",
            "",
        ),
        row(&["c"], A::Compare, "compare", "its plan before and now, side by side", "compare"),
    ],
};

/// While a database is watched.
pub static LIVE: KeyTable = KeyTable {
    title: "Live",
    rows: &[
        row(&["p", "space"], A::Pause, "pause", "hold still, or go on", "pause"),
        row(&["R"], A::RefreshNow, "refresh-now", "collect now", ""),
        row(
            &["w"],
            A::Reckoning,
            "reckoning",
            "figures of all the time, since the start, or of the last round",
            "since",
        ),
    ],
};
