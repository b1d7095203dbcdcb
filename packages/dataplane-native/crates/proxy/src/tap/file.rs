//! Files of traces, which stay below a folder.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Component, Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use config::TapFormat;

/// Where files with this prefix are, if that is below `directory`. Only the prefix's own folders are looked at here: where
/// links lead is seen when a file is written.
pub(super) fn place(directory: &Path, prefix: &Path) -> Result<PathBuf, String> {
    let outside = || {
        let (prefix, directory) = (prefix.display(), directory.display());
        format!("{prefix} is not below {directory}, which the proxy's settings allow (tap.directory)")
    };
    let below = if prefix.is_absolute() {
        prefix.strip_prefix(directory).map_err(|_| outside())?
    } else {
        prefix
    };
    let is_plain = below.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_plain || below.file_name().is_none() {
        return Err(outside());
    }
    Ok(directory.join(below))
}

/// Writes a trace into a file of its own, readable by nobody else.
pub(super) fn write(directory: &Path, prefix: &Path, format: TapFormat, bytes: &[u8]) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // Other processes have written here: numbers go on from the time.
    let number = NEXT.fetch_add(1, Relaxed).wrapping_add(telemetry::unix_micros() as u64);
    let ending = match format {
        TapFormat::JsonBodyAsBytes | TapFormat::JsonBodyAsString => "json",
        TapFormat::ProtoBinary => "pb",
        TapFormat::ProtoBinaryLengthDelimited => "pb_length_delimited",
        TapFormat::ProtoText => "pb_text",
    };
    let (Some(folder), Some(name)) = (prefix.parent(), prefix.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    // A link in it may lead away.
    let folder = folder.canonicalize()?;
    if !folder.starts_with(directory.canonicalize()?) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut file_name = name.to_os_string();
    file_name.push(format!("_{number}.{ending}"));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(folder.join(file_name))?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stays_below_the_folder() {
        let allowed = Path::new("/var/taps");
        let placed = |prefix: &str| place(allowed, Path::new(prefix)).ok();
        assert_eq!(placed("web"), Some("/var/taps/web".into()));
        assert_eq!(placed("/var/taps/a/web"), Some("/var/taps/a/web".into()));
        for outside in [
            "/etc/web",
            "/var/taps",
            "/var/tapsweb",
            "../web",
            "a/../../web",
            "/var/taps/../web",
            ".",
        ] {
            assert_eq!(placed(outside), None, "{outside}");
        }
    }

    #[test]
    fn a_link_that_leads_away_is_not_followed() {
        let (allowed, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(other.path(), allowed.path().join("away")).unwrap();
        let prefix = place(allowed.path(), Path::new("away/web")).unwrap();
        let error = write(allowed.path(), &prefix, TapFormat::ProtoText, b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        let prefix = place(allowed.path(), Path::new("web")).unwrap();
        for _ in 0..2 {
            write(allowed.path(), &prefix, TapFormat::ProtoText, b"x").unwrap();
        }
        let names: Vec<String> = std::fs::read_dir(allowed.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "away")
            .collect();
        assert_eq!(names.len(), 2);
        let is_ours = |name: &String| name.starts_with("web_") && name.ends_with(".pb_text");
        assert!(names.iter().all(is_ours), "{names:?}");
        assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 0);
    }
}
