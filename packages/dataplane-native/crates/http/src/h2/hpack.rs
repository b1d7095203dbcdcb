//! Field compression (RFC 7541): a table of fields that both ends keep, and the two directions over it.

mod decode;
mod encode;
mod integer;
mod statics;
mod table;

pub(crate) use decode::{Decoder, FieldSink};
pub(crate) use encode::Encoder;

/// What a field costs in the table beside its bytes (RFC 7541 section 4.1).
pub(crate) const ENTRY_OVERHEAD: usize = 32;

/// Size of a table as long as nobody said otherwise (RFC 9113 section 6.5.2).
pub(crate) const DEFAULT_TABLE_SIZE: usize = 4096;
