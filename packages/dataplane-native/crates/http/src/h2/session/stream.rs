//! One stream.

use std::{
    collections::VecDeque,
    task::{Context, Waker},
};

use crate::{
    Buffer, BufferPool,
    h2::{
        fields::Head,
        flow::{ReceiveWindow, SendWindow},
        frame::ErrorCode,
    },
};

/// A stream of a session. A key whose stream was released finds nothing, never another stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamKey {
    pub(super) index: u32,
    pub(super) serial: u32,
}

/// How a stream ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// The peer, or we for its fault, reset it.
    Reset(ErrorCode),
    /// The peer did not begin with it (RFC 9113 section 8.7): it is safe to try again whatever it was.
    Refused,
    /// The connection is gone.
    Lost,
}

#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "the states of both directions are independent"
)]
pub(super) struct Stream {
    pub(super) id: u32,
    pub(super) serial: u32,
    pub(super) head: Head,
    pub(super) has_head: bool,
    pub(super) trailers: Head,
    pub(super) has_trailers: bool,
    /// Received and not taken.
    pub(super) body: Buffer,
    /// Content still to come, where the head says it.
    pub(super) content_left: Option<u64>,
    pub(super) received_end: bool,
    pub(super) sent_head: bool,
    pub(super) sent_end: bool,
    /// The response has no content whatever its head says: HEAD.
    pub(super) expects_no_content: bool,
    pub(super) end: Option<StreamEnd>,
    /// The peer said that it sends nothing more: by a reset.
    pub(super) is_reset_by_peer: bool,
    pub(super) send_window: SendWindow,
    pub(super) receive_window: ReceiveWindow,
    pub(super) is_waiting: bool,
    /// Interim responses so far, and those of them that nobody has taken yet.
    pub(super) interim: u32,
    pub(super) interim_heads: VecDeque<Head>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            id: 0,
            serial: 0,
            head: Head::default(),
            has_head: false,
            trailers: Head::default(),
            has_trailers: false,
            body: Buffer::default(),
            content_left: None,
            received_end: false,
            sent_head: false,
            sent_end: false,
            expects_no_content: false,
            end: None,
            is_reset_by_peer: false,
            send_window: SendWindow(0),
            receive_window: ReceiveWindow::new(0),
            is_waiting: false,
            interim: 0,
            interim_heads: VecDeque::new(),
            reader: None,
            writer: None,
        }
    }
}

impl Stream {
    /// Begins with cleared memory.
    pub(super) fn begin(&mut self, id: u32, send_window: i64, receive_window: i64) {
        self.id = id;
        self.send_window = SendWindow(send_window);
        self.receive_window = ReceiveWindow::new(receive_window);
    }

    pub(super) fn clear(&mut self, pool: &BufferPool) {
        self.head.clear(pool);
        self.trailers.clear(pool);
        pool.give(std::mem::take(&mut self.body));
        (self.has_head, self.has_trailers) = (false, false);
        (self.received_end, self.sent_head, self.sent_end) = (false, false, false);
        (self.expects_no_content, self.is_waiting, self.is_reset_by_peer) = (false, false, false);
        (self.content_left, self.end) = (None, None);
        self.interim = 0;
        for mut head in self.interim_heads.drain(..) {
            head.clear(pool);
        }
        (self.reader, self.writer) = (None, None);
    }

    pub(super) fn wait_to_read(&mut self, cx: &Context<'_>) {
        wait(&mut self.reader, cx);
    }

    pub(super) fn wait_to_write(&mut self, cx: &Context<'_>) {
        wait(&mut self.writer, cx);
    }

    pub(super) fn wake_reader(&mut self) {
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
    }

    pub(super) fn wake_writer(&mut self) {
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
    }

    pub(super) fn wake_all(&mut self) {
        self.wake_reader();
        self.wake_writer();
    }
}

fn wait(slot: &mut Option<Waker>, cx: &Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *slot = Some(cx.waker().clone()),
    }
}
