//! Values of JSON that belong to no known key, read without recursion.

use jiter::{Jiter, JiterError, Peek};
use serde_json::{Map, Number, Value};

/// Deepest nesting that is kept; what lies deeper becomes `null`. Dropping and printing a `Value`
/// recurse, so the bound protects everyone who gets it.
pub(super) const MAX_KEPT_DEPTH: usize = 16;

/// A container that is being read.
#[derive(Debug)]
enum Open {
    Array(Vec<Value>),
    Object(Map<String, Value>, String),
    /// Too deep to keep.
    Skipped {
        is_array: bool,
    },
}

/// How far a value was read.
#[derive(Debug)]
pub(super) enum Progress {
    /// The value is complete.
    Done(Value),
    /// The next value is the object of a plan; the caller reads it and goes on after it.
    Plan,
}

/// Reads one value, piece by piece.
#[derive(Debug)]
pub(super) struct ValueReader {
    open: Vec<Open>,
    /// A value that begins.
    next: Option<Peek>,
    /// A value that ended.
    done: Option<Value>,
    /// Whether something was too deep to keep.
    pub(super) cut: bool,
}

impl ValueReader {
    /// For the value that begins with `peek`.
    pub(super) fn new(peek: Peek) -> Self {
        Self { open: Vec::new(), next: Some(peek), done: None, cut: false }
    }

    /// Reads on. With `plans`, stops at an object under the key `Plan`, which is `null` in the value.
    pub(super) fn read(
        &mut self,
        jiter: &mut Jiter<'_>,
        plans: bool,
    ) -> Result<Progress, JiterError> {
        loop {
            if let Some(peek) = self.next.take() {
                if plans && peek == Peek::Object && self.is_at_plan() {
                    self.done = Some(Value::Null);
                    return Ok(Progress::Plan);
                }
                self.begin(jiter, peek)?;
            }
            // Hand the finished value on to its container, closing those that end with it.
            while let Some(value) = self.done.take() {
                let Some(container) = self.open.last_mut() else {
                    return Ok(Progress::Done(value));
                };
                let is_array = add(container, value);
                self.next = if is_array {
                    jiter.array_step()?
                } else {
                    let key = jiter.next_key()?.map(str::to_owned);
                    self.enter(jiter, key)?
                };
                self.close_if_ended();
            }
        }
    }

    fn is_at_plan(&self) -> bool {
        matches!(self.open.last(), Some(Open::Object(_, key)) if key == "Plan")
    }

    fn begin(&mut self, jiter: &mut Jiter<'_>, peek: Peek) -> Result<(), JiterError> {
        self.next = match peek {
            Peek::Array => {
                self.open.push(container(self.open.len(), true));
                jiter.known_array()?
            }
            Peek::Object => {
                self.open.push(container(self.open.len(), false));
                let key = jiter.known_object()?.map(str::to_owned);
                self.enter(jiter, key)?
            }
            scalar => {
                self.done = Some(read_scalar(jiter, scalar)?);
                return Ok(());
            }
        };
        self.cut |= self.open.len() > MAX_KEPT_DEPTH;
        self.close_if_ended();
        Ok(())
    }

    /// Notes the key of the object that is open innermost; `None` when the object ends.
    fn enter(
        &mut self,
        jiter: &mut Jiter<'_>,
        key: Option<String>,
    ) -> Result<Option<Peek>, JiterError> {
        let Some(key) = key else { return Ok(None) };
        if let Some(Open::Object(_, slot)) = self.open.last_mut() {
            *slot = key;
        }
        jiter.peek().map(Some)
    }

    fn close_if_ended(&mut self) {
        if self.next.is_some() {
            return;
        }
        self.done = Some(match self.open.pop() {
            Some(Open::Array(items)) => Value::Array(items),
            Some(Open::Object(map, _)) => Value::Object(map),
            Some(Open::Skipped { .. }) | None => Value::Null,
        });
    }
}

/// Adds a value to its container; the answer says whether that is an array.
fn add(container: &mut Open, value: Value) -> bool {
    match container {
        Open::Array(items) => {
            items.push(value);
            true
        }
        Open::Object(map, key) => {
            map.insert(std::mem::take(key), value);
            false
        }
        Open::Skipped { is_array } => *is_array,
    }
}

fn container(depth: usize, is_array: bool) -> Open {
    match is_array {
        _ if depth >= MAX_KEPT_DEPTH => Open::Skipped { is_array },
        true => Open::Array(Vec::new()),
        false => Open::Object(Map::new(), String::new()),
    }
}

fn read_scalar(jiter: &mut Jiter<'_>, peek: Peek) -> Result<Value, JiterError> {
    Ok(match peek {
        Peek::Null => {
            jiter.known_null()?;
            Value::Null
        }
        Peek::True | Peek::False => Value::Bool(jiter.known_bool(peek)?),
        Peek::String => Value::String(jiter.known_str()?.to_owned()),
        // Through the digits, so that a number that no type holds is no error.
        _ => std::str::from_utf8(jiter.known_number_bytes(peek)?)
            .ok()
            .and_then(|digits| serde_json::from_str::<Number>(digits).ok())
            .map_or(Value::Null, Value::Number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Value, bool) {
        let mut jiter = Jiter::new(text.as_bytes());
        let peek = jiter.peek().unwrap();
        let mut reader = ValueReader::new(peek);
        let Ok(Progress::Done(value)) = reader.read(&mut jiter, false) else { panic!("{text}") };
        jiter.finish().unwrap();
        (value, reader.cut)
    }

    #[test]
    fn values_are_those_of_serde_json() {
        for text in [
            "1",
            "-2.50",
            "1e3",
            "18446744073709551615",
            "true",
            "null",
            "\"a\\nb\"",
            "[]",
            "{}",
            "[[], {}, [1, [2]]]",
            r#"{"a": {"b": [], "c": {"d": 1}}, "e": [true, {"f": null}]}"#,
        ] {
            let want: Value = serde_json::from_str(text).unwrap();
            assert_eq!(read_text(text), (want, false), "{text}");
        }
    }

    #[test]
    fn deep_values_are_cut_not_overflown() {
        let n = 200_000;
        let (value, cut) = read_text(&format!("[{}{}, 7]", "[".repeat(n), "]".repeat(n)));
        assert!(cut);
        assert_eq!(value[1], 7);
        let (_, cut) = read_text(&format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n)));
        assert!(cut);
    }
}
