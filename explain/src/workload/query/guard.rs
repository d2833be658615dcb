//! What may be sent to a server: guards that err on the side of refusing.

use super::QueryKind;
use crate::engine::Engine;

/// stub
pub fn is_single_select_without_side_effects(_sql: &str, _engine: Engine) -> Result<(), String> {
    Err("stub".to_owned())
}

/// stub
pub fn explainable(_sql: &str, _engine: Engine) -> Result<QueryKind, String> {
    Err("stub".to_owned())
}
