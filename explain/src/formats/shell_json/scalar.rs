//! Single values: what the spellings of the shells and of Extended JSON mean, in relaxed Extended
//! JSON, so that the same value gives the same text however it was printed.

use super::{Item, Kind};
use crate::formats::escapes;
use std::borrow::Cow;

/// A value without parts of its own.
#[derive(Debug, PartialEq)]
pub(super) enum Scalar<'d> {
    Null,
    Bool(bool),
    /// Digits that JSON allows.
    Number(Cow<'d, str>),
    Text(Cow<'d, str>),
    /// A value that relaxed Extended JSON writes as `{"$key": "text"}`.
    Tagged(&'static str, String),
    /// The same with a number or an object inside, as JSON.
    Json(String),
}

impl<'d> Item<'d> {
    /// The value, if it is a single one; `None` for objects and arrays.
    pub(super) fn scalar(self) -> Option<Scalar<'d>> {
        Some(match self.kind() {
            Kind::Null => Scalar::Null,
            Kind::True => Scalar::Bool(true),
            Kind::False => Scalar::Bool(false),
            Kind::Number => number(self.span()),
            Kind::Plain | Kind::Escaped => Scalar::Text(self.text()?),
            Kind::Regex => regex(self.span()),
            Kind::Word => word(self.span()),
            Kind::Elided => Scalar::Text("…".into()),
            Kind::Call => call(self),
            Kind::Object => return wrapped(self),
            Kind::Array => return None,
        })
    }
}

/// A number as JSON has it: `+5`, `.5`, `5.` and `0x1F` are none, `5.0` is the 5 of every shell.
fn number(digits: &str) -> Scalar<'_> {
    let trimmed = digits.strip_suffix(".0").unwrap_or(digits);
    if is_json_number(trimmed) {
        return Scalar::Number(Cow::Borrowed(trimmed));
    }
    match digits.parse::<f64>() {
        Ok(n) if n.is_finite() => Scalar::Number(Cow::Owned(n.to_string())),
        _ => Scalar::Text(Cow::Borrowed(digits)),
    }
}

fn is_json_number(digits: &str) -> bool {
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    let plain = unsigned.bytes().all(|b| b.is_ascii_digit());
    if plain {
        return !unsigned.is_empty() && (unsigned == "0" || !unsigned.starts_with('0'));
    }
    serde_json::from_str::<serde_json::Number>(digits).is_ok()
}

fn word(word: &str) -> Scalar<'_> {
    match word {
        "True" => Scalar::Bool(true),
        "False" => Scalar::Bool(false),
        "None" | "nil" => Scalar::Null,
        "undefined" => Scalar::Json("{\"$undefined\":true}".into()),
        "MinKey" => Scalar::Json("{\"$minKey\":1}".into()),
        "MaxKey" => Scalar::Json("{\"$maxKey\":1}".into()),
        "Infinity" | "+Infinity" | "inf" => Scalar::Tagged("$numberDouble", "Infinity".into()),
        "-Infinity" | "-inf" => Scalar::Tagged("$numberDouble", "-Infinity".into()),
        "NaN" | "nan" => Scalar::Tagged("$numberDouble", "NaN".into()),
        other => Scalar::Text(Cow::Borrowed(other)),
    }
}

fn regex(span: &str) -> Scalar<'_> {
    let inner = span.strip_prefix('/').unwrap_or(span);
    let (pattern, options) = inner.rsplit_once('/').unwrap_or((inner, ""));
    Scalar::Json(regular_expression(&pattern.replace("\\/", "/"), options))
}

fn regular_expression(pattern: &str, options: &str) -> String {
    let mut json = String::from("{\"$regularExpression\":{\"pattern\":");
    super::write::push_text(&mut json, pattern);
    json.push_str(",\"options\":");
    super::write::push_text(&mut json, options);
    json.push_str("}}");
    json
}

/// What a call of the shells or of Python makes.
fn call(item: Item<'_>) -> Scalar<'_> {
    let arguments: Vec<Item<'_>> = item.items().take(8).collect();
    let text = |i: usize| -> Option<String> {
        let argument = arguments.get(i)?;
        match argument.text() {
            Some(text) => Some(text.into_owned()),
            None if argument.kind() == Kind::Number => Some(argument.span().to_owned()),
            None => None,
        }
    };
    let first = || text(0).unwrap_or_default();
    let name = item.span();
    match name.rsplit('.').next().unwrap_or(name) {
        "NumberLong" | "NumberInt" | "Long" | "Int32" | "Int64" | "Double" | "NumberDouble"
        | "Number" | "fromString" | "fromNumber" => owned_number(first()),
        "NumberDecimal" | "Decimal128" => Scalar::Tagged("$numberDecimal", first()),
        "ObjectId" => Scalar::Tagged("$oid", first()),
        "UUID" => Scalar::Tagged("$uuid", first()),
        "ISODate" | "Date" => date(&first()),
        "datetime" => date(&python_date(&arguments)),
        "BinData" => binary(&text(1).unwrap_or_default(), &first()),
        "createFromBase64" => binary(&first(), &text(1).unwrap_or_default()),
        "Timestamp" => timestamp(&arguments),
        "MinKey" => word("MinKey"),
        "MaxKey" => word("MaxKey"),
        "BSONRegExp" | "RegExp" | "Regex" => {
            Scalar::Json(regular_expression(&first(), &text(1).unwrap_or_default()))
        }
        "Code" => Scalar::Tagged("$code", first()),
        "Symbol" | "BSONSymbol" => Scalar::Tagged("$symbol", first()),
        other => Scalar::Text(Cow::Owned(format!("{other}({})", first()))),
    }
}

fn owned_number<'d>(digits: String) -> Scalar<'d> {
    match number(&digits) {
        Scalar::Number(json) => Scalar::Number(Cow::Owned(json.into_owned())),
        _ => match word(&digits) {
            Scalar::Tagged(key, text) => Scalar::Tagged(key, text),
            _ => Scalar::Text(Cow::Owned(digits)),
        },
    }
}

fn binary<'d>(base64: &str, kind: &str) -> Scalar<'d> {
    let kind: u8 = kind.parse().unwrap_or(0);
    let mut json = String::from("{\"$binary\":{\"base64\":");
    super::write::push_text(&mut json, base64);
    json.push_str(&format!(",\"subType\":\"{kind:02x}\"}}}}"));
    Scalar::Json(json)
}

fn timestamp<'d>(arguments: &[Item<'_>]) -> Scalar<'d> {
    let part = |key: &str, i: usize| {
        let inside = arguments.first().and_then(|first| first.number_of(key));
        inside.or_else(|| arguments.get(i)?.number()).unwrap_or(0.0)
    };
    Scalar::Json(format!("{{\"$timestamp\":{{\"t\":{},\"i\":{}}}}}", part("t", 0), part("i", 1)))
}

fn python_date(arguments: &[Item<'_>]) -> String {
    let part = |i: usize| arguments.get(i).and_then(|item| item.number()).unwrap_or(0.0) as i64;
    let (seconds, millis) = (part(5), part(6) / 1000);
    let fraction = if millis > 0 { format!(".{millis:03}") } else { String::new() };
    let (year, month, day, hour, minute) = (part(0), part(1), part(2), part(3), part(4));
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{seconds:02}{fraction}Z")
}

/// A date from its text, or from its milliseconds since 1970.
fn date<'d>(text: &str) -> Scalar<'d> {
    let text = match text.parse::<i64>().ok() {
        None => text.to_owned(),
        Some(millis) => match iso_date(millis) {
            Some(date) => date,
            None => {
                return Scalar::Json(format!("{{\"$date\":{{\"$numberLong\":\"{millis}\"}}}}"));
            }
        },
    };
    // `.000` is printed by the shells and not by the drivers.
    let short = text.strip_suffix(".000Z").map(|whole| format!("{whole}Z"));
    Scalar::Tagged("$date", short.unwrap_or(text))
}

/// The date of milliseconds since 1970 in UTC; `None` outside the years that relaxed Extended JSON
/// writes so. Days to a date as in H. Hinnant's "chrono-Compatible Low-Level Date Algorithms".
fn iso_date(millis: i64) -> Option<String> {
    const LAST: i64 = 253_402_300_799_999; // the end of the year 9999
    if !(0..=LAST).contains(&millis) {
        return None;
    }
    let (days, rest) = (millis / 86_400_000, millis % 86_400_000);
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1000 % 60, rest % 1000);
    let fraction = if milli > 0 { format!(".{milli:03}") } else { String::new() };
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"))
}

/// An object of Extended JSON that stands for a single value.
fn wrapped(item: Item<'_>) -> Option<Scalar<'_>> {
    let mut members = item.members();
    let (key, value) = members.next()?;
    if !key.starts_with('$') || members.next().is_some() {
        return None;
    }
    let text = || value.text().map(Cow::into_owned);
    match &*key {
        "$numberInt" | "$numberLong" | "$numberDouble" => text().map(owned_number),
        "$numberDecimal" => Some(Scalar::Tagged("$numberDecimal", text()?)),
        "$oid" => Some(Scalar::Tagged("$oid", text()?)),
        "$uuid" => Some(Scalar::Tagged("$uuid", text()?)),
        "$date" => match value.text() {
            Some(text) => Some(date(&text)),
            None => {
                let millis = value.number().filter(|n| n.abs() < 9e15)?;
                Some(date(&(millis as i64).to_string()))
            }
        },
        "$binary" => {
            let is_uuid = value.text_of("subType").is_some_and(|kind| kind == "04" || kind == "4");
            let base64 = value.text_of("base64").filter(|_| is_uuid)?;
            Some(Scalar::Tagged("$uuid", uuid(&base64)?))
        }
        _ => None,
    }
}

/// The usual text of a UUID's 16 bytes, which drivers write in Base64 and shells in hexadecimal.
fn uuid(base64: &str) -> Option<String> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if base64.len() != 24 {
        return None;
    }
    let mut bits: u128 = 0;
    for (i, digit) in base64.bytes().take(22).enumerate() {
        let value = DIGITS.bytes().position(|d| d == digit)? as u128;
        // The last of 22 digits holds two bits only.
        bits = if i < 21 { bits << 6 | value } else { bits << 2 | value >> 4 };
    }
    let hex = format!("{bits:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    Some([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}

/// The text of a string, or of several joined ones, its quotes around it.
pub(super) fn unescape(span: &str) -> String {
    let mut text = String::with_capacity(span.len());
    let mut chars = span.chars();
    let mut quote = None;
    while let Some(c) = chars.next() {
        match (quote, c) {
            // Between the parts there is nothing but blanks and `+`.
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, _) => {}
            (Some(end), _) if c == end => quote = None,
            (Some(_), '\\') => push_escape(&mut text, &mut chars),
            (Some(_), _) => text.push(c),
        }
    }
    text
}

fn push_escape(text: &mut String, chars: &mut std::str::Chars<'_>) {
    let Some(c) = chars.next() else { return };
    match c {
        'n' => text.push('\n'),
        't' => text.push('\t'),
        'r' => text.push('\r'),
        'b' => text.push('\u{8}'),
        'f' => text.push('\u{C}'),
        'v' => text.push('\u{B}'),
        'u' => match escapes::unicode(chars.as_str()) {
            Some((c, after)) => {
                text.push(c);
                *chars = after.chars();
            }
            None => text.push(char::REPLACEMENT_CHARACTER),
        },
        'x' => text.extend(hex(chars, 2).and_then(char::from_u32)),
        '\n' => {}
        other => text.push(other),
    }
}

fn hex(chars: &mut std::str::Chars<'_>, digits: usize) -> Option<u32> {
    let mut ahead = chars.clone();
    let mut value = 0;
    for _ in 0..digits {
        value = value * 16 + ahead.next()?.to_digit(16)?;
    }
    *chars = ahead;
    Some(value)
}
