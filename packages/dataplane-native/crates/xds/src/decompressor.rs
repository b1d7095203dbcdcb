//! Taking the encoding off requests and responses.

use config::{Decompressor, DecompressorLibrary};
use messages::{
    envoy::{
        config::core::v3::TypedExtensionConfig,
        extensions::{
            compression::{
                brotli::decompressor::v3::Brotli, gzip::decompressor::v3::Gzip, zstd::decompressor::v3::Zstd,
            },
            filters::http::decompressor::v3::{self as pb, decompressor::CommonDirectionConfig},
        },
    },
    google::protobuf::Any,
};

use crate::{
    compressor::is_enabled,
    context::{Context, is},
    short,
};

/// The HTTP filter.
pub(crate) fn decompressor(cx: &mut Context, any: &Any) -> Decompressor {
    let pb: pb::Decompressor = cx.unpack(any).unwrap_or_default();
    let library = library(cx, pb.decompressor_library).unwrap_or_default();
    let requests = pb.request_direction_config.unwrap_or_default();
    let responses = pb.response_direction_config.unwrap_or_default();
    let direction = |common: Option<CommonDirectionConfig>| {
        let common = common.unwrap_or_default();
        (
            is_enabled(common.enabled.as_ref(), true),
            common.ignore_no_transform_header,
        )
    };
    let (of_requests, of_responses) = (direction(requests.common_config), direction(responses.common_config));
    Decompressor {
        library,
        requests: of_requests.0,
        ignore_no_transform_of_requests: of_requests.1,
        responses: of_responses.0,
        ignore_no_transform_of_responses: of_responses.1,
        advertise: requests.advertise_accept_encoding.unwrap_or(true),
    }
}

fn library(cx: &mut Context, config: Option<TypedExtensionConfig>) -> Option<DecompressorLibrary> {
    let config = cx.required("decompressorLibrary", config)?;
    cx.within("decompressorLibrary", |cx| {
        let any = cx.required("typedConfig", config.typed_config)?;
        cx.within("typedConfig", |cx| {
            let max_ratio = DecompressorLibrary::MAX_RATIO;
            if is::<Gzip>(&any) {
                return gzip(cx, &any);
            }
            if is::<Brotli>(&any) {
                // Sizes of buffers are this proxy's own matter.
                let _: Brotli = cx.unpack(&any)?;
                return Some(DecompressorLibrary::Brotli { max_ratio });
            }
            if is::<Zstd>(&any) {
                let pb: Zstd = cx.unpack(&any)?;
                cx.unsupported("dictionaries", !pb.dictionaries.is_empty());
                return Some(DecompressorLibrary::Zstd { max_ratio });
            }
            cx.error(format!(
                "library {:?} of type {:?} is not supported: take gzip, brotli or zstd",
                config.name,
                short(&any.type_url)
            ));
            None
        })
    })
}

fn gzip(cx: &mut Context, any: &Any) -> Option<DecompressorLibrary> {
    let pb: Gzip = cx.unpack(any)?;
    let window_bits = pb.window_bits.unwrap_or(15);
    if !(9..=15).contains(&window_bits) {
        cx.within("windowBits", |cx| {
            cx.error(format!("is {window_bits}; it has to be from 9 to 15"));
        });
    }
    let max_ratio = pb.max_inflate_ratio.unwrap_or(DecompressorLibrary::MAX_RATIO);
    if max_ratio == 0 {
        cx.within("maxInflateRatio", |cx| cx.error("is 0; it has to be at least 1"));
    }
    Some(DecompressorLibrary::Gzip {
        window_bits: window_bits.clamp(9, 15) as u8,
        max_ratio,
    })
}
