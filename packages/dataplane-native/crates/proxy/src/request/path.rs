//! Making paths comparable, so that rules about them cannot be walked around (RFC 3986 section 6.2.2, Envoy's options).

use config::{PathNormalization, SlashesAction};

/// What became of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Normalized {
    /// It is as it should be.
    Same,
    /// The one to use was written.
    Changed,
    /// The one to redirect to was written.
    Redirect,
    /// It is refused.
    Rejected,
}

/// Writes the normalized form of `path` (with its query) to `out` if it differs.
pub(crate) fn normalize(path: &[u8], options: PathNormalization, out: &mut Vec<u8>) -> Normalized {
    let end = path.iter().position(|byte| *byte == b'?').unwrap_or(path.len());
    let (only, query) = path.split_at(end);
    let does_nothing =
        !options.normalize && !options.merge_slashes && options.escaped_slashes == SlashesAction::KeepUnchanged;
    if does_nothing || is_plain(only) {
        return Normalized::Same;
    }
    out.clear();
    let mut has_slashes = false;
    if !decode(only, options, out, &mut has_slashes)
        || has_slashes && options.escaped_slashes == SlashesAction::Reject
        || options.normalize && !remove_dots(out)
    {
        return Normalized::Rejected;
    }
    // Behind the dot segments, as Envoy does: an empty segment is one that `..` takes back.
    if options.merge_slashes {
        let mut last = 0;
        out.retain(|byte| !(std::mem::replace(&mut last, *byte) == b'/' && *byte == b'/'));
    }
    let is_changed = out.as_slice() != only;
    out.extend_from_slice(query);
    match options.escaped_slashes {
        SlashesAction::UnescapeAndRedirect if has_slashes => Normalized::Redirect,
        _ if is_changed => Normalized::Changed,
        _ => Normalized::Same,
    }
}

/// Nothing in it that any option changes.
fn is_plain(path: &[u8]) -> bool {
    let mut last = 0;
    path.iter().all(|byte| {
        let is_plain = !matches!((last, *byte), (b'/', b'/' | b'.') | (_, b'%' | b'\\')) && !is_no_uri_byte(*byte);
        last = *byte;
        is_plain
    })
}

/// Bytes that no URI has and clients send anyway; browsers and Envoy encode them.
fn is_no_uri_byte(byte: u8) -> bool {
    matches!(byte, b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}')
}

/// Decodes what has no reason to be encoded, and encodes what has to be. False: it names a byte that ends strings.
fn decode(path: &[u8], options: PathNormalization, out: &mut Vec<u8>, has_slashes: &mut bool) -> bool {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut at = 0;
    while at < path.len() {
        let byte = path[at];
        let escaped = (byte == b'%').then(|| path.get(at + 1..at + 3)).flatten().and_then(hex);
        match escaped {
            Some(0) if options.normalize => return false,
            Some(byte @ (b'/' | b'\\')) if options.escaped_slashes != SlashesAction::KeepUnchanged => {
                *has_slashes = true;
                out.push(if byte == b'\\' && !options.normalize {
                    b'\\'
                } else {
                    b'/'
                });
                at += 3;
            }
            Some(byte) if options.normalize && is_unreserved(byte) => {
                out.push(byte);
                at += 3;
            }
            _ if byte == b'\\' && options.normalize => {
                out.push(b'/');
                at += 1;
            }
            _ if options.normalize && is_no_uri_byte(byte) => {
                let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
                out.extend_from_slice(&[b'%', DIGITS[high], DIGITS[low]]);
                at += 1;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    true
}

/// A segment without its parameters where it is a dot segment: servers that know parameters cut them off first.
fn dot_segment(segment: &[u8]) -> &[u8] {
    let end = segment.iter().position(|byte| *byte == b';').unwrap_or(segment.len());
    match &segment[..end] {
        dots @ (b"." | b"..") => dots,
        _ => segment,
    }
}

/// RFC 3986 section 5.2.4, in place. False: it leads above the root.
fn remove_dots(path: &mut Vec<u8>) -> bool {
    let mut write = 0;
    let mut read = 0;
    while read < path.len() {
        // Every turn begins at a slash; an absolute path begins with one.
        let segment_end = path[read + 1..]
            .iter()
            .position(|byte| *byte == b'/')
            .map_or(path.len(), |at| read + 1 + at);
        let is_last = segment_end == path.len();
        match dot_segment(&path[read + 1..segment_end]) {
            b"." => {
                if is_last {
                    path[write] = b'/';
                    write += 1;
                }
            }
            b".." => {
                let Some(parent) = path[..write].iter().rposition(|byte| *byte == b'/') else {
                    return false;
                };
                write = parent;
                if is_last {
                    path[write] = b'/';
                    write += 1;
                }
            }
            _ => {
                path.copy_within(read..segment_end, write);
                write += segment_end - read;
            }
        }
        read = segment_end;
    }
    path.truncate(write);
    if path.is_empty() {
        path.push(b'/');
    }
    true
}

fn hex(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8)
}

/// RFC 3986 section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> PathNormalization {
        PathNormalization {
            normalize: true,
            merge_slashes: true,
            escaped_slashes: SlashesAction::UnescapeAndForward,
        }
    }

    fn run(path: &str, options: PathNormalization) -> (Normalized, String) {
        let mut out = Vec::new();
        let result = normalize(path.as_bytes(), options, &mut out);
        (result, String::from_utf8(out).unwrap())
    }

    #[test]
    fn plain_paths_are_left_alone() {
        for path in ["/", "/a/b.c?x=//&y=%2e{|}", "/a..b/c", "/.well-known/x", "/a;b/..c;d"] {
            assert_eq!(run(path, all()).0, Normalized::Same, "{path}");
        }
    }

    #[test]
    fn other_spellings_become_the_one_that_rules_know() {
        for (path, expected) in [
            ("/a/../b", "/b"),
            ("/a/./b", "/a/b"),
            ("/a/%2e%2E/b?q=/../", "/b?q=/../"),
            ("//a///b", "/a/b"),
            ("/a%2Fb", "/a/b"),
            ("/a%5cb", "/a/b"),
            ("/a\\b", "/a/b"),
            ("/%61dmin", "/admin"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/a/b/..", "/a/"),
            ("/a%2f..%2fadmin", "/admin"),
            ("/a/..;/b", "/b"),
            ("/a/..;x=y/b", "/b"),
            ("/a/%2e%2e;/b", "/b"),
            ("/a/.;/b", "/a/b"),
            ("/a/..;", "/"),
            ("//a//../b", "/a/b"),
            ("/a//..//b", "/a/b"),
            ("//", "/"),
            ("/a|\"<>{}^`", "/a%7C%22%3C%3E%7B%7D%5E%60"),
        ] {
            assert_eq!(run(path, all()), (Normalized::Changed, expected.to_owned()), "{path}");
        }
    }

    #[test]
    fn a_path_above_the_root_is_refused() {
        assert_eq!(run("/../a", all()).0, Normalized::Rejected);
        assert_eq!(run("/a/../../b", all()).0, Normalized::Rejected);
    }

    #[test]
    fn a_path_with_an_encoded_nul_is_refused() {
        assert_eq!(run("/a%00b", all()).0, Normalized::Rejected);
    }

    #[test]
    fn a_path_that_was_changed_is_not_changed_again() {
        for path in [
            "/a/..;/b",
            "//a//../b",
            "/a//..//b/.;x/%2e%2e;/c",
            "/a{b}",
            "/%61/./b",
            "/a/c%2f..%2f..;/b",
        ] {
            let (_, once) = run(path, all());
            assert_eq!(run(&once, all()).0, Normalized::Same, "{path} became {once}");
        }
    }

    #[test]
    fn escaped_slashes_are_treated_as_configured() {
        let with = |escaped_slashes| PathNormalization {
            escaped_slashes,
            ..PathNormalization::default()
        };
        assert_eq!(run("/a%2Fb", with(SlashesAction::KeepUnchanged)).0, Normalized::Same);
        assert_eq!(run("/a%2Fb", with(SlashesAction::Reject)).0, Normalized::Rejected);
        assert_eq!(
            run("/a%2Fb?c", with(SlashesAction::UnescapeAndRedirect)),
            (Normalized::Redirect, "/a/b?c".into())
        );
    }
}
