//! Compression of responses.

use std::sync::Arc;

use config::{Compressor, CompressorLibrary, CompressorOverride, FilterOverride};
use messages::{
    envoy::{
        config::core::v3::{RuntimeFeatureFlag, TypedExtensionConfig},
        extensions::{
            compression::{brotli::compressor::v3::Brotli, gzip::compressor::v3::Gzip, zstd::compressor::v3::Zstd},
            filters::http::compressor::v3 as pb,
        },
    },
    google::protobuf::Any,
};

use crate::{
    context::{Context, is},
    short,
};

/// The HTTP filter.
pub(crate) fn compressor(cx: &mut Context, any: &Any) -> Compressor {
    let pb: pb::Compressor = cx.unpack(any).unwrap_or_default();
    let requests = pb.request_direction_config.and_then(|config| config.common_config);
    if requests.is_some_and(|common| is_enabled(common.enabled.as_ref(), false)) {
        cx.within("requestDirectionConfig", |cx| {
            cx.error("compresses requests, which this proxy does not; remove it");
        });
    }
    let library = library(cx, pb.compressor_library);
    let mut settings = Compressor {
        library: library.unwrap_or_default(),
        enabled: is_enabled(pb.runtime_enabled.as_ref(), true),
        disable_on_etag: pb.disable_on_etag_header,
        remove_accept_encoding: pb.remove_accept_encoding_header,
        choose_first: pb.choose_first,
        ..Compressor::default()
    };
    let mut length = pb.content_length;
    let mut types = pb.content_type;
    // With the new field the deprecated ones do not count.
    if let Some(direction) = pb.response_direction_config {
        cx.within("responseDirectionConfig", |cx| {
            cx.no_effect("statusHeaderEnabled", direction.status_header_enabled);
        });
        let common = direction.common_config.unwrap_or_default();
        settings.enabled = is_enabled(common.enabled.as_ref(), true);
        settings.disable_on_etag = direction.disable_on_etag_header;
        settings.remove_accept_encoding = direction.remove_accept_encoding_header;
        let statuses = direction.uncompressible_response_codes.into_iter();
        settings.uncompressible_statuses = statuses.filter_map(|status| u16::try_from(status).ok()).collect();
        length = common.min_content_length;
        types = common.content_type;
    }
    if let Some(length) = length {
        settings.min_content_length = length;
    }
    if !types.is_empty() {
        settings.content_types = types
            .into_iter()
            .map(|name| Arc::from(name.to_ascii_lowercase()))
            .collect();
    }
    settings
}

/// A route's own.
pub(crate) fn per_route(cx: &mut Context, any: &Any) -> Option<FilterOverride> {
    use pb::compressor_per_route::Override;
    let pb: pb::CompressorPerRoute = cx.unpack(any)?;
    match pb.r#override {
        Some(Override::Disabled(true)) => Some(FilterOverride::Disabled),
        Some(Override::Overrides(overrides)) => cx.within("overrides", |cx| {
            let direction = overrides.response_direction_config.unwrap_or_default();
            let library = match overrides.compressor_library {
                Some(config) => Some(library(cx, Some(config))?),
                None => None,
            };
            Some(FilterOverride::Compressor(CompressorOverride {
                library,
                remove_accept_encoding: direction.remove_accept_encoding_header,
            }))
        }),
        Some(Override::Disabled(false)) | None => {
            cx.error("has neither \"disabled\": true nor overrides");
            None
        }
    }
}

pub(crate) fn is_enabled(flag: Option<&RuntimeFeatureFlag>, otherwise: bool) -> bool {
    flag.map_or(otherwise, |flag| flag.default_value.unwrap_or(true))
}

fn library(cx: &mut Context, config: Option<TypedExtensionConfig>) -> Option<CompressorLibrary> {
    let config = cx.required("compressorLibrary", config)?;
    cx.within("compressorLibrary", |cx| {
        let any = cx.required("typedConfig", config.typed_config)?;
        cx.within("typedConfig", |cx| {
            if is::<Gzip>(&any) {
                return gzip(cx, &any);
            }
            if is::<Brotli>(&any) {
                return brotli(cx, &any);
            }
            if is::<Zstd>(&any) {
                return zstd(cx, &any);
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

fn gzip(cx: &mut Context, any: &Any) -> Option<CompressorLibrary> {
    let pb: Gzip = cx.unpack(any)?;
    cx.no_effect("memoryLevel", pb.memory_level.is_some());
    cx.no_effect("compressionStrategy", pb.compression_strategy != 0);
    cx.no_effect("chunkSize", pb.chunk_size.is_some());
    let level = within(cx, "compressionLevel", pb.compression_level.cast_unsigned(), 0, 9)?;
    Some(CompressorLibrary::Gzip {
        // 0 is zlib's own choice.
        level: if level == 0 { 6 } else { level },
        window_bits: within(cx, "windowBits", pb.window_bits.unwrap_or(12), 9, 15)?,
    })
}

fn brotli(cx: &mut Context, any: &Any) -> Option<CompressorLibrary> {
    let pb: Brotli = cx.unpack(any)?;
    cx.no_effect("encoderMode", pb.encoder_mode != 0);
    cx.no_effect("inputBlockBits", pb.input_block_bits.is_some());
    cx.no_effect("chunkSize", pb.chunk_size.is_some());
    cx.no_effect("disableLiteralContextModeling", pb.disable_literal_context_modeling);
    Some(CompressorLibrary::Brotli {
        quality: within(cx, "quality", pb.quality.unwrap_or(3), 0, 11)?,
        window_bits: within(cx, "windowBits", pb.window_bits.unwrap_or(18), 10, 24)?,
    })
}

fn zstd(cx: &mut Context, any: &Any) -> Option<CompressorLibrary> {
    let pb: Zstd = cx.unpack(any)?;
    cx.no_effect("strategy", pb.strategy != 0);
    cx.no_effect("chunkSize", pb.chunk_size.is_some());
    // Without its dictionary a client that expects it could still read the response.
    cx.no_effect("dictionary", pb.dictionary.is_some());
    let level = within(cx, "compressionLevel", pb.compression_level.unwrap_or(3), 0, 22)?;
    Some(CompressorLibrary::Zstd {
        level: if level == 0 { 3 } else { level },
        checksum: pb.enable_checksum,
    })
}

/// A number in its bounds.
fn within(cx: &mut Context, name: &str, value: u32, min: u8, max: u8) -> Option<u8> {
    let found = u8::try_from(value).ok().filter(|value| (min..=max).contains(value));
    if found.is_none() {
        cx.within(name, |cx| {
            cx.error(format!("is {value}; it has to be from {min} to {max}"));
        });
    }
    found
}
