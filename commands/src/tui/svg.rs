//! Pictures for the documentation: a buffer as SVG, with the colours of its cells.

use super::testing::agrees;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::path::Path;

/// Width and height of a cell, in pixels, for a font of 14 pixels.
const CELL: (f64, f64) = (8.4, 18.0);
/// Blank around the cells, in pixels.
const MARGIN: f64 = 12.0;

/// Compares a buffer with `docs/pictures/<name>.svg`; `UPDATE_GENERATED=1 cargo test` writes it.
pub fn check(name: &str, buffer: &Buffer, is_dark: bool) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures").join(name);
    let drawn = svg(buffer, is_dark);
    assert!(agrees(&path, &drawn), "{name} is out of date: UPDATE_GENERATED=1 cargo test");
}

fn svg(buffer: &Buffer, is_dark: bool) -> String {
    let (text, back) = if is_dark { ("#d8dce4", "#16181d") } else { ("#24262b", "#ffffff") };
    let area = buffer.area;
    let (width, height) = (
        f64::from(area.width) * CELL.0 + 2.0 * MARGIN,
        f64::from(area.height) * CELL.1 + 2.0 * MARGIN,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" \
         font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{back}\"/>\n"
    );
    for y in 0..area.height {
        let row: Vec<&Cell> = (0..area.width).map(|x| &buffer[(x, y)]).collect();
        let mut x = 0;
        for cells in row.chunk_by(|a, b| look(a) == look(b)) {
            draw(&mut out, cells, (x, y), (text, back));
            x += cells.len() as u16;
        }
    }
    out.push_str("</svg>\n");
    out
}

/// What makes two cells look alike.
fn look(cell: &Cell) -> (Color, Color, Modifier) {
    (cell.fg, cell.bg, cell.modifier)
}

fn draw(out: &mut String, cells: &[&Cell], (x, y): (u16, u16), (text, back): (&str, &str)) {
    let (fg, bg, modifier) = look(cells[0]);
    let (mut ink, mut paper) = (css(fg, text), css(bg, back));
    if modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut paper);
    }
    let (left, top) = (MARGIN + f64::from(x) * CELL.0, MARGIN + f64::from(y) * CELL.1);
    let width = cells.len() as f64 * CELL.0;
    if paper != back {
        out.push_str(&format!(
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{paper}\"/>\n",
            CELL.1
        ));
    }
    let content: String = cells.iter().map(|cell| cell.symbol()).collect();
    if content.trim().is_empty() {
        return;
    }
    let mut style = String::new();
    if modifier.contains(Modifier::BOLD) {
        style.push_str(" font-weight=\"bold\"");
    }
    if modifier.contains(Modifier::UNDERLINED) {
        style.push_str(" text-decoration=\"underline\"");
    }
    let escaped = content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    out.push_str(&format!(
        "<text x=\"{left:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" xml:space=\"preserve\" \
         fill=\"{ink}\"{style}>{escaped}</text>\n",
        top + 13.5
    ));
}

/// A colour of the pictures' looks, which have 24 bits.
fn css(color: Color, default: &str) -> String {
    match color {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Black => "#101010".to_owned(),
        Color::White => "#f8f8f8".to_owned(),
        _ => default.to_owned(),
    }
}
