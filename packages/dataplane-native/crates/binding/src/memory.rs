//! What mimalloc needs to be told, and what it can say.

use std::ptr::{from_mut, null_mut};

/// Gives what this thread has freed back to the system. Without it that waits for the thread's next allocations, which may come hours later: a large
/// configuration takes several times its size while it is read.
pub(crate) fn give_back() {
    // SAFETY: has no precondition; it works on the heap of the calling thread.
    unsafe { libmimalloc_sys::mi_collect(true) };
}

/// Bytes that the engine has taken from the system, what it keeps for later included. The memory of JavaScript is not among them.
pub(crate) fn committed_bytes() -> u64 {
    let mut committed = 0;
    let nothing = null_mut();
    // SAFETY: each pointer is null, which stands for "not wanted", or points to a number that outlives the call.
    unsafe {
        libmimalloc_sys::mi_process_info(
            nothing,
            nothing,
            nothing,
            nothing,
            nothing,
            from_mut(&mut committed),
            nothing,
            nothing,
        );
    };
    committed as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_from_the_system_is_known() {
        let before = committed_bytes();
        let large = vec![1_u8; 64 << 20];
        assert!(committed_bytes() >= before + (60 << 20), "{before} bytes before");
        drop(large);
    }
}
