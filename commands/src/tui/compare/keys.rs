//! The keys of the comparison.

use crate::tui::keymap::{KeyTable, row};
use crate::tui::message::Action as A;

/// In a comparison.
pub static COMPARE: KeyTable = KeyTable {
    title: "In the comparison",
    rows: &[
        row(&["f", "]"], A::NextChange, "change-next", "to the next change", "change"),
        row(&["F", "["], A::PreviousChange, "change-previous", "to the previous change", ""),
        row(
            &["tab"],
            A::NextSide,
            "side-next",
            "both plans, the one before, the one after",
            "side",
        ),
        row(&["b"], A::Before, "before", "the plan before alone", ""),
        row(&["a"], A::After, "after", "the plan after alone", ""),
        row(&["B"], A::Both, "both", "both plans", ""),
        row(
            &["enter"],
            A::Open,
            "open",
            "the node in its own plan, with all that is known",
            "node",
        ),
        row(&["space", "o"], A::Fold, "fold", "fold or unfold what lies below", "fold"),
        row(&["h", "left"], A::Left, "left", "fold, or go up to where it begins", ""),
        row(&["l", "right"], A::Right, "right", "unfold, or go down", ""),
        row(&["-"], A::FoldAll, "fold-all", "fold all that did not change", ""),
        row(&["+", "="], A::UnfoldAll, "unfold-all", "unfold everything", ""),
        row(&["m"], A::NextMetric, "metric-next", "figures of the next metric", "metric"),
        row(&["M"], A::PreviousMetric, "metric-previous", "figures of the previous metric", ""),
        row(&["i"], A::Inclusive, "inclusive", "figures with or without the inputs", ""),
        row(&["/"], A::Search, "search", "find text in both plans", ""),
        row(&["n"], A::NextMatch, "match-next", "to the next match", ""),
        row(&["N"], A::PreviousMatch, "match-previous", "to the previous match", ""),
        row(&["d"], A::Detail, "detail", "hide or show what is known of the change", ""),
        row(&["e"], A::Export, "export", "write the comparison to a file", "export"),
        row(&["y"], A::Copy, "copy", "copy the comparison as text", ""),
    ],
};
