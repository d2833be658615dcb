//! The last step of every frame: no cell holds what a terminal would obey, and with `--ascii` none
//! holds anything but ASCII. It is done here, once, so that no view can forget it.

use crate::output::ascii;
use crate::safe::is_unsafe;
use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

/// Makes every cell harmless.
pub fn finish(buffer: &mut Buffer, only_ascii: bool) {
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        if symbol.len() == 1 && symbol.as_bytes()[0] >= b' ' && symbol != "\x7f" {
            continue;
        }
        if symbol.chars().any(is_unsafe) {
            cell.set_symbol(if only_ascii { "?" } else { "\u{fffd}" });
        } else if only_ascii && !symbol.is_ascii() {
            let plain = one_cell(symbol);
            cell.set_symbol(&plain);
        }
    }
}

/// ASCII that takes as many cells as `symbol`: what would take more is cut.
fn one_cell(symbol: &str) -> String {
    let width = symbol.width().clamp(1, 2);
    match symbol {
        "→" => ">".to_owned(),
        "…" => "~".to_owned(),
        "≥" => ">".to_owned(),
        "▶" | "▸" | "›" => ">".to_owned(),
        "▾" => "v".to_owned(),
        "┌" | "┐" | "┘" | "┤" | "┬" | "┴" | "┼" | "╭" | "╮" | "╰" | "╯" => {
            "+".to_owned()
        }
        "⟳" => "x".to_owned(),
        "┃" => "#".to_owned(),
        "‹" => "<".to_owned(),
        "▓" | "▒" => "#".to_owned(),
        "░" => ".".to_owned(),
        other => format!("{:?<width$.width$}", ascii(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    #[test]
    fn cells_are_harmless_and_keep_their_width() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
        buffer.set_string(0, 0, "→…×表│", ratatui::style::Style::new());
        buffer[(7, 0)].set_symbol("\x1b");
        let width = |b: &Buffer| b.content.iter().map(|c| c.symbol().width()).sum::<usize>();
        finish(&mut buffer, false);
        assert_eq!(buffer[(7, 0)].symbol(), "\u{fffd}");
        let before = width(&buffer);
        finish(&mut buffer, true);
        let text: String = buffer.content.iter().map(|cell| cell.symbol()).collect();
        assert!(text.starts_with(">~x??") && text.is_ascii(), "{text}");
        assert_eq!(width(&buffer), before);
    }
}
