//! The keys of the plan view.

use crate::tui::keymap::{KeyTable, row};
use crate::tui::message::Action as A;

/// Moving in a tree.
pub static TREE: KeyTable = KeyTable {
    title: "In the plan",
    rows: &[
        row(&["enter"], A::Open, "open", "details of the node; again: back to the plan", "details"),
        row(&["tab", "shift-tab"], A::SwitchPane, "switch-pane", "to the other pane", ""),
        row(&["space", "o"], A::Fold, "fold", "fold or unfold the node", "fold"),
        row(&["h", "left"], A::Left, "left", "fold, or go to the parent", ""),
        row(&["l", "right"], A::Right, "right", "unfold, or go to the first input", ""),
        row(&["p"], A::Parent, "parent", "to the parent", ""),
        row(&["J", "}"], A::NextSibling, "sibling-next", "to the next sibling", ""),
        row(&["K", "{"], A::PreviousSibling, "sibling-previous", "to the previous sibling", ""),
        row(&["-"], A::FoldAll, "fold-all", "fold everything but the path to the node", ""),
        row(&["+", "="], A::UnfoldAll, "unfold-all", "unfold everything", ""),
    ],
};

/// Where it hurts.
pub static HEAT: KeyTable = KeyTable {
    title: "Where it hurts",
    rows: &[
        row(&["H"], A::Hottest, "hottest", "to the hottest node", "hottest"),
        row(&["]"], A::NextHot, "hot-next", "to the next warm or hot node", ""),
        row(&["["], A::PreviousHot, "hot-previous", "to the previous warm or hot node", ""),
        row(&["f"], A::NextFinding, "finding-next", "to the next node with a finding", "finding"),
        row(&["F"], A::PreviousFinding, "finding-previous", "to the previous such node", ""),
        row(&["/"], A::Search, "search", "find text in operators, names and conditions", "find"),
        row(&["n"], A::NextMatch, "match-next", "to the next match", ""),
        row(&["N"], A::PreviousMatch, "match-previous", "to the previous match", ""),
        row(&["m"], A::NextMetric, "metric-next", "heat by the next metric", "metric"),
        row(&["M"], A::PreviousMetric, "metric-previous", "heat by the previous metric", ""),
        row(&["1"], A::Metric(0), "metric-time", "heat by time", ""),
        row(&["2"], A::Metric(1), "metric-cost", "heat by cost", ""),
        row(&["3"], A::Metric(2), "metric-rows", "heat by rows read", ""),
        row(&["4"], A::Metric(3), "metric-buffers", "heat by buffers", ""),
        row(&["5"], A::Metric(4), "metric-io", "heat by reads and temporary writes", ""),
        row(&["6"], A::Metric(5), "metric-misestimate", "heat by wrong row estimates", ""),
        row(&["i"], A::Inclusive, "inclusive", "figures with or without the inputs", ""),
        row(&["%"], A::OnlyHot, "only-hot", "only nodes with at least 1 %", ""),
    ],
};

/// What is shown.
pub static VIEWS: KeyTable = KeyTable {
    title: "Views",
    rows: &[
        row(&["w"], A::Flame, "flame", "flame graph or tree", "flame"),
        row(&["z"], A::Zoom, "zoom", "the node's subtree alone, and back", ""),
        row(&["s"], A::Sql, "sql", "the statement, with the node's part marked", "sql"),
        row(&["d"], A::Detail, "detail", "hide or show the second pane", ""),
        row(&["t", ">"], A::NextPlan, "plan-next", "the next plan", ""),
        row(&["T", "<"], A::PreviousPlan, "plan-previous", "the previous plan", ""),
        row(&["L"], A::ListPlans, "plans", "choose among the plans", ""),
        row(&["e"], A::Export, "export", "write the plan to a file", "export"),
        row(&["y"], A::Copy, "copy", "copy what the pane shows", ""),
        row(&["Y"], A::CopyRemedy, "copy-remedy", "copy the SQL that mends the finding", ""),
    ],
};
