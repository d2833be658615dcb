//! Reading documents of the server: every field may be missing or of another type.

use bson::{Bson, Document};

/// Fields of a document by what they should be.
pub(super) trait Fields {
    /// The value at a dotted path.
    fn at(&self, path: &str) -> Option<&Bson>;

    /// A number of any type.
    fn number(&self, path: &str) -> Option<f64> {
        self.at(path).and_then(number)
    }

    /// A text.
    fn text(&self, path: &str) -> Option<&str> {
        self.at(path).and_then(Bson::as_str)
    }

    /// A document.
    fn document(&self, path: &str) -> Option<&Document> {
        self.at(path).and_then(Bson::as_document)
    }

    /// A switch; a number that is not 0 is on.
    fn flag(&self, path: &str) -> bool {
        match self.at(path) {
            Some(Bson::Boolean(on)) => *on,
            Some(value) => number(value).is_some_and(|n| n != 0.0),
            None => false,
        }
    }

    /// The documents of an array.
    fn documents(&self, path: &str) -> Vec<&Document> {
        let array = self.at(path).and_then(Bson::as_array);
        array.into_iter().flatten().filter_map(Bson::as_document).collect()
    }
}

impl Fields for Document {
    fn at(&self, path: &str) -> Option<&Bson> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let value = self.get(first)?;
        if rest.is_empty() { Some(value) } else { value.as_document()?.at(rest) }
    }
}

/// A number of any type; a decimal as near as a double comes.
pub(super) fn number(value: &Bson) -> Option<f64> {
    match value {
        Bson::Int32(n) => Some(f64::from(*n)),
        Bson::Int64(n) => Some(*n as f64),
        Bson::Double(n) => Some(*n),
        Bson::Decimal128(n) => n.to_string().parse().ok(),
        _ => None,
    }
}

/// A moment as an RFC 3339 text.
pub(super) fn moment(value: &Bson) -> Option<String> {
    value.as_datetime()?.try_to_rfc3339_string().ok()
}

/// A document as relaxed Extended JSON in one line.
pub(super) fn json(document: Document) -> String {
    Bson::Document(document).into_relaxed_extjson().to_string()
}

/// Reads a document from Extended JSON.
///
/// # Errors
/// Why it is none, for a person.
pub(super) fn parse(text: &str) -> Result<Document, String> {
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| format!("it is no JSON ({error})"))?;
    match Bson::try_from(value) {
        Ok(Bson::Document(document)) => Ok(document),
        Ok(_) => Err("it is no JSON object".to_owned()),
        Err(error) => Err(format!("it is no Extended JSON: {error}")),
    }
}
