//! Bodies of responses that are changed on their way down.

use filter::{compress::Encoder, decompress::Decoder, grpc_web::ResponseEncoder};

use super::{Broken, MAX_CHUNK, trailers::Trailers};

/// What is done to the body of a response.
pub(crate) enum Transform {
    /// Its trailers become its last frame; the body becomes text where the client takes that.
    GrpcWeb(ResponseEncoder),
    Compress(Box<Encoder>),
    Decompress(Box<Decoder>),
    /// The body is left out: what it means is a status of gRPC, which stands in the head.
    Status(u16),
}

impl Transform {
    /// Takes content and appends what becomes of it. The answer is how much was taken.
    pub(super) fn write(&mut self, content: &[u8], out: &mut Vec<u8>) -> Result<usize, Broken> {
        match self {
            Self::GrpcWeb(encoder) => encoder.write(content, out),
            Self::Compress(encoder) => encoder.write(content, out).map_err(|_| Broken::UpstreamProtocol)?,
            Self::Decompress(decoder) => {
                return decoder
                    .run(content, MAX_CHUNK, out)
                    .map_err(|_| Broken::UpstreamProtocol);
            }
            Self::Status(_) => {}
        }
        Ok(content.len())
    }

    /// Whether more becomes of what was taken.
    pub(super) fn has_more(&self) -> bool {
        matches!(self, Self::Decompress(decoder) if decoder.has_more())
    }

    /// Appends what is held back, so that the client has all that has come.
    pub(super) fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), Broken> {
        match self {
            Self::GrpcWeb(encoder) => {
                encoder.flush(out);
                Ok(())
            }
            Self::Compress(encoder) => encoder.flush(out).map_err(|_| Broken::UpstreamProtocol),
            Self::Decompress(_) | Self::Status(_) => Ok(()),
        }
    }

    /// Appends the end.
    pub(super) fn finish(&mut self, trailers: &Trailers, out: &mut Vec<u8>) -> Result<(), Broken> {
        match self {
            Self::GrpcWeb(encoder) => {
                encoder.finish(trailers.iter(), out);
                Ok(())
            }
            Self::Compress(encoder) => encoder.finish(out).map_err(|_| Broken::UpstreamProtocol),
            Self::Decompress(decoder) => decoder.end().map_err(|_| Broken::UpstreamProtocol),
            Self::Status(_) => Ok(()),
        }
    }
}
