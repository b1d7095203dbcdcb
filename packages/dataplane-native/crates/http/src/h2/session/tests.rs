//! Two sessions that talk to each other, and one that talks to what a peer should not send.

use std::{
    io::IoSlice,
    task::{Context, Poll, Waker},
};

use super::*;
use crate::{Framing, RequestView};

struct Pair {
    client: Session,
    server: Session,
    pool: BufferPool,
    to_server: Buffer,
    to_client: Buffer,
}

fn noop() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn pump(from: &mut Session, to: &mut Session, buffer: &mut Buffer, pool: &BufferPool) -> bool {
    let mut moved = false;
    while from.wants_write() {
        let count = from.unsent().len().min(10_000);
        assert!(pool.append(buffer, &from.unsent()[..count]));
        from.sent(count);
        to.receive(buffer, pool, 0).unwrap();
        moved = true;
    }
    moved
}

impl Pair {
    fn new(options: SessionOptions) -> Self {
        let mut pair = Self {
            client: Session::new(Role::Client, options),
            server: Session::new(Role::Server, options),
            pool: BufferPool::default(),
            to_server: Buffer::default(),
            to_client: Buffer::default(),
        };
        pair.pump();
        pair
    }

    fn pump(&mut self) {
        while pump(&mut self.client, &mut self.server, &mut self.to_server, &self.pool)
            | pump(&mut self.server, &mut self.client, &mut self.to_client, &self.pool)
        {}
    }

    fn request(&mut self, ends_stream: bool) -> (StreamKey, StreamKey) {
        let key = self.client.open().unwrap();
        self.client.send_head(key, ends_stream, false, get);
        self.pump();
        (key, self.server.next_opened().unwrap())
    }
}

fn get(writer: &mut FieldWriter<'_>) {
    for (name, value) in [
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/x"),
        (":authority", "a"),
    ] {
        writer.field(name.as_bytes(), value.as_bytes());
    }
}

fn ok(writer: &mut FieldWriter<'_>) {
    writer.field(b":status", b"200");
}

fn read_all(session: &mut Session, key: StreamKey, pool: &BufferPool) -> (Vec<u8>, bool) {
    let mut all = Vec::new();
    loop {
        let mut into = Buffer::default();
        match session.poll_data(&noop(), key, &mut into, pool) {
            Poll::Ready(Ok(0)) => return (all, true),
            Poll::Ready(Ok(_)) => all.extend_from_slice(into.filled()),
            Poll::Ready(Err(end)) => panic!("{end:?}"),
            Poll::Pending => return (all, false),
        }
    }
}

#[test]
fn a_request_and_its_response_travel_with_content_and_trailers() {
    let mut pair = Pair::new(SessionOptions::default());
    let (ours, theirs) = pair.request(false);
    let mut request = RequestHead::default();
    let text = pair.server.take_request(theirs, &mut request).unwrap();
    let view = RequestView::new(&request, text.filled());
    assert_eq!(
        (view.method(), view.path_and_query(), view.authority()),
        ("GET", "/x", "a")
    );
    assert_eq!(
        pair.client.poll_send(&noop(), ours, &[IoSlice::new(b"hello")], true),
        Poll::Ready(Ok(5))
    );
    pair.pump();
    assert_eq!(
        read_all(&mut pair.server, theirs, &pair.pool),
        (b"hello".to_vec(), true)
    );

    pair.server.send_head(theirs, false, false, ok);
    assert_eq!(
        pair.server
            .poll_send(&noop(), theirs, &[IoSlice::new(b"wor"), IoSlice::new(b"ld")], false),
        Poll::Ready(Ok(5))
    );
    pair.server
        .send_head(theirs, true, false, |writer| writer.field(b"grpc-status", b"0"));
    pair.pump();
    let mut response = ResponseHead::default();
    assert!(pair.client.poll_response(&noop(), ours, &mut response).is_ready());
    assert_eq!(response.status, 200);
    assert_eq!(read_all(&mut pair.client, ours, &pair.pool), (b"world".to_vec(), true));
    let mut trailers = Fields::default();
    let text = pair.client.take_trailers(ours, &mut trailers).unwrap();
    assert_eq!(trailers.get(text.filled(), "grpc-status"), Some(&b"0"[..]));
    pair.client.release(ours, ErrorCode::CANCEL, &pair.pool);
    pair.server.release(theirs, ErrorCode::CANCEL, &pair.pool);
    pair.pump();
    assert_eq!((pair.client.stream_count(), pair.server.stream_count()), (0, 0));
    assert!(!pair.client.is_over() && !pair.server.is_over());
}

#[test]
fn interim_responses_are_there_for_who_wants_them_and_few_are_kept() {
    let mut pair = Pair::new(SessionOptions::default());
    let (ours, theirs) = pair.request(true);
    for status in [b"100", b"103", b"103", b"102", b"103", b"104"] {
        pair.server
            .send_head(theirs, false, false, |writer| writer.field(b":status", status));
    }
    pair.server.send_head(theirs, true, false, ok);
    pair.pump();
    let mut response = ResponseHead::default();
    let mut statuses = Vec::new();
    while pair.client.take_interim(ours, &mut response).is_some() {
        statuses.push(response.status);
    }
    assert_eq!(statuses, [103, 103, 102, 103]);
    assert!(pair.client.poll_response(&noop(), ours, &mut response).is_ready());
    assert_eq!((response.status, response.framing), (200, Framing::None));
}

#[test]
fn a_reader_that_does_not_read_stops_the_writer_and_bounds_memory() {
    let mut pair = Pair::new(SessionOptions {
        stream_window: 65_535,
        ..SessionOptions::default()
    });
    let (ours, theirs) = pair.request(false);
    let piece = [7; 10_000];
    let mut sent = 0;
    while let Poll::Ready(Ok(count)) = pair.client.poll_send(&noop(), ours, &[IoSlice::new(&piece)], false) {
        sent += count;
        pair.pump();
    }
    assert_eq!(sent, 65_535);
    assert_eq!(read_all(&mut pair.server, theirs, &pair.pool), (vec![7; 65_535], false));
    pair.pump();
    assert!(
        pair.client
            .poll_send(&noop(), ours, &[IoSlice::new(&piece)], false)
            .is_ready()
    );
}

#[test]
fn content_waits_for_room_in_what_is_not_yet_written() {
    let mut pair = Pair::new(SessionOptions::default());
    let (first, _) = pair.request(false);
    let (second, _) = pair.request(false);
    let large = vec![1; 200_000];
    assert_eq!(
        pair.client.poll_send(&noop(), first, &[IoSlice::new(&large)], false),
        Poll::Ready(Ok(65_536))
    );
    assert!(
        pair.client
            .poll_send(&noop(), second, &[IoSlice::new(&large)], false)
            .is_pending()
    );
    assert!(pair.client.unsent().len() < 70_000);
    pair.pump();
    assert!(
        pair.client
            .poll_send(&noop(), second, &[IoSlice::new(&large)], false)
            .is_ready()
    );
}

#[test]
fn streams_above_the_limit_are_refused_and_can_be_tried_again() {
    let mut pair = Pair::new(SessionOptions {
        max_concurrent_streams: 1,
        ..SessionOptions::default()
    });
    let (_, theirs) = pair.request(true);
    assert!(pair.client.open().is_none(), "the limit is known");
    // A client that does not know it.
    pair.client.peer.max_concurrent_streams = 10;
    pair.client.options.max_concurrent_streams = 10;
    let key = pair.client.open().unwrap();
    pair.client.send_head(key, true, false, get);
    pair.pump();
    let mut response = ResponseHead::default();
    assert_eq!(
        pair.client.poll_response(&noop(), key, &mut response).map(Result::err),
        Poll::Ready(Some(StreamEnd::Refused))
    );
    pair.server.send_head(theirs, true, false, ok);
    pair.server.release(theirs, ErrorCode::CANCEL, &pair.pool);
    assert_eq!(pair.server.stream_count(), 0);
}

#[test]
fn a_drained_connection_finishes_what_was_begun_and_names_the_last_stream() {
    let mut pair = Pair::new(SessionOptions::default());
    let (ours, theirs) = pair.request(true);
    pair.server.drain();
    pair.pump();
    assert!(!pair.client.is_usable() && pair.client.open().is_none());
    assert!(!pair.server.is_over());
    pair.server.send_head(theirs, true, false, ok);
    pair.server.release(theirs, ErrorCode::CANCEL, &pair.pool);
    pair.pump();
    assert!(pair.server.is_over());
    let mut response = ResponseHead::default();
    assert!(matches!(
        pair.client.poll_response(&noop(), ours, &mut response),
        Poll::Ready(Ok(_))
    ));
    pair.client.release(ours, ErrorCode::CANCEL, &pair.pool);
    assert!(pair.client.is_over());
}

#[test]
fn a_stream_that_nobody_wants_any_more_is_reset() {
    let mut pair = Pair::new(SessionOptions::default());
    let (ours, theirs) = pair.request(false);
    pair.client.release(ours, ErrorCode::CANCEL, &pair.pool);
    pair.pump();
    assert_eq!(
        pair.server.poll_reset(&noop(), theirs),
        Poll::Ready(StreamEnd::Reset(ErrorCode::CANCEL))
    );
}

/// A server that was greeted, and everything it said so far taken away.
fn server() -> (Session, BufferPool) {
    let mut session = Session::new(Role::Server, SessionOptions::default());
    let pool = BufferPool::default();
    let mut greeting = frame::PREFACE.to_vec();
    frame::write_frame(kind::SETTINGS, 0, 0, &[], &mut greeting);
    feed(&mut session, &pool, &greeting).unwrap();
    session.sent(session.unsent().len());
    (session, pool)
}

fn feed(session: &mut Session, pool: &BufferPool, bytes: &[u8]) -> Result<(), SessionError> {
    let mut input = Buffer::default();
    assert!(pool.append(&mut input, bytes));
    session.receive(&mut input, pool, 0)
}

fn frame_of(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame::write_frame(kind, flags, stream, payload, &mut out);
    out
}

/// `GET http://a/`
const REQUEST: &[u8] = &[0x82, 0x86, 0x84, 0x41, 0x01, b'a'];

#[test]
#[allow(clippy::too_many_lines, reason = "one line per fault")]
fn what_breaks_the_protocol_ends_the_connection() {
    use flag::{ACK, END_HEADERS, END_STREAM, PADDED};
    let headers = |id| frame_of(kind::HEADERS, END_HEADERS | END_STREAM, id, REQUEST);
    for (bytes, code, what) in [
        (
            frame_of(kind::DATA, 0, 0, b"x"),
            ErrorCode::PROTOCOL_ERROR,
            "DATA on the connection",
        ),
        (
            frame_of(kind::DATA, 0, 1, b"x"),
            ErrorCode::PROTOCOL_ERROR,
            "DATA on an idle stream",
        ),
        (headers(2), ErrorCode::PROTOCOL_ERROR, "an even id"),
        (
            [headers(3), headers(1)].concat(),
            ErrorCode::STREAM_CLOSED,
            "an id that goes down",
        ),
        (
            frame_of(kind::HEADERS, END_HEADERS, 1, &[0xff, 0xff]),
            ErrorCode::COMPRESSION_ERROR,
            "bad compression",
        ),
        (
            frame_of(kind::HEADERS, END_HEADERS | PADDED, 1, &[9, 1]),
            ErrorCode::PROTOCOL_ERROR,
            "too much padding",
        ),
        (
            [frame_of(kind::HEADERS, 0, 1, REQUEST), headers(3)].concat(),
            ErrorCode::PROTOCOL_ERROR,
            "a block interrupted",
        ),
        (
            frame_of(kind::CONTINUATION, END_HEADERS, 1, REQUEST),
            ErrorCode::PROTOCOL_ERROR,
            "CONTINUATION of nothing",
        ),
        (
            frame_of(kind::SETTINGS, 0, 1, &[]),
            ErrorCode::PROTOCOL_ERROR,
            "SETTINGS on a stream",
        ),
        (
            frame_of(kind::SETTINGS, 0, 0, &[0; 5]),
            ErrorCode::FRAME_SIZE_ERROR,
            "SETTINGS of a wrong size",
        ),
        (
            frame_of(kind::SETTINGS, ACK, 0, &[0; 6]),
            ErrorCode::FRAME_SIZE_ERROR,
            "an acknowledgement with content",
        ),
        (
            frame_of(kind::SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 2]),
            ErrorCode::PROTOCOL_ERROR,
            "push of 2",
        ),
        (
            frame_of(kind::SETTINGS, 0, 0, &[0, 4, 0x80, 0, 0, 0]),
            ErrorCode::FLOW_CONTROL_ERROR,
            "a window too large",
        ),
        (
            frame_of(kind::SETTINGS, 0, 0, &[0, 5, 0, 0, 1, 0]),
            ErrorCode::PROTOCOL_ERROR,
            "frames too small",
        ),
        (
            frame_of(kind::PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2]),
            ErrorCode::PROTOCOL_ERROR,
            "a push",
        ),
        (
            frame_of(kind::PING, 0, 0, &[0; 7]),
            ErrorCode::FRAME_SIZE_ERROR,
            "PING of a wrong size",
        ),
        (
            frame_of(kind::PING, 0, 1, &[0; 8]),
            ErrorCode::PROTOCOL_ERROR,
            "PING on a stream",
        ),
        (
            frame_of(kind::GOAWAY, 0, 1, &[0; 8]),
            ErrorCode::PROTOCOL_ERROR,
            "GOAWAY on a stream",
        ),
        (
            frame_of(kind::RST_STREAM, 0, 1, &[0; 4]),
            ErrorCode::PROTOCOL_ERROR,
            "reset of an idle stream",
        ),
        (
            frame_of(kind::RST_STREAM, 0, 1, &[0; 3]),
            ErrorCode::FRAME_SIZE_ERROR,
            "reset of a wrong size",
        ),
        (
            frame_of(kind::WINDOW_UPDATE, 0, 0, &[0; 4]),
            ErrorCode::PROTOCOL_ERROR,
            "an empty update",
        ),
        (
            frame_of(kind::WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]),
            ErrorCode::FLOW_CONTROL_ERROR,
            "an overflow",
        ),
        (
            frame_of(kind::PRIORITY, 0, 0, &[0; 5]),
            ErrorCode::PROTOCOL_ERROR,
            "PRIORITY on the connection",
        ),
        (
            frame_of(kind::DATA, 0, 1, &vec![0; 16_385]),
            ErrorCode::FRAME_SIZE_ERROR,
            "a frame too large",
        ),
    ] {
        let (mut session, pool) = server();
        let failed = feed(&mut session, &pool, &bytes);
        assert_eq!(failed.map_err(|error| error.code), Err(code), "{what}");
    }
}

#[test]
fn what_breaks_a_message_ends_its_stream_only() {
    use flag::{END_HEADERS, END_STREAM};
    let open = || frame_of(kind::HEADERS, END_HEADERS, 1, REQUEST);
    let closed = || frame_of(kind::HEADERS, END_HEADERS | END_STREAM, 1, REQUEST);
    // content-length: 5
    let with_length = [REQUEST, &[0x0f, 0x0d, 0x01, b'5']].concat();
    for (bytes, code, what) in [
        (
            frame_of(kind::HEADERS, END_HEADERS | END_STREAM, 1, &[0x82]),
            ErrorCode::PROTOCOL_ERROR,
            "no path",
        ),
        (
            [closed(), frame_of(kind::DATA, 0, 1, b"x")].concat(),
            ErrorCode::STREAM_CLOSED,
            "DATA behind the end",
        ),
        (
            [
                open(),
                frame_of(kind::RST_STREAM, 0, 1, &[0, 0, 0, 8]),
                frame_of(kind::DATA, 0, 1, b"x"),
            ]
            .concat(),
            ErrorCode::STREAM_CLOSED,
            "DATA behind a reset",
        ),
        (
            [closed(), closed()].concat(),
            ErrorCode::STREAM_CLOSED,
            "HEADERS behind the end",
        ),
        (
            [open(), open()].concat(),
            ErrorCode::PROTOCOL_ERROR,
            "trailers that do not end the stream",
        ),
        (
            [open(), frame_of(kind::WINDOW_UPDATE, 0, 1, &[0; 4])].concat(),
            ErrorCode::PROTOCOL_ERROR,
            "an empty update",
        ),
        (
            [open(), frame_of(kind::WINDOW_UPDATE, 0, 1, &[0x7f, 0xff, 0xff, 0xff])].concat(),
            ErrorCode::FLOW_CONTROL_ERROR,
            "an overflow",
        ),
        (
            [open(), frame_of(kind::PRIORITY, 0, 1, &[0; 4])].concat(),
            ErrorCode::FRAME_SIZE_ERROR,
            "PRIORITY of a wrong size",
        ),
        (
            [open(), frame_of(kind::PRIORITY, 0, 1, &[0, 0, 0, 1, 0])].concat(),
            ErrorCode::PROTOCOL_ERROR,
            "a stream that depends on itself",
        ),
        (
            frame_of(kind::HEADERS, END_HEADERS | END_STREAM, 1, &with_length),
            ErrorCode::PROTOCOL_ERROR,
            "content that is missing",
        ),
        (
            [
                frame_of(kind::HEADERS, END_HEADERS, 1, &with_length),
                frame_of(kind::DATA, 0, 1, b"123456"),
            ]
            .concat(),
            ErrorCode::PROTOCOL_ERROR,
            "content that is too long",
        ),
    ] {
        let (mut session, pool) = server();
        assert_eq!(feed(&mut session, &pool, &bytes), Ok(()), "{what}");
        let reset = frame_of(kind::RST_STREAM, 0, 1, &code.0.to_be_bytes());
        assert!(session.unsent().ends_with(&reset), "{what}: {:?}", session.unsent());
        let next = frame_of(kind::HEADERS, END_HEADERS | END_STREAM, 3, REQUEST);
        assert_eq!(
            feed(&mut session, &pool, &next),
            Ok(()),
            "the connection goes on: {what}"
        );
    }
}

type Flood = dyn Fn(u32) -> Vec<u8>;

#[test]
fn a_flood_of_frames_that_nothing_comes_of_ends_the_connection() {
    use flag::{END_HEADERS, END_STREAM};
    let open = frame_of(kind::HEADERS, END_HEADERS, 1, REQUEST);
    let floods: [(&str, Box<Flood>); 6] = [
        ("PING", Box::new(|_| frame_of(kind::PING, 0, 0, &[0; 8]))),
        ("SETTINGS", Box::new(|_| frame_of(kind::SETTINGS, 0, 0, &[]))),
        ("PRIORITY", Box::new(|_| frame_of(kind::PRIORITY, 0, 5, &[0; 5]))),
        ("empty DATA", Box::new(|_| frame_of(kind::DATA, 0, 1, &[]))),
        (
            "WINDOW_UPDATE",
            Box::new(|_| frame_of(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1])),
        ),
        (
            "rapid reset",
            Box::new(|nth| {
                let id = 3 + 2 * nth;
                let request = frame_of(kind::HEADERS, END_HEADERS | END_STREAM, id, REQUEST);
                [request, frame_of(kind::RST_STREAM, 0, id, &[0, 0, 0, 8])].concat()
            }),
        ),
    ];
    for (what, flood) in floods {
        let (mut session, pool) = server();
        feed(&mut session, &pool, &open).unwrap();
        let failed = (0..20_000).find_map(|nth| {
            let failed = feed(&mut session, &pool, &flood(nth)).err();
            session.sent(session.unsent().len());
            while let Some(key) = session.next_opened() {
                if session.poll_reset(&noop(), key).is_ready() {
                    session.release(key, ErrorCode::CANCEL, &pool);
                }
            }
            failed
        });
        assert_eq!(
            failed.map(|error| error.code),
            Some(ErrorCode::ENHANCE_YOUR_CALM),
            "{what}"
        );
    }
    let (mut session, pool) = server();
    feed(&mut session, &pool, &frame_of(kind::HEADERS, 0, 1, REQUEST)).unwrap();
    let failed = (0..100).find_map(|_| feed(&mut session, &pool, &frame_of(kind::CONTINUATION, 0, 1, &[])).err());
    assert_eq!(
        failed.map(|error| error.code),
        Some(ErrorCode::ENHANCE_YOUR_CALM),
        "CONTINUATION"
    );
}

#[test]
fn bytes_may_be_cut_anywhere() {
    let (mut whole, pool) = server();
    let (mut cut, _) = server();
    let bytes = [
        frame_of(kind::HEADERS, flag::END_HEADERS, 1, REQUEST),
        frame_of(kind::DATA, flag::END_STREAM, 1, b"hello"),
        frame_of(kind::PING, 0, 0, &[1; 8]),
    ]
    .concat();
    feed(&mut whole, &pool, &bytes).unwrap();
    let mut input = Buffer::default();
    for byte in bytes {
        assert!(pool.append(&mut input, &[byte]));
        cut.receive(&mut input, &pool, 0).unwrap();
    }
    assert_eq!(whole.unsent(), cut.unsent());
    let key = cut.next_opened().unwrap();
    assert_eq!(read_all(&mut cut, key, &pool), (b"hello".to_vec(), true));
}

proptest::proptest! {
    #[test]
    fn whatever_arrives_ends_the_same_however_it_is_cut(kinds in proptest::collection::vec((0_u8..11, 0_u8..64, 0_u32..6, proptest::collection::vec(0_u8.., 0..20)), 0..12)) {
        let bytes: Vec<u8> = kinds.iter().flat_map(|(kind, flags, stream, payload)| frame_of(*kind, *flags, *stream, payload)).collect();
        let greeted = [frame_of(kind::SETTINGS, 0, 0, &[]), bytes].concat();
        fuzz(&greeted);
    }
}

#[test]
fn a_head_larger_than_a_frame_is_continued() {
    let mut pair = Pair::new(SessionOptions::default());
    let key = pair.client.open().unwrap();
    let large = "~".repeat(40_000);
    pair.client.send_head(key, true, false, |writer| {
        get(writer);
        writer.field(b"x-large", large.as_bytes());
    });
    pair.pump();
    let theirs = pair.server.next_opened().unwrap();
    let mut request = RequestHead::default();
    let text = pair.server.take_request(theirs, &mut request).unwrap();
    assert_eq!(
        request.fields.get(text.filled(), "x-large").map(<[u8]>::len),
        Some(40_000)
    );
}

#[test]
fn a_probe_that_is_not_answered_is_noticed() {
    let mut pair = Pair::new(SessionOptions::default());
    assert!(pair.client.ping());
    assert!(!pair.client.ping(), "the answer is not here yet");
    pair.pump();
    assert!(!pair.client.awaits_pong() && pair.client.ping());
}
