//! Filters that users write in TypeScript.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Invalid;

/// Asks a filter that a user wrote (`fairlead.dataplane.v1.FilterModule`). At a route the same stands for that route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct FilterModule {
    /// File in the folder that the proxy's operator named, e.g. `auth.ts`. Empty: only routes that name one ask any.
    pub module: Arc<str>,
    /// What the filter is given; the module itself says what is right.
    pub config: Option<Value>,
    /// Time for each answer in milliseconds.
    pub timeout_ms: u64,
    /// A filter that fails lets messages pass.
    pub failure_mode_allow: bool,
    /// Status of the answer where a filter fails that must not.
    pub status_on_error: u16,
    /// Means nothing here: a changed one has the module loaded again.
    pub version: Arc<str>,
}

impl Default for FilterModule {
    fn default() -> Self {
        Self {
            module: "".into(),
            config: None,
            timeout_ms: 200,
            failure_mode_allow: false,
            status_on_error: 500,
            version: "".into(),
        }
    }
}

/// Longest name of a module in bytes.
const MAX_NAME_BYTES: usize = 255;

impl FilterModule {
    /// The first thing that is wrong, if any. Whether the module is there and takes its configuration shows when it is loaded.
    pub fn check(&self) -> Result<(), Invalid> {
        if !self.module.is_empty() {
            check_name(&self.module).map_err(|invalid| invalid.field("module"))?;
        }
        if self.timeout_ms == 0 {
            return Err(Invalid::new("is 0; a filter needs time to answer").field("timeoutMs"));
        }
        if !(200..600).contains(&self.status_on_error) {
            let message = format!("{} is no status; write one from 200 to 599", self.status_on_error);
            return Err(Invalid::new(message).field("statusOnError"));
        }
        Ok(())
    }
}

/// A path within a folder that cannot lead out of it, of a file that holds a module.
fn check_name(name: &str) -> Result<(), Invalid> {
    let is_plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    if name.len() > MAX_NAME_BYTES || !name.split('/').all(is_plain) {
        return Err(Invalid::new(format!(
            "{name:?} is no name of a file in the folder of filter modules; write one like \"auth.ts\""
        )));
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if !matches!(extension, "ts" | "mts" | "js" | "mjs") {
        return Err(Invalid::new(format!(
            "{name:?} is no module; its name has to end in .ts, .mts, .js or .mjs"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(module: &str) -> Option<String> {
        let filter = FilterModule {
            module: module.into(),
            ..FilterModule::default()
        };
        filter.check().err().map(|invalid| invalid.to_string())
    }

    #[test]
    fn a_module_is_a_file_within_its_folder() {
        assert_eq!(problem("auth.ts"), None);
        assert_eq!(problem("team/auth-2.mjs"), None);
        for outside in [
            "/etc/auth.ts",
            "../auth.ts",
            "a/../../auth.ts",
            "a//b.ts",
            ".auth.ts",
            "a\\b.ts",
            "a%2e.ts",
        ] {
            let problem = problem(outside).unwrap();
            assert!(problem.starts_with("module: "), "{problem}");
            assert!(problem.contains("is no name of a file"), "{problem}");
        }
        assert!(problem("auth.wasm").unwrap().contains("has to end in .ts"));
    }

    #[test]
    fn a_filter_has_time_and_a_status_that_is_one() {
        let late = FilterModule {
            timeout_ms: 0,
            ..FilterModule::default()
        };
        assert_eq!(late.check().unwrap_err().path, "timeoutMs");
        let odd = FilterModule {
            status_on_error: 99,
            ..FilterModule::default()
        };
        assert_eq!(odd.check().unwrap_err().path, "statusOnError");
    }
}
