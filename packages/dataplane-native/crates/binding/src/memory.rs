//! What mimalloc needs to be told, and what it has.

use std::{
    fs, ptr,
    sync::{Mutex, PoisonError},
};

use libmimalloc_sys::mi_option_t;

/// mimalloc hands out memory from slices of this size.
const SLICE_BYTES: usize = 64 * 1024;

/// Gives what this thread has freed back to the system. Without it that waits for the thread's next allocations, which may come hours later: a large
/// configuration takes several times its size while it is read.
pub(crate) fn give_back() {
    // SAFETY: has no precondition; it works on the heap of the calling thread.
    unsafe { libmimalloc_sys::mi_collect(true) };
}

/// How long freed pages are kept for the next use, in milliseconds. The number is mimalloc's; the crate has no name for it.
const PURGE_DELAY: mi_option_t = 15;

/// Large changes under way in this process, and the delay outside of them.
static SPARING: Mutex<(u32, i64)> = Mutex::new((0, 0));

/// Between true and false freed pages go back to the system at once, so that pages which are taken meanwhile are in memory only as far as they are used.
pub(crate) fn spare(begins: bool) {
    let mut sparing = SPARING.lock().unwrap_or_else(PoisonError::into_inner);
    let (changes, delay) = &mut *sparing;
    if begins {
        if *changes == 0 {
            // SAFETY: reads a number.
            *delay = unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        }
        *changes += 1;
    } else {
        *changes = changes.saturating_sub(1);
    }
    let now = if *changes > 0 { 0 } else { *delay };
    // SAFETY: stores a number, which other threads may read at any time.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, now) };
}

/// Bytes of the engine's heap that are in memory; JavaScript's are not among them. mimalloc's own statistics do not say it: what it has given back counts as
/// its own there. 0 where the system does not say it.
pub(crate) fn resident_bytes() -> u64 {
    let text = fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    let mut is_ours = false;
    let mut kilobytes = 0;
    for line in text.lines() {
        if let Some(resident) = line.strip_prefix("Rss:") {
            let resident = resident.trim().trim_end_matches("kB").trim_end();
            kilobytes += resident.parse::<u64>().ok().filter(|_| is_ours).unwrap_or(0);
        } else if let Some(place) = anonymous_place(line) {
            is_ours = place.is_some_and(is_of_heap);
        }
    }
    kilobytes * 1024
}

/// The range of addresses in the first line about a mapping, if that is one of a heap; `None`: another line.
#[allow(
    clippy::option_option,
    reason = "a line about a mapping or not, and the mapping may be of no interest"
)]
fn anonymous_place(line: &str) -> Option<Option<(usize, usize)>> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let start = usize::from_str_radix(start, 16).ok()?;
    let end = usize::from_str_radix(end, 16).ok()?;
    let is_writable = words.next()?.starts_with("rw");
    let name = words.nth(3).unwrap_or_default();
    Some((is_writable && (name.is_empty() || name.starts_with("[anon:"))).then_some((start, end)))
}

fn is_of_heap((start, end): (usize, usize)) -> bool {
    (start..end).step_by(SLICE_BYTES).any(|address| {
        // SAFETY: the address is looked up, never read from.
        unsafe { libmimalloc_sys::mi_is_in_heap_region(ptr::without_provenance::<u8>(address).cast()) }
    })
}
