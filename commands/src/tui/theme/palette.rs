//! The colours. Each is given twice: in 24 bits (brought down to 256 where needed) and as one of the
//! sixteen, which every terminal shows in its user's own shades.

use super::{Kind, Paint};
use clap::ValueEnum;
use planscope_explain::heat::HeatClass;
use ratatui::style::Color;
use serde::Deserialize;

/// What stands behind the text, as the user says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// What the terminal answers (OSC 11), else COLORFGBG, else dark
    Auto,
    /// Light text on dark
    Dark,
    /// Dark text on light
    Light,
}

impl Theme {
    /// The background; [`None`] is for the terminal to say.
    pub fn background(self) -> Option<Background> {
        match self {
            Self::Auto => None,
            Self::Dark => Some(Background::Dark),
            Self::Light => Some(Background::Light),
        }
    }
}

/// What stands behind the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// Light text on dark.
    Dark,
    /// Dark text on light.
    Light,
}

/// The colours of heat and of the kinds of operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Palette {
    /// Yellow, orange, red
    #[default]
    Default,
    /// Blue to orange, after Okabe and Ito: for red-green blindness
    OkabeIto,
    /// Blue to yellow, each step lighter or darker than the last: for every colour vision
    Cividis,
}

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tint {
    /// Red, green, blue.
    pub rgb: (u8, u8, u8),
    /// Where there are sixteen.
    pub ansi: Color,
}

const fn tint(rgb: u32, ansi: Color) -> Tint {
    Tint { rgb: ((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8), ansi }
}

impl Palette {
    /// The colour of a paint; [`None`] is the terminal's own.
    pub fn tint(self, background: Background, paint: Paint) -> Option<Tint> {
        let dark = background == Background::Dark;
        let pick = |on_dark, on_light| if dark { on_dark } else { on_light };
        Some(match paint {
            Paint::Plain | Paint::Strong | Paint::Match => return None,
            Paint::Title => pick(tint(0x8a_b4_f8, Color::LightBlue), tint(0x1a_4f_a0, Color::Blue)),
            Paint::Dim | Paint::Comment => {
                pick(tint(0x8c_92_a0, Color::DarkGray), tint(0x6a_70_7c, Color::DarkGray))
            }
            Paint::Border => pick(tint(0x5a_60_70, Color::DarkGray), tint(0xb0_b4_bc, Color::Gray)),
            Paint::Good => self.good(dark),
            Paint::Bad => self.heat(dark, HeatClass::Burning),
            Paint::Heat(class) => return self.heat_of(dark, class),
            Paint::Kind(kind) => return self.kind(dark, kind),
            Paint::Code => pick(tint(0x7f_c8_d8, Color::Cyan), tint(0x0b_66_78, Color::Cyan)),
            Paint::Keyword => {
                pick(tint(0x8a_b4_f8, Color::LightBlue), tint(0x1a_4f_a0, Color::Blue))
            }
            Paint::Literal => {
                pick(tint(0xd8_b0_d8, Color::LightMagenta), tint(0x80_30_80, Color::Magenta))
            }
            Paint::Mark => pick(tint(0xff_d8_66, Color::LightYellow), tint(0x8a_50_00, Color::Red)),
            Paint::Selected => pick(tint(0x2e_3a_56, Color::Blue), tint(0xcf_de_f6, Color::Gray)),
            Paint::SelectedElsewhere => {
                pick(tint(0x2a_2d_36, Color::Blue), tint(0xe6_e8_ee, Color::Gray))
            }
        })
    }

    fn good(self, dark: bool) -> Tint {
        match (self, dark) {
            (Self::Default, true) => tint(0x7c_c8_7c, Color::LightGreen),
            (Self::Default, false) => tint(0x1f_7a_2e, Color::Green),
            (_, true) => tint(0x56_b4_e9, Color::LightCyan),
            (_, false) => tint(0x00_72_b2, Color::Blue),
        }
    }

    /// A cool node's text is as any text; its bar has a colour.
    fn heat_of(self, dark: bool, class: HeatClass) -> Option<Tint> {
        Some(self.heat(dark, class))
    }

    fn heat(self, dark: bool, class: HeatClass) -> Tint {
        let steps = match (self, dark) {
            (Self::Default, true) => [
                tint(0x6b_8c_a8, Color::Blue),
                tint(0xe8_c5_47, Color::Yellow),
                tint(0xff_8c_3a, Color::LightRed),
                tint(0xff_4d_4d, Color::Red),
            ],
            (Self::Default, false) => [
                tint(0x6b_8c_a8, Color::Blue),
                tint(0x9a_6c_00, Color::Yellow),
                tint(0xc0_50_00, Color::LightRed),
                tint(0xb0_00_20, Color::Red),
            ],
            (Self::OkabeIto, true) => [
                tint(0x2f_7d_b8, Color::Blue),
                tint(0x8f_d0_f5, Color::LightCyan),
                tint(0xf0_c0_40, Color::LightYellow),
                tint(0xd5_5e_00, Color::LightRed),
            ],
            (Self::OkabeIto, false) => [
                tint(0x7a_b8_e0, Color::LightCyan),
                tint(0x00_5a_94, Color::Blue),
                tint(0xb8_80_00, Color::Yellow),
                tint(0x8a_38_00, Color::Red),
            ],
            (Self::Cividis, true) => [
                tint(0x4a_5f_86, Color::Blue),
                tint(0x8a_88_7a, Color::Gray),
                tint(0xc8_b8_6a, Color::Yellow),
                tint(0xff_ea_46, Color::LightYellow),
            ],
            (Self::Cividis, false) => [
                tint(0xb5_a8_6a, Color::Yellow),
                tint(0x84_84_7c, Color::DarkGray),
                tint(0x4c_58_74, Color::LightBlue),
                tint(0x00_20_4d, Color::Blue),
            ],
        };
        steps[class as usize]
    }

    fn kind(self, dark: bool, kind: Kind) -> Option<Tint> {
        let pick = |on_dark, on_light| Some(if dark { on_dark } else { on_light });
        match kind {
            Kind::Scan => pick(tint(0xe0_9a_5a, Color::Yellow), tint(0x9a_55_10, Color::Red)),
            Kind::Index => pick(tint(0x5a_c8_b0, Color::Cyan), tint(0x00_6e_5c, Color::Cyan)),
            Kind::Join => pick(tint(0x8a_b4_f8, Color::LightBlue), tint(0x1a_4f_a0, Color::Blue)),
            Kind::Sort => {
                pick(tint(0xc8_a0_f0, Color::LightMagenta), tint(0x6a_30_a0, Color::Magenta))
            }
            Kind::Aggregate => {
                pick(tint(0xe8_a0_c8, Color::Magenta), tint(0x9a_20_6a, Color::Magenta))
            }
            Kind::Modify => {
                pick(tint(0xf0_e4_42, Color::LightYellow), tint(0x7a_6a_00, Color::Yellow))
            }
            Kind::Other => None,
        }
    }
}

impl Tint {
    /// Whether light text is easier to read on it (Rec. 601 luma below the middle).
    pub fn is_dark(&self) -> bool {
        let (r, g, b) = self.rgb;
        299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b) < 128_000
    }

    /// The nearest of the 6×6×6 cube and the 24 greys.
    pub fn in_256(&self) -> Color {
        const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        let nearest = |value: u8| (0..6).min_by_key(|&i| LEVELS[i].abs_diff(value)).unwrap_or(0);
        let (r, g, b) = self.rgb;
        let (ri, gi, bi) = (nearest(r), nearest(g), nearest(b));
        let cube = (LEVELS[ri], LEVELS[gi], LEVELS[bi]);
        let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
        let step = (mean.saturating_sub(3) / 10).min(23) as u8;
        let grey = 8 + 10 * step;
        let far = |c: (u8, u8, u8)| {
            let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
            square(c.0, r) + square(c.1, g) + square(c.2, b)
        };
        match far((grey, grey, grey)) < far(cube) {
            true => Color::Indexed(232 + step),
            false => Color::Indexed((16 + 36 * ri + 6 * gi + bi) as u8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [HeatClass; 4] =
        [HeatClass::Cool, HeatClass::Warm, HeatClass::Hot, HeatClass::Burning];

    /// Machado, Oliveira, Fernandes 2009, severity 1.0, for linear RGB.
    const BLINDNESS: [(&str, [[f64; 3]; 3]); 3] = [
        (
            "protanopia",
            [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255528, -0.076749, -0.178779],
                [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900],
            ],
        ),
    ];

    fn linear(rgb: (u8, u8, u8)) -> [f64; 3] {
        [rgb.0, rgb.1, rgb.2].map(|v| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// CIE L*a*b* of linear RGB, D65.
    fn lab([r, g, b]: [f64; 3]) -> [f64; 3] {
        let f = |t: f64| if t > 0.008856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
        let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
        let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    fn seen(rgb: (u8, u8, u8), eye: &[[f64; 3]; 3]) -> [f64; 3] {
        let c = linear(rgb);
        lab([0, 1, 2].map(|i| (0..3).map(|j| eye[i][j] * c[j]).sum::<f64>().clamp(0.0, 1.0)))
    }

    fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
        (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt()
    }

    /// A difference of 10 in L*a*b* is seen at a glance; these are bars of a few cells.
    #[test]
    fn safe_palettes_keep_heat_apart_for_every_eye() {
        for palette in [Palette::OkabeIto, Palette::Cividis] {
            for background in [Background::Dark, Background::Light] {
                let of = |class| palette.tint(background, Paint::Heat(class)).unwrap().rgb;
                for (name, eye) in &BLINDNESS {
                    for (i, a) in CLASSES.iter().enumerate() {
                        for b in &CLASSES[i + 1..] {
                            let far = apart(seen(of(*a), eye), seen(of(*b), eye));
                            assert!(
                                far > 15.0,
                                "{palette:?} {background:?} {name}: {a:?} {b:?} {far}"
                            );
                        }
                    }
                }
            }
        }
    }

    /// WCAG asks 3:1 for large and bold text and for graphics, which heat is.
    #[test]
    fn hot_text_can_be_read_on_its_background() {
        let luminance = |rgb| lab_y(linear(rgb));
        let contrast = |a: f64, b: f64| (a.max(b) + 0.05) / (a.min(b) + 0.05);
        for palette in [Palette::Default, Palette::OkabeIto, Palette::Cividis] {
            for (background, behind) in
                [(Background::Dark, (24, 24, 28)), (Background::Light, (255, 255, 255))]
            {
                for class in &CLASSES[1..] {
                    let rgb = palette.tint(background, Paint::Heat(*class)).unwrap().rgb;
                    let ratio = contrast(luminance(rgb), luminance(behind));
                    assert!(ratio >= 3.0, "{palette:?} {background:?} {class:?} {ratio}");
                }
            }
        }
    }

    fn lab_y([r, g, b]: [f64; 3]) -> f64 {
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    #[test]
    fn colours_come_down_to_256() {
        assert_eq!(tint(0xff_00_00, Color::Red).in_256(), Color::Indexed(196));
        assert_eq!(tint(0x80_80_80, Color::Gray).in_256(), Color::Indexed(244));
    }
}
