//! The keys of a statement.

use crate::tui::keymap::{KeyTable, row};
use crate::tui::message::Action as A;

/// On a statement.
pub static STATEMENT: KeyTable = KeyTable {
    title: "On the statement",
    rows: &[
        row(&["enter"], A::Open, "open", "the plan, the finding's node or the comparison", "open"),
        row(&["f"], A::NextFinding, "finding-next", "to the next finding", "finding"),
        row(&["F"], A::PreviousFinding, "finding-previous", "to the previous finding", ""),
        row(&["t"], A::NextPlan, "plan-next", "to the next plan", ""),
        row(&["T"], A::PreviousPlan, "plan-previous", "to the previous plan", ""),
        row(&["c"], A::Compare, "compare", "its plan before and now, side by side", "compare"),
        row(&["tab", "shift-tab"], A::SwitchPane, "switch-pane", "to the text, and back", ""),
        row(&["l", "right"], A::Right, "right", "open, or to the text", ""),
        row(&["h", "left"], A::Left, "left", "back to where you came from", ""),
        row(&["e"], A::Export, "export", "write statement and plans to a file", "export"),
        row(&["y"], A::Copy, "copy", "copy the statement", "copy"),
        row(&["Y"], A::CopyRemedy, "copy-remedy", "copy the SQL that mends it", ""),
    ],
};
