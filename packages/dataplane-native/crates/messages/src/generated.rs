//! @generated from packages/api/proto by `UPDATE_MESSAGES=1 cargo test -p messages`.
pub mod envoy {
    pub mod config {
        pub mod accesslog {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct AccessLog {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "2")]
                    pub filter: ::core::option::Option<AccessLogFilter>,
                    #[prost(oneof = "access_log::ConfigType", tags = "4")]
                    pub config_type: ::core::option::Option<access_log::ConfigType>,
                }
                /// Nested message and enum types in `AccessLog`.
                pub mod access_log {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum ConfigType {
                        #[prost(message, tag = "4")]
                        TypedConfig(
                            super::super::super::super::super::google::protobuf::Any,
                        ),
                    }
                }
                impl ::prost::Name for AccessLog {
                    const NAME: &'static str = "AccessLog";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.AccessLog".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.AccessLog".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct AccessLogFilter {
                    #[prost(
                        oneof = "access_log_filter::FilterSpecifier",
                        tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13"
                    )]
                    pub filter_specifier: ::core::option::Option<
                        access_log_filter::FilterSpecifier,
                    >,
                }
                /// Nested message and enum types in `AccessLogFilter`.
                pub mod access_log_filter {
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum FilterSpecifier {
                        #[prost(message, tag = "1")]
                        StatusCodeFilter(super::StatusCodeFilter),
                        #[prost(message, tag = "2")]
                        DurationFilter(super::DurationFilter),
                        #[prost(message, tag = "3")]
                        NotHealthCheckFilter(super::NotHealthCheckFilter),
                        #[prost(message, tag = "4")]
                        TraceableFilter(super::TraceableFilter),
                        #[prost(message, tag = "5")]
                        RuntimeFilter(super::RuntimeFilter),
                        #[prost(message, tag = "6")]
                        AndFilter(super::AndFilter),
                        #[prost(message, tag = "7")]
                        OrFilter(super::OrFilter),
                        #[prost(message, tag = "8")]
                        HeaderFilter(super::HeaderFilter),
                        #[prost(message, tag = "9")]
                        ResponseFlagFilter(super::ResponseFlagFilter),
                        #[prost(message, tag = "10")]
                        GrpcStatusFilter(super::GrpcStatusFilter),
                        #[prost(message, tag = "11")]
                        ExtensionFilter(super::ExtensionFilter),
                        #[prost(message, tag = "12")]
                        MetadataFilter(super::MetadataFilter),
                        #[prost(message, tag = "13")]
                        LogTypeFilter(super::LogTypeFilter),
                    }
                }
                impl ::prost::Name for AccessLogFilter {
                    const NAME: &'static str = "AccessLogFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.AccessLogFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.AccessLogFilter".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ComparisonFilter {
                    #[prost(enumeration = "comparison_filter::Op", tag = "1")]
                    pub op: i32,
                    #[prost(message, optional, tag = "2")]
                    pub value: ::core::option::Option<
                        super::super::core::v3::RuntimeUInt32,
                    >,
                }
                /// Nested message and enum types in `ComparisonFilter`.
                pub mod comparison_filter {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum Op {
                        Eq = 0,
                        Ge = 1,
                        Le = 2,
                        Ne = 3,
                    }
                    impl Op {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::Eq => "EQ",
                                Self::Ge => "GE",
                                Self::Le => "LE",
                                Self::Ne => "NE",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "EQ" => Some(Self::Eq),
                                "GE" => Some(Self::Ge),
                                "LE" => Some(Self::Le),
                                "NE" => Some(Self::Ne),
                                _ => None,
                            }
                        }
                    }
                }
                impl ::prost::Name for ComparisonFilter {
                    const NAME: &'static str = "ComparisonFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.ComparisonFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.ComparisonFilter".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct StatusCodeFilter {
                    #[prost(message, optional, tag = "1")]
                    pub comparison: ::core::option::Option<ComparisonFilter>,
                }
                impl ::prost::Name for StatusCodeFilter {
                    const NAME: &'static str = "StatusCodeFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.StatusCodeFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.StatusCodeFilter".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct DurationFilter {
                    #[prost(message, optional, tag = "1")]
                    pub comparison: ::core::option::Option<ComparisonFilter>,
                }
                impl ::prost::Name for DurationFilter {
                    const NAME: &'static str = "DurationFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.DurationFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.DurationFilter".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct NotHealthCheckFilter {}
                impl ::prost::Name for NotHealthCheckFilter {
                    const NAME: &'static str = "NotHealthCheckFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.NotHealthCheckFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.NotHealthCheckFilter".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct TraceableFilter {}
                impl ::prost::Name for TraceableFilter {
                    const NAME: &'static str = "TraceableFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.TraceableFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.TraceableFilter".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RuntimeFilter {
                    #[prost(string, tag = "1")]
                    pub runtime_key: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "2")]
                    pub percent_sampled: ::core::option::Option<
                        super::super::super::r#type::v3::FractionalPercent,
                    >,
                    #[prost(bool, tag = "3")]
                    pub use_independent_randomness: bool,
                }
                impl ::prost::Name for RuntimeFilter {
                    const NAME: &'static str = "RuntimeFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.RuntimeFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.RuntimeFilter".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct AndFilter {
                    #[prost(message, repeated, tag = "1")]
                    pub filters: ::prost::alloc::vec::Vec<AccessLogFilter>,
                }
                impl ::prost::Name for AndFilter {
                    const NAME: &'static str = "AndFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.AndFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.AndFilter".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct OrFilter {
                    #[prost(message, repeated, tag = "2")]
                    pub filters: ::prost::alloc::vec::Vec<AccessLogFilter>,
                }
                impl ::prost::Name for OrFilter {
                    const NAME: &'static str = "OrFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.OrFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.OrFilter".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HeaderFilter {
                    #[prost(message, optional, tag = "1")]
                    pub header: ::core::option::Option<
                        super::super::route::v3::HeaderMatcher,
                    >,
                }
                impl ::prost::Name for HeaderFilter {
                    const NAME: &'static str = "HeaderFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.HeaderFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.HeaderFilter".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ResponseFlagFilter {
                    #[prost(string, repeated, tag = "1")]
                    pub flags: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
                }
                impl ::prost::Name for ResponseFlagFilter {
                    const NAME: &'static str = "ResponseFlagFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.ResponseFlagFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.ResponseFlagFilter".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct GrpcStatusFilter {
                    #[prost(
                        enumeration = "grpc_status_filter::Status",
                        repeated,
                        tag = "1"
                    )]
                    pub statuses: ::prost::alloc::vec::Vec<i32>,
                    #[prost(bool, tag = "2")]
                    pub exclude: bool,
                }
                /// Nested message and enum types in `GrpcStatusFilter`.
                pub mod grpc_status_filter {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum Status {
                        Ok = 0,
                        Canceled = 1,
                        Unknown = 2,
                        InvalidArgument = 3,
                        DeadlineExceeded = 4,
                        NotFound = 5,
                        AlreadyExists = 6,
                        PermissionDenied = 7,
                        ResourceExhausted = 8,
                        FailedPrecondition = 9,
                        Aborted = 10,
                        OutOfRange = 11,
                        Unimplemented = 12,
                        Internal = 13,
                        Unavailable = 14,
                        DataLoss = 15,
                        Unauthenticated = 16,
                    }
                    impl Status {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::Ok => "OK",
                                Self::Canceled => "CANCELED",
                                Self::Unknown => "UNKNOWN",
                                Self::InvalidArgument => "INVALID_ARGUMENT",
                                Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
                                Self::NotFound => "NOT_FOUND",
                                Self::AlreadyExists => "ALREADY_EXISTS",
                                Self::PermissionDenied => "PERMISSION_DENIED",
                                Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
                                Self::FailedPrecondition => "FAILED_PRECONDITION",
                                Self::Aborted => "ABORTED",
                                Self::OutOfRange => "OUT_OF_RANGE",
                                Self::Unimplemented => "UNIMPLEMENTED",
                                Self::Internal => "INTERNAL",
                                Self::Unavailable => "UNAVAILABLE",
                                Self::DataLoss => "DATA_LOSS",
                                Self::Unauthenticated => "UNAUTHENTICATED",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "OK" => Some(Self::Ok),
                                "CANCELED" => Some(Self::Canceled),
                                "UNKNOWN" => Some(Self::Unknown),
                                "INVALID_ARGUMENT" => Some(Self::InvalidArgument),
                                "DEADLINE_EXCEEDED" => Some(Self::DeadlineExceeded),
                                "NOT_FOUND" => Some(Self::NotFound),
                                "ALREADY_EXISTS" => Some(Self::AlreadyExists),
                                "PERMISSION_DENIED" => Some(Self::PermissionDenied),
                                "RESOURCE_EXHAUSTED" => Some(Self::ResourceExhausted),
                                "FAILED_PRECONDITION" => Some(Self::FailedPrecondition),
                                "ABORTED" => Some(Self::Aborted),
                                "OUT_OF_RANGE" => Some(Self::OutOfRange),
                                "UNIMPLEMENTED" => Some(Self::Unimplemented),
                                "INTERNAL" => Some(Self::Internal),
                                "UNAVAILABLE" => Some(Self::Unavailable),
                                "DATA_LOSS" => Some(Self::DataLoss),
                                "UNAUTHENTICATED" => Some(Self::Unauthenticated),
                                _ => None,
                            }
                        }
                    }
                }
                impl ::prost::Name for GrpcStatusFilter {
                    const NAME: &'static str = "GrpcStatusFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.GrpcStatusFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.GrpcStatusFilter".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct MetadataFilter {
                    #[prost(message, optional, tag = "1")]
                    pub matcher: ::core::option::Option<
                        super::super::super::r#type::matcher::v3::MetadataMatcher,
                    >,
                    #[prost(message, optional, tag = "2")]
                    pub match_if_key_not_found: ::core::option::Option<bool>,
                }
                impl ::prost::Name for MetadataFilter {
                    const NAME: &'static str = "MetadataFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.MetadataFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.MetadataFilter".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct LogTypeFilter {
                    #[prost(int32, repeated, tag = "1")]
                    pub types: ::prost::alloc::vec::Vec<i32>,
                    #[prost(bool, tag = "2")]
                    pub exclude: bool,
                }
                impl ::prost::Name for LogTypeFilter {
                    const NAME: &'static str = "LogTypeFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.LogTypeFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.LogTypeFilter".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ExtensionFilter {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(oneof = "extension_filter::ConfigType", tags = "3")]
                    pub config_type: ::core::option::Option<
                        extension_filter::ConfigType,
                    >,
                }
                /// Nested message and enum types in `ExtensionFilter`.
                pub mod extension_filter {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum ConfigType {
                        #[prost(message, tag = "3")]
                        TypedConfig(
                            super::super::super::super::super::google::protobuf::Any,
                        ),
                    }
                }
                impl ::prost::Name for ExtensionFilter {
                    const NAME: &'static str = "ExtensionFilter";
                    const PACKAGE: &'static str = "envoy.config.accesslog.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.accesslog.v3.ExtensionFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.accesslog.v3.ExtensionFilter".into()
                    }
                }
            }
        }
        pub mod cluster {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct CircuitBreakers {
                    #[prost(message, repeated, tag = "1")]
                    pub thresholds: ::prost::alloc::vec::Vec<
                        circuit_breakers::Thresholds,
                    >,
                    #[prost(message, repeated, tag = "2")]
                    pub per_host_thresholds: ::prost::alloc::vec::Vec<
                        circuit_breakers::Thresholds,
                    >,
                }
                /// Nested message and enum types in `CircuitBreakers`.
                pub mod circuit_breakers {
                    #[derive(Clone, Copy, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Thresholds {
                        #[prost(
                            enumeration = "super::super::super::core::v3::RoutingPriority",
                            tag = "1"
                        )]
                        pub priority: i32,
                        #[prost(message, optional, tag = "2")]
                        pub max_connections: ::core::option::Option<u32>,
                        #[prost(message, optional, tag = "3")]
                        pub max_pending_requests: ::core::option::Option<u32>,
                        #[prost(message, optional, tag = "4")]
                        pub max_requests: ::core::option::Option<u32>,
                        #[prost(message, optional, tag = "5")]
                        pub max_retries: ::core::option::Option<u32>,
                        #[prost(message, optional, tag = "8")]
                        pub retry_budget: ::core::option::Option<
                            thresholds::RetryBudget,
                        >,
                        #[prost(bool, tag = "6")]
                        pub track_remaining: bool,
                        #[prost(message, optional, tag = "7")]
                        pub max_connection_pools: ::core::option::Option<u32>,
                    }
                    /// Nested message and enum types in `Thresholds`.
                    pub mod thresholds {
                        #[derive(Clone, Copy, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct RetryBudget {
                            #[prost(message, optional, tag = "1")]
                            pub budget_percent: ::core::option::Option<
                                super::super::super::super::super::r#type::v3::Percent,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub min_retry_concurrency: ::core::option::Option<u32>,
                        }
                        impl ::prost::Name for RetryBudget {
                            const NAME: &'static str = "RetryBudget";
                            const PACKAGE: &'static str = "envoy.config.cluster.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget"
                                    .into()
                            }
                        }
                    }
                    impl ::prost::Name for Thresholds {
                        const NAME: &'static str = "Thresholds";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.CircuitBreakers.Thresholds".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.CircuitBreakers.Thresholds".into()
                        }
                    }
                }
                impl ::prost::Name for CircuitBreakers {
                    const NAME: &'static str = "CircuitBreakers";
                    const PACKAGE: &'static str = "envoy.config.cluster.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.cluster.v3.CircuitBreakers".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.cluster.v3.CircuitBreakers".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Filter {
                    #[prost(message, optional, tag = "2")]
                    pub typed_config: ::core::option::Option<
                        super::super::super::super::google::protobuf::Any,
                    >,
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                }
                impl ::prost::Name for Filter {
                    const NAME: &'static str = "Filter";
                    const PACKAGE: &'static str = "envoy.config.cluster.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.cluster.v3.Filter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.cluster.v3.Filter".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct OutlierDetection {
                    #[prost(message, optional, tag = "1")]
                    pub consecutive_5xx: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "2")]
                    pub interval: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "3")]
                    pub base_ejection_time: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "4")]
                    pub max_ejection_percent: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "5")]
                    pub enforcing_consecutive_5xx: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "6")]
                    pub enforcing_success_rate: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "7")]
                    pub success_rate_minimum_hosts: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "8")]
                    pub success_rate_request_volume: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "9")]
                    pub success_rate_stdev_factor: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "10")]
                    pub consecutive_gateway_failure: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "11")]
                    pub enforcing_consecutive_gateway_failure: ::core::option::Option<
                        u32,
                    >,
                    #[prost(bool, tag = "12")]
                    pub split_external_local_origin_errors: bool,
                    #[prost(message, optional, tag = "13")]
                    pub consecutive_local_origin_failure: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "14")]
                    pub enforcing_consecutive_local_origin_failure: ::core::option::Option<
                        u32,
                    >,
                    #[prost(message, optional, tag = "15")]
                    pub enforcing_local_origin_success_rate: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "16")]
                    pub failure_percentage_threshold: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "17")]
                    pub enforcing_failure_percentage: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "18")]
                    pub enforcing_failure_percentage_local_origin: ::core::option::Option<
                        u32,
                    >,
                    #[prost(message, optional, tag = "19")]
                    pub failure_percentage_minimum_hosts: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "20")]
                    pub failure_percentage_request_volume: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "21")]
                    pub max_ejection_time: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "22")]
                    pub max_ejection_time_jitter: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "23")]
                    pub successful_active_health_check_uneject_host: ::core::option::Option<
                        bool,
                    >,
                    #[prost(message, repeated, tag = "24")]
                    pub monitors: ::prost::alloc::vec::Vec<
                        super::super::core::v3::TypedExtensionConfig,
                    >,
                    #[prost(message, optional, tag = "25")]
                    pub always_eject_one_host: ::core::option::Option<bool>,
                }
                impl ::prost::Name for OutlierDetection {
                    const NAME: &'static str = "OutlierDetection";
                    const PACKAGE: &'static str = "envoy.config.cluster.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.cluster.v3.OutlierDetection".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.cluster.v3.OutlierDetection".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Cluster {
                    #[prost(message, repeated, tag = "43")]
                    pub transport_socket_matches: ::prost::alloc::vec::Vec<
                        cluster::TransportSocketMatch,
                    >,
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "3")]
                    pub eds_cluster_config: ::core::option::Option<
                        cluster::EdsClusterConfig,
                    >,
                    #[prost(message, optional, tag = "4")]
                    pub connect_timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "5")]
                    pub per_connection_buffer_limit_bytes: ::core::option::Option<u32>,
                    #[prost(enumeration = "cluster::LbPolicy", tag = "6")]
                    pub lb_policy: i32,
                    #[prost(message, optional, tag = "33")]
                    pub load_assignment: ::core::option::Option<
                        super::super::endpoint::v3::ClusterLoadAssignment,
                    >,
                    #[prost(message, optional, tag = "10")]
                    pub circuit_breakers: ::core::option::Option<CircuitBreakers>,
                    #[prost(map = "string, message", tag = "36")]
                    pub typed_extension_protocol_options: ::std::collections::HashMap<
                        ::prost::alloc::string::String,
                        super::super::super::super::google::protobuf::Any,
                    >,
                    #[prost(enumeration = "cluster::DnsLookupFamily", tag = "17")]
                    pub dns_lookup_family: i32,
                    #[prost(message, optional, tag = "19")]
                    pub outlier_detection: ::core::option::Option<OutlierDetection>,
                    #[prost(message, optional, tag = "20")]
                    pub cleanup_interval: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "21")]
                    pub upstream_bind_config: ::core::option::Option<
                        super::super::core::v3::BindConfig,
                    >,
                    #[prost(message, optional, tag = "27")]
                    pub common_lb_config: ::core::option::Option<
                        cluster::CommonLbConfig,
                    >,
                    #[prost(message, optional, tag = "24")]
                    pub transport_socket: ::core::option::Option<
                        super::super::core::v3::TransportSocket,
                    >,
                    #[prost(message, optional, tag = "25")]
                    pub metadata: ::core::option::Option<
                        super::super::core::v3::Metadata,
                    >,
                    #[prost(message, optional, tag = "30")]
                    pub upstream_connection_options: ::core::option::Option<
                        UpstreamConnectionOptions,
                    >,
                    #[prost(string, tag = "28")]
                    pub alt_stat_name: ::prost::alloc::string::String,
                    #[prost(bool, tag = "31")]
                    pub close_connections_on_host_health_failure: bool,
                    #[prost(bool, tag = "32")]
                    pub ignore_health_on_host_removal: bool,
                    #[prost(message, optional, tag = "59")]
                    pub transport_socket_matcher: ::core::option::Option<
                        super::super::super::super::xds::r#type::matcher::v3::Matcher,
                    >,
                    #[prost(message, optional, tag = "48")]
                    pub upstream_config: ::core::option::Option<
                        super::super::core::v3::TypedExtensionConfig,
                    >,
                    #[prost(message, repeated, tag = "8")]
                    pub health_checks: ::prost::alloc::vec::Vec<
                        super::super::core::v3::HealthCheck,
                    >,
                    #[prost(message, optional, tag = "22")]
                    pub lb_subset_config: ::core::option::Option<
                        cluster::LbSubsetConfig,
                    >,
                    #[prost(message, optional, tag = "50")]
                    pub preconnect_policy: ::core::option::Option<
                        cluster::PreconnectPolicy,
                    >,
                    #[prost(message, optional, tag = "42")]
                    pub lrs_server: ::core::option::Option<
                        super::super::core::v3::ConfigSource,
                    >,
                    #[prost(message, repeated, tag = "18")]
                    pub dns_resolvers: ::prost::alloc::vec::Vec<
                        super::super::core::v3::Address,
                    >,
                    #[prost(bool, tag = "45")]
                    pub use_tcp_for_dns_lookups: bool,
                    #[prost(bool, tag = "51")]
                    pub connection_pool_per_downstream_connection: bool,
                    #[prost(message, repeated, tag = "40")]
                    pub filters: ::prost::alloc::vec::Vec<Filter>,
                    #[prost(message, optional, tag = "16")]
                    pub dns_refresh_rate: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(bool, tag = "39")]
                    pub respect_dns_ttl: bool,
                    #[prost(message, optional, tag = "41")]
                    pub load_balancing_policy: ::core::option::Option<
                        LoadBalancingPolicy,
                    >,
                    #[prost(message, optional, tag = "9")]
                    pub max_requests_per_connection: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "46")]
                    pub upstream_http_protocol_options: ::core::option::Option<
                        super::super::core::v3::UpstreamHttpProtocolOptions,
                    >,
                    #[prost(message, optional, tag = "29")]
                    pub common_http_protocol_options: ::core::option::Option<
                        super::super::core::v3::HttpProtocolOptions,
                    >,
                    #[prost(message, optional, tag = "13")]
                    pub http_protocol_options: ::core::option::Option<
                        super::super::core::v3::Http1ProtocolOptions,
                    >,
                    #[prost(message, optional, tag = "14")]
                    pub http2_protocol_options: ::core::option::Option<
                        super::super::core::v3::Http2ProtocolOptions,
                    >,
                    #[prost(oneof = "cluster::ClusterDiscoveryType", tags = "2, 38")]
                    pub cluster_discovery_type: ::core::option::Option<
                        cluster::ClusterDiscoveryType,
                    >,
                    #[prost(oneof = "cluster::LbConfig", tags = "23, 52, 34, 37, 56")]
                    pub lb_config: ::core::option::Option<cluster::LbConfig>,
                }
                /// Nested message and enum types in `Cluster`.
                pub mod cluster {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct CustomClusterType {
                        #[prost(string, tag = "1")]
                        pub name: ::prost::alloc::string::String,
                    }
                    impl ::prost::Name for CustomClusterType {
                        const NAME: &'static str = "CustomClusterType";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.Cluster.CustomClusterType".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.Cluster.CustomClusterType".into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct PreconnectPolicy {}
                    impl ::prost::Name for PreconnectPolicy {
                        const NAME: &'static str = "PreconnectPolicy";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.Cluster.PreconnectPolicy".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.Cluster.PreconnectPolicy".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct LbSubsetConfig {
                        #[prost(
                            enumeration = "lb_subset_config::LbSubsetFallbackPolicy",
                            tag = "1"
                        )]
                        pub fallback_policy: i32,
                        #[prost(message, optional, tag = "2")]
                        pub default_subset: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Struct,
                        >,
                        #[prost(message, repeated, tag = "3")]
                        pub subset_selectors: ::prost::alloc::vec::Vec<
                            lb_subset_config::LbSubsetSelector,
                        >,
                        #[prost(bool, tag = "4")]
                        pub locality_weight_aware: bool,
                        #[prost(bool, tag = "5")]
                        pub scale_locality_weight: bool,
                        #[prost(bool, tag = "6")]
                        pub panic_mode_any: bool,
                        #[prost(bool, tag = "7")]
                        pub list_as_any: bool,
                        #[prost(
                            enumeration = "lb_subset_config::LbSubsetMetadataFallbackPolicy",
                            tag = "8"
                        )]
                        pub metadata_fallback_policy: i32,
                    }
                    /// Nested message and enum types in `LbSubsetConfig`.
                    pub mod lb_subset_config {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct LbSubsetSelector {
                            #[prost(string, repeated, tag = "1")]
                            pub keys: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(
                                enumeration = "lb_subset_selector::LbSubsetSelectorFallbackPolicy",
                                tag = "2"
                            )]
                            pub fallback_policy: i32,
                            #[prost(string, repeated, tag = "3")]
                            pub fallback_keys_subset: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(bool, tag = "4")]
                            pub single_host_per_subset: bool,
                        }
                        /// Nested message and enum types in `LbSubsetSelector`.
                        pub mod lb_subset_selector {
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum LbSubsetSelectorFallbackPolicy {
                                NotDefined = 0,
                                NoFallback = 1,
                                AnyEndpoint = 2,
                                DefaultSubset = 3,
                                KeysSubset = 4,
                            }
                            impl LbSubsetSelectorFallbackPolicy {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::NotDefined => "NOT_DEFINED",
                                        Self::NoFallback => "NO_FALLBACK",
                                        Self::AnyEndpoint => "ANY_ENDPOINT",
                                        Self::DefaultSubset => "DEFAULT_SUBSET",
                                        Self::KeysSubset => "KEYS_SUBSET",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "NOT_DEFINED" => Some(Self::NotDefined),
                                        "NO_FALLBACK" => Some(Self::NoFallback),
                                        "ANY_ENDPOINT" => Some(Self::AnyEndpoint),
                                        "DEFAULT_SUBSET" => Some(Self::DefaultSubset),
                                        "KEYS_SUBSET" => Some(Self::KeysSubset),
                                        _ => None,
                                    }
                                }
                            }
                        }
                        impl ::prost::Name for LbSubsetSelector {
                            const NAME: &'static str = "LbSubsetSelector";
                            const PACKAGE: &'static str = "envoy.config.cluster.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.cluster.v3.Cluster.LbSubsetConfig.LbSubsetSelector"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.cluster.v3.Cluster.LbSubsetConfig.LbSubsetSelector"
                                    .into()
                            }
                        }
                        #[derive(
                            Clone,
                            Copy,
                            PartialEq,
                            Eq,
                            Hash,
                            PartialOrd,
                            Ord,
                            ::prost::Enumeration
                        )]
                        #[repr(i32)]
                        pub enum LbSubsetFallbackPolicy {
                            NoFallback = 0,
                            AnyEndpoint = 1,
                            DefaultSubset = 2,
                        }
                        impl LbSubsetFallbackPolicy {
                            /// String value of the enum field names used in the ProtoBuf definition.
                            ///
                            /// The values are not transformed in any way and thus are considered stable
                            /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                            pub fn as_str_name(&self) -> &'static str {
                                match self {
                                    Self::NoFallback => "NO_FALLBACK",
                                    Self::AnyEndpoint => "ANY_ENDPOINT",
                                    Self::DefaultSubset => "DEFAULT_SUBSET",
                                }
                            }
                            /// Creates an enum from field names used in the ProtoBuf definition.
                            pub fn from_str_name(
                                value: &str,
                            ) -> ::core::option::Option<Self> {
                                match value {
                                    "NO_FALLBACK" => Some(Self::NoFallback),
                                    "ANY_ENDPOINT" => Some(Self::AnyEndpoint),
                                    "DEFAULT_SUBSET" => Some(Self::DefaultSubset),
                                    _ => None,
                                }
                            }
                        }
                        #[derive(
                            Clone,
                            Copy,
                            PartialEq,
                            Eq,
                            Hash,
                            PartialOrd,
                            Ord,
                            ::prost::Enumeration
                        )]
                        #[repr(i32)]
                        pub enum LbSubsetMetadataFallbackPolicy {
                            MetadataNoFallback = 0,
                            FallbackList = 1,
                        }
                        impl LbSubsetMetadataFallbackPolicy {
                            /// String value of the enum field names used in the ProtoBuf definition.
                            ///
                            /// The values are not transformed in any way and thus are considered stable
                            /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                            pub fn as_str_name(&self) -> &'static str {
                                match self {
                                    Self::MetadataNoFallback => "METADATA_NO_FALLBACK",
                                    Self::FallbackList => "FALLBACK_LIST",
                                }
                            }
                            /// Creates an enum from field names used in the ProtoBuf definition.
                            pub fn from_str_name(
                                value: &str,
                            ) -> ::core::option::Option<Self> {
                                match value {
                                    "METADATA_NO_FALLBACK" => Some(Self::MetadataNoFallback),
                                    "FALLBACK_LIST" => Some(Self::FallbackList),
                                    _ => None,
                                }
                            }
                        }
                    }
                    impl ::prost::Name for LbSubsetConfig {
                        const NAME: &'static str = "LbSubsetConfig";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.Cluster.LbSubsetConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.Cluster.LbSubsetConfig".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct RoundRobinLbConfig {
                        #[prost(message, optional, tag = "1")]
                        pub slow_start_config: ::core::option::Option<SlowStartConfig>,
                    }
                    impl ::prost::Name for RoundRobinLbConfig {
                        const NAME: &'static str = "RoundRobinLbConfig";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.Cluster.RoundRobinLbConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.Cluster.RoundRobinLbConfig".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct SlowStartConfig {
                        #[prost(message, optional, tag = "1")]
                        pub slow_start_window: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Duration,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub aggression: ::core::option::Option<
                            super::super::super::core::v3::RuntimeDouble,
                        >,
                        #[prost(message, optional, tag = "3")]
                        pub min_weight_percent: ::core::option::Option<
                            super::super::super::super::r#type::v3::Percent,
                        >,
                    }
                    impl ::prost::Name for SlowStartConfig {
                        const NAME: &'static str = "SlowStartConfig";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.Cluster.SlowStartConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.Cluster.SlowStartConfig".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct TransportSocketMatch {
                        #[prost(string, tag = "1")]
                        pub name: ::prost::alloc::string::String,
                        #[prost(message, optional, tag = "2")]
                        pub r#match: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Struct,
                        >,
                        #[prost(message, optional, tag = "3")]
                        pub transport_socket: ::core::option::Option<
                            super::super::super::core::v3::TransportSocket,
                        >,
                    }
                    impl ::prost::Name for TransportSocketMatch {
                        const NAME: &'static str = "TransportSocketMatch";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.Cluster.TransportSocketMatch".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.Cluster.TransportSocketMatch"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct EdsClusterConfig {
                        #[prost(message, optional, tag = "1")]
                        pub eds_config: ::core::option::Option<
                            super::super::super::core::v3::ConfigSource,
                        >,
                        #[prost(string, tag = "2")]
                        pub service_name: ::prost::alloc::string::String,
                    }
                    impl ::prost::Name for EdsClusterConfig {
                        const NAME: &'static str = "EdsClusterConfig";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.Cluster.EdsClusterConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.Cluster.EdsClusterConfig".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct LeastRequestLbConfig {
                        #[prost(message, optional, tag = "1")]
                        pub choice_count: ::core::option::Option<u32>,
                        #[prost(message, optional, tag = "2")]
                        pub active_request_bias: ::core::option::Option<
                            super::super::super::core::v3::RuntimeDouble,
                        >,
                        #[prost(message, optional, tag = "3")]
                        pub slow_start_config: ::core::option::Option<SlowStartConfig>,
                    }
                    impl ::prost::Name for LeastRequestLbConfig {
                        const NAME: &'static str = "LeastRequestLbConfig";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.Cluster.LeastRequestLbConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.Cluster.LeastRequestLbConfig"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct RingHashLbConfig {
                        #[prost(message, optional, tag = "1")]
                        pub minimum_ring_size: ::core::option::Option<u64>,
                        #[prost(
                            enumeration = "ring_hash_lb_config::HashFunction",
                            tag = "3"
                        )]
                        pub hash_function: i32,
                        #[prost(message, optional, tag = "4")]
                        pub maximum_ring_size: ::core::option::Option<u64>,
                    }
                    /// Nested message and enum types in `RingHashLbConfig`.
                    pub mod ring_hash_lb_config {
                        #[derive(
                            Clone,
                            Copy,
                            PartialEq,
                            Eq,
                            Hash,
                            PartialOrd,
                            Ord,
                            ::prost::Enumeration
                        )]
                        #[repr(i32)]
                        pub enum HashFunction {
                            XxHash = 0,
                            MurmurHash2 = 1,
                        }
                        impl HashFunction {
                            /// String value of the enum field names used in the ProtoBuf definition.
                            ///
                            /// The values are not transformed in any way and thus are considered stable
                            /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                            pub fn as_str_name(&self) -> &'static str {
                                match self {
                                    Self::XxHash => "XX_HASH",
                                    Self::MurmurHash2 => "MURMUR_HASH_2",
                                }
                            }
                            /// Creates an enum from field names used in the ProtoBuf definition.
                            pub fn from_str_name(
                                value: &str,
                            ) -> ::core::option::Option<Self> {
                                match value {
                                    "XX_HASH" => Some(Self::XxHash),
                                    "MURMUR_HASH_2" => Some(Self::MurmurHash2),
                                    _ => None,
                                }
                            }
                        }
                    }
                    impl ::prost::Name for RingHashLbConfig {
                        const NAME: &'static str = "RingHashLbConfig";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.Cluster.RingHashLbConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.Cluster.RingHashLbConfig".into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct MaglevLbConfig {
                        #[prost(message, optional, tag = "1")]
                        pub table_size: ::core::option::Option<u64>,
                    }
                    impl ::prost::Name for MaglevLbConfig {
                        const NAME: &'static str = "MaglevLbConfig";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.Cluster.MaglevLbConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.Cluster.MaglevLbConfig".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct OriginalDstLbConfig {
                        #[prost(bool, tag = "1")]
                        pub use_http_header: bool,
                        #[prost(string, tag = "2")]
                        pub http_header_name: ::prost::alloc::string::String,
                        #[prost(message, optional, tag = "3")]
                        pub upstream_port_override: ::core::option::Option<u32>,
                        #[prost(message, optional, tag = "4")]
                        pub metadata_key: ::core::option::Option<
                            super::super::super::super::r#type::metadata::v3::MetadataKey,
                        >,
                    }
                    impl ::prost::Name for OriginalDstLbConfig {
                        const NAME: &'static str = "OriginalDstLbConfig";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.Cluster.OriginalDstLbConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.Cluster.OriginalDstLbConfig".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct CommonLbConfig {
                        #[prost(message, optional, tag = "1")]
                        pub healthy_panic_threshold: ::core::option::Option<
                            super::super::super::super::r#type::v3::Percent,
                        >,
                        #[prost(message, optional, tag = "7")]
                        pub consistent_hashing_lb_config: ::core::option::Option<
                            common_lb_config::ConsistentHashingLbConfig,
                        >,
                        #[prost(message, optional, tag = "8")]
                        pub override_host_status: ::core::option::Option<
                            super::super::super::core::v3::HealthStatusSet,
                        >,
                        #[prost(
                            oneof = "common_lb_config::LocalityConfigSpecifier",
                            tags = "2, 3"
                        )]
                        pub locality_config_specifier: ::core::option::Option<
                            common_lb_config::LocalityConfigSpecifier,
                        >,
                    }
                    /// Nested message and enum types in `CommonLbConfig`.
                    pub mod common_lb_config {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct LocalityWeightedLbConfig {}
                        impl ::prost::Name for LocalityWeightedLbConfig {
                            const NAME: &'static str = "LocalityWeightedLbConfig";
                            const PACKAGE: &'static str = "envoy.config.cluster.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.cluster.v3.Cluster.CommonLbConfig.LocalityWeightedLbConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.cluster.v3.Cluster.CommonLbConfig.LocalityWeightedLbConfig"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ZoneAwareLbConfig {
                            #[prost(message, optional, tag = "1")]
                            pub routing_enabled: ::core::option::Option<
                                super::super::super::super::super::r#type::v3::Percent,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub min_cluster_size: ::core::option::Option<u64>,
                            #[prost(bool, tag = "3")]
                            pub fail_traffic_on_panic: bool,
                        }
                        impl ::prost::Name for ZoneAwareLbConfig {
                            const NAME: &'static str = "ZoneAwareLbConfig";
                            const PACKAGE: &'static str = "envoy.config.cluster.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.cluster.v3.Cluster.CommonLbConfig.ZoneAwareLbConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.cluster.v3.Cluster.CommonLbConfig.ZoneAwareLbConfig"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ConsistentHashingLbConfig {
                            #[prost(bool, tag = "1")]
                            pub use_hostname_for_hashing: bool,
                            #[prost(message, optional, tag = "2")]
                            pub hash_balance_factor: ::core::option::Option<u32>,
                        }
                        impl ::prost::Name for ConsistentHashingLbConfig {
                            const NAME: &'static str = "ConsistentHashingLbConfig";
                            const PACKAGE: &'static str = "envoy.config.cluster.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.cluster.v3.Cluster.CommonLbConfig.ConsistentHashingLbConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.cluster.v3.Cluster.CommonLbConfig.ConsistentHashingLbConfig"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum LocalityConfigSpecifier {
                            #[prost(message, tag = "2")]
                            ZoneAwareLbConfig(ZoneAwareLbConfig),
                            #[prost(message, tag = "3")]
                            LocalityWeightedLbConfig(LocalityWeightedLbConfig),
                        }
                    }
                    impl ::prost::Name for CommonLbConfig {
                        const NAME: &'static str = "CommonLbConfig";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.Cluster.CommonLbConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.Cluster.CommonLbConfig".into()
                        }
                    }
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum DiscoveryType {
                        Static = 0,
                        StrictDns = 1,
                        LogicalDns = 2,
                        Eds = 3,
                        OriginalDst = 4,
                    }
                    impl DiscoveryType {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::Static => "STATIC",
                                Self::StrictDns => "STRICT_DNS",
                                Self::LogicalDns => "LOGICAL_DNS",
                                Self::Eds => "EDS",
                                Self::OriginalDst => "ORIGINAL_DST",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "STATIC" => Some(Self::Static),
                                "STRICT_DNS" => Some(Self::StrictDns),
                                "LOGICAL_DNS" => Some(Self::LogicalDns),
                                "EDS" => Some(Self::Eds),
                                "ORIGINAL_DST" => Some(Self::OriginalDst),
                                _ => None,
                            }
                        }
                    }
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum LbPolicy {
                        RoundRobin = 0,
                        LeastRequest = 1,
                        RingHash = 2,
                        Random = 3,
                        Maglev = 5,
                        ClusterProvided = 6,
                        LoadBalancingPolicyConfig = 7,
                    }
                    impl LbPolicy {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::RoundRobin => "ROUND_ROBIN",
                                Self::LeastRequest => "LEAST_REQUEST",
                                Self::RingHash => "RING_HASH",
                                Self::Random => "RANDOM",
                                Self::Maglev => "MAGLEV",
                                Self::ClusterProvided => "CLUSTER_PROVIDED",
                                Self::LoadBalancingPolicyConfig => {
                                    "LOAD_BALANCING_POLICY_CONFIG"
                                }
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "ROUND_ROBIN" => Some(Self::RoundRobin),
                                "LEAST_REQUEST" => Some(Self::LeastRequest),
                                "RING_HASH" => Some(Self::RingHash),
                                "RANDOM" => Some(Self::Random),
                                "MAGLEV" => Some(Self::Maglev),
                                "CLUSTER_PROVIDED" => Some(Self::ClusterProvided),
                                "LOAD_BALANCING_POLICY_CONFIG" => {
                                    Some(Self::LoadBalancingPolicyConfig)
                                }
                                _ => None,
                            }
                        }
                    }
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum DnsLookupFamily {
                        Auto = 0,
                        V4Only = 1,
                        V6Only = 2,
                        V4Preferred = 3,
                        All = 4,
                    }
                    impl DnsLookupFamily {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::Auto => "AUTO",
                                Self::V4Only => "V4_ONLY",
                                Self::V6Only => "V6_ONLY",
                                Self::V4Preferred => "V4_PREFERRED",
                                Self::All => "ALL",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "AUTO" => Some(Self::Auto),
                                "V4_ONLY" => Some(Self::V4Only),
                                "V6_ONLY" => Some(Self::V6Only),
                                "V4_PREFERRED" => Some(Self::V4Preferred),
                                "ALL" => Some(Self::All),
                                _ => None,
                            }
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum ClusterDiscoveryType {
                        #[prost(enumeration = "DiscoveryType", tag = "2")]
                        Type(i32),
                        #[prost(message, tag = "38")]
                        ClusterType(CustomClusterType),
                    }
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum LbConfig {
                        #[prost(message, tag = "23")]
                        RingHashLbConfig(RingHashLbConfig),
                        #[prost(message, tag = "52")]
                        MaglevLbConfig(MaglevLbConfig),
                        #[prost(message, tag = "34")]
                        OriginalDstLbConfig(OriginalDstLbConfig),
                        #[prost(message, tag = "37")]
                        LeastRequestLbConfig(LeastRequestLbConfig),
                        #[prost(message, tag = "56")]
                        RoundRobinLbConfig(RoundRobinLbConfig),
                    }
                }
                impl ::prost::Name for Cluster {
                    const NAME: &'static str = "Cluster";
                    const PACKAGE: &'static str = "envoy.config.cluster.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.cluster.v3.Cluster".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.cluster.v3.Cluster".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct UpstreamConnectionOptions {
                    #[prost(message, optional, tag = "1")]
                    pub tcp_keepalive: ::core::option::Option<
                        super::super::core::v3::TcpKeepalive,
                    >,
                }
                impl ::prost::Name for UpstreamConnectionOptions {
                    const NAME: &'static str = "UpstreamConnectionOptions";
                    const PACKAGE: &'static str = "envoy.config.cluster.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.cluster.v3.UpstreamConnectionOptions".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.cluster.v3.UpstreamConnectionOptions".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct LoadBalancingPolicy {
                    #[prost(message, repeated, tag = "1")]
                    pub policies: ::prost::alloc::vec::Vec<
                        load_balancing_policy::Policy,
                    >,
                }
                /// Nested message and enum types in `LoadBalancingPolicy`.
                pub mod load_balancing_policy {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Policy {
                        #[prost(message, optional, tag = "4")]
                        pub typed_extension_config: ::core::option::Option<
                            super::super::super::core::v3::TypedExtensionConfig,
                        >,
                    }
                    impl ::prost::Name for Policy {
                        const NAME: &'static str = "Policy";
                        const PACKAGE: &'static str = "envoy.config.cluster.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.cluster.v3.LoadBalancingPolicy.Policy".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.cluster.v3.LoadBalancingPolicy.Policy".into()
                        }
                    }
                }
                impl ::prost::Name for LoadBalancingPolicy {
                    const NAME: &'static str = "LoadBalancingPolicy";
                    const PACKAGE: &'static str = "envoy.config.cluster.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.cluster.v3.LoadBalancingPolicy".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.cluster.v3.LoadBalancingPolicy".into()
                    }
                }
            }
        }
        pub mod common {
            pub mod matcher {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct MatchPredicate {
                        #[prost(
                            oneof = "match_predicate::Rule",
                            tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10"
                        )]
                        pub rule: ::core::option::Option<match_predicate::Rule>,
                    }
                    /// Nested message and enum types in `MatchPredicate`.
                    pub mod match_predicate {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct MatchSet {
                            #[prost(message, repeated, tag = "1")]
                            pub rules: ::prost::alloc::vec::Vec<super::MatchPredicate>,
                        }
                        impl ::prost::Name for MatchSet {
                            const NAME: &'static str = "MatchSet";
                            const PACKAGE: &'static str = "envoy.config.common.matcher.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.common.matcher.v3.MatchPredicate.MatchSet"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.common.matcher.v3.MatchPredicate.MatchSet"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum Rule {
                            #[prost(message, tag = "1")]
                            OrMatch(MatchSet),
                            #[prost(message, tag = "2")]
                            AndMatch(MatchSet),
                            #[prost(message, tag = "3")]
                            NotMatch(::prost::alloc::boxed::Box<super::MatchPredicate>),
                            #[prost(bool, tag = "4")]
                            AnyMatch(bool),
                            #[prost(message, tag = "5")]
                            HttpRequestHeadersMatch(super::HttpHeadersMatch),
                            #[prost(message, tag = "6")]
                            HttpRequestTrailersMatch(super::HttpHeadersMatch),
                            #[prost(message, tag = "7")]
                            HttpResponseHeadersMatch(super::HttpHeadersMatch),
                            #[prost(message, tag = "8")]
                            HttpResponseTrailersMatch(super::HttpHeadersMatch),
                            #[prost(message, tag = "9")]
                            HttpRequestGenericBodyMatch(super::HttpGenericBodyMatch),
                            #[prost(message, tag = "10")]
                            HttpResponseGenericBodyMatch(super::HttpGenericBodyMatch),
                        }
                    }
                    impl ::prost::Name for MatchPredicate {
                        const NAME: &'static str = "MatchPredicate";
                        const PACKAGE: &'static str = "envoy.config.common.matcher.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.common.matcher.v3.MatchPredicate".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.common.matcher.v3.MatchPredicate".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct HttpHeadersMatch {
                        #[prost(message, repeated, tag = "1")]
                        pub headers: ::prost::alloc::vec::Vec<
                            super::super::super::route::v3::HeaderMatcher,
                        >,
                    }
                    impl ::prost::Name for HttpHeadersMatch {
                        const NAME: &'static str = "HttpHeadersMatch";
                        const PACKAGE: &'static str = "envoy.config.common.matcher.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.common.matcher.v3.HttpHeadersMatch".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.common.matcher.v3.HttpHeadersMatch".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct HttpGenericBodyMatch {
                        #[prost(uint32, tag = "1")]
                        pub bytes_limit: u32,
                        #[prost(message, repeated, tag = "2")]
                        pub patterns: ::prost::alloc::vec::Vec<
                            http_generic_body_match::GenericTextMatch,
                        >,
                    }
                    /// Nested message and enum types in `HttpGenericBodyMatch`.
                    pub mod http_generic_body_match {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct GenericTextMatch {
                            #[prost(oneof = "generic_text_match::Rule", tags = "1, 2")]
                            pub rule: ::core::option::Option<generic_text_match::Rule>,
                        }
                        /// Nested message and enum types in `GenericTextMatch`.
                        pub mod generic_text_match {
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum Rule {
                                #[prost(string, tag = "1")]
                                StringMatch(::prost::alloc::string::String),
                                #[prost(bytes, tag = "2")]
                                BinaryMatch(::prost::alloc::vec::Vec<u8>),
                            }
                        }
                        impl ::prost::Name for GenericTextMatch {
                            const NAME: &'static str = "GenericTextMatch";
                            const PACKAGE: &'static str = "envoy.config.common.matcher.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.common.matcher.v3.HttpGenericBodyMatch.GenericTextMatch"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.common.matcher.v3.HttpGenericBodyMatch.GenericTextMatch"
                                    .into()
                            }
                        }
                    }
                    impl ::prost::Name for HttpGenericBodyMatch {
                        const NAME: &'static str = "HttpGenericBodyMatch";
                        const PACKAGE: &'static str = "envoy.config.common.matcher.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.common.matcher.v3.HttpGenericBodyMatch".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.common.matcher.v3.HttpGenericBodyMatch".into()
                        }
                    }
                }
            }
            pub mod mutation_rules {
                pub mod v3 {
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct HeaderMutation {}
                    impl ::prost::Name for HeaderMutation {
                        const NAME: &'static str = "HeaderMutation";
                        const PACKAGE: &'static str = "envoy.config.common.mutation_rules.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.common.mutation_rules.v3.HeaderMutation".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.common.mutation_rules.v3.HeaderMutation"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct HeaderMutationRules {}
                    impl ::prost::Name for HeaderMutationRules {
                        const NAME: &'static str = "HeaderMutationRules";
                        const PACKAGE: &'static str = "envoy.config.common.mutation_rules.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.common.mutation_rules.v3.HeaderMutationRules"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.common.mutation_rules.v3.HeaderMutationRules"
                                .into()
                        }
                    }
                }
            }
        }
        pub mod core {
            pub mod v3 {
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct BackoffStrategy {
                    #[prost(message, optional, tag = "1")]
                    pub base_interval: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "2")]
                    pub max_interval: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                }
                impl ::prost::Name for BackoffStrategy {
                    const NAME: &'static str = "BackoffStrategy";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.BackoffStrategy".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.BackoffStrategy".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Locality {
                    #[prost(string, tag = "1")]
                    pub region: ::prost::alloc::string::String,
                    #[prost(string, tag = "2")]
                    pub zone: ::prost::alloc::string::String,
                    #[prost(string, tag = "3")]
                    pub sub_zone: ::prost::alloc::string::String,
                }
                impl ::prost::Name for Locality {
                    const NAME: &'static str = "Locality";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.Locality".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.Locality".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct BuildVersion {
                    #[prost(message, optional, tag = "1")]
                    pub version: ::core::option::Option<
                        super::super::super::r#type::v3::SemanticVersion,
                    >,
                    #[prost(message, optional, tag = "2")]
                    pub metadata: ::core::option::Option<
                        super::super::super::super::google::protobuf::Struct,
                    >,
                }
                impl ::prost::Name for BuildVersion {
                    const NAME: &'static str = "BuildVersion";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.BuildVersion".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.BuildVersion".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Extension {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(string, tag = "2")]
                    pub category: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "4")]
                    pub version: ::core::option::Option<BuildVersion>,
                    #[prost(bool, tag = "5")]
                    pub disabled: bool,
                    #[prost(string, repeated, tag = "6")]
                    pub type_urls: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                }
                impl ::prost::Name for Extension {
                    const NAME: &'static str = "Extension";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.Extension".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.Extension".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Node {
                    #[prost(string, tag = "1")]
                    pub id: ::prost::alloc::string::String,
                    #[prost(string, tag = "2")]
                    pub cluster: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "3")]
                    pub metadata: ::core::option::Option<
                        super::super::super::super::google::protobuf::Struct,
                    >,
                    #[prost(message, optional, tag = "4")]
                    pub locality: ::core::option::Option<Locality>,
                    #[prost(string, tag = "6")]
                    pub user_agent_name: ::prost::alloc::string::String,
                    #[prost(message, repeated, tag = "9")]
                    pub extensions: ::prost::alloc::vec::Vec<Extension>,
                    #[prost(string, repeated, tag = "10")]
                    pub client_features: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                    #[prost(oneof = "node::UserAgentVersionType", tags = "7, 8")]
                    pub user_agent_version_type: ::core::option::Option<
                        node::UserAgentVersionType,
                    >,
                }
                /// Nested message and enum types in `Node`.
                pub mod node {
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum UserAgentVersionType {
                        #[prost(string, tag = "7")]
                        UserAgentVersion(::prost::alloc::string::String),
                        #[prost(message, tag = "8")]
                        UserAgentBuildVersion(super::BuildVersion),
                    }
                }
                impl ::prost::Name for Node {
                    const NAME: &'static str = "Node";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.Node".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.Node".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Metadata {
                    #[prost(map = "string, message", tag = "1")]
                    pub filter_metadata: ::std::collections::HashMap<
                        ::prost::alloc::string::String,
                        super::super::super::super::google::protobuf::Struct,
                    >,
                    #[prost(map = "string, message", tag = "2")]
                    pub typed_filter_metadata: ::std::collections::HashMap<
                        ::prost::alloc::string::String,
                        super::super::super::super::google::protobuf::Any,
                    >,
                }
                impl ::prost::Name for Metadata {
                    const NAME: &'static str = "Metadata";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.Metadata".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.Metadata".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RuntimeUInt32 {
                    #[prost(uint32, tag = "2")]
                    pub default_value: u32,
                    #[prost(string, tag = "3")]
                    pub runtime_key: ::prost::alloc::string::String,
                }
                impl ::prost::Name for RuntimeUInt32 {
                    const NAME: &'static str = "RuntimeUInt32";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.RuntimeUInt32".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.RuntimeUInt32".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RuntimeFractionalPercent {
                    #[prost(message, optional, tag = "1")]
                    pub default_value: ::core::option::Option<
                        super::super::super::r#type::v3::FractionalPercent,
                    >,
                    #[prost(string, tag = "2")]
                    pub runtime_key: ::prost::alloc::string::String,
                }
                impl ::prost::Name for RuntimeFractionalPercent {
                    const NAME: &'static str = "RuntimeFractionalPercent";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.RuntimeFractionalPercent".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.RuntimeFractionalPercent".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RuntimeFeatureFlag {
                    #[prost(message, optional, tag = "1")]
                    pub default_value: ::core::option::Option<bool>,
                    #[prost(string, tag = "2")]
                    pub runtime_key: ::prost::alloc::string::String,
                }
                impl ::prost::Name for RuntimeFeatureFlag {
                    const NAME: &'static str = "RuntimeFeatureFlag";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.RuntimeFeatureFlag".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.RuntimeFeatureFlag".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HeaderValue {
                    #[prost(string, tag = "1")]
                    pub key: ::prost::alloc::string::String,
                    #[prost(string, tag = "2")]
                    pub value: ::prost::alloc::string::String,
                    #[prost(bytes = "vec", tag = "3")]
                    pub raw_value: ::prost::alloc::vec::Vec<u8>,
                }
                impl ::prost::Name for HeaderValue {
                    const NAME: &'static str = "HeaderValue";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.HeaderValue".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.HeaderValue".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HeaderMap {
                    #[prost(message, repeated, tag = "1")]
                    pub headers: ::prost::alloc::vec::Vec<HeaderValue>,
                }
                impl ::prost::Name for HeaderMap {
                    const NAME: &'static str = "HeaderMap";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.HeaderMap".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.HeaderMap".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct QueryParameter {
                    #[prost(string, tag = "1")]
                    pub key: ::prost::alloc::string::String,
                    #[prost(string, tag = "2")]
                    pub value: ::prost::alloc::string::String,
                }
                impl ::prost::Name for QueryParameter {
                    const NAME: &'static str = "QueryParameter";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.QueryParameter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.QueryParameter".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HeaderValueOption {
                    #[prost(message, optional, tag = "1")]
                    pub header: ::core::option::Option<HeaderValue>,
                    #[prost(
                        enumeration = "header_value_option::HeaderAppendAction",
                        tag = "3"
                    )]
                    pub append_action: i32,
                    #[prost(bool, tag = "4")]
                    pub keep_empty_value: bool,
                    #[prost(message, optional, tag = "2")]
                    pub append: ::core::option::Option<bool>,
                }
                /// Nested message and enum types in `HeaderValueOption`.
                pub mod header_value_option {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum HeaderAppendAction {
                        AppendIfExistsOrAdd = 0,
                        AddIfAbsent = 1,
                        OverwriteIfExistsOrAdd = 2,
                        OverwriteIfExists = 3,
                    }
                    impl HeaderAppendAction {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::AppendIfExistsOrAdd => "APPEND_IF_EXISTS_OR_ADD",
                                Self::AddIfAbsent => "ADD_IF_ABSENT",
                                Self::OverwriteIfExistsOrAdd => "OVERWRITE_IF_EXISTS_OR_ADD",
                                Self::OverwriteIfExists => "OVERWRITE_IF_EXISTS",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "APPEND_IF_EXISTS_OR_ADD" => Some(Self::AppendIfExistsOrAdd),
                                "ADD_IF_ABSENT" => Some(Self::AddIfAbsent),
                                "OVERWRITE_IF_EXISTS_OR_ADD" => {
                                    Some(Self::OverwriteIfExistsOrAdd)
                                }
                                "OVERWRITE_IF_EXISTS" => Some(Self::OverwriteIfExists),
                                _ => None,
                            }
                        }
                    }
                }
                impl ::prost::Name for HeaderValueOption {
                    const NAME: &'static str = "HeaderValueOption";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.HeaderValueOption".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.HeaderValueOption".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct WatchedDirectory {
                    #[prost(string, tag = "1")]
                    pub path: ::prost::alloc::string::String,
                }
                impl ::prost::Name for WatchedDirectory {
                    const NAME: &'static str = "WatchedDirectory";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.WatchedDirectory".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.WatchedDirectory".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct DataSource {
                    #[prost(message, optional, tag = "5")]
                    pub watched_directory: ::core::option::Option<WatchedDirectory>,
                    #[prost(oneof = "data_source::Specifier", tags = "1, 2, 3, 4")]
                    pub specifier: ::core::option::Option<data_source::Specifier>,
                }
                /// Nested message and enum types in `DataSource`.
                pub mod data_source {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Specifier {
                        #[prost(string, tag = "1")]
                        Filename(::prost::alloc::string::String),
                        #[prost(bytes, tag = "2")]
                        InlineBytes(::prost::alloc::vec::Vec<u8>),
                        #[prost(string, tag = "3")]
                        InlineString(::prost::alloc::string::String),
                        #[prost(string, tag = "4")]
                        EnvironmentVariable(::prost::alloc::string::String),
                    }
                }
                impl ::prost::Name for DataSource {
                    const NAME: &'static str = "DataSource";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.DataSource".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.DataSource".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct TransportSocket {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(oneof = "transport_socket::ConfigType", tags = "3")]
                    pub config_type: ::core::option::Option<
                        transport_socket::ConfigType,
                    >,
                }
                /// Nested message and enum types in `TransportSocket`.
                pub mod transport_socket {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum ConfigType {
                        #[prost(message, tag = "3")]
                        TypedConfig(
                            super::super::super::super::super::google::protobuf::Any,
                        ),
                    }
                }
                impl ::prost::Name for TransportSocket {
                    const NAME: &'static str = "TransportSocket";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.TransportSocket".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.TransportSocket".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ControlPlane {
                    #[prost(string, tag = "1")]
                    pub identifier: ::prost::alloc::string::String,
                }
                impl ::prost::Name for ControlPlane {
                    const NAME: &'static str = "ControlPlane";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.ControlPlane".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.ControlPlane".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RuntimeDouble {
                    #[prost(double, tag = "1")]
                    pub default_value: f64,
                    #[prost(string, tag = "2")]
                    pub runtime_key: ::prost::alloc::string::String,
                }
                impl ::prost::Name for RuntimeDouble {
                    const NAME: &'static str = "RuntimeDouble";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.RuntimeDouble".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.RuntimeDouble".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RetryPolicy {
                    #[prost(message, optional, tag = "1")]
                    pub retry_back_off: ::core::option::Option<BackoffStrategy>,
                    #[prost(message, optional, tag = "2")]
                    pub num_retries: ::core::option::Option<u32>,
                }
                impl ::prost::Name for RetryPolicy {
                    const NAME: &'static str = "RetryPolicy";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.RetryPolicy".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.RetryPolicy".into()
                    }
                }
                #[derive(
                    Clone,
                    Copy,
                    PartialEq,
                    Eq,
                    Hash,
                    PartialOrd,
                    Ord,
                    ::prost::Enumeration
                )]
                #[repr(i32)]
                pub enum RoutingPriority {
                    Default = 0,
                    High = 1,
                }
                impl RoutingPriority {
                    /// String value of the enum field names used in the ProtoBuf definition.
                    ///
                    /// The values are not transformed in any way and thus are considered stable
                    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                    pub fn as_str_name(&self) -> &'static str {
                        match self {
                            Self::Default => "DEFAULT",
                            Self::High => "HIGH",
                        }
                    }
                    /// Creates an enum from field names used in the ProtoBuf definition.
                    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
                        match value {
                            "DEFAULT" => Some(Self::Default),
                            "HIGH" => Some(Self::High),
                            _ => None,
                        }
                    }
                }
                #[derive(
                    Clone,
                    Copy,
                    PartialEq,
                    Eq,
                    Hash,
                    PartialOrd,
                    Ord,
                    ::prost::Enumeration
                )]
                #[repr(i32)]
                pub enum RequestMethod {
                    MethodUnspecified = 0,
                    Get = 1,
                    Head = 2,
                    Post = 3,
                    Put = 4,
                    Delete = 5,
                    Connect = 6,
                    Options = 7,
                    Trace = 8,
                    Patch = 9,
                }
                impl RequestMethod {
                    /// String value of the enum field names used in the ProtoBuf definition.
                    ///
                    /// The values are not transformed in any way and thus are considered stable
                    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                    pub fn as_str_name(&self) -> &'static str {
                        match self {
                            Self::MethodUnspecified => "METHOD_UNSPECIFIED",
                            Self::Get => "GET",
                            Self::Head => "HEAD",
                            Self::Post => "POST",
                            Self::Put => "PUT",
                            Self::Delete => "DELETE",
                            Self::Connect => "CONNECT",
                            Self::Options => "OPTIONS",
                            Self::Trace => "TRACE",
                            Self::Patch => "PATCH",
                        }
                    }
                    /// Creates an enum from field names used in the ProtoBuf definition.
                    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
                        match value {
                            "METHOD_UNSPECIFIED" => Some(Self::MethodUnspecified),
                            "GET" => Some(Self::Get),
                            "HEAD" => Some(Self::Head),
                            "POST" => Some(Self::Post),
                            "PUT" => Some(Self::Put),
                            "DELETE" => Some(Self::Delete),
                            "CONNECT" => Some(Self::Connect),
                            "OPTIONS" => Some(Self::Options),
                            "TRACE" => Some(Self::Trace),
                            "PATCH" => Some(Self::Patch),
                            _ => None,
                        }
                    }
                }
                #[derive(
                    Clone,
                    Copy,
                    PartialEq,
                    Eq,
                    Hash,
                    PartialOrd,
                    Ord,
                    ::prost::Enumeration
                )]
                #[repr(i32)]
                pub enum TrafficDirection {
                    Unspecified = 0,
                    Inbound = 1,
                    Outbound = 2,
                }
                impl TrafficDirection {
                    /// String value of the enum field names used in the ProtoBuf definition.
                    ///
                    /// The values are not transformed in any way and thus are considered stable
                    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                    pub fn as_str_name(&self) -> &'static str {
                        match self {
                            Self::Unspecified => "UNSPECIFIED",
                            Self::Inbound => "INBOUND",
                            Self::Outbound => "OUTBOUND",
                        }
                    }
                    /// Creates an enum from field names used in the ProtoBuf definition.
                    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
                        match value {
                            "UNSPECIFIED" => Some(Self::Unspecified),
                            "INBOUND" => Some(Self::Inbound),
                            "OUTBOUND" => Some(Self::Outbound),
                            _ => None,
                        }
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct TypedExtensionConfig {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "2")]
                    pub typed_config: ::core::option::Option<
                        super::super::super::super::google::protobuf::Any,
                    >,
                }
                impl ::prost::Name for TypedExtensionConfig {
                    const NAME: &'static str = "TypedExtensionConfig";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.TypedExtensionConfig".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.TypedExtensionConfig".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct SocketOption {}
                impl ::prost::Name for SocketOption {
                    const NAME: &'static str = "SocketOption";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.SocketOption".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.SocketOption".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Pipe {
                    #[prost(string, tag = "1")]
                    pub path: ::prost::alloc::string::String,
                    #[prost(uint32, tag = "2")]
                    pub mode: u32,
                }
                impl ::prost::Name for Pipe {
                    const NAME: &'static str = "Pipe";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.Pipe".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.Pipe".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct SocketAddress {
                    #[prost(enumeration = "socket_address::Protocol", tag = "1")]
                    pub protocol: i32,
                    #[prost(string, tag = "2")]
                    pub address: ::prost::alloc::string::String,
                    #[prost(bool, tag = "6")]
                    pub ipv4_compat: bool,
                    #[prost(string, tag = "5")]
                    pub resolver_name: ::prost::alloc::string::String,
                    #[prost(string, tag = "7")]
                    pub network_namespace_filepath: ::prost::alloc::string::String,
                    #[prost(oneof = "socket_address::PortSpecifier", tags = "3, 4")]
                    pub port_specifier: ::core::option::Option<
                        socket_address::PortSpecifier,
                    >,
                }
                /// Nested message and enum types in `SocketAddress`.
                pub mod socket_address {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum Protocol {
                        Tcp = 0,
                        Udp = 1,
                    }
                    impl Protocol {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::Tcp => "TCP",
                                Self::Udp => "UDP",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "TCP" => Some(Self::Tcp),
                                "UDP" => Some(Self::Udp),
                                _ => None,
                            }
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum PortSpecifier {
                        #[prost(uint32, tag = "3")]
                        PortValue(u32),
                        #[prost(string, tag = "4")]
                        NamedPort(::prost::alloc::string::String),
                    }
                }
                impl ::prost::Name for SocketAddress {
                    const NAME: &'static str = "SocketAddress";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.SocketAddress".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.SocketAddress".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct EnvoyInternalAddress {
                    #[prost(string, tag = "2")]
                    pub endpoint_id: ::prost::alloc::string::String,
                    #[prost(
                        oneof = "envoy_internal_address::AddressNameSpecifier",
                        tags = "1"
                    )]
                    pub address_name_specifier: ::core::option::Option<
                        envoy_internal_address::AddressNameSpecifier,
                    >,
                }
                /// Nested message and enum types in `EnvoyInternalAddress`.
                pub mod envoy_internal_address {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum AddressNameSpecifier {
                        #[prost(string, tag = "1")]
                        ServerListenerName(::prost::alloc::string::String),
                    }
                }
                impl ::prost::Name for EnvoyInternalAddress {
                    const NAME: &'static str = "EnvoyInternalAddress";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.EnvoyInternalAddress".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.EnvoyInternalAddress".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Address {
                    #[prost(oneof = "address::Address", tags = "1, 2, 3")]
                    pub address: ::core::option::Option<address::Address>,
                }
                /// Nested message and enum types in `Address`.
                pub mod address {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Address {
                        #[prost(message, tag = "1")]
                        SocketAddress(super::SocketAddress),
                        #[prost(message, tag = "2")]
                        Pipe(super::Pipe),
                        #[prost(message, tag = "3")]
                        EnvoyInternalAddress(super::EnvoyInternalAddress),
                    }
                }
                impl ::prost::Name for Address {
                    const NAME: &'static str = "Address";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.Address".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.Address".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct CidrRange {
                    #[prost(string, tag = "1")]
                    pub address_prefix: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "2")]
                    pub prefix_len: ::core::option::Option<u32>,
                }
                impl ::prost::Name for CidrRange {
                    const NAME: &'static str = "CidrRange";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.CidrRange".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.CidrRange".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct BindConfig {
                    #[prost(message, optional, tag = "1")]
                    pub source_address: ::core::option::Option<SocketAddress>,
                    #[prost(message, repeated, tag = "3")]
                    pub socket_options: ::prost::alloc::vec::Vec<SocketOption>,
                }
                impl ::prost::Name for BindConfig {
                    const NAME: &'static str = "BindConfig";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.BindConfig".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.BindConfig".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct TcpKeepalive {
                    #[prost(message, optional, tag = "1")]
                    pub keepalive_probes: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "2")]
                    pub keepalive_time: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "3")]
                    pub keepalive_interval: ::core::option::Option<u32>,
                }
                impl ::prost::Name for TcpKeepalive {
                    const NAME: &'static str = "TcpKeepalive";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.TcpKeepalive".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.TcpKeepalive".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct GrpcService {
                    #[prost(message, optional, tag = "3")]
                    pub timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, repeated, tag = "5")]
                    pub initial_metadata: ::prost::alloc::vec::Vec<HeaderValue>,
                    #[prost(oneof = "grpc_service::TargetSpecifier", tags = "1")]
                    pub target_specifier: ::core::option::Option<
                        grpc_service::TargetSpecifier,
                    >,
                }
                /// Nested message and enum types in `GrpcService`.
                pub mod grpc_service {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct EnvoyGrpc {
                        #[prost(string, tag = "1")]
                        pub cluster_name: ::prost::alloc::string::String,
                        #[prost(string, tag = "2")]
                        pub authority: ::prost::alloc::string::String,
                    }
                    impl ::prost::Name for EnvoyGrpc {
                        const NAME: &'static str = "EnvoyGrpc";
                        const PACKAGE: &'static str = "envoy.config.core.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.core.v3.GrpcService.EnvoyGrpc".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.core.v3.GrpcService.EnvoyGrpc".into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum TargetSpecifier {
                        #[prost(message, tag = "1")]
                        EnvoyGrpc(EnvoyGrpc),
                    }
                }
                impl ::prost::Name for GrpcService {
                    const NAME: &'static str = "GrpcService";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.GrpcService".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.GrpcService".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ApiConfigSource {
                    #[prost(enumeration = "api_config_source::ApiType", tag = "1")]
                    pub api_type: i32,
                    #[prost(enumeration = "ApiVersion", tag = "8")]
                    pub transport_api_version: i32,
                    #[prost(message, repeated, tag = "4")]
                    pub grpc_services: ::prost::alloc::vec::Vec<GrpcService>,
                    #[prost(bool, tag = "7")]
                    pub set_node_on_first_message_only: bool,
                }
                /// Nested message and enum types in `ApiConfigSource`.
                pub mod api_config_source {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum ApiType {
                        DeprecatedAndUnavailableDoNotUse = 0,
                        Rest = 1,
                        Grpc = 2,
                        DeltaGrpc = 3,
                        AggregatedGrpc = 5,
                        AggregatedDeltaGrpc = 6,
                    }
                    impl ApiType {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::DeprecatedAndUnavailableDoNotUse => {
                                    "DEPRECATED_AND_UNAVAILABLE_DO_NOT_USE"
                                }
                                Self::Rest => "REST",
                                Self::Grpc => "GRPC",
                                Self::DeltaGrpc => "DELTA_GRPC",
                                Self::AggregatedGrpc => "AGGREGATED_GRPC",
                                Self::AggregatedDeltaGrpc => "AGGREGATED_DELTA_GRPC",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "DEPRECATED_AND_UNAVAILABLE_DO_NOT_USE" => {
                                    Some(Self::DeprecatedAndUnavailableDoNotUse)
                                }
                                "REST" => Some(Self::Rest),
                                "GRPC" => Some(Self::Grpc),
                                "DELTA_GRPC" => Some(Self::DeltaGrpc),
                                "AGGREGATED_GRPC" => Some(Self::AggregatedGrpc),
                                "AGGREGATED_DELTA_GRPC" => Some(Self::AggregatedDeltaGrpc),
                                _ => None,
                            }
                        }
                    }
                }
                impl ::prost::Name for ApiConfigSource {
                    const NAME: &'static str = "ApiConfigSource";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.ApiConfigSource".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.ApiConfigSource".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct AggregatedConfigSource {}
                impl ::prost::Name for AggregatedConfigSource {
                    const NAME: &'static str = "AggregatedConfigSource";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.AggregatedConfigSource".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.AggregatedConfigSource".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct SelfConfigSource {
                    #[prost(enumeration = "ApiVersion", tag = "1")]
                    pub transport_api_version: i32,
                }
                impl ::prost::Name for SelfConfigSource {
                    const NAME: &'static str = "SelfConfigSource";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.SelfConfigSource".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.SelfConfigSource".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct PathConfigSource {
                    #[prost(string, tag = "1")]
                    pub path: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "2")]
                    pub watched_directory: ::core::option::Option<WatchedDirectory>,
                }
                impl ::prost::Name for PathConfigSource {
                    const NAME: &'static str = "PathConfigSource";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.PathConfigSource".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.PathConfigSource".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ConfigSource {
                    #[prost(message, optional, tag = "4")]
                    pub initial_fetch_timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(enumeration = "ApiVersion", tag = "6")]
                    pub resource_api_version: i32,
                    #[prost(
                        oneof = "config_source::ConfigSourceSpecifier",
                        tags = "8, 2, 3, 5"
                    )]
                    pub config_source_specifier: ::core::option::Option<
                        config_source::ConfigSourceSpecifier,
                    >,
                }
                /// Nested message and enum types in `ConfigSource`.
                pub mod config_source {
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum ConfigSourceSpecifier {
                        #[prost(message, tag = "8")]
                        PathConfigSource(super::PathConfigSource),
                        #[prost(message, tag = "2")]
                        ApiConfigSource(super::ApiConfigSource),
                        #[prost(message, tag = "3")]
                        Ads(super::AggregatedConfigSource),
                        #[prost(message, tag = "5")]
                        Self_(super::SelfConfigSource),
                    }
                }
                impl ::prost::Name for ConfigSource {
                    const NAME: &'static str = "ConfigSource";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.ConfigSource".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.ConfigSource".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ExtensionConfigSource {}
                impl ::prost::Name for ExtensionConfigSource {
                    const NAME: &'static str = "ExtensionConfigSource";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.ExtensionConfigSource".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.ExtensionConfigSource".into()
                    }
                }
                #[derive(
                    Clone,
                    Copy,
                    PartialEq,
                    Eq,
                    Hash,
                    PartialOrd,
                    Ord,
                    ::prost::Enumeration
                )]
                #[repr(i32)]
                pub enum ApiVersion {
                    Auto = 0,
                    V3 = 2,
                }
                impl ApiVersion {
                    /// String value of the enum field names used in the ProtoBuf definition.
                    ///
                    /// The values are not transformed in any way and thus are considered stable
                    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                    pub fn as_str_name(&self) -> &'static str {
                        match self {
                            Self::Auto => "AUTO",
                            Self::V3 => "V3",
                        }
                    }
                    /// Creates an enum from field names used in the ProtoBuf definition.
                    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
                        match value {
                            "AUTO" => Some(Self::Auto),
                            "V3" => Some(Self::V3),
                            _ => None,
                        }
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ProxyProtocolPassThroughTlVs {
                    #[prost(
                        enumeration = "proxy_protocol_pass_through_tl_vs::PassTlVsMatchType",
                        tag = "1"
                    )]
                    pub match_type: i32,
                    #[prost(uint32, repeated, tag = "2")]
                    pub tlv_type: ::prost::alloc::vec::Vec<u32>,
                }
                /// Nested message and enum types in `ProxyProtocolPassThroughTLVs`.
                pub mod proxy_protocol_pass_through_tl_vs {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum PassTlVsMatchType {
                        IncludeAll = 0,
                        Include = 1,
                    }
                    impl PassTlVsMatchType {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::IncludeAll => "INCLUDE_ALL",
                                Self::Include => "INCLUDE",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "INCLUDE_ALL" => Some(Self::IncludeAll),
                                "INCLUDE" => Some(Self::Include),
                                _ => None,
                            }
                        }
                    }
                }
                impl ::prost::Name for ProxyProtocolPassThroughTlVs {
                    const NAME: &'static str = "ProxyProtocolPassThroughTLVs";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.ProxyProtocolPassThroughTLVs".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.ProxyProtocolPassThroughTLVs".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct TlvEntry {
                    #[prost(uint32, tag = "1")]
                    pub r#type: u32,
                    #[prost(bytes = "vec", tag = "2")]
                    pub value: ::prost::alloc::vec::Vec<u8>,
                }
                impl ::prost::Name for TlvEntry {
                    const NAME: &'static str = "TlvEntry";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.TlvEntry".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.TlvEntry".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ProxyProtocolConfig {
                    #[prost(enumeration = "proxy_protocol_config::Version", tag = "1")]
                    pub version: i32,
                    #[prost(message, optional, tag = "2")]
                    pub pass_through_tlvs: ::core::option::Option<
                        ProxyProtocolPassThroughTlVs,
                    >,
                    #[prost(message, repeated, tag = "3")]
                    pub added_tlvs: ::prost::alloc::vec::Vec<TlvEntry>,
                }
                /// Nested message and enum types in `ProxyProtocolConfig`.
                pub mod proxy_protocol_config {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum Version {
                        V1 = 0,
                        V2 = 1,
                    }
                    impl Version {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::V1 => "V1",
                                Self::V2 => "V2",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "V1" => Some(Self::V1),
                                "V2" => Some(Self::V2),
                                _ => None,
                            }
                        }
                    }
                }
                impl ::prost::Name for ProxyProtocolConfig {
                    const NAME: &'static str = "ProxyProtocolConfig";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.ProxyProtocolConfig".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.ProxyProtocolConfig".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HealthStatusSet {
                    #[prost(enumeration = "HealthStatus", repeated, tag = "1")]
                    pub statuses: ::prost::alloc::vec::Vec<i32>,
                }
                impl ::prost::Name for HealthStatusSet {
                    const NAME: &'static str = "HealthStatusSet";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.HealthStatusSet".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.HealthStatusSet".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HealthCheck {
                    #[prost(message, optional, tag = "1")]
                    pub timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "2")]
                    pub interval: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "20")]
                    pub initial_jitter: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "3")]
                    pub interval_jitter: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(uint32, tag = "18")]
                    pub interval_jitter_percent: u32,
                    #[prost(message, optional, tag = "4")]
                    pub unhealthy_threshold: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "5")]
                    pub healthy_threshold: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "6")]
                    pub alt_port: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "7")]
                    pub reuse_connection: ::core::option::Option<bool>,
                    #[prost(message, optional, tag = "12")]
                    pub no_traffic_interval: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "24")]
                    pub no_traffic_healthy_interval: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "14")]
                    pub unhealthy_interval: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "15")]
                    pub unhealthy_edge_interval: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "16")]
                    pub healthy_edge_interval: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(string, tag = "17")]
                    pub event_log_path: ::prost::alloc::string::String,
                    #[prost(message, repeated, tag = "25")]
                    pub event_logger: ::prost::alloc::vec::Vec<TypedExtensionConfig>,
                    #[prost(bool, tag = "19")]
                    pub always_log_health_check_failures: bool,
                    #[prost(bool, tag = "26")]
                    pub always_log_health_check_success: bool,
                    #[prost(message, optional, tag = "21")]
                    pub tls_options: ::core::option::Option<health_check::TlsOptions>,
                    #[prost(message, optional, tag = "23")]
                    pub transport_socket_match_criteria: ::core::option::Option<
                        super::super::super::super::google::protobuf::Struct,
                    >,
                    #[prost(
                        oneof = "health_check::HealthChecker",
                        tags = "8, 9, 11, 13"
                    )]
                    pub health_checker: ::core::option::Option<
                        health_check::HealthChecker,
                    >,
                }
                /// Nested message and enum types in `HealthCheck`.
                pub mod health_check {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Payload {
                        #[prost(oneof = "payload::Payload", tags = "1, 2")]
                        pub payload: ::core::option::Option<payload::Payload>,
                    }
                    /// Nested message and enum types in `Payload`.
                    pub mod payload {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum Payload {
                            #[prost(string, tag = "1")]
                            Text(::prost::alloc::string::String),
                            #[prost(bytes, tag = "2")]
                            Binary(::prost::alloc::vec::Vec<u8>),
                        }
                    }
                    impl ::prost::Name for Payload {
                        const NAME: &'static str = "Payload";
                        const PACKAGE: &'static str = "envoy.config.core.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.core.v3.HealthCheck.Payload".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.core.v3.HealthCheck.Payload".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct HttpHealthCheck {
                        #[prost(string, tag = "1")]
                        pub host: ::prost::alloc::string::String,
                        #[prost(string, tag = "2")]
                        pub path: ::prost::alloc::string::String,
                        #[prost(message, optional, tag = "3")]
                        pub send: ::core::option::Option<Payload>,
                        #[prost(message, repeated, tag = "4")]
                        pub receive: ::prost::alloc::vec::Vec<Payload>,
                        #[prost(message, optional, tag = "14")]
                        pub response_buffer_size: ::core::option::Option<u64>,
                        #[prost(message, repeated, tag = "6")]
                        pub request_headers_to_add: ::prost::alloc::vec::Vec<
                            super::HeaderValueOption,
                        >,
                        #[prost(string, repeated, tag = "8")]
                        pub request_headers_to_remove: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(message, repeated, tag = "9")]
                        pub expected_statuses: ::prost::alloc::vec::Vec<
                            super::super::super::super::r#type::v3::Int64Range,
                        >,
                        #[prost(message, repeated, tag = "12")]
                        pub retriable_statuses: ::prost::alloc::vec::Vec<
                            super::super::super::super::r#type::v3::Int64Range,
                        >,
                        #[prost(
                            enumeration = "super::super::super::super::r#type::v3::CodecClientType",
                            tag = "10"
                        )]
                        pub codec_client_type: i32,
                        #[prost(message, optional, tag = "11")]
                        pub service_name_matcher: ::core::option::Option<
                            super::super::super::super::r#type::matcher::v3::StringMatcher,
                        >,
                        #[prost(enumeration = "super::RequestMethod", tag = "13")]
                        pub method: i32,
                    }
                    impl ::prost::Name for HttpHealthCheck {
                        const NAME: &'static str = "HttpHealthCheck";
                        const PACKAGE: &'static str = "envoy.config.core.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.core.v3.HealthCheck.HttpHealthCheck".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.core.v3.HealthCheck.HttpHealthCheck".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct TcpHealthCheck {
                        #[prost(message, optional, tag = "1")]
                        pub send: ::core::option::Option<Payload>,
                        #[prost(message, repeated, tag = "2")]
                        pub receive: ::prost::alloc::vec::Vec<Payload>,
                        #[prost(message, optional, tag = "3")]
                        pub proxy_protocol_config: ::core::option::Option<
                            super::ProxyProtocolConfig,
                        >,
                    }
                    impl ::prost::Name for TcpHealthCheck {
                        const NAME: &'static str = "TcpHealthCheck";
                        const PACKAGE: &'static str = "envoy.config.core.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.core.v3.HealthCheck.TcpHealthCheck".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.core.v3.HealthCheck.TcpHealthCheck".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct GrpcHealthCheck {
                        #[prost(string, tag = "1")]
                        pub service_name: ::prost::alloc::string::String,
                        #[prost(string, tag = "2")]
                        pub authority: ::prost::alloc::string::String,
                        #[prost(message, repeated, tag = "3")]
                        pub initial_metadata: ::prost::alloc::vec::Vec<
                            super::HeaderValueOption,
                        >,
                    }
                    impl ::prost::Name for GrpcHealthCheck {
                        const NAME: &'static str = "GrpcHealthCheck";
                        const PACKAGE: &'static str = "envoy.config.core.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.core.v3.HealthCheck.GrpcHealthCheck".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.core.v3.HealthCheck.GrpcHealthCheck".into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct CustomHealthCheck {
                        #[prost(string, tag = "1")]
                        pub name: ::prost::alloc::string::String,
                    }
                    impl ::prost::Name for CustomHealthCheck {
                        const NAME: &'static str = "CustomHealthCheck";
                        const PACKAGE: &'static str = "envoy.config.core.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.core.v3.HealthCheck.CustomHealthCheck".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.core.v3.HealthCheck.CustomHealthCheck".into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct TlsOptions {
                        #[prost(string, repeated, tag = "1")]
                        pub alpn_protocols: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                    }
                    impl ::prost::Name for TlsOptions {
                        const NAME: &'static str = "TlsOptions";
                        const PACKAGE: &'static str = "envoy.config.core.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.core.v3.HealthCheck.TlsOptions".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.core.v3.HealthCheck.TlsOptions".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum HealthChecker {
                        #[prost(message, tag = "8")]
                        HttpHealthCheck(HttpHealthCheck),
                        #[prost(message, tag = "9")]
                        TcpHealthCheck(TcpHealthCheck),
                        #[prost(message, tag = "11")]
                        GrpcHealthCheck(GrpcHealthCheck),
                        #[prost(message, tag = "13")]
                        CustomHealthCheck(CustomHealthCheck),
                    }
                }
                impl ::prost::Name for HealthCheck {
                    const NAME: &'static str = "HealthCheck";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.HealthCheck".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.HealthCheck".into()
                    }
                }
                #[derive(
                    Clone,
                    Copy,
                    PartialEq,
                    Eq,
                    Hash,
                    PartialOrd,
                    Ord,
                    ::prost::Enumeration
                )]
                #[repr(i32)]
                pub enum HealthStatus {
                    Unknown = 0,
                    Healthy = 1,
                    Unhealthy = 2,
                    Draining = 3,
                    Timeout = 4,
                    Degraded = 5,
                }
                impl HealthStatus {
                    /// String value of the enum field names used in the ProtoBuf definition.
                    ///
                    /// The values are not transformed in any way and thus are considered stable
                    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                    pub fn as_str_name(&self) -> &'static str {
                        match self {
                            Self::Unknown => "UNKNOWN",
                            Self::Healthy => "HEALTHY",
                            Self::Unhealthy => "UNHEALTHY",
                            Self::Draining => "DRAINING",
                            Self::Timeout => "TIMEOUT",
                            Self::Degraded => "DEGRADED",
                        }
                    }
                    /// Creates an enum from field names used in the ProtoBuf definition.
                    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
                        match value {
                            "UNKNOWN" => Some(Self::Unknown),
                            "HEALTHY" => Some(Self::Healthy),
                            "UNHEALTHY" => Some(Self::Unhealthy),
                            "DRAINING" => Some(Self::Draining),
                            "TIMEOUT" => Some(Self::Timeout),
                            "DEGRADED" => Some(Self::Degraded),
                            _ => None,
                        }
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct UpstreamHttpProtocolOptions {
                    #[prost(bool, tag = "1")]
                    pub auto_sni: bool,
                    #[prost(bool, tag = "2")]
                    pub auto_san_validation: bool,
                }
                impl ::prost::Name for UpstreamHttpProtocolOptions {
                    const NAME: &'static str = "UpstreamHttpProtocolOptions";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.UpstreamHttpProtocolOptions".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.UpstreamHttpProtocolOptions".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HttpProtocolOptions {
                    #[prost(message, optional, tag = "1")]
                    pub idle_timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "3")]
                    pub max_connection_duration: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "2")]
                    pub max_headers_count: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "4")]
                    pub max_stream_duration: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(
                        enumeration = "http_protocol_options::HeadersWithUnderscoresAction",
                        tag = "5"
                    )]
                    pub headers_with_underscores_action: i32,
                    #[prost(message, optional, tag = "6")]
                    pub max_requests_per_connection: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "7")]
                    pub max_response_headers_kb: ::core::option::Option<u32>,
                }
                /// Nested message and enum types in `HttpProtocolOptions`.
                pub mod http_protocol_options {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum HeadersWithUnderscoresAction {
                        Allow = 0,
                        RejectRequest = 1,
                        DropHeader = 2,
                    }
                    impl HeadersWithUnderscoresAction {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::Allow => "ALLOW",
                                Self::RejectRequest => "REJECT_REQUEST",
                                Self::DropHeader => "DROP_HEADER",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "ALLOW" => Some(Self::Allow),
                                "REJECT_REQUEST" => Some(Self::RejectRequest),
                                "DROP_HEADER" => Some(Self::DropHeader),
                                _ => None,
                            }
                        }
                    }
                }
                impl ::prost::Name for HttpProtocolOptions {
                    const NAME: &'static str = "HttpProtocolOptions";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.HttpProtocolOptions".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.HttpProtocolOptions".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Http1ProtocolOptions {
                    #[prost(message, optional, tag = "1")]
                    pub allow_absolute_url: ::core::option::Option<bool>,
                    #[prost(bool, tag = "2")]
                    pub accept_http_10: bool,
                    #[prost(string, tag = "3")]
                    pub default_host_for_http_10: ::prost::alloc::string::String,
                    #[prost(bool, tag = "5")]
                    pub enable_trailers: bool,
                    #[prost(message, optional, tag = "4")]
                    pub header_key_format: ::core::option::Option<
                        http1_protocol_options::HeaderKeyFormat,
                    >,
                    #[prost(message, repeated, tag = "11")]
                    pub ignore_http_11_upgrade: ::prost::alloc::vec::Vec<
                        super::super::super::r#type::matcher::v3::StringMatcher,
                    >,
                    #[prost(bool, tag = "8")]
                    pub send_fully_qualified_url: bool,
                }
                /// Nested message and enum types in `Http1ProtocolOptions`.
                pub mod http1_protocol_options {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct HeaderKeyFormat {
                        #[prost(
                            oneof = "header_key_format::HeaderFormat",
                            tags = "1, 8"
                        )]
                        pub header_format: ::core::option::Option<
                            header_key_format::HeaderFormat,
                        >,
                    }
                    /// Nested message and enum types in `HeaderKeyFormat`.
                    pub mod header_key_format {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ProperCaseWords {}
                        impl ::prost::Name for ProperCaseWords {
                            const NAME: &'static str = "ProperCaseWords";
                            const PACKAGE: &'static str = "envoy.config.core.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat.ProperCaseWords"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat.ProperCaseWords"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum HeaderFormat {
                            #[prost(message, tag = "1")]
                            ProperCaseWords(ProperCaseWords),
                            #[prost(message, tag = "8")]
                            StatefulFormatter(super::super::TypedExtensionConfig),
                        }
                    }
                    impl ::prost::Name for HeaderKeyFormat {
                        const NAME: &'static str = "HeaderKeyFormat";
                        const PACKAGE: &'static str = "envoy.config.core.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat"
                                .into()
                        }
                    }
                }
                impl ::prost::Name for Http1ProtocolOptions {
                    const NAME: &'static str = "Http1ProtocolOptions";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.Http1ProtocolOptions".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.Http1ProtocolOptions".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct KeepaliveSettings {
                    #[prost(message, optional, tag = "1")]
                    pub interval: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "2")]
                    pub timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "4")]
                    pub connection_idle_interval: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                }
                impl ::prost::Name for KeepaliveSettings {
                    const NAME: &'static str = "KeepaliveSettings";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.KeepaliveSettings".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.KeepaliveSettings".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Http2ProtocolOptions {
                    #[prost(message, optional, tag = "2")]
                    pub max_concurrent_streams: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "3")]
                    pub initial_stream_window_size: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "4")]
                    pub initial_connection_window_size: ::core::option::Option<u32>,
                    #[prost(bool, tag = "5")]
                    pub allow_connect: bool,
                    #[prost(message, optional, tag = "15")]
                    pub connection_keepalive: ::core::option::Option<KeepaliveSettings>,
                }
                impl ::prost::Name for Http2ProtocolOptions {
                    const NAME: &'static str = "Http2ProtocolOptions";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.Http2ProtocolOptions".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.Http2ProtocolOptions".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct SchemeHeaderTransformation {}
                impl ::prost::Name for SchemeHeaderTransformation {
                    const NAME: &'static str = "SchemeHeaderTransformation";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.SchemeHeaderTransformation".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.SchemeHeaderTransformation".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Http3ProtocolOptions {}
                impl ::prost::Name for Http3ProtocolOptions {
                    const NAME: &'static str = "Http3ProtocolOptions";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.Http3ProtocolOptions".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.Http3ProtocolOptions".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct SubstitutionFormatString {
                    #[prost(bool, tag = "3")]
                    pub omit_empty_values: bool,
                    #[prost(string, tag = "4")]
                    pub content_type: ::prost::alloc::string::String,
                    #[prost(
                        oneof = "substitution_format_string::Format",
                        tags = "2, 5, 1"
                    )]
                    pub format: ::core::option::Option<
                        substitution_format_string::Format,
                    >,
                }
                /// Nested message and enum types in `SubstitutionFormatString`.
                pub mod substitution_format_string {
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Format {
                        #[prost(message, tag = "2")]
                        JsonFormat(
                            super::super::super::super::super::google::protobuf::Struct,
                        ),
                        #[prost(message, tag = "5")]
                        TextFormatSource(super::DataSource),
                        #[prost(string, tag = "1")]
                        TextFormat(::prost::alloc::string::String),
                    }
                }
                impl ::prost::Name for SubstitutionFormatString {
                    const NAME: &'static str = "SubstitutionFormatString";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.SubstitutionFormatString".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.SubstitutionFormatString".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct UdpSocketConfig {
                    #[prost(message, optional, tag = "1")]
                    pub max_rx_datagram_size: ::core::option::Option<u64>,
                    #[prost(message, optional, tag = "2")]
                    pub prefer_gro: ::core::option::Option<bool>,
                }
                impl ::prost::Name for UdpSocketConfig {
                    const NAME: &'static str = "UdpSocketConfig";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.UdpSocketConfig".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.UdpSocketConfig".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HttpUri {
                    #[prost(string, tag = "1")]
                    pub uri: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "3")]
                    pub timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(oneof = "http_uri::HttpUpstreamType", tags = "2")]
                    pub http_upstream_type: ::core::option::Option<
                        http_uri::HttpUpstreamType,
                    >,
                }
                /// Nested message and enum types in `HttpUri`.
                pub mod http_uri {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum HttpUpstreamType {
                        #[prost(string, tag = "2")]
                        Cluster(::prost::alloc::string::String),
                    }
                }
                impl ::prost::Name for HttpUri {
                    const NAME: &'static str = "HttpUri";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.HttpUri".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.HttpUri".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HttpService {
                    #[prost(message, optional, tag = "1")]
                    pub http_uri: ::core::option::Option<HttpUri>,
                    #[prost(message, repeated, tag = "2")]
                    pub request_headers_to_add: ::prost::alloc::vec::Vec<
                        HeaderValueOption,
                    >,
                }
                impl ::prost::Name for HttpService {
                    const NAME: &'static str = "HttpService";
                    const PACKAGE: &'static str = "envoy.config.core.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.core.v3.HttpService".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.core.v3.HttpService".into()
                    }
                }
            }
        }
        pub mod endpoint {
            pub mod v3 {
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Endpoint {
                    #[prost(message, optional, tag = "1")]
                    pub address: ::core::option::Option<super::super::core::v3::Address>,
                    #[prost(message, optional, tag = "2")]
                    pub health_check_config: ::core::option::Option<
                        endpoint::HealthCheckConfig,
                    >,
                    #[prost(string, tag = "3")]
                    pub hostname: ::prost::alloc::string::String,
                }
                /// Nested message and enum types in `Endpoint`.
                pub mod endpoint {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct HealthCheckConfig {
                        #[prost(uint32, tag = "1")]
                        pub port_value: u32,
                        #[prost(string, tag = "2")]
                        pub hostname: ::prost::alloc::string::String,
                        #[prost(message, optional, tag = "3")]
                        pub address: ::core::option::Option<
                            super::super::super::core::v3::Address,
                        >,
                        #[prost(bool, tag = "4")]
                        pub disable_active_health_check: bool,
                    }
                    impl ::prost::Name for HealthCheckConfig {
                        const NAME: &'static str = "HealthCheckConfig";
                        const PACKAGE: &'static str = "envoy.config.endpoint.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.endpoint.v3.Endpoint.HealthCheckConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.endpoint.v3.Endpoint.HealthCheckConfig".into()
                        }
                    }
                }
                impl ::prost::Name for Endpoint {
                    const NAME: &'static str = "Endpoint";
                    const PACKAGE: &'static str = "envoy.config.endpoint.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.endpoint.v3.Endpoint".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.endpoint.v3.Endpoint".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct LbEndpoint {
                    #[prost(
                        enumeration = "super::super::core::v3::HealthStatus",
                        tag = "2"
                    )]
                    pub health_status: i32,
                    #[prost(message, optional, tag = "3")]
                    pub metadata: ::core::option::Option<
                        super::super::core::v3::Metadata,
                    >,
                    #[prost(message, optional, tag = "4")]
                    pub load_balancing_weight: ::core::option::Option<u32>,
                    #[prost(oneof = "lb_endpoint::HostIdentifier", tags = "1, 5")]
                    pub host_identifier: ::core::option::Option<
                        lb_endpoint::HostIdentifier,
                    >,
                }
                /// Nested message and enum types in `LbEndpoint`.
                pub mod lb_endpoint {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum HostIdentifier {
                        #[prost(message, tag = "1")]
                        Endpoint(super::Endpoint),
                        #[prost(string, tag = "5")]
                        EndpointName(::prost::alloc::string::String),
                    }
                }
                impl ::prost::Name for LbEndpoint {
                    const NAME: &'static str = "LbEndpoint";
                    const PACKAGE: &'static str = "envoy.config.endpoint.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.endpoint.v3.LbEndpoint".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.endpoint.v3.LbEndpoint".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct LocalityLbEndpoints {
                    #[prost(message, optional, tag = "1")]
                    pub locality: ::core::option::Option<
                        super::super::core::v3::Locality,
                    >,
                    #[prost(message, repeated, tag = "2")]
                    pub lb_endpoints: ::prost::alloc::vec::Vec<LbEndpoint>,
                    #[prost(message, optional, tag = "3")]
                    pub load_balancing_weight: ::core::option::Option<u32>,
                    #[prost(uint32, tag = "5")]
                    pub priority: u32,
                    #[prost(oneof = "locality_lb_endpoints::LbConfig", tags = "7, 8")]
                    pub lb_config: ::core::option::Option<
                        locality_lb_endpoints::LbConfig,
                    >,
                }
                /// Nested message and enum types in `LocalityLbEndpoints`.
                pub mod locality_lb_endpoints {
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct LbEndpointList {}
                    impl ::prost::Name for LbEndpointList {
                        const NAME: &'static str = "LbEndpointList";
                        const PACKAGE: &'static str = "envoy.config.endpoint.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.endpoint.v3.LocalityLbEndpoints.LbEndpointList"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.endpoint.v3.LocalityLbEndpoints.LbEndpointList"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum LbConfig {
                        #[prost(message, tag = "7")]
                        LoadBalancerEndpoints(LbEndpointList),
                        #[prost(message, tag = "8")]
                        LedsClusterLocalityConfig(super::LedsClusterLocalityConfig),
                    }
                }
                impl ::prost::Name for LocalityLbEndpoints {
                    const NAME: &'static str = "LocalityLbEndpoints";
                    const PACKAGE: &'static str = "envoy.config.endpoint.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.endpoint.v3.LocalityLbEndpoints".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.endpoint.v3.LocalityLbEndpoints".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct LedsClusterLocalityConfig {}
                impl ::prost::Name for LedsClusterLocalityConfig {
                    const NAME: &'static str = "LedsClusterLocalityConfig";
                    const PACKAGE: &'static str = "envoy.config.endpoint.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.endpoint.v3.LedsClusterLocalityConfig".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.endpoint.v3.LedsClusterLocalityConfig".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ClusterLoadAssignment {
                    #[prost(string, tag = "1")]
                    pub cluster_name: ::prost::alloc::string::String,
                    #[prost(message, repeated, tag = "2")]
                    pub endpoints: ::prost::alloc::vec::Vec<LocalityLbEndpoints>,
                    #[prost(message, optional, tag = "4")]
                    pub policy: ::core::option::Option<cluster_load_assignment::Policy>,
                    #[prost(map = "string, message", tag = "5")]
                    pub named_endpoints: ::std::collections::HashMap<
                        ::prost::alloc::string::String,
                        Endpoint,
                    >,
                }
                /// Nested message and enum types in `ClusterLoadAssignment`.
                pub mod cluster_load_assignment {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Policy {
                        #[prost(message, optional, tag = "3")]
                        pub overprovisioning_factor: ::core::option::Option<u32>,
                        #[prost(bool, tag = "6")]
                        pub weighted_priority_health: bool,
                        #[prost(message, repeated, tag = "2")]
                        pub drop_overloads: ::prost::alloc::vec::Vec<
                            policy::DropOverload,
                        >,
                    }
                    /// Nested message and enum types in `Policy`.
                    pub mod policy {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct DropOverload {}
                        impl ::prost::Name for DropOverload {
                            const NAME: &'static str = "DropOverload";
                            const PACKAGE: &'static str = "envoy.config.endpoint.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.endpoint.v3.ClusterLoadAssignment.Policy.DropOverload"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.endpoint.v3.ClusterLoadAssignment.Policy.DropOverload"
                                    .into()
                            }
                        }
                    }
                    impl ::prost::Name for Policy {
                        const NAME: &'static str = "Policy";
                        const PACKAGE: &'static str = "envoy.config.endpoint.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.endpoint.v3.ClusterLoadAssignment.Policy"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.endpoint.v3.ClusterLoadAssignment.Policy"
                                .into()
                        }
                    }
                }
                impl ::prost::Name for ClusterLoadAssignment {
                    const NAME: &'static str = "ClusterLoadAssignment";
                    const PACKAGE: &'static str = "envoy.config.endpoint.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.endpoint.v3.ClusterLoadAssignment".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.endpoint.v3.ClusterLoadAssignment".into()
                    }
                }
            }
        }
        pub mod listener {
            pub mod v3 {
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ApiListener {}
                impl ::prost::Name for ApiListener {
                    const NAME: &'static str = "ApiListener";
                    const PACKAGE: &'static str = "envoy.config.listener.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.listener.v3.ApiListener".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.listener.v3.ApiListener".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Filter {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(oneof = "filter::ConfigType", tags = "4, 5")]
                    pub config_type: ::core::option::Option<filter::ConfigType>,
                }
                /// Nested message and enum types in `Filter`.
                pub mod filter {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum ConfigType {
                        #[prost(message, tag = "4")]
                        TypedConfig(
                            super::super::super::super::super::google::protobuf::Any,
                        ),
                        #[prost(message, tag = "5")]
                        ConfigDiscovery(
                            super::super::super::core::v3::ExtensionConfigSource,
                        ),
                    }
                }
                impl ::prost::Name for Filter {
                    const NAME: &'static str = "Filter";
                    const PACKAGE: &'static str = "envoy.config.listener.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.listener.v3.Filter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.listener.v3.Filter".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct FilterChainMatch {
                    #[prost(message, optional, tag = "8")]
                    pub destination_port: ::core::option::Option<u32>,
                    #[prost(message, repeated, tag = "3")]
                    pub prefix_ranges: ::prost::alloc::vec::Vec<
                        super::super::core::v3::CidrRange,
                    >,
                    #[prost(message, repeated, tag = "6")]
                    pub source_prefix_ranges: ::prost::alloc::vec::Vec<
                        super::super::core::v3::CidrRange,
                    >,
                    #[prost(uint32, repeated, tag = "7")]
                    pub source_ports: ::prost::alloc::vec::Vec<u32>,
                    #[prost(string, repeated, tag = "11")]
                    pub server_names: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                    #[prost(string, tag = "9")]
                    pub transport_protocol: ::prost::alloc::string::String,
                    #[prost(string, repeated, tag = "10")]
                    pub application_protocols: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                    #[prost(
                        enumeration = "filter_chain_match::ConnectionSourceType",
                        tag = "12"
                    )]
                    pub source_type: i32,
                    #[prost(string, tag = "4")]
                    pub address_suffix: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "5")]
                    pub suffix_len: ::core::option::Option<u32>,
                    #[prost(message, repeated, tag = "13")]
                    pub direct_source_prefix_ranges: ::prost::alloc::vec::Vec<
                        super::super::core::v3::CidrRange,
                    >,
                }
                /// Nested message and enum types in `FilterChainMatch`.
                pub mod filter_chain_match {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum ConnectionSourceType {
                        Any = 0,
                        SameIpOrLoopback = 1,
                        External = 2,
                    }
                    impl ConnectionSourceType {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::Any => "ANY",
                                Self::SameIpOrLoopback => "SAME_IP_OR_LOOPBACK",
                                Self::External => "EXTERNAL",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "ANY" => Some(Self::Any),
                                "SAME_IP_OR_LOOPBACK" => Some(Self::SameIpOrLoopback),
                                "EXTERNAL" => Some(Self::External),
                                _ => None,
                            }
                        }
                    }
                }
                impl ::prost::Name for FilterChainMatch {
                    const NAME: &'static str = "FilterChainMatch";
                    const PACKAGE: &'static str = "envoy.config.listener.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.listener.v3.FilterChainMatch".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.listener.v3.FilterChainMatch".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct FilterChain {
                    #[prost(message, optional, tag = "1")]
                    pub filter_chain_match: ::core::option::Option<FilterChainMatch>,
                    #[prost(message, repeated, tag = "3")]
                    pub filters: ::prost::alloc::vec::Vec<Filter>,
                    #[prost(message, optional, tag = "6")]
                    pub transport_socket: ::core::option::Option<
                        super::super::core::v3::TransportSocket,
                    >,
                    #[prost(message, optional, tag = "9")]
                    pub transport_socket_connect_timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(string, tag = "7")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "4")]
                    pub use_proxy_proto: ::core::option::Option<bool>,
                    #[prost(message, optional, tag = "5")]
                    pub metadata: ::core::option::Option<
                        super::super::core::v3::Metadata,
                    >,
                }
                impl ::prost::Name for FilterChain {
                    const NAME: &'static str = "FilterChain";
                    const PACKAGE: &'static str = "envoy.config.listener.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.listener.v3.FilterChain".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.listener.v3.FilterChain".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ListenerFilterChainMatchPredicate {
                    #[prost(
                        oneof = "listener_filter_chain_match_predicate::Rule",
                        tags = "1, 2, 3, 4, 5"
                    )]
                    pub rule: ::core::option::Option<
                        listener_filter_chain_match_predicate::Rule,
                    >,
                }
                /// Nested message and enum types in `ListenerFilterChainMatchPredicate`.
                pub mod listener_filter_chain_match_predicate {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct MatchSet {
                        #[prost(message, repeated, tag = "1")]
                        pub rules: ::prost::alloc::vec::Vec<
                            super::ListenerFilterChainMatchPredicate,
                        >,
                    }
                    impl ::prost::Name for MatchSet {
                        const NAME: &'static str = "MatchSet";
                        const PACKAGE: &'static str = "envoy.config.listener.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.listener.v3.ListenerFilterChainMatchPredicate.MatchSet"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.listener.v3.ListenerFilterChainMatchPredicate.MatchSet"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Rule {
                        #[prost(message, tag = "1")]
                        OrMatch(MatchSet),
                        #[prost(message, tag = "2")]
                        AndMatch(MatchSet),
                        #[prost(message, tag = "3")]
                        NotMatch(
                            ::prost::alloc::boxed::Box<
                                super::ListenerFilterChainMatchPredicate,
                            >,
                        ),
                        #[prost(bool, tag = "4")]
                        AnyMatch(bool),
                        #[prost(message, tag = "5")]
                        DestinationPortRange(
                            super::super::super::super::r#type::v3::Int32Range,
                        ),
                    }
                }
                impl ::prost::Name for ListenerFilterChainMatchPredicate {
                    const NAME: &'static str = "ListenerFilterChainMatchPredicate";
                    const PACKAGE: &'static str = "envoy.config.listener.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.listener.v3.ListenerFilterChainMatchPredicate"
                            .into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.listener.v3.ListenerFilterChainMatchPredicate"
                            .into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ListenerFilter {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "4")]
                    pub filter_disabled: ::core::option::Option<
                        ListenerFilterChainMatchPredicate,
                    >,
                    #[prost(oneof = "listener_filter::ConfigType", tags = "3")]
                    pub config_type: ::core::option::Option<listener_filter::ConfigType>,
                }
                /// Nested message and enum types in `ListenerFilter`.
                pub mod listener_filter {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum ConfigType {
                        #[prost(message, tag = "3")]
                        TypedConfig(
                            super::super::super::super::super::google::protobuf::Any,
                        ),
                    }
                }
                impl ::prost::Name for ListenerFilter {
                    const NAME: &'static str = "ListenerFilter";
                    const PACKAGE: &'static str = "envoy.config.listener.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.listener.v3.ListenerFilter".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.listener.v3.ListenerFilter".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct UdpListenerConfig {
                    #[prost(message, optional, tag = "5")]
                    pub downstream_socket_config: ::core::option::Option<
                        super::super::core::v3::UdpSocketConfig,
                    >,
                    #[prost(message, optional, tag = "7")]
                    pub quic_options: ::core::option::Option<QuicProtocolOptions>,
                    #[prost(message, optional, tag = "8")]
                    pub udp_packet_packet_writer_config: ::core::option::Option<
                        super::super::core::v3::TypedExtensionConfig,
                    >,
                }
                impl ::prost::Name for UdpListenerConfig {
                    const NAME: &'static str = "UdpListenerConfig";
                    const PACKAGE: &'static str = "envoy.config.listener.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.listener.v3.UdpListenerConfig".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.listener.v3.UdpListenerConfig".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct QuicProtocolOptions {}
                impl ::prost::Name for QuicProtocolOptions {
                    const NAME: &'static str = "QuicProtocolOptions";
                    const PACKAGE: &'static str = "envoy.config.listener.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.listener.v3.QuicProtocolOptions".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.listener.v3.QuicProtocolOptions".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Listener {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "2")]
                    pub address: ::core::option::Option<super::super::core::v3::Address>,
                    #[prost(string, tag = "28")]
                    pub stat_prefix: ::prost::alloc::string::String,
                    #[prost(message, repeated, tag = "3")]
                    pub filter_chains: ::prost::alloc::vec::Vec<FilterChain>,
                    #[prost(message, optional, tag = "4")]
                    pub use_original_dst: ::core::option::Option<bool>,
                    #[prost(message, optional, tag = "25")]
                    pub default_filter_chain: ::core::option::Option<FilterChain>,
                    #[prost(message, optional, tag = "5")]
                    pub per_connection_buffer_limit_bytes: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "6")]
                    pub metadata: ::core::option::Option<
                        super::super::core::v3::Metadata,
                    >,
                    #[prost(message, repeated, tag = "9")]
                    pub listener_filters: ::prost::alloc::vec::Vec<ListenerFilter>,
                    #[prost(message, optional, tag = "15")]
                    pub listener_filters_timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(bool, tag = "17")]
                    pub continue_on_listener_filters_timeout: bool,
                    #[prost(message, optional, tag = "10")]
                    pub transparent: ::core::option::Option<bool>,
                    #[prost(
                        enumeration = "super::super::core::v3::TrafficDirection",
                        tag = "16"
                    )]
                    pub traffic_direction: i32,
                    #[prost(message, optional, tag = "29")]
                    pub enable_reuse_port: ::core::option::Option<bool>,
                    #[prost(message, repeated, tag = "22")]
                    pub access_log: ::prost::alloc::vec::Vec<
                        super::super::accesslog::v3::AccessLog,
                    >,
                    #[prost(message, optional, tag = "26")]
                    pub bind_to_port: ::core::option::Option<bool>,
                    #[prost(message, optional, tag = "7")]
                    pub deprecated_v1: ::core::option::Option<listener::DeprecatedV1>,
                    #[prost(message, repeated, tag = "33")]
                    pub additional_addresses: ::prost::alloc::vec::Vec<
                        AdditionalAddress,
                    >,
                    #[prost(message, optional, tag = "24")]
                    pub tcp_backlog_size: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "32")]
                    pub filter_chain_matcher: ::core::option::Option<
                        super::super::super::super::xds::r#type::matcher::v3::Matcher,
                    >,
                    #[prost(message, optional, tag = "36")]
                    pub fcds_config: ::core::option::Option<listener::FcdsConfig>,
                    #[prost(message, optional, tag = "18")]
                    pub udp_listener_config: ::core::option::Option<UdpListenerConfig>,
                    #[prost(message, optional, tag = "19")]
                    pub api_listener: ::core::option::Option<ApiListener>,
                    #[prost(message, optional, tag = "11")]
                    pub freebind: ::core::option::Option<bool>,
                    #[prost(message, repeated, tag = "13")]
                    pub socket_options: ::prost::alloc::vec::Vec<
                        super::super::core::v3::SocketOption,
                    >,
                    #[prost(message, optional, tag = "12")]
                    pub tcp_fast_open_queue_length: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "37")]
                    pub tcp_keepalive: ::core::option::Option<
                        super::super::core::v3::TcpKeepalive,
                    >,
                    #[prost(oneof = "listener::ListenerSpecifier", tags = "27")]
                    pub listener_specifier: ::core::option::Option<
                        listener::ListenerSpecifier,
                    >,
                }
                /// Nested message and enum types in `Listener`.
                pub mod listener {
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct FcdsConfig {}
                    impl ::prost::Name for FcdsConfig {
                        const NAME: &'static str = "FcdsConfig";
                        const PACKAGE: &'static str = "envoy.config.listener.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.listener.v3.Listener.FcdsConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.listener.v3.Listener.FcdsConfig".into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct DeprecatedV1 {
                        #[prost(message, optional, tag = "1")]
                        pub bind_to_port: ::core::option::Option<bool>,
                    }
                    impl ::prost::Name for DeprecatedV1 {
                        const NAME: &'static str = "DeprecatedV1";
                        const PACKAGE: &'static str = "envoy.config.listener.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.listener.v3.Listener.DeprecatedV1".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.listener.v3.Listener.DeprecatedV1".into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct InternalListenerConfig {}
                    impl ::prost::Name for InternalListenerConfig {
                        const NAME: &'static str = "InternalListenerConfig";
                        const PACKAGE: &'static str = "envoy.config.listener.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.listener.v3.Listener.InternalListenerConfig"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.listener.v3.Listener.InternalListenerConfig"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum ListenerSpecifier {
                        #[prost(message, tag = "27")]
                        InternalListener(InternalListenerConfig),
                    }
                }
                impl ::prost::Name for Listener {
                    const NAME: &'static str = "Listener";
                    const PACKAGE: &'static str = "envoy.config.listener.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.listener.v3.Listener".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.listener.v3.Listener".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct AdditionalAddress {
                    #[prost(message, optional, tag = "1")]
                    pub address: ::core::option::Option<super::super::core::v3::Address>,
                }
                impl ::prost::Name for AdditionalAddress {
                    const NAME: &'static str = "AdditionalAddress";
                    const PACKAGE: &'static str = "envoy.config.listener.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.listener.v3.AdditionalAddress".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.listener.v3.AdditionalAddress".into()
                    }
                }
            }
        }
        pub mod ratelimit {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RateLimitServiceConfig {
                    #[prost(message, optional, tag = "2")]
                    pub grpc_service: ::core::option::Option<
                        super::super::core::v3::GrpcService,
                    >,
                    #[prost(
                        enumeration = "super::super::core::v3::ApiVersion",
                        tag = "4"
                    )]
                    pub transport_api_version: i32,
                }
                impl ::prost::Name for RateLimitServiceConfig {
                    const NAME: &'static str = "RateLimitServiceConfig";
                    const PACKAGE: &'static str = "envoy.config.ratelimit.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.ratelimit.v3.RateLimitServiceConfig".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.ratelimit.v3.RateLimitServiceConfig".into()
                    }
                }
            }
        }
        pub mod rbac {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Rbac {
                    #[prost(enumeration = "rbac::Action", tag = "1")]
                    pub action: i32,
                    #[prost(map = "string, message", tag = "2")]
                    pub policies: ::std::collections::HashMap<
                        ::prost::alloc::string::String,
                        Policy,
                    >,
                    #[prost(message, optional, tag = "3")]
                    pub audit_logging_options: ::core::option::Option<
                        rbac::AuditLoggingOptions,
                    >,
                }
                /// Nested message and enum types in `RBAC`.
                pub mod rbac {
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct AuditLoggingOptions {}
                    impl ::prost::Name for AuditLoggingOptions {
                        const NAME: &'static str = "AuditLoggingOptions";
                        const PACKAGE: &'static str = "envoy.config.rbac.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.rbac.v3.RBAC.AuditLoggingOptions".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.rbac.v3.RBAC.AuditLoggingOptions".into()
                        }
                    }
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum Action {
                        Allow = 0,
                        Deny = 1,
                        Log = 2,
                    }
                    impl Action {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::Allow => "ALLOW",
                                Self::Deny => "DENY",
                                Self::Log => "LOG",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "ALLOW" => Some(Self::Allow),
                                "DENY" => Some(Self::Deny),
                                "LOG" => Some(Self::Log),
                                _ => None,
                            }
                        }
                    }
                }
                impl ::prost::Name for Rbac {
                    const NAME: &'static str = "RBAC";
                    const PACKAGE: &'static str = "envoy.config.rbac.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.rbac.v3.RBAC".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.rbac.v3.RBAC".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Policy {
                    #[prost(message, repeated, tag = "1")]
                    pub permissions: ::prost::alloc::vec::Vec<Permission>,
                    #[prost(message, repeated, tag = "2")]
                    pub principals: ::prost::alloc::vec::Vec<Principal>,
                    #[prost(message, optional, tag = "3")]
                    pub condition: ::core::option::Option<
                        super::super::super::super::google::api::expr::v1alpha1::Expr,
                    >,
                    #[prost(message, optional, tag = "4")]
                    pub checked_condition: ::core::option::Option<
                        super::super::super::super::google::api::expr::v1alpha1::CheckedExpr,
                    >,
                }
                impl ::prost::Name for Policy {
                    const NAME: &'static str = "Policy";
                    const PACKAGE: &'static str = "envoy.config.rbac.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.rbac.v3.Policy".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.rbac.v3.Policy".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Permission {
                    #[prost(
                        oneof = "permission::Rule",
                        tags = "1, 2, 3, 4, 10, 5, 6, 11, 8, 9, 7, 13, 14, 12"
                    )]
                    pub rule: ::core::option::Option<permission::Rule>,
                }
                /// Nested message and enum types in `Permission`.
                pub mod permission {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Set {
                        #[prost(message, repeated, tag = "1")]
                        pub rules: ::prost::alloc::vec::Vec<super::Permission>,
                    }
                    impl ::prost::Name for Set {
                        const NAME: &'static str = "Set";
                        const PACKAGE: &'static str = "envoy.config.rbac.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.rbac.v3.Permission.Set".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.rbac.v3.Permission.Set".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Rule {
                        #[prost(message, tag = "1")]
                        AndRules(Set),
                        #[prost(message, tag = "2")]
                        OrRules(Set),
                        #[prost(bool, tag = "3")]
                        Any(bool),
                        #[prost(message, tag = "4")]
                        Header(super::super::super::route::v3::HeaderMatcher),
                        #[prost(message, tag = "10")]
                        UrlPath(
                            super::super::super::super::r#type::matcher::v3::PathMatcher,
                        ),
                        #[prost(message, tag = "5")]
                        DestinationIp(super::super::super::core::v3::CidrRange),
                        #[prost(uint32, tag = "6")]
                        DestinationPort(u32),
                        #[prost(message, tag = "11")]
                        DestinationPortRange(
                            super::super::super::super::r#type::v3::Int32Range,
                        ),
                        #[prost(message, tag = "8")]
                        NotRule(::prost::alloc::boxed::Box<super::Permission>),
                        #[prost(message, tag = "9")]
                        RequestedServerName(
                            super::super::super::super::r#type::matcher::v3::StringMatcher,
                        ),
                        #[prost(message, tag = "7")]
                        Metadata(
                            super::super::super::super::r#type::matcher::v3::MetadataMatcher,
                        ),
                        #[prost(message, tag = "13")]
                        UriTemplate(super::super::super::core::v3::TypedExtensionConfig),
                        #[prost(message, tag = "14")]
                        SourcedMetadata(super::SourcedMetadata),
                        #[prost(message, tag = "12")]
                        Matcher(super::super::super::core::v3::TypedExtensionConfig),
                    }
                }
                impl ::prost::Name for Permission {
                    const NAME: &'static str = "Permission";
                    const PACKAGE: &'static str = "envoy.config.rbac.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.rbac.v3.Permission".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.rbac.v3.Permission".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Principal {
                    #[prost(
                        oneof = "principal::Identifier",
                        tags = "1, 2, 3, 4, 10, 11, 6, 9, 12, 8, 5, 7, 13, 14"
                    )]
                    pub identifier: ::core::option::Option<principal::Identifier>,
                }
                /// Nested message and enum types in `Principal`.
                pub mod principal {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Set {
                        #[prost(message, repeated, tag = "1")]
                        pub ids: ::prost::alloc::vec::Vec<super::Principal>,
                    }
                    impl ::prost::Name for Set {
                        const NAME: &'static str = "Set";
                        const PACKAGE: &'static str = "envoy.config.rbac.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.rbac.v3.Principal.Set".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.rbac.v3.Principal.Set".into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Authenticated {
                        #[prost(message, optional, tag = "2")]
                        pub principal_name: ::core::option::Option<
                            super::super::super::super::r#type::matcher::v3::StringMatcher,
                        >,
                    }
                    impl ::prost::Name for Authenticated {
                        const NAME: &'static str = "Authenticated";
                        const PACKAGE: &'static str = "envoy.config.rbac.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.rbac.v3.Principal.Authenticated".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.rbac.v3.Principal.Authenticated".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Identifier {
                        #[prost(message, tag = "1")]
                        AndIds(Set),
                        #[prost(message, tag = "2")]
                        OrIds(Set),
                        #[prost(bool, tag = "3")]
                        Any(bool),
                        #[prost(message, tag = "4")]
                        Authenticated(Authenticated),
                        #[prost(message, tag = "10")]
                        DirectRemoteIp(super::super::super::core::v3::CidrRange),
                        #[prost(message, tag = "11")]
                        RemoteIp(super::super::super::core::v3::CidrRange),
                        #[prost(message, tag = "6")]
                        Header(super::super::super::route::v3::HeaderMatcher),
                        #[prost(message, tag = "9")]
                        UrlPath(
                            super::super::super::super::r#type::matcher::v3::PathMatcher,
                        ),
                        #[prost(message, tag = "12")]
                        FilterState(
                            super::super::super::super::r#type::matcher::v3::FilterStateMatcher,
                        ),
                        #[prost(message, tag = "8")]
                        NotId(::prost::alloc::boxed::Box<super::Principal>),
                        #[prost(message, tag = "5")]
                        SourceIp(super::super::super::core::v3::CidrRange),
                        #[prost(message, tag = "7")]
                        Metadata(
                            super::super::super::super::r#type::matcher::v3::MetadataMatcher,
                        ),
                        #[prost(message, tag = "13")]
                        SourcedMetadata(super::SourcedMetadata),
                        #[prost(message, tag = "14")]
                        Custom(super::super::super::core::v3::TypedExtensionConfig),
                    }
                }
                impl ::prost::Name for Principal {
                    const NAME: &'static str = "Principal";
                    const PACKAGE: &'static str = "envoy.config.rbac.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.rbac.v3.Principal".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.rbac.v3.Principal".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct SourcedMetadata {
                    #[prost(message, optional, tag = "1")]
                    pub metadata_matcher: ::core::option::Option<
                        super::super::super::r#type::matcher::v3::MetadataMatcher,
                    >,
                    #[prost(enumeration = "MetadataSource", tag = "2")]
                    pub metadata_source: i32,
                }
                impl ::prost::Name for SourcedMetadata {
                    const NAME: &'static str = "SourcedMetadata";
                    const PACKAGE: &'static str = "envoy.config.rbac.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.rbac.v3.SourcedMetadata".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.rbac.v3.SourcedMetadata".into()
                    }
                }
                #[derive(
                    Clone,
                    Copy,
                    PartialEq,
                    Eq,
                    Hash,
                    PartialOrd,
                    Ord,
                    ::prost::Enumeration
                )]
                #[repr(i32)]
                pub enum MetadataSource {
                    Dynamic = 0,
                    Route = 1,
                }
                impl MetadataSource {
                    /// String value of the enum field names used in the ProtoBuf definition.
                    ///
                    /// The values are not transformed in any way and thus are considered stable
                    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                    pub fn as_str_name(&self) -> &'static str {
                        match self {
                            Self::Dynamic => "DYNAMIC",
                            Self::Route => "ROUTE",
                        }
                    }
                    /// Creates an enum from field names used in the ProtoBuf definition.
                    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
                        match value {
                            "DYNAMIC" => Some(Self::Dynamic),
                            "ROUTE" => Some(Self::Route),
                            _ => None,
                        }
                    }
                }
            }
        }
        pub mod route {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct VirtualHost {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(string, repeated, tag = "2")]
                    pub domains: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                    #[prost(message, repeated, tag = "3")]
                    pub routes: ::prost::alloc::vec::Vec<Route>,
                    #[prost(enumeration = "virtual_host::TlsRequirementType", tag = "4")]
                    pub require_tls: i32,
                    #[prost(message, repeated, tag = "7")]
                    pub request_headers_to_add: ::prost::alloc::vec::Vec<
                        super::super::core::v3::HeaderValueOption,
                    >,
                    #[prost(string, repeated, tag = "13")]
                    pub request_headers_to_remove: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                    #[prost(message, repeated, tag = "10")]
                    pub response_headers_to_add: ::prost::alloc::vec::Vec<
                        super::super::core::v3::HeaderValueOption,
                    >,
                    #[prost(string, repeated, tag = "11")]
                    pub response_headers_to_remove: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                    #[prost(map = "string, message", tag = "15")]
                    pub typed_per_filter_config: ::std::collections::HashMap<
                        ::prost::alloc::string::String,
                        super::super::super::super::google::protobuf::Any,
                    >,
                    #[prost(bool, tag = "14")]
                    pub include_request_attempt_count: bool,
                    #[prost(message, optional, tag = "16")]
                    pub retry_policy: ::core::option::Option<RetryPolicy>,
                    #[prost(message, optional, tag = "24")]
                    pub metadata: ::core::option::Option<
                        super::super::core::v3::Metadata,
                    >,
                    #[prost(message, optional, tag = "21")]
                    pub matcher: ::core::option::Option<
                        super::super::super::super::xds::r#type::matcher::v3::Matcher,
                    >,
                    #[prost(message, repeated, tag = "6")]
                    pub rate_limits: ::prost::alloc::vec::Vec<RateLimit>,
                    #[prost(message, optional, tag = "20")]
                    pub retry_policy_typed_config: ::core::option::Option<
                        super::super::super::super::google::protobuf::Any,
                    >,
                    #[prost(message, optional, tag = "17")]
                    pub hedge_policy: ::core::option::Option<HedgePolicy>,
                    #[prost(message, repeated, tag = "22")]
                    pub request_mirror_policies: ::prost::alloc::vec::Vec<
                        route_action::RequestMirrorPolicy,
                    >,
                    #[prost(message, optional, tag = "8")]
                    pub cors: ::core::option::Option<CorsPolicy>,
                    #[prost(message, repeated, tag = "5")]
                    pub virtual_clusters: ::prost::alloc::vec::Vec<VirtualCluster>,
                    #[prost(bool, tag = "19")]
                    pub include_attempt_count_in_response: bool,
                }
                /// Nested message and enum types in `VirtualHost`.
                pub mod virtual_host {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum TlsRequirementType {
                        None = 0,
                        ExternalOnly = 1,
                        All = 2,
                    }
                    impl TlsRequirementType {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::None => "NONE",
                                Self::ExternalOnly => "EXTERNAL_ONLY",
                                Self::All => "ALL",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "NONE" => Some(Self::None),
                                "EXTERNAL_ONLY" => Some(Self::ExternalOnly),
                                "ALL" => Some(Self::All),
                                _ => None,
                            }
                        }
                    }
                }
                impl ::prost::Name for VirtualHost {
                    const NAME: &'static str = "VirtualHost";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.VirtualHost".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.VirtualHost".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Route {
                    #[prost(string, tag = "14")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "1")]
                    pub r#match: ::core::option::Option<RouteMatch>,
                    #[prost(message, optional, tag = "4")]
                    pub metadata: ::core::option::Option<
                        super::super::core::v3::Metadata,
                    >,
                    #[prost(message, optional, tag = "5")]
                    pub decorator: ::core::option::Option<Decorator>,
                    #[prost(map = "string, message", tag = "13")]
                    pub typed_per_filter_config: ::std::collections::HashMap<
                        ::prost::alloc::string::String,
                        super::super::super::super::google::protobuf::Any,
                    >,
                    #[prost(message, repeated, tag = "9")]
                    pub request_headers_to_add: ::prost::alloc::vec::Vec<
                        super::super::core::v3::HeaderValueOption,
                    >,
                    #[prost(string, repeated, tag = "12")]
                    pub request_headers_to_remove: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                    #[prost(message, repeated, tag = "10")]
                    pub response_headers_to_add: ::prost::alloc::vec::Vec<
                        super::super::core::v3::HeaderValueOption,
                    >,
                    #[prost(string, repeated, tag = "11")]
                    pub response_headers_to_remove: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                    #[prost(message, optional, tag = "15")]
                    pub tracing: ::core::option::Option<Tracing>,
                    #[prost(string, tag = "19")]
                    pub stat_prefix: ::prost::alloc::string::String,
                    #[prost(oneof = "route::Action", tags = "2, 3, 7, 17, 18")]
                    pub action: ::core::option::Option<route::Action>,
                }
                /// Nested message and enum types in `Route`.
                pub mod route {
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Action {
                        #[prost(message, tag = "2")]
                        Route(super::RouteAction),
                        #[prost(message, tag = "3")]
                        Redirect(super::RedirectAction),
                        #[prost(message, tag = "7")]
                        DirectResponse(super::DirectResponseAction),
                        #[prost(message, tag = "17")]
                        FilterAction(super::FilterAction),
                        #[prost(message, tag = "18")]
                        NonForwardingAction(super::NonForwardingAction),
                    }
                }
                impl ::prost::Name for Route {
                    const NAME: &'static str = "Route";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.Route".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.Route".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct WeightedCluster {
                    #[prost(message, repeated, tag = "1")]
                    pub clusters: ::prost::alloc::vec::Vec<
                        weighted_cluster::ClusterWeight,
                    >,
                    #[prost(message, optional, tag = "3")]
                    pub total_weight: ::core::option::Option<u32>,
                    #[prost(
                        oneof = "weighted_cluster::RandomValueSpecifier",
                        tags = "4, 5"
                    )]
                    pub random_value_specifier: ::core::option::Option<
                        weighted_cluster::RandomValueSpecifier,
                    >,
                }
                /// Nested message and enum types in `WeightedCluster`.
                pub mod weighted_cluster {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct ClusterWeight {
                        #[prost(string, tag = "1")]
                        pub name: ::prost::alloc::string::String,
                        #[prost(message, optional, tag = "2")]
                        pub weight: ::core::option::Option<u32>,
                        #[prost(message, repeated, tag = "4")]
                        pub request_headers_to_add: ::prost::alloc::vec::Vec<
                            super::super::super::core::v3::HeaderValueOption,
                        >,
                        #[prost(string, repeated, tag = "9")]
                        pub request_headers_to_remove: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(message, repeated, tag = "5")]
                        pub response_headers_to_add: ::prost::alloc::vec::Vec<
                            super::super::super::core::v3::HeaderValueOption,
                        >,
                        #[prost(string, repeated, tag = "6")]
                        pub response_headers_to_remove: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(string, tag = "12")]
                        pub cluster_header: ::prost::alloc::string::String,
                        #[prost(message, optional, tag = "3")]
                        pub metadata_match: ::core::option::Option<
                            super::super::super::core::v3::Metadata,
                        >,
                        #[prost(map = "string, message", tag = "10")]
                        pub typed_per_filter_config: ::std::collections::HashMap<
                            ::prost::alloc::string::String,
                            super::super::super::super::super::google::protobuf::Any,
                        >,
                        #[prost(
                            oneof = "cluster_weight::HostRewriteSpecifier",
                            tags = "11"
                        )]
                        pub host_rewrite_specifier: ::core::option::Option<
                            cluster_weight::HostRewriteSpecifier,
                        >,
                    }
                    /// Nested message and enum types in `ClusterWeight`.
                    pub mod cluster_weight {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum HostRewriteSpecifier {
                            #[prost(string, tag = "11")]
                            HostRewriteLiteral(::prost::alloc::string::String),
                        }
                    }
                    impl ::prost::Name for ClusterWeight {
                        const NAME: &'static str = "ClusterWeight";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.WeightedCluster.ClusterWeight".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.WeightedCluster.ClusterWeight".into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum RandomValueSpecifier {
                        #[prost(string, tag = "4")]
                        HeaderName(::prost::alloc::string::String),
                        #[prost(message, tag = "5")]
                        UseHashPolicy(bool),
                    }
                }
                impl ::prost::Name for WeightedCluster {
                    const NAME: &'static str = "WeightedCluster";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.WeightedCluster".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.WeightedCluster".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RouteMatch {
                    #[prost(message, optional, tag = "4")]
                    pub case_sensitive: ::core::option::Option<bool>,
                    #[prost(message, optional, tag = "9")]
                    pub runtime_fraction: ::core::option::Option<
                        super::super::core::v3::RuntimeFractionalPercent,
                    >,
                    #[prost(message, repeated, tag = "6")]
                    pub headers: ::prost::alloc::vec::Vec<HeaderMatcher>,
                    #[prost(message, repeated, tag = "7")]
                    pub query_parameters: ::prost::alloc::vec::Vec<
                        QueryParameterMatcher,
                    >,
                    #[prost(message, repeated, tag = "17")]
                    pub cookies: ::prost::alloc::vec::Vec<CookieMatcher>,
                    #[prost(message, optional, tag = "11")]
                    pub tls_context: ::core::option::Option<
                        route_match::TlsContextMatchOptions,
                    >,
                    #[prost(message, repeated, tag = "13")]
                    pub dynamic_metadata: ::prost::alloc::vec::Vec<
                        super::super::super::r#type::matcher::v3::MetadataMatcher,
                    >,
                    #[prost(message, repeated, tag = "16")]
                    pub filter_state: ::prost::alloc::vec::Vec<
                        super::super::super::r#type::matcher::v3::FilterStateMatcher,
                    >,
                    #[prost(message, optional, tag = "8")]
                    pub grpc: ::core::option::Option<route_match::GrpcRouteMatchOptions>,
                    #[prost(
                        oneof = "route_match::PathSpecifier",
                        tags = "1, 2, 10, 12, 14, 15"
                    )]
                    pub path_specifier: ::core::option::Option<
                        route_match::PathSpecifier,
                    >,
                }
                /// Nested message and enum types in `RouteMatch`.
                pub mod route_match {
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct GrpcRouteMatchOptions {}
                    impl ::prost::Name for GrpcRouteMatchOptions {
                        const NAME: &'static str = "GrpcRouteMatchOptions";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RouteMatch.GrpcRouteMatchOptions"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RouteMatch.GrpcRouteMatchOptions"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct TlsContextMatchOptions {}
                    impl ::prost::Name for TlsContextMatchOptions {
                        const NAME: &'static str = "TlsContextMatchOptions";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RouteMatch.TlsContextMatchOptions"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RouteMatch.TlsContextMatchOptions"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct ConnectMatcher {}
                    impl ::prost::Name for ConnectMatcher {
                        const NAME: &'static str = "ConnectMatcher";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RouteMatch.ConnectMatcher".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RouteMatch.ConnectMatcher".into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum PathSpecifier {
                        #[prost(string, tag = "1")]
                        Prefix(::prost::alloc::string::String),
                        #[prost(string, tag = "2")]
                        Path(::prost::alloc::string::String),
                        #[prost(message, tag = "10")]
                        SafeRegex(
                            super::super::super::super::r#type::matcher::v3::RegexMatcher,
                        ),
                        #[prost(message, tag = "12")]
                        ConnectMatcher(ConnectMatcher),
                        #[prost(string, tag = "14")]
                        PathSeparatedPrefix(::prost::alloc::string::String),
                        #[prost(message, tag = "15")]
                        PathMatchPolicy(
                            super::super::super::core::v3::TypedExtensionConfig,
                        ),
                    }
                }
                impl ::prost::Name for RouteMatch {
                    const NAME: &'static str = "RouteMatch";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.RouteMatch".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.RouteMatch".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RouteAction {
                    #[prost(
                        enumeration = "route_action::ClusterNotFoundResponseCode",
                        tag = "20"
                    )]
                    pub cluster_not_found_response_code: i32,
                    #[prost(string, tag = "5")]
                    pub prefix_rewrite: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "32")]
                    pub regex_rewrite: ::core::option::Option<
                        super::super::super::r#type::matcher::v3::RegexMatchAndSubstitute,
                    >,
                    #[prost(message, optional, tag = "8")]
                    pub timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "24")]
                    pub idle_timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, optional, tag = "9")]
                    pub retry_policy: ::core::option::Option<RetryPolicy>,
                    #[prost(message, repeated, tag = "30")]
                    pub request_mirror_policies: ::prost::alloc::vec::Vec<
                        route_action::RequestMirrorPolicy,
                    >,
                    #[prost(
                        enumeration = "super::super::core::v3::RoutingPriority",
                        tag = "11"
                    )]
                    pub priority: i32,
                    #[prost(message, repeated, tag = "15")]
                    pub hash_policy: ::prost::alloc::vec::Vec<route_action::HashPolicy>,
                    #[prost(message, repeated, tag = "25")]
                    pub upgrade_configs: ::prost::alloc::vec::Vec<
                        route_action::UpgradeConfig,
                    >,
                    #[prost(message, optional, tag = "36")]
                    pub max_stream_duration: ::core::option::Option<
                        route_action::MaxStreamDuration,
                    >,
                    #[prost(bool, tag = "38")]
                    pub append_x_forwarded_host: bool,
                    #[prost(message, optional, tag = "4")]
                    pub metadata_match: ::core::option::Option<
                        super::super::core::v3::Metadata,
                    >,
                    #[prost(message, optional, tag = "41")]
                    pub path_rewrite_policy: ::core::option::Option<
                        super::super::core::v3::TypedExtensionConfig,
                    >,
                    #[prost(string, tag = "45")]
                    pub path_rewrite: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "33")]
                    pub retry_policy_typed_config: ::core::option::Option<
                        super::super::super::super::google::protobuf::Any,
                    >,
                    #[prost(message, repeated, tag = "13")]
                    pub rate_limits: ::prost::alloc::vec::Vec<RateLimit>,
                    #[prost(message, optional, tag = "14")]
                    pub include_vh_rate_limits: ::core::option::Option<bool>,
                    #[prost(message, optional, tag = "17")]
                    pub cors: ::core::option::Option<CorsPolicy>,
                    #[prost(message, optional, tag = "27")]
                    pub hedge_policy: ::core::option::Option<HedgePolicy>,
                    #[prost(message, optional, tag = "34")]
                    pub internal_redirect_policy: ::core::option::Option<
                        InternalRedirectPolicy,
                    >,
                    #[prost(message, optional, tag = "40")]
                    pub early_data_policy: ::core::option::Option<
                        super::super::core::v3::TypedExtensionConfig,
                    >,
                    #[prost(
                        oneof = "route_action::ClusterSpecifier",
                        tags = "1, 2, 3, 37, 39"
                    )]
                    pub cluster_specifier: ::core::option::Option<
                        route_action::ClusterSpecifier,
                    >,
                    #[prost(
                        oneof = "route_action::HostRewriteSpecifier",
                        tags = "6, 7, 29, 35, 44"
                    )]
                    pub host_rewrite_specifier: ::core::option::Option<
                        route_action::HostRewriteSpecifier,
                    >,
                }
                /// Nested message and enum types in `RouteAction`.
                pub mod route_action {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct RequestMirrorPolicy {
                        #[prost(string, tag = "1")]
                        pub cluster: ::prost::alloc::string::String,
                        #[prost(message, optional, tag = "3")]
                        pub runtime_fraction: ::core::option::Option<
                            super::super::super::core::v3::RuntimeFractionalPercent,
                        >,
                        #[prost(message, optional, tag = "4")]
                        pub trace_sampled: ::core::option::Option<bool>,
                        #[prost(bool, tag = "6")]
                        pub disable_shadow_host_suffix_append: bool,
                        #[prost(string, tag = "5")]
                        pub cluster_header: ::prost::alloc::string::String,
                        #[prost(message, repeated, tag = "7")]
                        pub request_headers_mutations: ::prost::alloc::vec::Vec<
                            super::super::super::common::mutation_rules::v3::HeaderMutation,
                        >,
                        #[prost(string, tag = "8")]
                        pub host_rewrite_literal: ::prost::alloc::string::String,
                    }
                    impl ::prost::Name for RequestMirrorPolicy {
                        const NAME: &'static str = "RequestMirrorPolicy";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RouteAction.RequestMirrorPolicy"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RouteAction.RequestMirrorPolicy"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct HashPolicy {
                        #[prost(bool, tag = "4")]
                        pub terminal: bool,
                        #[prost(
                            oneof = "hash_policy::PolicySpecifier",
                            tags = "1, 2, 3, 5, 6"
                        )]
                        pub policy_specifier: ::core::option::Option<
                            hash_policy::PolicySpecifier,
                        >,
                    }
                    /// Nested message and enum types in `HashPolicy`.
                    pub mod hash_policy {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct FilterState {}
                        impl ::prost::Name for FilterState {
                            const NAME: &'static str = "FilterState";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RouteAction.HashPolicy.FilterState"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RouteAction.HashPolicy.FilterState"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Header {
                            #[prost(string, tag = "1")]
                            pub header_name: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "2")]
                            pub regex_rewrite: ::core::option::Option<
                                super::super::super::super::super::r#type::matcher::v3::RegexMatchAndSubstitute,
                            >,
                        }
                        impl ::prost::Name for Header {
                            const NAME: &'static str = "Header";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RouteAction.HashPolicy.Header".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RouteAction.HashPolicy.Header"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct CookieAttribute {
                            #[prost(string, tag = "1")]
                            pub name: ::prost::alloc::string::String,
                            #[prost(string, tag = "2")]
                            pub value: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for CookieAttribute {
                            const NAME: &'static str = "CookieAttribute";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RouteAction.HashPolicy.CookieAttribute"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RouteAction.HashPolicy.CookieAttribute"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Cookie {
                            #[prost(string, tag = "1")]
                            pub name: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "2")]
                            pub ttl: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(string, tag = "3")]
                            pub path: ::prost::alloc::string::String,
                            #[prost(message, repeated, tag = "4")]
                            pub attributes: ::prost::alloc::vec::Vec<CookieAttribute>,
                        }
                        impl ::prost::Name for Cookie {
                            const NAME: &'static str = "Cookie";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RouteAction.HashPolicy.Cookie".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RouteAction.HashPolicy.Cookie"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ConnectionProperties {
                            #[prost(bool, tag = "1")]
                            pub source_ip: bool,
                        }
                        impl ::prost::Name for ConnectionProperties {
                            const NAME: &'static str = "ConnectionProperties";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RouteAction.HashPolicy.ConnectionProperties"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RouteAction.HashPolicy.ConnectionProperties"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct QueryParameter {
                            #[prost(string, tag = "1")]
                            pub name: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for QueryParameter {
                            const NAME: &'static str = "QueryParameter";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RouteAction.HashPolicy.QueryParameter"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RouteAction.HashPolicy.QueryParameter"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum PolicySpecifier {
                            #[prost(message, tag = "1")]
                            Header(Header),
                            #[prost(message, tag = "2")]
                            Cookie(Cookie),
                            #[prost(message, tag = "3")]
                            ConnectionProperties(ConnectionProperties),
                            #[prost(message, tag = "5")]
                            QueryParameter(QueryParameter),
                            #[prost(message, tag = "6")]
                            FilterState(FilterState),
                        }
                    }
                    impl ::prost::Name for HashPolicy {
                        const NAME: &'static str = "HashPolicy";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RouteAction.HashPolicy".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RouteAction.HashPolicy".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct UpgradeConfig {
                        #[prost(string, tag = "1")]
                        pub upgrade_type: ::prost::alloc::string::String,
                        #[prost(message, optional, tag = "2")]
                        pub enabled: ::core::option::Option<bool>,
                        #[prost(message, optional, tag = "3")]
                        pub connect_config: ::core::option::Option<
                            upgrade_config::ConnectConfig,
                        >,
                    }
                    /// Nested message and enum types in `UpgradeConfig`.
                    pub mod upgrade_config {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ConnectConfig {
                            #[prost(message, optional, tag = "1")]
                            pub proxy_protocol_config: ::core::option::Option<
                                super::super::super::super::core::v3::ProxyProtocolConfig,
                            >,
                            #[prost(bool, tag = "2")]
                            pub allow_post: bool,
                        }
                        impl ::prost::Name for ConnectConfig {
                            const NAME: &'static str = "ConnectConfig";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RouteAction.UpgradeConfig.ConnectConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RouteAction.UpgradeConfig.ConnectConfig"
                                    .into()
                            }
                        }
                    }
                    impl ::prost::Name for UpgradeConfig {
                        const NAME: &'static str = "UpgradeConfig";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RouteAction.UpgradeConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RouteAction.UpgradeConfig".into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct MaxStreamDuration {
                        #[prost(message, optional, tag = "1")]
                        pub max_stream_duration: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Duration,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub grpc_timeout_header_max: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Duration,
                        >,
                    }
                    impl ::prost::Name for MaxStreamDuration {
                        const NAME: &'static str = "MaxStreamDuration";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RouteAction.MaxStreamDuration".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RouteAction.MaxStreamDuration".into()
                        }
                    }
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum ClusterNotFoundResponseCode {
                        ServiceUnavailable = 0,
                        NotFound = 1,
                        InternalServerError = 2,
                    }
                    impl ClusterNotFoundResponseCode {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::ServiceUnavailable => "SERVICE_UNAVAILABLE",
                                Self::NotFound => "NOT_FOUND",
                                Self::InternalServerError => "INTERNAL_SERVER_ERROR",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "SERVICE_UNAVAILABLE" => Some(Self::ServiceUnavailable),
                                "NOT_FOUND" => Some(Self::NotFound),
                                "INTERNAL_SERVER_ERROR" => Some(Self::InternalServerError),
                                _ => None,
                            }
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum ClusterSpecifier {
                        #[prost(string, tag = "1")]
                        Cluster(::prost::alloc::string::String),
                        #[prost(string, tag = "2")]
                        ClusterHeader(::prost::alloc::string::String),
                        #[prost(message, tag = "3")]
                        WeightedClusters(super::WeightedCluster),
                        #[prost(string, tag = "37")]
                        ClusterSpecifierPlugin(::prost::alloc::string::String),
                        #[prost(message, tag = "39")]
                        InlineClusterSpecifierPlugin(super::ClusterSpecifierPlugin),
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum HostRewriteSpecifier {
                        #[prost(string, tag = "6")]
                        HostRewriteLiteral(::prost::alloc::string::String),
                        #[prost(message, tag = "7")]
                        AutoHostRewrite(bool),
                        #[prost(string, tag = "29")]
                        HostRewriteHeader(::prost::alloc::string::String),
                        #[prost(message, tag = "35")]
                        HostRewritePathRegex(
                            super::super::super::super::r#type::matcher::v3::RegexMatchAndSubstitute,
                        ),
                        #[prost(string, tag = "44")]
                        HostRewrite(::prost::alloc::string::String),
                    }
                }
                impl ::prost::Name for RouteAction {
                    const NAME: &'static str = "RouteAction";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.RouteAction".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.RouteAction".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RetryPolicy {
                    #[prost(string, tag = "1")]
                    pub retry_on: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "2")]
                    pub num_retries: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "3")]
                    pub per_try_timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, repeated, tag = "5")]
                    pub retry_host_predicate: ::prost::alloc::vec::Vec<
                        retry_policy::RetryHostPredicate,
                    >,
                    #[prost(int64, tag = "6")]
                    pub host_selection_retry_max_attempts: i64,
                    #[prost(uint32, repeated, tag = "7")]
                    pub retriable_status_codes: ::prost::alloc::vec::Vec<u32>,
                    #[prost(message, optional, tag = "8")]
                    pub retry_back_off: ::core::option::Option<
                        retry_policy::RetryBackOff,
                    >,
                    #[prost(message, optional, tag = "4")]
                    pub retry_priority: ::core::option::Option<
                        retry_policy::RetryPriority,
                    >,
                    #[prost(message, repeated, tag = "12")]
                    pub retry_options_predicates: ::prost::alloc::vec::Vec<
                        super::super::core::v3::TypedExtensionConfig,
                    >,
                    #[prost(message, optional, tag = "11")]
                    pub rate_limited_retry_back_off: ::core::option::Option<
                        retry_policy::RateLimitedRetryBackOff,
                    >,
                    #[prost(message, optional, tag = "13")]
                    pub per_try_idle_timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(message, repeated, tag = "9")]
                    pub retriable_headers: ::prost::alloc::vec::Vec<HeaderMatcher>,
                    #[prost(message, repeated, tag = "10")]
                    pub retriable_request_headers: ::prost::alloc::vec::Vec<
                        HeaderMatcher,
                    >,
                }
                /// Nested message and enum types in `RetryPolicy`.
                pub mod retry_policy {
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct RateLimitedRetryBackOff {}
                    impl ::prost::Name for RateLimitedRetryBackOff {
                        const NAME: &'static str = "RateLimitedRetryBackOff";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RetryPolicy.RateLimitedRetryBackOff"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RetryPolicy.RateLimitedRetryBackOff"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct RetryPriority {}
                    impl ::prost::Name for RetryPriority {
                        const NAME: &'static str = "RetryPriority";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RetryPolicy.RetryPriority".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RetryPolicy.RetryPriority".into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct RetryHostPredicate {
                        #[prost(string, tag = "1")]
                        pub name: ::prost::alloc::string::String,
                        #[prost(oneof = "retry_host_predicate::ConfigType", tags = "3")]
                        pub config_type: ::core::option::Option<
                            retry_host_predicate::ConfigType,
                        >,
                    }
                    /// Nested message and enum types in `RetryHostPredicate`.
                    pub mod retry_host_predicate {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum ConfigType {
                            #[prost(message, tag = "3")]
                            TypedConfig(
                                super::super::super::super::super::super::google::protobuf::Any,
                            ),
                        }
                    }
                    impl ::prost::Name for RetryHostPredicate {
                        const NAME: &'static str = "RetryHostPredicate";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RetryPolicy.RetryHostPredicate".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RetryPolicy.RetryHostPredicate"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct RetryBackOff {
                        #[prost(message, optional, tag = "1")]
                        pub base_interval: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Duration,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub max_interval: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Duration,
                        >,
                    }
                    impl ::prost::Name for RetryBackOff {
                        const NAME: &'static str = "RetryBackOff";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RetryPolicy.RetryBackOff".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RetryPolicy.RetryBackOff".into()
                        }
                    }
                }
                impl ::prost::Name for RetryPolicy {
                    const NAME: &'static str = "RetryPolicy";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.RetryPolicy".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.RetryPolicy".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RedirectAction {
                    #[prost(string, tag = "1")]
                    pub host_redirect: ::prost::alloc::string::String,
                    #[prost(uint32, tag = "8")]
                    pub port_redirect: u32,
                    #[prost(
                        enumeration = "redirect_action::RedirectResponseCode",
                        tag = "3"
                    )]
                    pub response_code: i32,
                    #[prost(bool, tag = "6")]
                    pub strip_query: bool,
                    #[prost(
                        oneof = "redirect_action::SchemeRewriteSpecifier",
                        tags = "4, 7"
                    )]
                    pub scheme_rewrite_specifier: ::core::option::Option<
                        redirect_action::SchemeRewriteSpecifier,
                    >,
                    #[prost(
                        oneof = "redirect_action::PathRewriteSpecifier",
                        tags = "2, 5, 9, 10"
                    )]
                    pub path_rewrite_specifier: ::core::option::Option<
                        redirect_action::PathRewriteSpecifier,
                    >,
                }
                /// Nested message and enum types in `RedirectAction`.
                pub mod redirect_action {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum RedirectResponseCode {
                        MovedPermanently = 0,
                        Found = 1,
                        SeeOther = 2,
                        TemporaryRedirect = 3,
                        PermanentRedirect = 4,
                    }
                    impl RedirectResponseCode {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::MovedPermanently => "MOVED_PERMANENTLY",
                                Self::Found => "FOUND",
                                Self::SeeOther => "SEE_OTHER",
                                Self::TemporaryRedirect => "TEMPORARY_REDIRECT",
                                Self::PermanentRedirect => "PERMANENT_REDIRECT",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "MOVED_PERMANENTLY" => Some(Self::MovedPermanently),
                                "FOUND" => Some(Self::Found),
                                "SEE_OTHER" => Some(Self::SeeOther),
                                "TEMPORARY_REDIRECT" => Some(Self::TemporaryRedirect),
                                "PERMANENT_REDIRECT" => Some(Self::PermanentRedirect),
                                _ => None,
                            }
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum SchemeRewriteSpecifier {
                        #[prost(bool, tag = "4")]
                        HttpsRedirect(bool),
                        #[prost(string, tag = "7")]
                        SchemeRedirect(::prost::alloc::string::String),
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum PathRewriteSpecifier {
                        #[prost(string, tag = "2")]
                        PathRedirect(::prost::alloc::string::String),
                        #[prost(string, tag = "5")]
                        PrefixRewrite(::prost::alloc::string::String),
                        #[prost(message, tag = "9")]
                        RegexRewrite(
                            super::super::super::super::r#type::matcher::v3::RegexMatchAndSubstitute,
                        ),
                        #[prost(string, tag = "10")]
                        PathRewrite(::prost::alloc::string::String),
                    }
                }
                impl ::prost::Name for RedirectAction {
                    const NAME: &'static str = "RedirectAction";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.RedirectAction".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.RedirectAction".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct DirectResponseAction {
                    #[prost(uint32, tag = "1")]
                    pub status: u32,
                    #[prost(message, optional, tag = "2")]
                    pub body: ::core::option::Option<super::super::core::v3::DataSource>,
                    #[prost(message, optional, tag = "3")]
                    pub body_format: ::core::option::Option<
                        super::super::core::v3::SubstitutionFormatString,
                    >,
                }
                impl ::prost::Name for DirectResponseAction {
                    const NAME: &'static str = "DirectResponseAction";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.DirectResponseAction".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.DirectResponseAction".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Decorator {
                    #[prost(string, tag = "1")]
                    pub operation: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "2")]
                    pub propagate: ::core::option::Option<bool>,
                }
                impl ::prost::Name for Decorator {
                    const NAME: &'static str = "Decorator";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.Decorator".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.Decorator".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HeaderMatcher {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(bool, tag = "8")]
                    pub invert_match: bool,
                    #[prost(bool, tag = "14")]
                    pub treat_missing_header_as_empty: bool,
                    #[prost(
                        oneof = "header_matcher::HeaderMatchSpecifier",
                        tags = "6, 7, 13, 4, 9, 10, 12, 11"
                    )]
                    pub header_match_specifier: ::core::option::Option<
                        header_matcher::HeaderMatchSpecifier,
                    >,
                }
                /// Nested message and enum types in `HeaderMatcher`.
                pub mod header_matcher {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum HeaderMatchSpecifier {
                        #[prost(message, tag = "6")]
                        RangeMatch(super::super::super::super::r#type::v3::Int64Range),
                        #[prost(bool, tag = "7")]
                        PresentMatch(bool),
                        #[prost(message, tag = "13")]
                        StringMatch(
                            super::super::super::super::r#type::matcher::v3::StringMatcher,
                        ),
                        #[prost(string, tag = "4")]
                        ExactMatch(::prost::alloc::string::String),
                        #[prost(string, tag = "9")]
                        PrefixMatch(::prost::alloc::string::String),
                        #[prost(string, tag = "10")]
                        SuffixMatch(::prost::alloc::string::String),
                        #[prost(string, tag = "12")]
                        ContainsMatch(::prost::alloc::string::String),
                        #[prost(message, tag = "11")]
                        SafeRegexMatch(
                            super::super::super::super::r#type::matcher::v3::RegexMatcher,
                        ),
                    }
                }
                impl ::prost::Name for HeaderMatcher {
                    const NAME: &'static str = "HeaderMatcher";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.HeaderMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.HeaderMatcher".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct QueryParameterMatcher {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(
                        oneof = "query_parameter_matcher::QueryParameterMatchSpecifier",
                        tags = "5, 6"
                    )]
                    pub query_parameter_match_specifier: ::core::option::Option<
                        query_parameter_matcher::QueryParameterMatchSpecifier,
                    >,
                }
                /// Nested message and enum types in `QueryParameterMatcher`.
                pub mod query_parameter_matcher {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum QueryParameterMatchSpecifier {
                        #[prost(message, tag = "5")]
                        StringMatch(
                            super::super::super::super::r#type::matcher::v3::StringMatcher,
                        ),
                        #[prost(bool, tag = "6")]
                        PresentMatch(bool),
                    }
                }
                impl ::prost::Name for QueryParameterMatcher {
                    const NAME: &'static str = "QueryParameterMatcher";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.QueryParameterMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.QueryParameterMatcher".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct FilterConfig {
                    #[prost(message, optional, tag = "1")]
                    pub config: ::core::option::Option<
                        super::super::super::super::google::protobuf::Any,
                    >,
                    #[prost(bool, tag = "2")]
                    pub is_optional: bool,
                    #[prost(bool, tag = "3")]
                    pub disabled: bool,
                }
                impl ::prost::Name for FilterConfig {
                    const NAME: &'static str = "FilterConfig";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.FilterConfig".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.FilterConfig".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ClusterSpecifierPlugin {}
                impl ::prost::Name for ClusterSpecifierPlugin {
                    const NAME: &'static str = "ClusterSpecifierPlugin";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.ClusterSpecifierPlugin".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.ClusterSpecifierPlugin".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RateLimit {
                    #[prost(message, optional, tag = "1")]
                    pub stage: ::core::option::Option<u32>,
                    #[prost(string, tag = "2")]
                    pub disable_key: ::prost::alloc::string::String,
                    #[prost(message, repeated, tag = "3")]
                    pub actions: ::prost::alloc::vec::Vec<rate_limit::Action>,
                    #[prost(message, optional, tag = "4")]
                    pub limit: ::core::option::Option<rate_limit::Override>,
                    #[prost(message, optional, tag = "5")]
                    pub hits_addend: ::core::option::Option<rate_limit::HitsAddend>,
                    #[prost(bool, tag = "6")]
                    pub apply_on_stream_done: bool,
                }
                /// Nested message and enum types in `RateLimit`.
                pub mod rate_limit {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Action {
                        #[prost(
                            oneof = "action::ActionSpecifier",
                            tags = "1, 2, 3, 12, 4, 5, 6, 7, 8, 9, 10, 11"
                        )]
                        pub action_specifier: ::core::option::Option<
                            action::ActionSpecifier,
                        >,
                    }
                    /// Nested message and enum types in `Action`.
                    pub mod action {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct SourceCluster {}
                        impl ::prost::Name for SourceCluster {
                            const NAME: &'static str = "SourceCluster";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RateLimit.Action.SourceCluster"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RateLimit.Action.SourceCluster"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct DestinationCluster {}
                        impl ::prost::Name for DestinationCluster {
                            const NAME: &'static str = "DestinationCluster";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RateLimit.Action.DestinationCluster"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RateLimit.Action.DestinationCluster"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct RequestHeaders {
                            #[prost(string, tag = "1")]
                            pub header_name: ::prost::alloc::string::String,
                            #[prost(string, tag = "2")]
                            pub descriptor_key: ::prost::alloc::string::String,
                            #[prost(bool, tag = "3")]
                            pub skip_if_absent: bool,
                        }
                        impl ::prost::Name for RequestHeaders {
                            const NAME: &'static str = "RequestHeaders";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RateLimit.Action.RequestHeaders"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RateLimit.Action.RequestHeaders"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct RemoteAddress {}
                        impl ::prost::Name for RemoteAddress {
                            const NAME: &'static str = "RemoteAddress";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RateLimit.Action.RemoteAddress"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RateLimit.Action.RemoteAddress"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct MaskedRemoteAddress {
                            #[prost(message, optional, tag = "1")]
                            pub v4_prefix_mask_len: ::core::option::Option<u32>,
                            #[prost(message, optional, tag = "2")]
                            pub v6_prefix_mask_len: ::core::option::Option<u32>,
                        }
                        impl ::prost::Name for MaskedRemoteAddress {
                            const NAME: &'static str = "MaskedRemoteAddress";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RateLimit.Action.MaskedRemoteAddress"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RateLimit.Action.MaskedRemoteAddress"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct GenericKey {
                            #[prost(string, tag = "1")]
                            pub descriptor_value: ::prost::alloc::string::String,
                            #[prost(string, tag = "2")]
                            pub descriptor_key: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for GenericKey {
                            const NAME: &'static str = "GenericKey";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RateLimit.Action.GenericKey".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RateLimit.Action.GenericKey".into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct HeaderValueMatch {
                            #[prost(string, tag = "4")]
                            pub descriptor_key: ::prost::alloc::string::String,
                            #[prost(string, tag = "1")]
                            pub descriptor_value: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "2")]
                            pub expect_match: ::core::option::Option<bool>,
                            #[prost(message, repeated, tag = "3")]
                            pub headers: ::prost::alloc::vec::Vec<
                                super::super::HeaderMatcher,
                            >,
                        }
                        impl ::prost::Name for HeaderValueMatch {
                            const NAME: &'static str = "HeaderValueMatch";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RateLimit.Action.HeaderValueMatch"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RateLimit.Action.HeaderValueMatch"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct DynamicMetaData {}
                        impl ::prost::Name for DynamicMetaData {
                            const NAME: &'static str = "DynamicMetaData";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RateLimit.Action.DynamicMetaData"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RateLimit.Action.DynamicMetaData"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct MetaData {
                            #[prost(string, tag = "1")]
                            pub descriptor_key: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "2")]
                            pub metadata_key: ::core::option::Option<
                                super::super::super::super::super::r#type::metadata::v3::MetadataKey,
                            >,
                            #[prost(string, tag = "3")]
                            pub default_value: ::prost::alloc::string::String,
                            #[prost(enumeration = "meta_data::Source", tag = "4")]
                            pub source: i32,
                            #[prost(bool, tag = "5")]
                            pub skip_if_absent: bool,
                        }
                        /// Nested message and enum types in `MetaData`.
                        pub mod meta_data {
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum Source {
                                Dynamic = 0,
                                RouteEntry = 1,
                            }
                            impl Source {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::Dynamic => "DYNAMIC",
                                        Self::RouteEntry => "ROUTE_ENTRY",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "DYNAMIC" => Some(Self::Dynamic),
                                        "ROUTE_ENTRY" => Some(Self::RouteEntry),
                                        _ => None,
                                    }
                                }
                            }
                        }
                        impl ::prost::Name for MetaData {
                            const NAME: &'static str = "MetaData";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RateLimit.Action.MetaData".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RateLimit.Action.MetaData".into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct QueryParameterValueMatch {
                            #[prost(string, tag = "4")]
                            pub descriptor_key: ::prost::alloc::string::String,
                            #[prost(string, tag = "1")]
                            pub descriptor_value: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "2")]
                            pub expect_match: ::core::option::Option<bool>,
                            #[prost(message, repeated, tag = "3")]
                            pub query_parameters: ::prost::alloc::vec::Vec<
                                super::super::QueryParameterMatcher,
                            >,
                        }
                        impl ::prost::Name for QueryParameterValueMatch {
                            const NAME: &'static str = "QueryParameterValueMatch";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RateLimit.Action.QueryParameterValueMatch"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RateLimit.Action.QueryParameterValueMatch"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct QueryParameters {
                            #[prost(string, tag = "1")]
                            pub query_parameter_name: ::prost::alloc::string::String,
                            #[prost(string, tag = "2")]
                            pub descriptor_key: ::prost::alloc::string::String,
                            #[prost(bool, tag = "3")]
                            pub skip_if_absent: bool,
                        }
                        impl ::prost::Name for QueryParameters {
                            const NAME: &'static str = "QueryParameters";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RateLimit.Action.QueryParameters"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RateLimit.Action.QueryParameters"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum ActionSpecifier {
                            #[prost(message, tag = "1")]
                            SourceCluster(SourceCluster),
                            #[prost(message, tag = "2")]
                            DestinationCluster(DestinationCluster),
                            #[prost(message, tag = "3")]
                            RequestHeaders(RequestHeaders),
                            #[prost(message, tag = "12")]
                            QueryParameters(QueryParameters),
                            #[prost(message, tag = "4")]
                            RemoteAddress(RemoteAddress),
                            #[prost(message, tag = "5")]
                            GenericKey(GenericKey),
                            #[prost(message, tag = "6")]
                            HeaderValueMatch(HeaderValueMatch),
                            #[prost(message, tag = "7")]
                            DynamicMetadata(DynamicMetaData),
                            #[prost(message, tag = "8")]
                            Metadata(MetaData),
                            #[prost(message, tag = "9")]
                            Extension(
                                super::super::super::super::core::v3::TypedExtensionConfig,
                            ),
                            #[prost(message, tag = "10")]
                            MaskedRemoteAddress(MaskedRemoteAddress),
                            #[prost(message, tag = "11")]
                            QueryParameterValueMatch(QueryParameterValueMatch),
                        }
                    }
                    impl ::prost::Name for Action {
                        const NAME: &'static str = "Action";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RateLimit.Action".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RateLimit.Action".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Override {
                        #[prost(oneof = "r#override::OverrideSpecifier", tags = "1")]
                        pub override_specifier: ::core::option::Option<
                            r#override::OverrideSpecifier,
                        >,
                    }
                    /// Nested message and enum types in `Override`.
                    pub mod r#override {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct DynamicMetadata {
                            #[prost(message, optional, tag = "1")]
                            pub metadata_key: ::core::option::Option<
                                super::super::super::super::super::r#type::metadata::v3::MetadataKey,
                            >,
                        }
                        impl ::prost::Name for DynamicMetadata {
                            const NAME: &'static str = "DynamicMetadata";
                            const PACKAGE: &'static str = "envoy.config.route.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.config.route.v3.RateLimit.Override.DynamicMetadata"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.config.route.v3.RateLimit.Override.DynamicMetadata"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum OverrideSpecifier {
                            #[prost(message, tag = "1")]
                            DynamicMetadata(DynamicMetadata),
                        }
                    }
                    impl ::prost::Name for Override {
                        const NAME: &'static str = "Override";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RateLimit.Override".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RateLimit.Override".into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct HitsAddend {
                        #[prost(message, optional, tag = "1")]
                        pub number: ::core::option::Option<u64>,
                        #[prost(string, tag = "2")]
                        pub format: ::prost::alloc::string::String,
                    }
                    impl ::prost::Name for HitsAddend {
                        const NAME: &'static str = "HitsAddend";
                        const PACKAGE: &'static str = "envoy.config.route.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.route.v3.RateLimit.HitsAddend".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.route.v3.RateLimit.HitsAddend".into()
                        }
                    }
                }
                impl ::prost::Name for RateLimit {
                    const NAME: &'static str = "RateLimit";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.RateLimit".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.RateLimit".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HedgePolicy {
                    #[prost(message, optional, tag = "1")]
                    pub initial_requests: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "2")]
                    pub additional_request_chance: ::core::option::Option<
                        super::super::super::r#type::v3::FractionalPercent,
                    >,
                    #[prost(bool, tag = "3")]
                    pub hedge_on_per_try_timeout: bool,
                }
                impl ::prost::Name for HedgePolicy {
                    const NAME: &'static str = "HedgePolicy";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.HedgePolicy".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.HedgePolicy".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct CorsPolicy {}
                impl ::prost::Name for CorsPolicy {
                    const NAME: &'static str = "CorsPolicy";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.CorsPolicy".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.CorsPolicy".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct VirtualCluster {
                    #[prost(string, tag = "2")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(message, repeated, tag = "4")]
                    pub headers: ::prost::alloc::vec::Vec<HeaderMatcher>,
                }
                impl ::prost::Name for VirtualCluster {
                    const NAME: &'static str = "VirtualCluster";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.VirtualCluster".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.VirtualCluster".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Tracing {
                    #[prost(message, optional, tag = "1")]
                    pub client_sampling: ::core::option::Option<
                        super::super::super::r#type::v3::FractionalPercent,
                    >,
                    #[prost(message, optional, tag = "2")]
                    pub random_sampling: ::core::option::Option<
                        super::super::super::r#type::v3::FractionalPercent,
                    >,
                    #[prost(message, optional, tag = "3")]
                    pub overall_sampling: ::core::option::Option<
                        super::super::super::r#type::v3::FractionalPercent,
                    >,
                    #[prost(message, repeated, tag = "4")]
                    pub custom_tags: ::prost::alloc::vec::Vec<
                        super::super::super::r#type::tracing::v3::CustomTag,
                    >,
                }
                impl ::prost::Name for Tracing {
                    const NAME: &'static str = "Tracing";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.Tracing".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.Tracing".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct CookieMatcher {}
                impl ::prost::Name for CookieMatcher {
                    const NAME: &'static str = "CookieMatcher";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.CookieMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.CookieMatcher".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct FilterAction {}
                impl ::prost::Name for FilterAction {
                    const NAME: &'static str = "FilterAction";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.FilterAction".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.FilterAction".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct NonForwardingAction {}
                impl ::prost::Name for NonForwardingAction {
                    const NAME: &'static str = "NonForwardingAction";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.NonForwardingAction".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.NonForwardingAction".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct InternalRedirectPolicy {}
                impl ::prost::Name for InternalRedirectPolicy {
                    const NAME: &'static str = "InternalRedirectPolicy";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.InternalRedirectPolicy".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.InternalRedirectPolicy".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RouteConfiguration {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(message, repeated, tag = "2")]
                    pub virtual_hosts: ::prost::alloc::vec::Vec<VirtualHost>,
                    #[prost(message, optional, tag = "7")]
                    pub validate_clusters: ::core::option::Option<bool>,
                    #[prost(message, optional, tag = "11")]
                    pub max_direct_response_body_size_bytes: ::core::option::Option<u32>,
                    #[prost(bool, tag = "14")]
                    pub ignore_port_in_host_matching: bool,
                    #[prost(message, optional, tag = "9")]
                    pub vhds: ::core::option::Option<Vhds>,
                    #[prost(string, tag = "18")]
                    pub vhost_header: ::prost::alloc::string::String,
                    #[prost(bool, tag = "15")]
                    pub ignore_path_parameters_in_path_matching: bool,
                    #[prost(message, repeated, tag = "13")]
                    pub request_mirror_policies: ::prost::alloc::vec::Vec<
                        route_action::RequestMirrorPolicy,
                    >,
                    #[prost(string, repeated, tag = "3")]
                    pub internal_only_headers: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                    #[prost(message, repeated, tag = "12")]
                    pub cluster_specifier_plugins: ::prost::alloc::vec::Vec<
                        ClusterSpecifierPlugin,
                    >,
                    #[prost(message, optional, tag = "17")]
                    pub metadata: ::core::option::Option<
                        super::super::core::v3::Metadata,
                    >,
                    #[prost(message, repeated, tag = "6")]
                    pub request_headers_to_add: ::prost::alloc::vec::Vec<
                        super::super::core::v3::HeaderValueOption,
                    >,
                    #[prost(string, repeated, tag = "8")]
                    pub request_headers_to_remove: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                    #[prost(message, repeated, tag = "4")]
                    pub response_headers_to_add: ::prost::alloc::vec::Vec<
                        super::super::core::v3::HeaderValueOption,
                    >,
                    #[prost(string, repeated, tag = "5")]
                    pub response_headers_to_remove: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                    #[prost(bool, tag = "10")]
                    pub most_specific_header_mutations_wins: bool,
                    #[prost(map = "string, message", tag = "16")]
                    pub typed_per_filter_config: ::std::collections::HashMap<
                        ::prost::alloc::string::String,
                        super::super::super::super::google::protobuf::Any,
                    >,
                }
                impl ::prost::Name for RouteConfiguration {
                    const NAME: &'static str = "RouteConfiguration";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.RouteConfiguration".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.RouteConfiguration".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Vhds {}
                impl ::prost::Name for Vhds {
                    const NAME: &'static str = "Vhds";
                    const PACKAGE: &'static str = "envoy.config.route.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.route.v3.Vhds".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.route.v3.Vhds".into()
                    }
                }
            }
        }
        pub mod tap {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct TapConfig {
                    #[prost(message, optional, tag = "1")]
                    pub match_config: ::core::option::Option<MatchPredicate>,
                    #[prost(message, optional, tag = "4")]
                    pub r#match: ::core::option::Option<
                        super::super::common::matcher::v3::MatchPredicate,
                    >,
                    #[prost(message, optional, tag = "2")]
                    pub output_config: ::core::option::Option<OutputConfig>,
                    #[prost(message, optional, tag = "3")]
                    pub tap_enabled: ::core::option::Option<
                        super::super::core::v3::RuntimeFractionalPercent,
                    >,
                }
                impl ::prost::Name for TapConfig {
                    const NAME: &'static str = "TapConfig";
                    const PACKAGE: &'static str = "envoy.config.tap.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.tap.v3.TapConfig".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.tap.v3.TapConfig".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct MatchPredicate {}
                impl ::prost::Name for MatchPredicate {
                    const NAME: &'static str = "MatchPredicate";
                    const PACKAGE: &'static str = "envoy.config.tap.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.tap.v3.MatchPredicate".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.tap.v3.MatchPredicate".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct OutputConfig {
                    #[prost(message, repeated, tag = "1")]
                    pub sinks: ::prost::alloc::vec::Vec<OutputSink>,
                    #[prost(message, optional, tag = "2")]
                    pub max_buffered_rx_bytes: ::core::option::Option<u32>,
                    #[prost(message, optional, tag = "3")]
                    pub max_buffered_tx_bytes: ::core::option::Option<u32>,
                    #[prost(bool, tag = "4")]
                    pub streaming: bool,
                }
                impl ::prost::Name for OutputConfig {
                    const NAME: &'static str = "OutputConfig";
                    const PACKAGE: &'static str = "envoy.config.tap.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.tap.v3.OutputConfig".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.tap.v3.OutputConfig".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct OutputSink {
                    #[prost(enumeration = "output_sink::Format", tag = "1")]
                    pub format: i32,
                    #[prost(
                        oneof = "output_sink::OutputSinkType",
                        tags = "2, 3, 4, 5, 6"
                    )]
                    pub output_sink_type: ::core::option::Option<
                        output_sink::OutputSinkType,
                    >,
                }
                /// Nested message and enum types in `OutputSink`.
                pub mod output_sink {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum Format {
                        JsonBodyAsBytes = 0,
                        JsonBodyAsString = 1,
                        ProtoBinary = 2,
                        ProtoBinaryLengthDelimited = 3,
                        ProtoText = 4,
                    }
                    impl Format {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::JsonBodyAsBytes => "JSON_BODY_AS_BYTES",
                                Self::JsonBodyAsString => "JSON_BODY_AS_STRING",
                                Self::ProtoBinary => "PROTO_BINARY",
                                Self::ProtoBinaryLengthDelimited => {
                                    "PROTO_BINARY_LENGTH_DELIMITED"
                                }
                                Self::ProtoText => "PROTO_TEXT",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "JSON_BODY_AS_BYTES" => Some(Self::JsonBodyAsBytes),
                                "JSON_BODY_AS_STRING" => Some(Self::JsonBodyAsString),
                                "PROTO_BINARY" => Some(Self::ProtoBinary),
                                "PROTO_BINARY_LENGTH_DELIMITED" => {
                                    Some(Self::ProtoBinaryLengthDelimited)
                                }
                                "PROTO_TEXT" => Some(Self::ProtoText),
                                _ => None,
                            }
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum OutputSinkType {
                        #[prost(message, tag = "2")]
                        StreamingAdmin(super::StreamingAdminSink),
                        #[prost(message, tag = "3")]
                        FilePerTap(super::FilePerTapSink),
                        #[prost(message, tag = "4")]
                        StreamingGrpc(super::StreamingGrpcSink),
                        #[prost(message, tag = "5")]
                        BufferedAdmin(super::BufferedAdminSink),
                        #[prost(message, tag = "6")]
                        CustomSink(super::super::super::core::v3::TypedExtensionConfig),
                    }
                }
                impl ::prost::Name for OutputSink {
                    const NAME: &'static str = "OutputSink";
                    const PACKAGE: &'static str = "envoy.config.tap.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.tap.v3.OutputSink".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.tap.v3.OutputSink".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct StreamingAdminSink {}
                impl ::prost::Name for StreamingAdminSink {
                    const NAME: &'static str = "StreamingAdminSink";
                    const PACKAGE: &'static str = "envoy.config.tap.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.tap.v3.StreamingAdminSink".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.tap.v3.StreamingAdminSink".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct BufferedAdminSink {
                    #[prost(uint64, tag = "1")]
                    pub max_traces: u64,
                    #[prost(message, optional, tag = "2")]
                    pub timeout: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                }
                impl ::prost::Name for BufferedAdminSink {
                    const NAME: &'static str = "BufferedAdminSink";
                    const PACKAGE: &'static str = "envoy.config.tap.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.tap.v3.BufferedAdminSink".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.tap.v3.BufferedAdminSink".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct FilePerTapSink {
                    #[prost(string, tag = "1")]
                    pub path_prefix: ::prost::alloc::string::String,
                }
                impl ::prost::Name for FilePerTapSink {
                    const NAME: &'static str = "FilePerTapSink";
                    const PACKAGE: &'static str = "envoy.config.tap.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.tap.v3.FilePerTapSink".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.tap.v3.FilePerTapSink".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct StreamingGrpcSink {
                    #[prost(string, tag = "1")]
                    pub tap_id: ::prost::alloc::string::String,
                }
                impl ::prost::Name for StreamingGrpcSink {
                    const NAME: &'static str = "StreamingGrpcSink";
                    const PACKAGE: &'static str = "envoy.config.tap.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.tap.v3.StreamingGrpcSink".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.tap.v3.StreamingGrpcSink".into()
                    }
                }
            }
        }
        pub mod trace {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct OpenTelemetryConfig {
                    #[prost(message, optional, tag = "1")]
                    pub grpc_service: ::core::option::Option<
                        super::super::core::v3::GrpcService,
                    >,
                    #[prost(string, tag = "2")]
                    pub service_name: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "3")]
                    pub http_service: ::core::option::Option<
                        super::super::core::v3::HttpService,
                    >,
                    #[prost(message, repeated, tag = "4")]
                    pub resource_detectors: ::prost::alloc::vec::Vec<
                        super::super::core::v3::TypedExtensionConfig,
                    >,
                    #[prost(message, optional, tag = "5")]
                    pub sampler: ::core::option::Option<
                        super::super::core::v3::TypedExtensionConfig,
                    >,
                    #[prost(message, optional, tag = "6")]
                    pub max_cache_size: ::core::option::Option<u32>,
                }
                impl ::prost::Name for OpenTelemetryConfig {
                    const NAME: &'static str = "OpenTelemetryConfig";
                    const PACKAGE: &'static str = "envoy.config.trace.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.trace.v3.OpenTelemetryConfig".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.trace.v3.OpenTelemetryConfig".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ZipkinConfig {
                    #[prost(string, tag = "1")]
                    pub collector_cluster: ::prost::alloc::string::String,
                    #[prost(string, tag = "2")]
                    pub collector_endpoint: ::prost::alloc::string::String,
                    #[prost(bool, tag = "3")]
                    pub trace_id_128bit: bool,
                    #[prost(message, optional, tag = "4")]
                    pub shared_span_context: ::core::option::Option<bool>,
                    #[prost(
                        enumeration = "zipkin_config::CollectorEndpointVersion",
                        tag = "5"
                    )]
                    pub collector_endpoint_version: i32,
                    #[prost(string, tag = "6")]
                    pub collector_hostname: ::prost::alloc::string::String,
                    #[prost(bool, tag = "7")]
                    pub split_spans_for_request: bool,
                    #[prost(
                        enumeration = "zipkin_config::TraceContextOption",
                        tag = "8"
                    )]
                    pub trace_context_option: i32,
                    #[prost(message, optional, tag = "9")]
                    pub collector_service: ::core::option::Option<
                        super::super::core::v3::HttpService,
                    >,
                }
                /// Nested message and enum types in `ZipkinConfig`.
                pub mod zipkin_config {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum TraceContextOption {
                        UseB3 = 0,
                        UseB3WithW3cPropagation = 1,
                    }
                    impl TraceContextOption {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::UseB3 => "USE_B3",
                                Self::UseB3WithW3cPropagation => {
                                    "USE_B3_WITH_W3C_PROPAGATION"
                                }
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "USE_B3" => Some(Self::UseB3),
                                "USE_B3_WITH_W3C_PROPAGATION" => {
                                    Some(Self::UseB3WithW3cPropagation)
                                }
                                _ => None,
                            }
                        }
                    }
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum CollectorEndpointVersion {
                        DeprecatedAndUnavailableDoNotUse = 0,
                        HttpJson = 1,
                        HttpProto = 2,
                        Grpc = 3,
                    }
                    impl CollectorEndpointVersion {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::DeprecatedAndUnavailableDoNotUse => {
                                    "DEPRECATED_AND_UNAVAILABLE_DO_NOT_USE"
                                }
                                Self::HttpJson => "HTTP_JSON",
                                Self::HttpProto => "HTTP_PROTO",
                                Self::Grpc => "GRPC",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "DEPRECATED_AND_UNAVAILABLE_DO_NOT_USE" => {
                                    Some(Self::DeprecatedAndUnavailableDoNotUse)
                                }
                                "HTTP_JSON" => Some(Self::HttpJson),
                                "HTTP_PROTO" => Some(Self::HttpProto),
                                "GRPC" => Some(Self::Grpc),
                                _ => None,
                            }
                        }
                    }
                }
                impl ::prost::Name for ZipkinConfig {
                    const NAME: &'static str = "ZipkinConfig";
                    const PACKAGE: &'static str = "envoy.config.trace.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.trace.v3.ZipkinConfig".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.trace.v3.ZipkinConfig".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Tracing {
                    #[prost(message, optional, tag = "1")]
                    pub http: ::core::option::Option<tracing::Http>,
                }
                /// Nested message and enum types in `Tracing`.
                pub mod tracing {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Http {
                        #[prost(string, tag = "1")]
                        pub name: ::prost::alloc::string::String,
                        #[prost(oneof = "http::ConfigType", tags = "3")]
                        pub config_type: ::core::option::Option<http::ConfigType>,
                    }
                    /// Nested message and enum types in `Http`.
                    pub mod http {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum ConfigType {
                            #[prost(message, tag = "3")]
                            TypedConfig(
                                super::super::super::super::super::super::google::protobuf::Any,
                            ),
                        }
                    }
                    impl ::prost::Name for Http {
                        const NAME: &'static str = "Http";
                        const PACKAGE: &'static str = "envoy.config.trace.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.config.trace.v3.Tracing.Http".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.config.trace.v3.Tracing.Http".into()
                        }
                    }
                }
                impl ::prost::Name for Tracing {
                    const NAME: &'static str = "Tracing";
                    const PACKAGE: &'static str = "envoy.config.trace.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.config.trace.v3.Tracing".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.config.trace.v3.Tracing".into()
                    }
                }
            }
        }
    }
    pub mod data {
        pub mod tap {
            pub mod v3 {
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Body {
                    #[prost(bool, tag = "3")]
                    pub truncated: bool,
                    #[prost(oneof = "body::BodyType", tags = "1, 2")]
                    pub body_type: ::core::option::Option<body::BodyType>,
                }
                /// Nested message and enum types in `Body`.
                pub mod body {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum BodyType {
                        #[prost(bytes, tag = "1")]
                        AsBytes(::prost::alloc::vec::Vec<u8>),
                        #[prost(string, tag = "2")]
                        AsString(::prost::alloc::string::String),
                    }
                }
                impl ::prost::Name for Body {
                    const NAME: &'static str = "Body";
                    const PACKAGE: &'static str = "envoy.data.tap.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.data.tap.v3.Body".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.data.tap.v3.Body".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HttpBufferedTrace {
                    #[prost(message, optional, tag = "1")]
                    pub request: ::core::option::Option<http_buffered_trace::Message>,
                    #[prost(message, optional, tag = "2")]
                    pub response: ::core::option::Option<http_buffered_trace::Message>,
                }
                /// Nested message and enum types in `HttpBufferedTrace`.
                pub mod http_buffered_trace {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Message {
                        #[prost(message, repeated, tag = "1")]
                        pub headers: ::prost::alloc::vec::Vec<
                            super::super::super::super::config::core::v3::HeaderValue,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub body: ::core::option::Option<super::Body>,
                        #[prost(message, repeated, tag = "3")]
                        pub trailers: ::prost::alloc::vec::Vec<
                            super::super::super::super::config::core::v3::HeaderValue,
                        >,
                    }
                    impl ::prost::Name for Message {
                        const NAME: &'static str = "Message";
                        const PACKAGE: &'static str = "envoy.data.tap.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.data.tap.v3.HttpBufferedTrace.Message".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.data.tap.v3.HttpBufferedTrace.Message".into()
                        }
                    }
                }
                impl ::prost::Name for HttpBufferedTrace {
                    const NAME: &'static str = "HttpBufferedTrace";
                    const PACKAGE: &'static str = "envoy.data.tap.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.data.tap.v3.HttpBufferedTrace".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.data.tap.v3.HttpBufferedTrace".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct TraceWrapper {
                    #[prost(oneof = "trace_wrapper::Trace", tags = "1")]
                    pub trace: ::core::option::Option<trace_wrapper::Trace>,
                }
                /// Nested message and enum types in `TraceWrapper`.
                pub mod trace_wrapper {
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Trace {
                        #[prost(message, tag = "1")]
                        HttpBufferedTrace(super::HttpBufferedTrace),
                    }
                }
                impl ::prost::Name for TraceWrapper {
                    const NAME: &'static str = "TraceWrapper";
                    const PACKAGE: &'static str = "envoy.data.tap.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.data.tap.v3.TraceWrapper".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.data.tap.v3.TraceWrapper".into()
                    }
                }
            }
        }
    }
    pub mod extensions {
        pub mod access_loggers {
            pub mod file {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct FileAccessLog {
                        #[prost(string, tag = "1")]
                        pub path: ::prost::alloc::string::String,
                        #[prost(
                            oneof = "file_access_log::AccessLogFormat",
                            tags = "5, 2, 3, 4"
                        )]
                        pub access_log_format: ::core::option::Option<
                            file_access_log::AccessLogFormat,
                        >,
                    }
                    /// Nested message and enum types in `FileAccessLog`.
                    pub mod file_access_log {
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum AccessLogFormat {
                            #[prost(message, tag = "5")]
                            LogFormat(
                                super::super::super::super::super::config::core::v3::SubstitutionFormatString,
                            ),
                            #[prost(string, tag = "2")]
                            Format(::prost::alloc::string::String),
                            #[prost(message, tag = "3")]
                            JsonFormat(
                                super::super::super::super::super::super::google::protobuf::Struct,
                            ),
                            #[prost(message, tag = "4")]
                            TypedJsonFormat(
                                super::super::super::super::super::super::google::protobuf::Struct,
                            ),
                        }
                    }
                    impl ::prost::Name for FileAccessLog {
                        const NAME: &'static str = "FileAccessLog";
                        const PACKAGE: &'static str = "envoy.extensions.access_loggers.file.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.access_loggers.file.v3.FileAccessLog"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.access_loggers.file.v3.FileAccessLog"
                                .into()
                        }
                    }
                }
            }
            pub mod grpc {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct HttpGrpcAccessLogConfig {
                        #[prost(message, optional, tag = "1")]
                        pub common_config: ::core::option::Option<
                            CommonGrpcAccessLogConfig,
                        >,
                        #[prost(string, repeated, tag = "2")]
                        pub additional_request_headers_to_log: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(string, repeated, tag = "3")]
                        pub additional_response_headers_to_log: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(string, repeated, tag = "4")]
                        pub additional_response_trailers_to_log: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                    }
                    impl ::prost::Name for HttpGrpcAccessLogConfig {
                        const NAME: &'static str = "HttpGrpcAccessLogConfig";
                        const PACKAGE: &'static str = "envoy.extensions.access_loggers.grpc.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct TcpGrpcAccessLogConfig {
                        #[prost(message, optional, tag = "1")]
                        pub common_config: ::core::option::Option<
                            CommonGrpcAccessLogConfig,
                        >,
                    }
                    impl ::prost::Name for TcpGrpcAccessLogConfig {
                        const NAME: &'static str = "TcpGrpcAccessLogConfig";
                        const PACKAGE: &'static str = "envoy.extensions.access_loggers.grpc.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct CommonGrpcAccessLogConfig {
                        #[prost(string, tag = "1")]
                        pub log_name: ::prost::alloc::string::String,
                        #[prost(message, optional, tag = "2")]
                        pub grpc_service: ::core::option::Option<
                            super::super::super::super::config::core::v3::GrpcService,
                        >,
                        #[prost(message, optional, tag = "3")]
                        pub buffer_flush_interval: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Duration,
                        >,
                        #[prost(message, optional, tag = "4")]
                        pub buffer_size_bytes: ::core::option::Option<u32>,
                        #[prost(string, repeated, tag = "5")]
                        pub filter_state_objects_to_log: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(
                            enumeration = "super::super::super::super::config::core::v3::ApiVersion",
                            tag = "6"
                        )]
                        pub transport_api_version: i32,
                        #[prost(message, optional, tag = "7")]
                        pub grpc_stream_retry_policy: ::core::option::Option<
                            super::super::super::super::config::core::v3::RetryPolicy,
                        >,
                        #[prost(message, repeated, tag = "8")]
                        pub custom_tags: ::prost::alloc::vec::Vec<
                            super::super::super::super::r#type::tracing::v3::CustomTag,
                        >,
                    }
                    impl ::prost::Name for CommonGrpcAccessLogConfig {
                        const NAME: &'static str = "CommonGrpcAccessLogConfig";
                        const PACKAGE: &'static str = "envoy.extensions.access_loggers.grpc.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.access_loggers.grpc.v3.CommonGrpcAccessLogConfig"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.access_loggers.grpc.v3.CommonGrpcAccessLogConfig"
                                .into()
                        }
                    }
                }
            }
            pub mod open_telemetry {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct OpenTelemetryAccessLogConfig {
                        #[prost(message, optional, tag = "1")]
                        pub common_config: ::core::option::Option<
                            super::super::grpc::v3::CommonGrpcAccessLogConfig,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub body: ::core::option::Option<
                            super::super::super::super::super::opentelemetry::proto::common::v1::AnyValue,
                        >,
                        #[prost(message, optional, tag = "3")]
                        pub attributes: ::core::option::Option<
                            super::super::super::super::super::opentelemetry::proto::common::v1::KeyValueList,
                        >,
                        #[prost(message, optional, tag = "4")]
                        pub resource_attributes: ::core::option::Option<
                            super::super::super::super::super::opentelemetry::proto::common::v1::KeyValueList,
                        >,
                        #[prost(bool, tag = "5")]
                        pub disable_builtin_labels: bool,
                        #[prost(string, tag = "6")]
                        pub stat_prefix: ::prost::alloc::string::String,
                        #[prost(message, repeated, tag = "7")]
                        pub formatters: ::prost::alloc::vec::Vec<
                            super::super::super::super::config::core::v3::TypedExtensionConfig,
                        >,
                        #[prost(message, optional, tag = "8")]
                        pub http_service: ::core::option::Option<
                            super::super::super::super::config::core::v3::HttpService,
                        >,
                        #[prost(message, optional, tag = "9")]
                        pub grpc_service: ::core::option::Option<
                            super::super::super::super::config::core::v3::GrpcService,
                        >,
                        #[prost(string, tag = "10")]
                        pub log_name: ::prost::alloc::string::String,
                        #[prost(message, optional, tag = "11")]
                        pub buffer_flush_interval: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Duration,
                        >,
                        #[prost(message, optional, tag = "12")]
                        pub buffer_size_bytes: ::core::option::Option<u32>,
                        #[prost(string, repeated, tag = "13")]
                        pub filter_state_objects_to_log: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(message, repeated, tag = "14")]
                        pub custom_tags: ::prost::alloc::vec::Vec<
                            super::super::super::super::r#type::tracing::v3::CustomTag,
                        >,
                        #[prost(message, repeated, tag = "15")]
                        pub resource_detectors: ::prost::alloc::vec::Vec<
                            super::super::super::super::config::core::v3::TypedExtensionConfig,
                        >,
                    }
                    impl ::prost::Name for OpenTelemetryAccessLogConfig {
                        const NAME: &'static str = "OpenTelemetryAccessLogConfig";
                        const PACKAGE: &'static str = "envoy.extensions.access_loggers.open_telemetry.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig"
                                .into()
                        }
                    }
                }
            }
            pub mod stream {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct StdoutAccessLog {
                        #[prost(
                            oneof = "stdout_access_log::AccessLogFormat",
                            tags = "1"
                        )]
                        pub access_log_format: ::core::option::Option<
                            stdout_access_log::AccessLogFormat,
                        >,
                    }
                    /// Nested message and enum types in `StdoutAccessLog`.
                    pub mod stdout_access_log {
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum AccessLogFormat {
                            #[prost(message, tag = "1")]
                            LogFormat(
                                super::super::super::super::super::config::core::v3::SubstitutionFormatString,
                            ),
                        }
                    }
                    impl ::prost::Name for StdoutAccessLog {
                        const NAME: &'static str = "StdoutAccessLog";
                        const PACKAGE: &'static str = "envoy.extensions.access_loggers.stream.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct StderrAccessLog {
                        #[prost(
                            oneof = "stderr_access_log::AccessLogFormat",
                            tags = "1"
                        )]
                        pub access_log_format: ::core::option::Option<
                            stderr_access_log::AccessLogFormat,
                        >,
                    }
                    /// Nested message and enum types in `StderrAccessLog`.
                    pub mod stderr_access_log {
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum AccessLogFormat {
                            #[prost(message, tag = "1")]
                            LogFormat(
                                super::super::super::super::super::config::core::v3::SubstitutionFormatString,
                            ),
                        }
                    }
                    impl ::prost::Name for StderrAccessLog {
                        const NAME: &'static str = "StderrAccessLog";
                        const PACKAGE: &'static str = "envoy.extensions.access_loggers.stream.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.access_loggers.stream.v3.StderrAccessLog"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.access_loggers.stream.v3.StderrAccessLog"
                                .into()
                        }
                    }
                }
            }
        }
        pub mod common {
            pub mod ratelimit {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct RateLimitDescriptor {
                        #[prost(message, repeated, tag = "1")]
                        pub entries: ::prost::alloc::vec::Vec<
                            rate_limit_descriptor::Entry,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub limit: ::core::option::Option<
                            rate_limit_descriptor::RateLimitOverride,
                        >,
                        #[prost(message, optional, tag = "3")]
                        pub hits_addend: ::core::option::Option<u64>,
                    }
                    /// Nested message and enum types in `RateLimitDescriptor`.
                    pub mod rate_limit_descriptor {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Entry {
                            #[prost(string, tag = "1")]
                            pub key: ::prost::alloc::string::String,
                            #[prost(string, tag = "2")]
                            pub value: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for Entry {
                            const NAME: &'static str = "Entry";
                            const PACKAGE: &'static str = "envoy.extensions.common.ratelimit.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.Entry"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.Entry"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct RateLimitOverride {
                            #[prost(uint32, tag = "1")]
                            pub requests_per_unit: u32,
                            #[prost(
                                enumeration = "super::super::super::super::super::r#type::v3::RateLimitUnit",
                                tag = "2"
                            )]
                            pub unit: i32,
                        }
                        impl ::prost::Name for RateLimitOverride {
                            const NAME: &'static str = "RateLimitOverride";
                            const PACKAGE: &'static str = "envoy.extensions.common.ratelimit.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.RateLimitOverride"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.RateLimitOverride"
                                    .into()
                            }
                        }
                    }
                    impl ::prost::Name for RateLimitDescriptor {
                        const NAME: &'static str = "RateLimitDescriptor";
                        const PACKAGE: &'static str = "envoy.extensions.common.ratelimit.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.common.ratelimit.v3.RateLimitDescriptor"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.common.ratelimit.v3.RateLimitDescriptor"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct LocalRateLimitDescriptor {}
                    impl ::prost::Name for LocalRateLimitDescriptor {
                        const NAME: &'static str = "LocalRateLimitDescriptor";
                        const PACKAGE: &'static str = "envoy.extensions.common.ratelimit.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor"
                                .into()
                        }
                    }
                }
            }
            pub mod tap {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct CommonExtensionConfig {
                        #[prost(
                            oneof = "common_extension_config::ConfigType",
                            tags = "1, 2"
                        )]
                        pub config_type: ::core::option::Option<
                            common_extension_config::ConfigType,
                        >,
                    }
                    /// Nested message and enum types in `CommonExtensionConfig`.
                    pub mod common_extension_config {
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum ConfigType {
                            #[prost(message, tag = "1")]
                            AdminConfig(super::AdminConfig),
                            #[prost(message, tag = "2")]
                            StaticConfig(
                                super::super::super::super::super::config::tap::v3::TapConfig,
                            ),
                        }
                    }
                    impl ::prost::Name for CommonExtensionConfig {
                        const NAME: &'static str = "CommonExtensionConfig";
                        const PACKAGE: &'static str = "envoy.extensions.common.tap.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.common.tap.v3.CommonExtensionConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.common.tap.v3.CommonExtensionConfig"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct AdminConfig {
                        #[prost(string, tag = "1")]
                        pub config_id: ::prost::alloc::string::String,
                    }
                    impl ::prost::Name for AdminConfig {
                        const NAME: &'static str = "AdminConfig";
                        const PACKAGE: &'static str = "envoy.extensions.common.tap.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.common.tap.v3.AdminConfig".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.common.tap.v3.AdminConfig".into()
                        }
                    }
                }
            }
        }
        pub mod compression {
            pub mod brotli {
                pub mod compressor {
                    pub mod v3 {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Brotli {
                            #[prost(message, optional, tag = "1")]
                            pub quality: ::core::option::Option<u32>,
                            #[prost(enumeration = "brotli::EncoderMode", tag = "2")]
                            pub encoder_mode: i32,
                            #[prost(message, optional, tag = "3")]
                            pub window_bits: ::core::option::Option<u32>,
                            #[prost(message, optional, tag = "4")]
                            pub input_block_bits: ::core::option::Option<u32>,
                            #[prost(message, optional, tag = "5")]
                            pub chunk_size: ::core::option::Option<u32>,
                            #[prost(bool, tag = "6")]
                            pub disable_literal_context_modeling: bool,
                        }
                        /// Nested message and enum types in `Brotli`.
                        pub mod brotli {
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum EncoderMode {
                                Default = 0,
                                Generic = 1,
                                Text = 2,
                                Font = 3,
                            }
                            impl EncoderMode {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::Default => "DEFAULT",
                                        Self::Generic => "GENERIC",
                                        Self::Text => "TEXT",
                                        Self::Font => "FONT",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "DEFAULT" => Some(Self::Default),
                                        "GENERIC" => Some(Self::Generic),
                                        "TEXT" => Some(Self::Text),
                                        "FONT" => Some(Self::Font),
                                        _ => None,
                                    }
                                }
                            }
                        }
                        impl ::prost::Name for Brotli {
                            const NAME: &'static str = "Brotli";
                            const PACKAGE: &'static str = "envoy.extensions.compression.brotli.compressor.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.compression.brotli.compressor.v3.Brotli"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.compression.brotli.compressor.v3.Brotli"
                                    .into()
                            }
                        }
                    }
                }
                pub mod decompressor {
                    pub mod v3 {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Brotli {
                            #[prost(bool, tag = "1")]
                            pub disable_ring_buffer_reallocation: bool,
                            #[prost(message, optional, tag = "2")]
                            pub chunk_size: ::core::option::Option<u32>,
                        }
                        impl ::prost::Name for Brotli {
                            const NAME: &'static str = "Brotli";
                            const PACKAGE: &'static str = "envoy.extensions.compression.brotli.decompressor.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.compression.brotli.decompressor.v3.Brotli"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.compression.brotli.decompressor.v3.Brotli"
                                    .into()
                            }
                        }
                    }
                }
            }
            pub mod gzip {
                pub mod compressor {
                    pub mod v3 {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Gzip {
                            #[prost(message, optional, tag = "1")]
                            pub memory_level: ::core::option::Option<u32>,
                            #[prost(enumeration = "gzip::CompressionLevel", tag = "2")]
                            pub compression_level: i32,
                            #[prost(
                                enumeration = "gzip::CompressionStrategy",
                                tag = "3"
                            )]
                            pub compression_strategy: i32,
                            #[prost(message, optional, tag = "4")]
                            pub window_bits: ::core::option::Option<u32>,
                            #[prost(message, optional, tag = "5")]
                            pub chunk_size: ::core::option::Option<u32>,
                        }
                        /// Nested message and enum types in `Gzip`.
                        pub mod gzip {
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum CompressionStrategy {
                                DefaultStrategy = 0,
                                Filtered = 1,
                                HuffmanOnly = 2,
                                Rle = 3,
                                Fixed = 4,
                            }
                            impl CompressionStrategy {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::DefaultStrategy => "DEFAULT_STRATEGY",
                                        Self::Filtered => "FILTERED",
                                        Self::HuffmanOnly => "HUFFMAN_ONLY",
                                        Self::Rle => "RLE",
                                        Self::Fixed => "FIXED",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "DEFAULT_STRATEGY" => Some(Self::DefaultStrategy),
                                        "FILTERED" => Some(Self::Filtered),
                                        "HUFFMAN_ONLY" => Some(Self::HuffmanOnly),
                                        "RLE" => Some(Self::Rle),
                                        "FIXED" => Some(Self::Fixed),
                                        _ => None,
                                    }
                                }
                            }
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum CompressionLevel {
                                DefaultCompression = 0,
                                CompressionLevel1 = 1,
                                CompressionLevel2 = 2,
                                CompressionLevel3 = 3,
                                CompressionLevel4 = 4,
                                CompressionLevel5 = 5,
                                CompressionLevel6 = 6,
                                CompressionLevel7 = 7,
                                CompressionLevel8 = 8,
                                CompressionLevel9 = 9,
                            }
                            impl CompressionLevel {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::DefaultCompression => "DEFAULT_COMPRESSION",
                                        Self::CompressionLevel1 => "COMPRESSION_LEVEL_1",
                                        Self::CompressionLevel2 => "COMPRESSION_LEVEL_2",
                                        Self::CompressionLevel3 => "COMPRESSION_LEVEL_3",
                                        Self::CompressionLevel4 => "COMPRESSION_LEVEL_4",
                                        Self::CompressionLevel5 => "COMPRESSION_LEVEL_5",
                                        Self::CompressionLevel6 => "COMPRESSION_LEVEL_6",
                                        Self::CompressionLevel7 => "COMPRESSION_LEVEL_7",
                                        Self::CompressionLevel8 => "COMPRESSION_LEVEL_8",
                                        Self::CompressionLevel9 => "COMPRESSION_LEVEL_9",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "DEFAULT_COMPRESSION" => Some(Self::DefaultCompression),
                                        "COMPRESSION_LEVEL_1" => Some(Self::CompressionLevel1),
                                        "COMPRESSION_LEVEL_2" => Some(Self::CompressionLevel2),
                                        "COMPRESSION_LEVEL_3" => Some(Self::CompressionLevel3),
                                        "COMPRESSION_LEVEL_4" => Some(Self::CompressionLevel4),
                                        "COMPRESSION_LEVEL_5" => Some(Self::CompressionLevel5),
                                        "COMPRESSION_LEVEL_6" => Some(Self::CompressionLevel6),
                                        "COMPRESSION_LEVEL_7" => Some(Self::CompressionLevel7),
                                        "COMPRESSION_LEVEL_8" => Some(Self::CompressionLevel8),
                                        "COMPRESSION_LEVEL_9" => Some(Self::CompressionLevel9),
                                        _ => None,
                                    }
                                }
                            }
                        }
                        impl ::prost::Name for Gzip {
                            const NAME: &'static str = "Gzip";
                            const PACKAGE: &'static str = "envoy.extensions.compression.gzip.compressor.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.compression.gzip.compressor.v3.Gzip"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.compression.gzip.compressor.v3.Gzip"
                                    .into()
                            }
                        }
                    }
                }
                pub mod decompressor {
                    pub mod v3 {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Gzip {
                            #[prost(message, optional, tag = "1")]
                            pub window_bits: ::core::option::Option<u32>,
                            #[prost(message, optional, tag = "2")]
                            pub chunk_size: ::core::option::Option<u32>,
                            #[prost(message, optional, tag = "3")]
                            pub max_inflate_ratio: ::core::option::Option<u32>,
                        }
                        impl ::prost::Name for Gzip {
                            const NAME: &'static str = "Gzip";
                            const PACKAGE: &'static str = "envoy.extensions.compression.gzip.decompressor.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.compression.gzip.decompressor.v3.Gzip"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.compression.gzip.decompressor.v3.Gzip"
                                    .into()
                            }
                        }
                    }
                }
            }
            pub mod zstd {
                pub mod compressor {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Zstd {
                            #[prost(message, optional, tag = "1")]
                            pub compression_level: ::core::option::Option<u32>,
                            #[prost(bool, tag = "2")]
                            pub enable_checksum: bool,
                            #[prost(enumeration = "zstd::Strategy", tag = "3")]
                            pub strategy: i32,
                            #[prost(message, optional, tag = "4")]
                            pub dictionary: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::DataSource,
                            >,
                            #[prost(message, optional, tag = "5")]
                            pub chunk_size: ::core::option::Option<u32>,
                        }
                        /// Nested message and enum types in `Zstd`.
                        pub mod zstd {
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum Strategy {
                                Default = 0,
                                Fast = 1,
                                Dfast = 2,
                                Greedy = 3,
                                Lazy = 4,
                                Lazy2 = 5,
                                Btlazy2 = 6,
                                Btopt = 7,
                                Btultra = 8,
                                Btultra2 = 9,
                            }
                            impl Strategy {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::Default => "DEFAULT",
                                        Self::Fast => "FAST",
                                        Self::Dfast => "DFAST",
                                        Self::Greedy => "GREEDY",
                                        Self::Lazy => "LAZY",
                                        Self::Lazy2 => "LAZY2",
                                        Self::Btlazy2 => "BTLAZY2",
                                        Self::Btopt => "BTOPT",
                                        Self::Btultra => "BTULTRA",
                                        Self::Btultra2 => "BTULTRA2",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "DEFAULT" => Some(Self::Default),
                                        "FAST" => Some(Self::Fast),
                                        "DFAST" => Some(Self::Dfast),
                                        "GREEDY" => Some(Self::Greedy),
                                        "LAZY" => Some(Self::Lazy),
                                        "LAZY2" => Some(Self::Lazy2),
                                        "BTLAZY2" => Some(Self::Btlazy2),
                                        "BTOPT" => Some(Self::Btopt),
                                        "BTULTRA" => Some(Self::Btultra),
                                        "BTULTRA2" => Some(Self::Btultra2),
                                        _ => None,
                                    }
                                }
                            }
                        }
                        impl ::prost::Name for Zstd {
                            const NAME: &'static str = "Zstd";
                            const PACKAGE: &'static str = "envoy.extensions.compression.zstd.compressor.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.compression.zstd.compressor.v3.Zstd"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.compression.zstd.compressor.v3.Zstd"
                                    .into()
                            }
                        }
                    }
                }
                pub mod decompressor {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Zstd {
                            #[prost(message, repeated, tag = "1")]
                            pub dictionaries: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::core::v3::DataSource,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub chunk_size: ::core::option::Option<u32>,
                        }
                        impl ::prost::Name for Zstd {
                            const NAME: &'static str = "Zstd";
                            const PACKAGE: &'static str = "envoy.extensions.compression.zstd.decompressor.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.compression.zstd.decompressor.v3.Zstd"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.compression.zstd.decompressor.v3.Zstd"
                                    .into()
                            }
                        }
                    }
                }
            }
        }
        pub mod filters {
            pub mod common {
                pub mod fault {
                    pub mod v3 {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct FaultDelay {
                            #[prost(message, optional, tag = "4")]
                            pub percentage: ::core::option::Option<
                                super::super::super::super::super::r#type::v3::FractionalPercent,
                            >,
                            #[prost(
                                oneof = "fault_delay::FaultDelaySecifier",
                                tags = "3, 5"
                            )]
                            pub fault_delay_secifier: ::core::option::Option<
                                fault_delay::FaultDelaySecifier,
                            >,
                        }
                        /// Nested message and enum types in `FaultDelay`.
                        pub mod fault_delay {
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct HeaderDelay {}
                            impl ::prost::Name for HeaderDelay {
                                const NAME: &'static str = "HeaderDelay";
                                const PACKAGE: &'static str = "envoy.extensions.filters.common.fault.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.common.fault.v3.FaultDelay.HeaderDelay"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.common.fault.v3.FaultDelay.HeaderDelay"
                                        .into()
                                }
                            }
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum FaultDelaySecifier {
                                #[prost(message, tag = "3")]
                                FixedDelay(
                                    super::super::super::super::super::super::super::google::protobuf::Duration,
                                ),
                                #[prost(message, tag = "5")]
                                HeaderDelay(HeaderDelay),
                            }
                        }
                        impl ::prost::Name for FaultDelay {
                            const NAME: &'static str = "FaultDelay";
                            const PACKAGE: &'static str = "envoy.extensions.filters.common.fault.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.common.fault.v3.FaultDelay".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.common.fault.v3.FaultDelay"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct FaultRateLimit {}
                        impl ::prost::Name for FaultRateLimit {
                            const NAME: &'static str = "FaultRateLimit";
                            const PACKAGE: &'static str = "envoy.extensions.filters.common.fault.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.common.fault.v3.FaultRateLimit"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.common.fault.v3.FaultRateLimit"
                                    .into()
                            }
                        }
                    }
                }
                pub mod set_filter_state {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct FilterStateValue {
                            #[prost(string, tag = "6")]
                            pub factory_key: ::prost::alloc::string::String,
                            #[prost(bool, tag = "3")]
                            pub read_only: bool,
                            #[prost(
                                enumeration = "filter_state_value::SharedWithUpstream",
                                tag = "4"
                            )]
                            pub shared_with_upstream: i32,
                            #[prost(bool, tag = "5")]
                            pub skip_if_empty: bool,
                            #[prost(oneof = "filter_state_value::Key", tags = "1")]
                            pub key: ::core::option::Option<filter_state_value::Key>,
                            #[prost(oneof = "filter_state_value::Value", tags = "2")]
                            pub value: ::core::option::Option<filter_state_value::Value>,
                        }
                        /// Nested message and enum types in `FilterStateValue`.
                        pub mod filter_state_value {
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum SharedWithUpstream {
                                None = 0,
                                Once = 1,
                                Transitive = 2,
                            }
                            impl SharedWithUpstream {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::None => "NONE",
                                        Self::Once => "ONCE",
                                        Self::Transitive => "TRANSITIVE",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "NONE" => Some(Self::None),
                                        "ONCE" => Some(Self::Once),
                                        "TRANSITIVE" => Some(Self::Transitive),
                                        _ => None,
                                    }
                                }
                            }
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum Key {
                                #[prost(string, tag = "1")]
                                ObjectKey(::prost::alloc::string::String),
                            }
                            #[derive(Clone, PartialEq, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum Value {
                                #[prost(message, tag = "2")]
                                FormatString(
                                    super::super::super::super::super::super::config::core::v3::SubstitutionFormatString,
                                ),
                            }
                        }
                        impl ::prost::Name for FilterStateValue {
                            const NAME: &'static str = "FilterStateValue";
                            const PACKAGE: &'static str = "envoy.extensions.filters.common.set_filter_state.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.common.set_filter_state.v3.FilterStateValue"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.common.set_filter_state.v3.FilterStateValue"
                                    .into()
                            }
                        }
                    }
                }
            }
            pub mod http {
                pub mod buffer {
                    pub mod v3 {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Buffer {
                            #[prost(message, optional, tag = "1")]
                            pub max_request_bytes: ::core::option::Option<u32>,
                        }
                        impl ::prost::Name for Buffer {
                            const NAME: &'static str = "Buffer";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.buffer.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.buffer.v3.Buffer".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.buffer.v3.Buffer".into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct BufferPerRoute {
                            #[prost(oneof = "buffer_per_route::Override", tags = "1, 2")]
                            pub r#override: ::core::option::Option<
                                buffer_per_route::Override,
                            >,
                        }
                        /// Nested message and enum types in `BufferPerRoute`.
                        pub mod buffer_per_route {
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum Override {
                                #[prost(bool, tag = "1")]
                                Disabled(bool),
                                #[prost(message, tag = "2")]
                                Buffer(super::Buffer),
                            }
                        }
                        impl ::prost::Name for BufferPerRoute {
                            const NAME: &'static str = "BufferPerRoute";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.buffer.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.buffer.v3.BufferPerRoute"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.buffer.v3.BufferPerRoute"
                                    .into()
                            }
                        }
                    }
                }
                pub mod compressor {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Compressor {
                            #[prost(message, optional, tag = "1")]
                            pub content_length: ::core::option::Option<u32>,
                            #[prost(string, repeated, tag = "2")]
                            pub content_type: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(bool, tag = "3")]
                            pub disable_on_etag_header: bool,
                            #[prost(bool, tag = "4")]
                            pub remove_accept_encoding_header: bool,
                            #[prost(message, optional, tag = "5")]
                            pub runtime_enabled: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RuntimeFeatureFlag,
                            >,
                            #[prost(message, optional, tag = "6")]
                            pub compressor_library: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::TypedExtensionConfig,
                            >,
                            #[prost(message, optional, tag = "7")]
                            pub request_direction_config: ::core::option::Option<
                                compressor::RequestDirectionConfig,
                            >,
                            #[prost(message, optional, tag = "8")]
                            pub response_direction_config: ::core::option::Option<
                                compressor::ResponseDirectionConfig,
                            >,
                            #[prost(bool, tag = "9")]
                            pub choose_first: bool,
                        }
                        /// Nested message and enum types in `Compressor`.
                        pub mod compressor {
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct CommonDirectionConfig {
                                #[prost(message, optional, tag = "1")]
                                pub enabled: ::core::option::Option<
                                    super::super::super::super::super::super::config::core::v3::RuntimeFeatureFlag,
                                >,
                                #[prost(message, optional, tag = "2")]
                                pub min_content_length: ::core::option::Option<u32>,
                                #[prost(string, repeated, tag = "3")]
                                pub content_type: ::prost::alloc::vec::Vec<
                                    ::prost::alloc::string::String,
                                >,
                            }
                            impl ::prost::Name for CommonDirectionConfig {
                                const NAME: &'static str = "CommonDirectionConfig";
                                const PACKAGE: &'static str = "envoy.extensions.filters.http.compressor.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.http.compressor.v3.Compressor.CommonDirectionConfig"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.http.compressor.v3.Compressor.CommonDirectionConfig"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct RequestDirectionConfig {
                                #[prost(message, optional, tag = "1")]
                                pub common_config: ::core::option::Option<
                                    CommonDirectionConfig,
                                >,
                            }
                            impl ::prost::Name for RequestDirectionConfig {
                                const NAME: &'static str = "RequestDirectionConfig";
                                const PACKAGE: &'static str = "envoy.extensions.filters.http.compressor.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.http.compressor.v3.Compressor.RequestDirectionConfig"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.http.compressor.v3.Compressor.RequestDirectionConfig"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct ResponseDirectionConfig {
                                #[prost(message, optional, tag = "1")]
                                pub common_config: ::core::option::Option<
                                    CommonDirectionConfig,
                                >,
                                #[prost(bool, tag = "2")]
                                pub disable_on_etag_header: bool,
                                #[prost(bool, tag = "3")]
                                pub remove_accept_encoding_header: bool,
                                #[prost(uint32, repeated, tag = "4")]
                                pub uncompressible_response_codes: ::prost::alloc::vec::Vec<
                                    u32,
                                >,
                                #[prost(bool, tag = "5")]
                                pub status_header_enabled: bool,
                            }
                            impl ::prost::Name for ResponseDirectionConfig {
                                const NAME: &'static str = "ResponseDirectionConfig";
                                const PACKAGE: &'static str = "envoy.extensions.filters.http.compressor.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.http.compressor.v3.Compressor.ResponseDirectionConfig"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.http.compressor.v3.Compressor.ResponseDirectionConfig"
                                        .into()
                                }
                            }
                        }
                        impl ::prost::Name for Compressor {
                            const NAME: &'static str = "Compressor";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.compressor.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.compressor.v3.Compressor"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.compressor.v3.Compressor"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ResponseDirectionOverrides {
                            #[prost(message, optional, tag = "1")]
                            pub remove_accept_encoding_header: ::core::option::Option<
                                bool,
                            >,
                        }
                        impl ::prost::Name for ResponseDirectionOverrides {
                            const NAME: &'static str = "ResponseDirectionOverrides";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.compressor.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.compressor.v3.ResponseDirectionOverrides"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.compressor.v3.ResponseDirectionOverrides"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct CompressorOverrides {
                            #[prost(message, optional, tag = "1")]
                            pub response_direction_config: ::core::option::Option<
                                ResponseDirectionOverrides,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub compressor_library: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::TypedExtensionConfig,
                            >,
                        }
                        impl ::prost::Name for CompressorOverrides {
                            const NAME: &'static str = "CompressorOverrides";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.compressor.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.compressor.v3.CompressorOverrides"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.compressor.v3.CompressorOverrides"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct CompressorPerRoute {
                            #[prost(
                                oneof = "compressor_per_route::Override",
                                tags = "1, 2"
                            )]
                            pub r#override: ::core::option::Option<
                                compressor_per_route::Override,
                            >,
                        }
                        /// Nested message and enum types in `CompressorPerRoute`.
                        pub mod compressor_per_route {
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum Override {
                                #[prost(bool, tag = "1")]
                                Disabled(bool),
                                #[prost(message, tag = "2")]
                                Overrides(super::CompressorOverrides),
                            }
                        }
                        impl ::prost::Name for CompressorPerRoute {
                            const NAME: &'static str = "CompressorPerRoute";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.compressor.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.compressor.v3.CompressorPerRoute"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.compressor.v3.CompressorPerRoute"
                                    .into()
                            }
                        }
                    }
                }
                pub mod cors {
                    pub mod v3 {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Cors {}
                        impl ::prost::Name for Cors {
                            const NAME: &'static str = "Cors";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.cors.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.cors.v3.Cors".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.cors.v3.Cors".into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct CorsPolicy {
                            #[prost(message, repeated, tag = "1")]
                            pub allow_origin_string_match: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::r#type::matcher::v3::StringMatcher,
                            >,
                            #[prost(string, tag = "2")]
                            pub allow_methods: ::prost::alloc::string::String,
                            #[prost(string, tag = "3")]
                            pub allow_headers: ::prost::alloc::string::String,
                            #[prost(string, tag = "4")]
                            pub expose_headers: ::prost::alloc::string::String,
                            #[prost(string, tag = "5")]
                            pub max_age: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "6")]
                            pub allow_credentials: ::core::option::Option<bool>,
                            #[prost(message, optional, tag = "7")]
                            pub filter_enabled: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RuntimeFractionalPercent,
                            >,
                            #[prost(message, optional, tag = "10")]
                            pub forward_not_matching_preflights: ::core::option::Option<
                                bool,
                            >,
                            #[prost(message, optional, tag = "8")]
                            pub shadow_enabled: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RuntimeFractionalPercent,
                            >,
                            #[prost(message, optional, tag = "9")]
                            pub allow_private_network_access: ::core::option::Option<
                                bool,
                            >,
                        }
                        impl ::prost::Name for CorsPolicy {
                            const NAME: &'static str = "CorsPolicy";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.cors.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.cors.v3.CorsPolicy".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.cors.v3.CorsPolicy".into()
                            }
                        }
                    }
                }
                pub mod decompressor {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Decompressor {
                            #[prost(message, optional, tag = "1")]
                            pub decompressor_library: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::TypedExtensionConfig,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub request_direction_config: ::core::option::Option<
                                decompressor::RequestDirectionConfig,
                            >,
                            #[prost(message, optional, tag = "3")]
                            pub response_direction_config: ::core::option::Option<
                                decompressor::ResponseDirectionConfig,
                            >,
                        }
                        /// Nested message and enum types in `Decompressor`.
                        pub mod decompressor {
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct CommonDirectionConfig {
                                #[prost(message, optional, tag = "1")]
                                pub enabled: ::core::option::Option<
                                    super::super::super::super::super::super::config::core::v3::RuntimeFeatureFlag,
                                >,
                                #[prost(bool, tag = "2")]
                                pub ignore_no_transform_header: bool,
                            }
                            impl ::prost::Name for CommonDirectionConfig {
                                const NAME: &'static str = "CommonDirectionConfig";
                                const PACKAGE: &'static str = "envoy.extensions.filters.http.decompressor.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.http.decompressor.v3.Decompressor.CommonDirectionConfig"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.http.decompressor.v3.Decompressor.CommonDirectionConfig"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct RequestDirectionConfig {
                                #[prost(message, optional, tag = "1")]
                                pub common_config: ::core::option::Option<
                                    CommonDirectionConfig,
                                >,
                                #[prost(message, optional, tag = "2")]
                                pub advertise_accept_encoding: ::core::option::Option<bool>,
                            }
                            impl ::prost::Name for RequestDirectionConfig {
                                const NAME: &'static str = "RequestDirectionConfig";
                                const PACKAGE: &'static str = "envoy.extensions.filters.http.decompressor.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.http.decompressor.v3.Decompressor.RequestDirectionConfig"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.http.decompressor.v3.Decompressor.RequestDirectionConfig"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct ResponseDirectionConfig {
                                #[prost(message, optional, tag = "1")]
                                pub common_config: ::core::option::Option<
                                    CommonDirectionConfig,
                                >,
                            }
                            impl ::prost::Name for ResponseDirectionConfig {
                                const NAME: &'static str = "ResponseDirectionConfig";
                                const PACKAGE: &'static str = "envoy.extensions.filters.http.decompressor.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.http.decompressor.v3.Decompressor.ResponseDirectionConfig"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.http.decompressor.v3.Decompressor.ResponseDirectionConfig"
                                        .into()
                                }
                            }
                        }
                        impl ::prost::Name for Decompressor {
                            const NAME: &'static str = "Decompressor";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.decompressor.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.decompressor.v3.Decompressor"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.decompressor.v3.Decompressor"
                                    .into()
                            }
                        }
                    }
                }
                pub mod ext_authz {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ExtAuthz {
                            #[prost(
                                enumeration = "super::super::super::super::super::config::core::v3::ApiVersion",
                                tag = "12"
                            )]
                            pub transport_api_version: i32,
                            #[prost(bool, tag = "2")]
                            pub failure_mode_allow: bool,
                            #[prost(bool, tag = "19")]
                            pub failure_mode_allow_header_add: bool,
                            #[prost(message, optional, tag = "5")]
                            pub with_request_body: ::core::option::Option<
                                BufferSettings,
                            >,
                            #[prost(bool, tag = "6")]
                            pub clear_route_cache: bool,
                            #[prost(message, optional, tag = "7")]
                            pub status_on_error: ::core::option::Option<
                                super::super::super::super::super::r#type::v3::HttpStatus,
                            >,
                            #[prost(bool, tag = "24")]
                            pub validate_mutations: bool,
                            #[prost(string, repeated, tag = "8")]
                            pub metadata_context_namespaces: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(string, repeated, tag = "16")]
                            pub typed_metadata_context_namespaces: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(string, repeated, tag = "21")]
                            pub route_metadata_context_namespaces: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(string, repeated, tag = "22")]
                            pub route_typed_metadata_context_namespaces: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(message, optional, tag = "9")]
                            pub filter_enabled: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RuntimeFractionalPercent,
                            >,
                            #[prost(message, optional, tag = "14")]
                            pub filter_enabled_metadata: ::core::option::Option<
                                super::super::super::super::super::r#type::matcher::v3::MetadataMatcher,
                            >,
                            #[prost(message, optional, tag = "11")]
                            pub deny_at_disable: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RuntimeFeatureFlag,
                            >,
                            #[prost(bool, tag = "10")]
                            pub include_peer_certificate: bool,
                            #[prost(string, tag = "13")]
                            pub stat_prefix: ::prost::alloc::string::String,
                            #[prost(string, tag = "15")]
                            pub bootstrap_metadata_labels_key: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "17")]
                            pub allowed_headers: ::core::option::Option<
                                super::super::super::super::super::r#type::matcher::v3::ListStringMatcher,
                            >,
                            #[prost(message, optional, tag = "25")]
                            pub disallowed_headers: ::core::option::Option<
                                super::super::super::super::super::r#type::matcher::v3::ListStringMatcher,
                            >,
                            #[prost(bool, tag = "18")]
                            pub include_tls_session: bool,
                            #[prost(message, optional, tag = "20")]
                            pub charge_cluster_response_stats: ::core::option::Option<
                                bool,
                            >,
                            #[prost(bool, tag = "23")]
                            pub encode_raw_headers: bool,
                            #[prost(message, optional, tag = "26")]
                            pub decoder_header_mutation_rules: ::core::option::Option<
                                super::super::super::super::super::config::common::mutation_rules::v3::HeaderMutationRules,
                            >,
                            #[prost(message, optional, tag = "27")]
                            pub enable_dynamic_metadata_ingestion: ::core::option::Option<
                                bool,
                            >,
                            #[prost(message, optional, tag = "28")]
                            pub filter_metadata: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Struct,
                            >,
                            #[prost(bool, tag = "29")]
                            pub emit_filter_state_stats: bool,
                            #[prost(uint32, tag = "30")]
                            pub max_denied_response_body_bytes: u32,
                            #[prost(bool, tag = "31")]
                            pub enforce_response_header_limits: bool,
                            #[prost(bool, tag = "32")]
                            pub shadow_mode: bool,
                            #[prost(oneof = "ext_authz::Services", tags = "1, 3")]
                            pub services: ::core::option::Option<ext_authz::Services>,
                        }
                        /// Nested message and enum types in `ExtAuthz`.
                        pub mod ext_authz {
                            #[derive(Clone, PartialEq, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum Services {
                                #[prost(message, tag = "1")]
                                GrpcService(
                                    super::super::super::super::super::super::config::core::v3::GrpcService,
                                ),
                                #[prost(message, tag = "3")]
                                HttpService(super::HttpService),
                            }
                        }
                        impl ::prost::Name for ExtAuthz {
                            const NAME: &'static str = "ExtAuthz";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_authz.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct BufferSettings {
                            #[prost(uint32, tag = "1")]
                            pub max_request_bytes: u32,
                            #[prost(bool, tag = "2")]
                            pub allow_partial_message: bool,
                            #[prost(bool, tag = "3")]
                            pub pack_as_bytes: bool,
                        }
                        impl ::prost::Name for BufferSettings {
                            const NAME: &'static str = "BufferSettings";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_authz.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_authz.v3.BufferSettings"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_authz.v3.BufferSettings"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct HttpService {
                            #[prost(message, optional, tag = "1")]
                            pub server_uri: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::HttpUri,
                            >,
                            #[prost(string, tag = "2")]
                            pub path_prefix: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "7")]
                            pub authorization_request: ::core::option::Option<
                                AuthorizationRequest,
                            >,
                            #[prost(message, optional, tag = "8")]
                            pub authorization_response: ::core::option::Option<
                                AuthorizationResponse,
                            >,
                            #[prost(message, optional, tag = "9")]
                            pub retry_policy: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RetryPolicy,
                            >,
                            #[prost(string, tag = "10")]
                            pub path_override: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for HttpService {
                            const NAME: &'static str = "HttpService";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_authz.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_authz.v3.HttpService"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_authz.v3.HttpService"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct AuthorizationRequest {
                            #[prost(message, optional, tag = "1")]
                            pub allowed_headers: ::core::option::Option<
                                super::super::super::super::super::r#type::matcher::v3::ListStringMatcher,
                            >,
                            #[prost(message, repeated, tag = "2")]
                            pub headers_to_add: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::core::v3::HeaderValue,
                            >,
                        }
                        impl ::prost::Name for AuthorizationRequest {
                            const NAME: &'static str = "AuthorizationRequest";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_authz.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_authz.v3.AuthorizationRequest"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_authz.v3.AuthorizationRequest"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct AuthorizationResponse {
                            #[prost(message, optional, tag = "1")]
                            pub allowed_upstream_headers: ::core::option::Option<
                                super::super::super::super::super::r#type::matcher::v3::ListStringMatcher,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub allowed_client_headers: ::core::option::Option<
                                super::super::super::super::super::r#type::matcher::v3::ListStringMatcher,
                            >,
                            #[prost(message, optional, tag = "3")]
                            pub allowed_upstream_headers_to_append: ::core::option::Option<
                                super::super::super::super::super::r#type::matcher::v3::ListStringMatcher,
                            >,
                            #[prost(message, optional, tag = "4")]
                            pub allowed_client_headers_on_success: ::core::option::Option<
                                super::super::super::super::super::r#type::matcher::v3::ListStringMatcher,
                            >,
                            #[prost(message, optional, tag = "5")]
                            pub dynamic_metadata_from_headers: ::core::option::Option<
                                super::super::super::super::super::r#type::matcher::v3::ListStringMatcher,
                            >,
                        }
                        impl ::prost::Name for AuthorizationResponse {
                            const NAME: &'static str = "AuthorizationResponse";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_authz.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_authz.v3.AuthorizationResponse"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_authz.v3.AuthorizationResponse"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ExtAuthzPerRoute {
                            #[prost(
                                oneof = "ext_authz_per_route::Override",
                                tags = "1, 2"
                            )]
                            pub r#override: ::core::option::Option<
                                ext_authz_per_route::Override,
                            >,
                        }
                        /// Nested message and enum types in `ExtAuthzPerRoute`.
                        pub mod ext_authz_per_route {
                            #[derive(Clone, PartialEq, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum Override {
                                #[prost(bool, tag = "1")]
                                Disabled(bool),
                                #[prost(message, tag = "2")]
                                CheckSettings(super::CheckSettings),
                            }
                        }
                        impl ::prost::Name for ExtAuthzPerRoute {
                            const NAME: &'static str = "ExtAuthzPerRoute";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_authz.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct CheckSettings {
                            #[prost(map = "string, string", tag = "1")]
                            pub context_extensions: ::std::collections::HashMap<
                                ::prost::alloc::string::String,
                                ::prost::alloc::string::String,
                            >,
                            #[prost(bool, tag = "2")]
                            pub disable_request_body_buffering: bool,
                            #[prost(message, optional, tag = "3")]
                            pub with_request_body: ::core::option::Option<
                                BufferSettings,
                            >,
                            #[prost(
                                oneof = "check_settings::ServiceOverride",
                                tags = "4, 5"
                            )]
                            pub service_override: ::core::option::Option<
                                check_settings::ServiceOverride,
                            >,
                        }
                        /// Nested message and enum types in `CheckSettings`.
                        pub mod check_settings {
                            #[derive(Clone, PartialEq, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum ServiceOverride {
                                #[prost(message, tag = "4")]
                                GrpcService(
                                    super::super::super::super::super::super::config::core::v3::GrpcService,
                                ),
                                #[prost(message, tag = "5")]
                                HttpService(super::HttpService),
                            }
                        }
                        impl ::prost::Name for CheckSettings {
                            const NAME: &'static str = "CheckSettings";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_authz.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_authz.v3.CheckSettings"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_authz.v3.CheckSettings"
                                    .into()
                            }
                        }
                    }
                }
                pub mod ext_proc {
                    pub mod v3 {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ProcessingMode {
                            #[prost(
                                enumeration = "processing_mode::HeaderSendMode",
                                tag = "1"
                            )]
                            pub request_header_mode: i32,
                            #[prost(
                                enumeration = "processing_mode::HeaderSendMode",
                                tag = "2"
                            )]
                            pub response_header_mode: i32,
                            #[prost(
                                enumeration = "processing_mode::BodySendMode",
                                tag = "3"
                            )]
                            pub request_body_mode: i32,
                            #[prost(
                                enumeration = "processing_mode::BodySendMode",
                                tag = "4"
                            )]
                            pub response_body_mode: i32,
                            #[prost(
                                enumeration = "processing_mode::HeaderSendMode",
                                tag = "5"
                            )]
                            pub request_trailer_mode: i32,
                            #[prost(
                                enumeration = "processing_mode::HeaderSendMode",
                                tag = "6"
                            )]
                            pub response_trailer_mode: i32,
                        }
                        /// Nested message and enum types in `ProcessingMode`.
                        pub mod processing_mode {
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum HeaderSendMode {
                                Default = 0,
                                Send = 1,
                                Skip = 2,
                            }
                            impl HeaderSendMode {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::Default => "DEFAULT",
                                        Self::Send => "SEND",
                                        Self::Skip => "SKIP",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "DEFAULT" => Some(Self::Default),
                                        "SEND" => Some(Self::Send),
                                        "SKIP" => Some(Self::Skip),
                                        _ => None,
                                    }
                                }
                            }
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum BodySendMode {
                                None = 0,
                                Streamed = 1,
                                Buffered = 2,
                                BufferedPartial = 3,
                                FullDuplexStreamed = 4,
                                Grpc = 5,
                            }
                            impl BodySendMode {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::None => "NONE",
                                        Self::Streamed => "STREAMED",
                                        Self::Buffered => "BUFFERED",
                                        Self::BufferedPartial => "BUFFERED_PARTIAL",
                                        Self::FullDuplexStreamed => "FULL_DUPLEX_STREAMED",
                                        Self::Grpc => "GRPC",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "NONE" => Some(Self::None),
                                        "STREAMED" => Some(Self::Streamed),
                                        "BUFFERED" => Some(Self::Buffered),
                                        "BUFFERED_PARTIAL" => Some(Self::BufferedPartial),
                                        "FULL_DUPLEX_STREAMED" => Some(Self::FullDuplexStreamed),
                                        "GRPC" => Some(Self::Grpc),
                                        _ => None,
                                    }
                                }
                            }
                        }
                        impl ::prost::Name for ProcessingMode {
                            const NAME: &'static str = "ProcessingMode";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_proc.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_proc.v3.ProcessingMode"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_proc.v3.ProcessingMode"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ExternalProcessor {
                            #[prost(message, optional, tag = "1")]
                            pub grpc_service: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::GrpcService,
                            >,
                            #[prost(message, optional, tag = "20")]
                            pub http_service: ::core::option::Option<ExtProcHttpService>,
                            #[prost(bool, tag = "2")]
                            pub failure_mode_allow: bool,
                            #[prost(message, optional, tag = "3")]
                            pub processing_mode: ::core::option::Option<ProcessingMode>,
                            #[prost(string, repeated, tag = "5")]
                            pub request_attributes: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(string, repeated, tag = "6")]
                            pub response_attributes: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(message, optional, tag = "7")]
                            pub message_timeout: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(string, tag = "8")]
                            pub stat_prefix: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "9")]
                            pub mutation_rules: ::core::option::Option<
                                super::super::super::super::super::config::common::mutation_rules::v3::HeaderMutationRules,
                            >,
                            #[prost(message, optional, tag = "10")]
                            pub max_message_timeout: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(bool, tag = "11")]
                            pub disable_clear_route_cache: bool,
                            #[prost(message, optional, tag = "12")]
                            pub forward_rules: ::core::option::Option<
                                HeaderForwardingRules,
                            >,
                            #[prost(message, optional, tag = "13")]
                            pub filter_metadata: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Struct,
                            >,
                            #[prost(bool, tag = "14")]
                            pub allow_mode_override: bool,
                            #[prost(bool, tag = "15")]
                            pub disable_immediate_response: bool,
                            #[prost(message, optional, tag = "16")]
                            pub metadata_options: ::core::option::Option<
                                MetadataOptions,
                            >,
                            #[prost(bool, tag = "17")]
                            pub observability_mode: bool,
                            #[prost(
                                enumeration = "external_processor::RouteCacheAction",
                                tag = "18"
                            )]
                            pub route_cache_action: i32,
                            #[prost(message, optional, tag = "19")]
                            pub deferred_close_timeout: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(bool, tag = "21")]
                            pub send_body_without_waiting_for_header_response: bool,
                            #[prost(message, repeated, tag = "22")]
                            pub allowed_override_modes: ::prost::alloc::vec::Vec<
                                ProcessingMode,
                            >,
                            #[prost(message, optional, tag = "23")]
                            pub on_processing_response: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::TypedExtensionConfig,
                            >,
                            #[prost(message, optional, tag = "24")]
                            pub status_on_error: ::core::option::Option<
                                super::super::super::super::super::r#type::v3::HttpStatus,
                            >,
                            #[prost(message, optional, tag = "25")]
                            pub processing_request_modifier: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::TypedExtensionConfig,
                            >,
                        }
                        /// Nested message and enum types in `ExternalProcessor`.
                        pub mod external_processor {
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum RouteCacheAction {
                                Default = 0,
                                Clear = 1,
                                Retain = 2,
                            }
                            impl RouteCacheAction {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::Default => "DEFAULT",
                                        Self::Clear => "CLEAR",
                                        Self::Retain => "RETAIN",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "DEFAULT" => Some(Self::Default),
                                        "CLEAR" => Some(Self::Clear),
                                        "RETAIN" => Some(Self::Retain),
                                        _ => None,
                                    }
                                }
                            }
                        }
                        impl ::prost::Name for ExternalProcessor {
                            const NAME: &'static str = "ExternalProcessor";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_proc.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ExtProcHttpService {}
                        impl ::prost::Name for ExtProcHttpService {
                            const NAME: &'static str = "ExtProcHttpService";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_proc.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_proc.v3.ExtProcHttpService"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_proc.v3.ExtProcHttpService"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct MetadataOptions {
                            #[prost(message, optional, tag = "1")]
                            pub forwarding_namespaces: ::core::option::Option<
                                metadata_options::MetadataNamespaces,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub receiving_namespaces: ::core::option::Option<
                                metadata_options::MetadataNamespaces,
                            >,
                            #[prost(message, optional, tag = "3")]
                            pub cluster_metadata_forwarding_namespaces: ::core::option::Option<
                                metadata_options::MetadataNamespaces,
                            >,
                        }
                        /// Nested message and enum types in `MetadataOptions`.
                        pub mod metadata_options {
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct MetadataNamespaces {
                                #[prost(string, repeated, tag = "1")]
                                pub untyped: ::prost::alloc::vec::Vec<
                                    ::prost::alloc::string::String,
                                >,
                                #[prost(string, repeated, tag = "2")]
                                pub typed: ::prost::alloc::vec::Vec<
                                    ::prost::alloc::string::String,
                                >,
                            }
                            impl ::prost::Name for MetadataNamespaces {
                                const NAME: &'static str = "MetadataNamespaces";
                                const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_proc.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.http.ext_proc.v3.MetadataOptions.MetadataNamespaces"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.http.ext_proc.v3.MetadataOptions.MetadataNamespaces"
                                        .into()
                                }
                            }
                        }
                        impl ::prost::Name for MetadataOptions {
                            const NAME: &'static str = "MetadataOptions";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_proc.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_proc.v3.MetadataOptions"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_proc.v3.MetadataOptions"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct HeaderForwardingRules {
                            #[prost(message, optional, tag = "1")]
                            pub allowed_headers: ::core::option::Option<
                                super::super::super::super::super::r#type::matcher::v3::ListStringMatcher,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub disallowed_headers: ::core::option::Option<
                                super::super::super::super::super::r#type::matcher::v3::ListStringMatcher,
                            >,
                        }
                        impl ::prost::Name for HeaderForwardingRules {
                            const NAME: &'static str = "HeaderForwardingRules";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_proc.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_proc.v3.HeaderForwardingRules"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_proc.v3.HeaderForwardingRules"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ExtProcPerRoute {
                            #[prost(
                                oneof = "ext_proc_per_route::Override",
                                tags = "1, 2"
                            )]
                            pub r#override: ::core::option::Option<
                                ext_proc_per_route::Override,
                            >,
                        }
                        /// Nested message and enum types in `ExtProcPerRoute`.
                        pub mod ext_proc_per_route {
                            #[derive(Clone, PartialEq, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum Override {
                                #[prost(bool, tag = "1")]
                                Disabled(bool),
                                #[prost(message, tag = "2")]
                                Overrides(super::ExtProcOverrides),
                            }
                        }
                        impl ::prost::Name for ExtProcPerRoute {
                            const NAME: &'static str = "ExtProcPerRoute";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_proc.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ExtProcOverrides {
                            #[prost(message, optional, tag = "1")]
                            pub processing_mode: ::core::option::Option<ProcessingMode>,
                            #[prost(bool, tag = "2")]
                            pub async_mode: bool,
                            #[prost(string, repeated, tag = "3")]
                            pub request_attributes: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(string, repeated, tag = "4")]
                            pub response_attributes: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(message, optional, tag = "5")]
                            pub grpc_service: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::GrpcService,
                            >,
                            #[prost(message, optional, tag = "6")]
                            pub metadata_options: ::core::option::Option<
                                MetadataOptions,
                            >,
                            #[prost(message, repeated, tag = "7")]
                            pub grpc_initial_metadata: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::core::v3::HeaderValue,
                            >,
                            #[prost(message, optional, tag = "8")]
                            pub failure_mode_allow: ::core::option::Option<bool>,
                        }
                        impl ::prost::Name for ExtProcOverrides {
                            const NAME: &'static str = "ExtProcOverrides";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ext_proc.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ext_proc.v3.ExtProcOverrides"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ext_proc.v3.ExtProcOverrides"
                                    .into()
                            }
                        }
                    }
                }
                pub mod fault {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct FaultAbort {
                            #[prost(message, optional, tag = "3")]
                            pub percentage: ::core::option::Option<
                                super::super::super::super::super::r#type::v3::FractionalPercent,
                            >,
                            #[prost(string, tag = "6")]
                            pub response_body: ::prost::alloc::string::String,
                            #[prost(oneof = "fault_abort::ErrorType", tags = "2, 5, 4")]
                            pub error_type: ::core::option::Option<
                                fault_abort::ErrorType,
                            >,
                        }
                        /// Nested message and enum types in `FaultAbort`.
                        pub mod fault_abort {
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct HeaderAbort {}
                            impl ::prost::Name for HeaderAbort {
                                const NAME: &'static str = "HeaderAbort";
                                const PACKAGE: &'static str = "envoy.extensions.filters.http.fault.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.http.fault.v3.FaultAbort.HeaderAbort"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.http.fault.v3.FaultAbort.HeaderAbort"
                                        .into()
                                }
                            }
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum ErrorType {
                                #[prost(uint32, tag = "2")]
                                HttpStatus(u32),
                                #[prost(uint32, tag = "5")]
                                GrpcStatus(u32),
                                #[prost(message, tag = "4")]
                                HeaderAbort(HeaderAbort),
                            }
                        }
                        impl ::prost::Name for FaultAbort {
                            const NAME: &'static str = "FaultAbort";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.fault.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.fault.v3.FaultAbort".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.fault.v3.FaultAbort".into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct HttpFault {
                            #[prost(message, optional, tag = "1")]
                            pub delay: ::core::option::Option<
                                super::super::super::common::fault::v3::FaultDelay,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub abort: ::core::option::Option<FaultAbort>,
                            #[prost(string, repeated, tag = "5")]
                            pub downstream_nodes: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(message, optional, tag = "7")]
                            pub response_rate_limit: ::core::option::Option<
                                super::super::super::common::fault::v3::FaultRateLimit,
                            >,
                            #[prost(message, repeated, tag = "4")]
                            pub headers: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::route::v3::HeaderMatcher,
                            >,
                            #[prost(string, tag = "3")]
                            pub upstream_cluster: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "6")]
                            pub max_active_faults: ::core::option::Option<u32>,
                        }
                        impl ::prost::Name for HttpFault {
                            const NAME: &'static str = "HTTPFault";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.fault.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.fault.v3.HTTPFault".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.fault.v3.HTTPFault".into()
                            }
                        }
                    }
                }
                pub mod grpc_web {
                    pub mod v3 {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct GrpcWeb {}
                        impl ::prost::Name for GrpcWeb {
                            const NAME: &'static str = "GrpcWeb";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.grpc_web.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb".into()
                            }
                        }
                    }
                }
                pub mod jwt_authn {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct JwtProvider {
                            #[prost(string, tag = "1")]
                            pub issuer: ::prost::alloc::string::String,
                            #[prost(string, repeated, tag = "2")]
                            pub audiences: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(bool, tag = "5")]
                            pub forward: bool,
                            #[prost(message, repeated, tag = "6")]
                            pub from_headers: ::prost::alloc::vec::Vec<JwtHeader>,
                            #[prost(string, repeated, tag = "7")]
                            pub from_params: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(string, tag = "8")]
                            pub forward_payload_header: ::prost::alloc::string::String,
                            #[prost(string, tag = "9")]
                            pub payload_in_metadata: ::prost::alloc::string::String,
                            #[prost(uint32, tag = "10")]
                            pub clock_skew_seconds: u32,
                            #[prost(bool, tag = "11")]
                            pub pad_forward_payload_header: bool,
                            #[prost(string, repeated, tag = "13")]
                            pub from_cookies: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(string, tag = "14")]
                            pub header_in_metadata: ::prost::alloc::string::String,
                            #[prost(message, repeated, tag = "15")]
                            pub claim_to_headers: ::prost::alloc::vec::Vec<
                                JwtClaimToHeader,
                            >,
                            #[prost(string, tag = "16")]
                            pub failed_status_in_metadata: ::prost::alloc::string::String,
                            #[prost(bool, tag = "17")]
                            pub clear_route_cache: bool,
                            #[prost(message, optional, tag = "18")]
                            pub normalize_payload_in_metadata: ::core::option::Option<
                                jwt_provider::NormalizePayload,
                            >,
                            #[prost(message, optional, tag = "19")]
                            pub subjects: ::core::option::Option<
                                super::super::super::super::super::r#type::matcher::v3::StringMatcher,
                            >,
                            #[prost(bool, tag = "20")]
                            pub require_expiration: bool,
                            #[prost(message, optional, tag = "21")]
                            pub max_lifetime: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(
                                oneof = "jwt_provider::JwksSourceSpecifier",
                                tags = "3, 4"
                            )]
                            pub jwks_source_specifier: ::core::option::Option<
                                jwt_provider::JwksSourceSpecifier,
                            >,
                        }
                        /// Nested message and enum types in `JwtProvider`.
                        pub mod jwt_provider {
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct NormalizePayload {
                                #[prost(string, repeated, tag = "1")]
                                pub space_delimited_claims: ::prost::alloc::vec::Vec<
                                    ::prost::alloc::string::String,
                                >,
                            }
                            impl ::prost::Name for NormalizePayload {
                                const NAME: &'static str = "NormalizePayload";
                                const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.http.jwt_authn.v3.JwtProvider.NormalizePayload"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.http.jwt_authn.v3.JwtProvider.NormalizePayload"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum JwksSourceSpecifier {
                                #[prost(message, tag = "3")]
                                RemoteJwks(super::RemoteJwks),
                                #[prost(message, tag = "4")]
                                LocalJwks(
                                    super::super::super::super::super::super::config::core::v3::DataSource,
                                ),
                            }
                        }
                        impl ::prost::Name for JwtProvider {
                            const NAME: &'static str = "JwtProvider";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.jwt_authn.v3.JwtProvider"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.jwt_authn.v3.JwtProvider"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct RemoteJwks {
                            #[prost(message, optional, tag = "1")]
                            pub http_uri: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::HttpUri,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub cache_duration: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(message, optional, tag = "3")]
                            pub async_fetch: ::core::option::Option<JwksAsyncFetch>,
                            #[prost(message, optional, tag = "4")]
                            pub retry_policy: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RetryPolicy,
                            >,
                        }
                        impl ::prost::Name for RemoteJwks {
                            const NAME: &'static str = "RemoteJwks";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.jwt_authn.v3.RemoteJwks"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.jwt_authn.v3.RemoteJwks"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct JwksAsyncFetch {
                            #[prost(bool, tag = "1")]
                            pub fast_listener: bool,
                            #[prost(message, optional, tag = "2")]
                            pub failed_refetch_duration: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                        }
                        impl ::prost::Name for JwksAsyncFetch {
                            const NAME: &'static str = "JwksAsyncFetch";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.jwt_authn.v3.JwksAsyncFetch"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.jwt_authn.v3.JwksAsyncFetch"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct JwtHeader {
                            #[prost(string, tag = "1")]
                            pub name: ::prost::alloc::string::String,
                            #[prost(string, tag = "2")]
                            pub value_prefix: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for JwtHeader {
                            const NAME: &'static str = "JwtHeader";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.jwt_authn.v3.JwtHeader"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.jwt_authn.v3.JwtHeader"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct JwtClaimToHeader {
                            #[prost(string, tag = "1")]
                            pub header_name: ::prost::alloc::string::String,
                            #[prost(string, tag = "2")]
                            pub claim_name: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for JwtClaimToHeader {
                            const NAME: &'static str = "JwtClaimToHeader";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.jwt_authn.v3.JwtClaimToHeader"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.jwt_authn.v3.JwtClaimToHeader"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ProviderWithAudiences {
                            #[prost(string, tag = "1")]
                            pub provider_name: ::prost::alloc::string::String,
                            #[prost(string, repeated, tag = "2")]
                            pub audiences: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                        }
                        impl ::prost::Name for ProviderWithAudiences {
                            const NAME: &'static str = "ProviderWithAudiences";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.jwt_authn.v3.ProviderWithAudiences"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.jwt_authn.v3.ProviderWithAudiences"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct JwtRequirement {
                            #[prost(
                                oneof = "jwt_requirement::RequiresType",
                                tags = "1, 2, 3, 4, 5, 6"
                            )]
                            pub requires_type: ::core::option::Option<
                                jwt_requirement::RequiresType,
                            >,
                        }
                        /// Nested message and enum types in `JwtRequirement`.
                        pub mod jwt_requirement {
                            #[derive(Clone, PartialEq, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum RequiresType {
                                #[prost(string, tag = "1")]
                                ProviderName(::prost::alloc::string::String),
                                #[prost(message, tag = "2")]
                                ProviderAndAudiences(super::ProviderWithAudiences),
                                #[prost(message, tag = "3")]
                                RequiresAny(super::JwtRequirementOrList),
                                #[prost(message, tag = "4")]
                                RequiresAll(super::JwtRequirementAndList),
                                #[prost(message, tag = "5")]
                                AllowMissingOrFailed(
                                    super::super::super::super::super::super::super::google::protobuf::Empty,
                                ),
                                #[prost(message, tag = "6")]
                                AllowMissing(
                                    super::super::super::super::super::super::super::google::protobuf::Empty,
                                ),
                            }
                        }
                        impl ::prost::Name for JwtRequirement {
                            const NAME: &'static str = "JwtRequirement";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct JwtRequirementOrList {
                            #[prost(message, repeated, tag = "1")]
                            pub requirements: ::prost::alloc::vec::Vec<JwtRequirement>,
                        }
                        impl ::prost::Name for JwtRequirementOrList {
                            const NAME: &'static str = "JwtRequirementOrList";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementOrList"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementOrList"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct JwtRequirementAndList {
                            #[prost(message, repeated, tag = "1")]
                            pub requirements: ::prost::alloc::vec::Vec<JwtRequirement>,
                        }
                        impl ::prost::Name for JwtRequirementAndList {
                            const NAME: &'static str = "JwtRequirementAndList";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementAndList"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementAndList"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct RequirementRule {
                            #[prost(message, optional, tag = "1")]
                            pub r#match: ::core::option::Option<
                                super::super::super::super::super::config::route::v3::RouteMatch,
                            >,
                            #[prost(
                                oneof = "requirement_rule::RequirementType",
                                tags = "2, 3"
                            )]
                            pub requirement_type: ::core::option::Option<
                                requirement_rule::RequirementType,
                            >,
                        }
                        /// Nested message and enum types in `RequirementRule`.
                        pub mod requirement_rule {
                            #[derive(Clone, PartialEq, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum RequirementType {
                                #[prost(message, tag = "2")]
                                Requires(super::JwtRequirement),
                                #[prost(string, tag = "3")]
                                RequirementName(::prost::alloc::string::String),
                            }
                        }
                        impl ::prost::Name for RequirementRule {
                            const NAME: &'static str = "RequirementRule";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.jwt_authn.v3.RequirementRule"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.jwt_authn.v3.RequirementRule"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct FilterStateRule {}
                        impl ::prost::Name for FilterStateRule {
                            const NAME: &'static str = "FilterStateRule";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.jwt_authn.v3.FilterStateRule"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.jwt_authn.v3.FilterStateRule"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct JwtAuthentication {
                            #[prost(map = "string, message", tag = "1")]
                            pub providers: ::std::collections::HashMap<
                                ::prost::alloc::string::String,
                                JwtProvider,
                            >,
                            #[prost(message, repeated, tag = "2")]
                            pub rules: ::prost::alloc::vec::Vec<RequirementRule>,
                            #[prost(message, optional, tag = "3")]
                            pub filter_state_rules: ::core::option::Option<
                                FilterStateRule,
                            >,
                            #[prost(bool, tag = "4")]
                            pub bypass_cors_preflight: bool,
                            #[prost(map = "string, message", tag = "5")]
                            pub requirement_map: ::std::collections::HashMap<
                                ::prost::alloc::string::String,
                                JwtRequirement,
                            >,
                            #[prost(bool, tag = "6")]
                            pub strip_failure_response: bool,
                            #[prost(string, tag = "7")]
                            pub stat_prefix: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for JwtAuthentication {
                            const NAME: &'static str = "JwtAuthentication";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct PerRouteConfig {
                            #[prost(
                                oneof = "per_route_config::RequirementSpecifier",
                                tags = "1, 2"
                            )]
                            pub requirement_specifier: ::core::option::Option<
                                per_route_config::RequirementSpecifier,
                            >,
                        }
                        /// Nested message and enum types in `PerRouteConfig`.
                        pub mod per_route_config {
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum RequirementSpecifier {
                                #[prost(bool, tag = "1")]
                                Disabled(bool),
                                #[prost(string, tag = "2")]
                                RequirementName(::prost::alloc::string::String),
                            }
                        }
                        impl ::prost::Name for PerRouteConfig {
                            const NAME: &'static str = "PerRouteConfig";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.jwt_authn.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig"
                                    .into()
                            }
                        }
                    }
                }
                pub mod local_ratelimit {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct LocalRateLimit {
                            #[prost(string, tag = "1")]
                            pub stat_prefix: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "2")]
                            pub status: ::core::option::Option<
                                super::super::super::super::super::r#type::v3::HttpStatus,
                            >,
                            #[prost(message, optional, tag = "3")]
                            pub token_bucket: ::core::option::Option<
                                super::super::super::super::super::r#type::v3::TokenBucket,
                            >,
                            #[prost(message, optional, tag = "4")]
                            pub filter_enabled: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RuntimeFractionalPercent,
                            >,
                            #[prost(message, optional, tag = "5")]
                            pub filter_enforced: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RuntimeFractionalPercent,
                            >,
                            #[prost(message, repeated, tag = "6")]
                            pub response_headers_to_add: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::core::v3::HeaderValueOption,
                            >,
                            #[prost(message, repeated, tag = "8")]
                            pub descriptors: ::prost::alloc::vec::Vec<
                                super::super::super::super::common::ratelimit::v3::LocalRateLimitDescriptor,
                            >,
                            #[prost(message, repeated, tag = "10")]
                            pub request_headers_to_add_when_not_enforced: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::core::v3::HeaderValueOption,
                            >,
                            #[prost(bool, tag = "11")]
                            pub local_rate_limit_per_downstream_connection: bool,
                        }
                        impl ::prost::Name for LocalRateLimit {
                            const NAME: &'static str = "LocalRateLimit";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.local_ratelimit.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
                                    .into()
                            }
                        }
                    }
                }
                pub mod rate_limit_quota {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct RateLimitQuotaFilterConfig {
                            #[prost(message, optional, tag = "1")]
                            pub rlqs_server: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::GrpcService,
                            >,
                            #[prost(string, tag = "2")]
                            pub domain: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "3")]
                            pub bucket_matchers: ::core::option::Option<
                                super::super::super::super::super::super::xds::r#type::matcher::v3::Matcher,
                            >,
                            #[prost(message, optional, tag = "4")]
                            pub filter_enabled: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RuntimeFractionalPercent,
                            >,
                            #[prost(message, optional, tag = "5")]
                            pub filter_enforced: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RuntimeFractionalPercent,
                            >,
                            #[prost(message, repeated, tag = "6")]
                            pub request_headers_to_add_when_not_enforced: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::core::v3::HeaderValueOption,
                            >,
                        }
                        impl ::prost::Name for RateLimitQuotaFilterConfig {
                            const NAME: &'static str = "RateLimitQuotaFilterConfig";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.rate_limit_quota.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaFilterConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaFilterConfig"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct RateLimitQuotaOverride {
                            #[prost(string, tag = "1")]
                            pub domain: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "2")]
                            pub bucket_matchers: ::core::option::Option<
                                super::super::super::super::super::super::xds::r#type::matcher::v3::Matcher,
                            >,
                        }
                        impl ::prost::Name for RateLimitQuotaOverride {
                            const NAME: &'static str = "RateLimitQuotaOverride";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.rate_limit_quota.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaOverride"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaOverride"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct RateLimitQuotaBucketSettings {
                            #[prost(message, optional, tag = "1")]
                            pub bucket_id_builder: ::core::option::Option<
                                rate_limit_quota_bucket_settings::BucketIdBuilder,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub reporting_interval: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(message, optional, tag = "3")]
                            pub deny_response_settings: ::core::option::Option<
                                rate_limit_quota_bucket_settings::DenyResponseSettings,
                            >,
                            #[prost(message, optional, tag = "4")]
                            pub no_assignment_behavior: ::core::option::Option<
                                rate_limit_quota_bucket_settings::NoAssignmentBehavior,
                            >,
                            #[prost(message, optional, tag = "5")]
                            pub expired_assignment_behavior: ::core::option::Option<
                                rate_limit_quota_bucket_settings::ExpiredAssignmentBehavior,
                            >,
                        }
                        /// Nested message and enum types in `RateLimitQuotaBucketSettings`.
                        pub mod rate_limit_quota_bucket_settings {
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct NoAssignmentBehavior {
                                #[prost(
                                    oneof = "no_assignment_behavior::NoAssignmentBehavior",
                                    tags = "1"
                                )]
                                pub no_assignment_behavior: ::core::option::Option<
                                    no_assignment_behavior::NoAssignmentBehavior,
                                >,
                            }
                            /// Nested message and enum types in `NoAssignmentBehavior`.
                            pub mod no_assignment_behavior {
                                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Oneof)]
                                #[prost(skip_debug)]
                                pub enum NoAssignmentBehavior {
                                    #[prost(message, tag = "1")]
                                    FallbackRateLimit(
                                        super::super::super::super::super::super::super::r#type::v3::RateLimitStrategy,
                                    ),
                                }
                            }
                            impl ::prost::Name for NoAssignmentBehavior {
                                const NAME: &'static str = "NoAssignmentBehavior";
                                const PACKAGE: &'static str = "envoy.extensions.filters.http.rate_limit_quota.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings.NoAssignmentBehavior"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings.NoAssignmentBehavior"
                                        .into()
                                }
                            }
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct ExpiredAssignmentBehavior {
                                #[prost(message, optional, tag = "1")]
                                pub expired_assignment_behavior_timeout: ::core::option::Option<
                                    super::super::super::super::super::super::super::google::protobuf::Duration,
                                >,
                                #[prost(
                                    oneof = "expired_assignment_behavior::ExpiredAssignmentBehavior",
                                    tags = "2, 3"
                                )]
                                pub expired_assignment_behavior: ::core::option::Option<
                                    expired_assignment_behavior::ExpiredAssignmentBehavior,
                                >,
                            }
                            /// Nested message and enum types in `ExpiredAssignmentBehavior`.
                            pub mod expired_assignment_behavior {
                                #[derive(
                                    Clone,
                                    Copy,
                                    PartialEq,
                                    Eq,
                                    Hash,
                                    ::prost::Message
                                )]
                                #[prost(skip_debug)]
                                pub struct ReuseLastAssignment {}
                                impl ::prost::Name for ReuseLastAssignment {
                                    const NAME: &'static str = "ReuseLastAssignment";
                                    const PACKAGE: &'static str = "envoy.extensions.filters.http.rate_limit_quota.v3";
                                    fn full_name() -> ::prost::alloc::string::String {
                                        "envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings.ExpiredAssignmentBehavior.ReuseLastAssignment"
                                            .into()
                                    }
                                    fn type_url() -> ::prost::alloc::string::String {
                                        "/envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings.ExpiredAssignmentBehavior.ReuseLastAssignment"
                                            .into()
                                    }
                                }
                                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Oneof)]
                                #[prost(skip_debug)]
                                pub enum ExpiredAssignmentBehavior {
                                    #[prost(message, tag = "2")]
                                    FallbackRateLimit(
                                        super::super::super::super::super::super::super::r#type::v3::RateLimitStrategy,
                                    ),
                                    #[prost(message, tag = "3")]
                                    ReuseLastAssignment(ReuseLastAssignment),
                                }
                            }
                            impl ::prost::Name for ExpiredAssignmentBehavior {
                                const NAME: &'static str = "ExpiredAssignmentBehavior";
                                const PACKAGE: &'static str = "envoy.extensions.filters.http.rate_limit_quota.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings.ExpiredAssignmentBehavior"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings.ExpiredAssignmentBehavior"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct DenyResponseSettings {
                                #[prost(message, optional, tag = "1")]
                                pub http_status: ::core::option::Option<
                                    super::super::super::super::super::super::r#type::v3::HttpStatus,
                                >,
                                #[prost(message, optional, tag = "2")]
                                pub http_body: ::core::option::Option<
                                    ::prost::alloc::vec::Vec<u8>,
                                >,
                                #[prost(message, optional, tag = "3")]
                                pub grpc_status: ::core::option::Option<
                                    super::super::super::super::super::super::super::google::rpc::Status,
                                >,
                                #[prost(message, repeated, tag = "4")]
                                pub response_headers_to_add: ::prost::alloc::vec::Vec<
                                    super::super::super::super::super::super::config::core::v3::HeaderValueOption,
                                >,
                            }
                            impl ::prost::Name for DenyResponseSettings {
                                const NAME: &'static str = "DenyResponseSettings";
                                const PACKAGE: &'static str = "envoy.extensions.filters.http.rate_limit_quota.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings.DenyResponseSettings"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings.DenyResponseSettings"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct BucketIdBuilder {
                                #[prost(map = "string, message", tag = "1")]
                                pub bucket_id_builder: ::std::collections::HashMap<
                                    ::prost::alloc::string::String,
                                    bucket_id_builder::ValueBuilder,
                                >,
                            }
                            /// Nested message and enum types in `BucketIdBuilder`.
                            pub mod bucket_id_builder {
                                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                                #[prost(skip_debug)]
                                pub struct ValueBuilder {
                                    #[prost(
                                        oneof = "value_builder::ValueSpecifier",
                                        tags = "1, 2"
                                    )]
                                    pub value_specifier: ::core::option::Option<
                                        value_builder::ValueSpecifier,
                                    >,
                                }
                                /// Nested message and enum types in `ValueBuilder`.
                                pub mod value_builder {
                                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                                    #[prost(skip_debug)]
                                    pub enum ValueSpecifier {
                                        #[prost(string, tag = "1")]
                                        StringValue(::prost::alloc::string::String),
                                        #[prost(message, tag = "2")]
                                        CustomValue(
                                            super::super::super::super::super::super::super::super::config::core::v3::TypedExtensionConfig,
                                        ),
                                    }
                                }
                                impl ::prost::Name for ValueBuilder {
                                    const NAME: &'static str = "ValueBuilder";
                                    const PACKAGE: &'static str = "envoy.extensions.filters.http.rate_limit_quota.v3";
                                    fn full_name() -> ::prost::alloc::string::String {
                                        "envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings.BucketIdBuilder.ValueBuilder"
                                            .into()
                                    }
                                    fn type_url() -> ::prost::alloc::string::String {
                                        "/envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings.BucketIdBuilder.ValueBuilder"
                                            .into()
                                    }
                                }
                            }
                            impl ::prost::Name for BucketIdBuilder {
                                const NAME: &'static str = "BucketIdBuilder";
                                const PACKAGE: &'static str = "envoy.extensions.filters.http.rate_limit_quota.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings.BucketIdBuilder"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings.BucketIdBuilder"
                                        .into()
                                }
                            }
                        }
                        impl ::prost::Name for RateLimitQuotaBucketSettings {
                            const NAME: &'static str = "RateLimitQuotaBucketSettings";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.rate_limit_quota.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings"
                                    .into()
                            }
                        }
                    }
                }
                pub mod ratelimit {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct RateLimit {
                            #[prost(string, tag = "1")]
                            pub domain: ::prost::alloc::string::String,
                            #[prost(uint32, tag = "2")]
                            pub stage: u32,
                            #[prost(string, tag = "3")]
                            pub request_type: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "4")]
                            pub timeout: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(bool, tag = "5")]
                            pub failure_mode_deny: bool,
                            #[prost(bool, tag = "6")]
                            pub rate_limited_as_resource_exhausted: bool,
                            #[prost(message, optional, tag = "7")]
                            pub rate_limit_service: ::core::option::Option<
                                super::super::super::super::super::config::ratelimit::v3::RateLimitServiceConfig,
                            >,
                            #[prost(
                                enumeration = "rate_limit::XRateLimitHeadersRfcVersion",
                                tag = "8"
                            )]
                            pub enable_x_ratelimit_headers: i32,
                            #[prost(bool, tag = "9")]
                            pub disable_x_envoy_ratelimited_header: bool,
                            #[prost(message, optional, tag = "10")]
                            pub rate_limited_status: ::core::option::Option<
                                super::super::super::super::super::r#type::v3::HttpStatus,
                            >,
                            #[prost(message, repeated, tag = "11")]
                            pub response_headers_to_add: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::core::v3::HeaderValueOption,
                            >,
                            #[prost(message, optional, tag = "12")]
                            pub status_on_error: ::core::option::Option<
                                super::super::super::super::super::r#type::v3::HttpStatus,
                            >,
                            #[prost(string, tag = "13")]
                            pub stat_prefix: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "14")]
                            pub filter_enabled: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RuntimeFractionalPercent,
                            >,
                            #[prost(message, optional, tag = "15")]
                            pub filter_enforced: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RuntimeFractionalPercent,
                            >,
                            #[prost(message, optional, tag = "16")]
                            pub failure_mode_deny_percent: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RuntimeFractionalPercent,
                            >,
                            #[prost(message, repeated, tag = "17")]
                            pub rate_limits: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::route::v3::RateLimit,
                            >,
                            #[prost(string, tag = "18")]
                            pub metadata_namespace: ::prost::alloc::string::String,
                        }
                        /// Nested message and enum types in `RateLimit`.
                        pub mod rate_limit {
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum XRateLimitHeadersRfcVersion {
                                Off = 0,
                                DraftVersion03 = 1,
                            }
                            impl XRateLimitHeadersRfcVersion {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::Off => "OFF",
                                        Self::DraftVersion03 => "DRAFT_VERSION_03",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "OFF" => Some(Self::Off),
                                        "DRAFT_VERSION_03" => Some(Self::DraftVersion03),
                                        _ => None,
                                    }
                                }
                            }
                        }
                        impl ::prost::Name for RateLimit {
                            const NAME: &'static str = "RateLimit";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ratelimit.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ratelimit.v3.RateLimit"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ratelimit.v3.RateLimit"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct RateLimitPerRoute {
                            #[prost(
                                enumeration = "rate_limit_per_route::VhRateLimitsOptions",
                                tag = "1"
                            )]
                            pub vh_rate_limits: i32,
                            #[prost(
                                enumeration = "rate_limit_per_route::OverrideOptions",
                                tag = "2"
                            )]
                            pub override_option: i32,
                            #[prost(message, repeated, tag = "3")]
                            pub rate_limits: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::route::v3::RateLimit,
                            >,
                            #[prost(string, tag = "4")]
                            pub domain: ::prost::alloc::string::String,
                        }
                        /// Nested message and enum types in `RateLimitPerRoute`.
                        pub mod rate_limit_per_route {
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum VhRateLimitsOptions {
                                Override = 0,
                                Include = 1,
                                Ignore = 2,
                            }
                            impl VhRateLimitsOptions {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::Override => "OVERRIDE",
                                        Self::Include => "INCLUDE",
                                        Self::Ignore => "IGNORE",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "OVERRIDE" => Some(Self::Override),
                                        "INCLUDE" => Some(Self::Include),
                                        "IGNORE" => Some(Self::Ignore),
                                        _ => None,
                                    }
                                }
                            }
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum OverrideOptions {
                                Default = 0,
                                OverridePolicy = 1,
                                IncludePolicy = 2,
                                IgnorePolicy = 3,
                            }
                            impl OverrideOptions {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::Default => "DEFAULT",
                                        Self::OverridePolicy => "OVERRIDE_POLICY",
                                        Self::IncludePolicy => "INCLUDE_POLICY",
                                        Self::IgnorePolicy => "IGNORE_POLICY",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "DEFAULT" => Some(Self::Default),
                                        "OVERRIDE_POLICY" => Some(Self::OverridePolicy),
                                        "INCLUDE_POLICY" => Some(Self::IncludePolicy),
                                        "IGNORE_POLICY" => Some(Self::IgnorePolicy),
                                        _ => None,
                                    }
                                }
                            }
                        }
                        impl ::prost::Name for RateLimitPerRoute {
                            const NAME: &'static str = "RateLimitPerRoute";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.ratelimit.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute"
                                    .into()
                            }
                        }
                    }
                }
                pub mod rbac {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Rbac {
                            #[prost(message, optional, tag = "1")]
                            pub rules: ::core::option::Option<
                                super::super::super::super::super::config::rbac::v3::Rbac,
                            >,
                            #[prost(string, tag = "6")]
                            pub rules_stat_prefix: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "2")]
                            pub shadow_rules: ::core::option::Option<
                                super::super::super::super::super::config::rbac::v3::Rbac,
                            >,
                            #[prost(string, tag = "3")]
                            pub shadow_rules_stat_prefix: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "4")]
                            pub matcher: ::core::option::Option<
                                super::super::super::super::super::super::xds::r#type::matcher::v3::Matcher,
                            >,
                            #[prost(message, optional, tag = "5")]
                            pub shadow_matcher: ::core::option::Option<
                                super::super::super::super::super::super::xds::r#type::matcher::v3::Matcher,
                            >,
                        }
                        impl ::prost::Name for Rbac {
                            const NAME: &'static str = "RBAC";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.rbac.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.rbac.v3.RBAC".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.rbac.v3.RBAC".into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct RbacPerRoute {
                            #[prost(message, optional, tag = "2")]
                            pub rbac: ::core::option::Option<Rbac>,
                        }
                        impl ::prost::Name for RbacPerRoute {
                            const NAME: &'static str = "RBACPerRoute";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.rbac.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.rbac.v3.RBACPerRoute".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.rbac.v3.RBACPerRoute".into()
                            }
                        }
                    }
                }
                pub mod router {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Router {
                            #[prost(bool, tag = "4")]
                            pub suppress_envoy_headers: bool,
                            #[prost(message, repeated, tag = "3")]
                            pub upstream_log: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::accesslog::v3::AccessLog,
                            >,
                            #[prost(message, repeated, tag = "8")]
                            pub upstream_http_filters: ::prost::alloc::vec::Vec<
                                super::super::super::network::http_connection_manager::v3::HttpFilter,
                            >,
                        }
                        impl ::prost::Name for Router {
                            const NAME: &'static str = "Router";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.router.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.router.v3.Router".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.router.v3.Router".into()
                            }
                        }
                    }
                }
                pub mod set_filter_state {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Config {
                            #[prost(message, repeated, tag = "1")]
                            pub on_request_headers: ::prost::alloc::vec::Vec<
                                super::super::super::common::set_filter_state::v3::FilterStateValue,
                            >,
                            #[prost(bool, tag = "2")]
                            pub clear_route_cache: bool,
                        }
                        impl ::prost::Name for Config {
                            const NAME: &'static str = "Config";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.set_filter_state.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.set_filter_state.v3.Config"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.set_filter_state.v3.Config"
                                    .into()
                            }
                        }
                    }
                }
                pub mod stateful_session {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct StatefulSession {
                            #[prost(message, optional, tag = "1")]
                            pub session_state: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::TypedExtensionConfig,
                            >,
                            #[prost(bool, tag = "2")]
                            pub strict: bool,
                            #[prost(string, tag = "3")]
                            pub stat_prefix: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for StatefulSession {
                            const NAME: &'static str = "StatefulSession";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.stateful_session.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.stateful_session.v3.StatefulSession"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.stateful_session.v3.StatefulSession"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct StatefulSessionPerRoute {
                            #[prost(
                                oneof = "stateful_session_per_route::Override",
                                tags = "1, 2"
                            )]
                            pub r#override: ::core::option::Option<
                                stateful_session_per_route::Override,
                            >,
                        }
                        /// Nested message and enum types in `StatefulSessionPerRoute`.
                        pub mod stateful_session_per_route {
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum Override {
                                #[prost(bool, tag = "1")]
                                Disabled(bool),
                                #[prost(message, tag = "2")]
                                StatefulSession(super::StatefulSession),
                            }
                        }
                        impl ::prost::Name for StatefulSessionPerRoute {
                            const NAME: &'static str = "StatefulSessionPerRoute";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.stateful_session.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute"
                                    .into()
                            }
                        }
                    }
                }
                pub mod tap {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Tap {
                            #[prost(message, optional, tag = "1")]
                            pub common_config: ::core::option::Option<
                                super::super::super::super::common::tap::v3::CommonExtensionConfig,
                            >,
                            #[prost(bool, tag = "2")]
                            pub record_headers_received_time: bool,
                            #[prost(bool, tag = "3")]
                            pub record_downstream_connection: bool,
                            #[prost(bool, tag = "4")]
                            pub record_upstream_connection: bool,
                        }
                        impl ::prost::Name for Tap {
                            const NAME: &'static str = "Tap";
                            const PACKAGE: &'static str = "envoy.extensions.filters.http.tap.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.http.tap.v3.Tap".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.http.tap.v3.Tap".into()
                            }
                        }
                    }
                }
            }
            pub mod listener {
                pub mod http_inspector {
                    pub mod v3 {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct HttpInspector {}
                        impl ::prost::Name for HttpInspector {
                            const NAME: &'static str = "HttpInspector";
                            const PACKAGE: &'static str = "envoy.extensions.filters.listener.http_inspector.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"
                                    .into()
                            }
                        }
                    }
                }
                pub mod original_dst {
                    pub mod v3 {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct OriginalDst {}
                        impl ::prost::Name for OriginalDst {
                            const NAME: &'static str = "OriginalDst";
                            const PACKAGE: &'static str = "envoy.extensions.filters.listener.original_dst.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.listener.original_dst.v3.OriginalDst"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.listener.original_dst.v3.OriginalDst"
                                    .into()
                            }
                        }
                    }
                }
                pub mod original_src {
                    pub mod v3 {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct OriginalSrc {
                            #[prost(bool, tag = "1")]
                            pub bind_port: bool,
                            #[prost(uint32, tag = "2")]
                            pub mark: u32,
                        }
                        impl ::prost::Name for OriginalSrc {
                            const NAME: &'static str = "OriginalSrc";
                            const PACKAGE: &'static str = "envoy.extensions.filters.listener.original_src.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.listener.original_src.v3.OriginalSrc"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.listener.original_src.v3.OriginalSrc"
                                    .into()
                            }
                        }
                    }
                }
                pub mod proxy_protocol {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ProxyProtocol {
                            #[prost(message, repeated, tag = "1")]
                            pub rules: ::prost::alloc::vec::Vec<proxy_protocol::Rule>,
                            #[prost(bool, tag = "2")]
                            pub allow_requests_without_proxy_protocol: bool,
                            #[prost(message, optional, tag = "3")]
                            pub pass_through_tlvs: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::ProxyProtocolPassThroughTlVs,
                            >,
                            #[prost(
                                enumeration = "super::super::super::super::super::config::core::v3::proxy_protocol_config::Version",
                                repeated,
                                tag = "4"
                            )]
                            pub disallowed_versions: ::prost::alloc::vec::Vec<i32>,
                            #[prost(string, tag = "5")]
                            pub stat_prefix: ::prost::alloc::string::String,
                        }
                        /// Nested message and enum types in `ProxyProtocol`.
                        pub mod proxy_protocol {
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct KeyValuePair {
                                #[prost(string, tag = "1")]
                                pub metadata_namespace: ::prost::alloc::string::String,
                                #[prost(string, tag = "2")]
                                pub key: ::prost::alloc::string::String,
                            }
                            impl ::prost::Name for KeyValuePair {
                                const NAME: &'static str = "KeyValuePair";
                                const PACKAGE: &'static str = "envoy.extensions.filters.listener.proxy_protocol.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.KeyValuePair"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.KeyValuePair"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct Rule {
                                #[prost(uint32, tag = "1")]
                                pub tlv_type: u32,
                                #[prost(message, optional, tag = "2")]
                                pub on_tlv_present: ::core::option::Option<KeyValuePair>,
                            }
                            impl ::prost::Name for Rule {
                                const NAME: &'static str = "Rule";
                                const PACKAGE: &'static str = "envoy.extensions.filters.listener.proxy_protocol.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.Rule"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.Rule"
                                        .into()
                                }
                            }
                        }
                        impl ::prost::Name for ProxyProtocol {
                            const NAME: &'static str = "ProxyProtocol";
                            const PACKAGE: &'static str = "envoy.extensions.filters.listener.proxy_protocol.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"
                                    .into()
                            }
                        }
                    }
                }
                pub mod tls_inspector {
                    pub mod v3 {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct TlsInspector {}
                        impl ::prost::Name for TlsInspector {
                            const NAME: &'static str = "TlsInspector";
                            const PACKAGE: &'static str = "envoy.extensions.filters.listener.tls_inspector.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
                                    .into()
                            }
                        }
                    }
                }
            }
            pub mod network {
                pub mod connection_limit {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ConnectionLimit {
                            #[prost(string, tag = "1")]
                            pub stat_prefix: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "2")]
                            pub max_connections: ::core::option::Option<u64>,
                            #[prost(message, optional, tag = "3")]
                            pub delay: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(message, optional, tag = "4")]
                            pub runtime_enabled: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::RuntimeFeatureFlag,
                            >,
                        }
                        impl ::prost::Name for ConnectionLimit {
                            const NAME: &'static str = "ConnectionLimit";
                            const PACKAGE: &'static str = "envoy.extensions.filters.network.connection_limit.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit"
                                    .into()
                            }
                        }
                    }
                }
                pub mod http_connection_manager {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct HttpConnectionManager {
                            #[prost(
                                enumeration = "http_connection_manager::CodecType",
                                tag = "1"
                            )]
                            pub codec_type: i32,
                            #[prost(string, tag = "2")]
                            pub stat_prefix: ::prost::alloc::string::String,
                            #[prost(message, repeated, tag = "5")]
                            pub http_filters: ::prost::alloc::vec::Vec<HttpFilter>,
                            #[prost(message, optional, tag = "7")]
                            pub tracing: ::core::option::Option<
                                http_connection_manager::Tracing,
                            >,
                            #[prost(message, optional, tag = "35")]
                            pub common_http_protocol_options: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::HttpProtocolOptions,
                            >,
                            #[prost(message, optional, tag = "8")]
                            pub http_protocol_options: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::Http1ProtocolOptions,
                            >,
                            #[prost(message, optional, tag = "9")]
                            pub http2_protocol_options: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::Http2ProtocolOptions,
                            >,
                            #[prost(string, tag = "10")]
                            pub server_name: ::prost::alloc::string::String,
                            #[prost(
                                enumeration = "http_connection_manager::ServerHeaderTransformation",
                                tag = "34"
                            )]
                            pub server_header_transformation: i32,
                            #[prost(message, optional, tag = "29")]
                            pub max_request_headers_kb: ::core::option::Option<u32>,
                            #[prost(message, optional, tag = "24")]
                            pub stream_idle_timeout: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(message, optional, tag = "28")]
                            pub request_timeout: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(message, optional, tag = "41")]
                            pub request_headers_timeout: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(message, optional, tag = "12")]
                            pub drain_timeout: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(message, optional, tag = "26")]
                            pub delayed_close_timeout: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(message, repeated, tag = "13")]
                            pub access_log: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::accesslog::v3::AccessLog,
                            >,
                            #[prost(message, optional, tag = "56")]
                            pub access_log_options: ::core::option::Option<
                                http_connection_manager::HcmAccessLogOptions,
                            >,
                            #[prost(message, optional, tag = "54")]
                            pub access_log_flush_interval: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(bool, tag = "55")]
                            pub flush_access_log_on_new_request: bool,
                            #[prost(message, optional, tag = "14")]
                            pub use_remote_address: ::core::option::Option<bool>,
                            #[prost(uint32, tag = "19")]
                            pub xff_num_trusted_hops: u32,
                            #[prost(message, optional, tag = "15")]
                            pub generate_request_id: ::core::option::Option<bool>,
                            #[prost(bool, tag = "32")]
                            pub preserve_external_request_id: bool,
                            #[prost(bool, tag = "37")]
                            pub always_set_request_id_in_response: bool,
                            #[prost(
                                enumeration = "http_connection_manager::ForwardClientCertDetails",
                                tag = "16"
                            )]
                            pub forward_client_cert_details: i32,
                            #[prost(message, optional, tag = "17")]
                            pub set_current_client_cert_details: ::core::option::Option<
                                http_connection_manager::SetCurrentClientCertDetails,
                            >,
                            #[prost(bool, tag = "18")]
                            pub proxy_100_continue: bool,
                            #[prost(message, repeated, tag = "23")]
                            pub upgrade_configs: ::prost::alloc::vec::Vec<
                                http_connection_manager::UpgradeConfig,
                            >,
                            #[prost(message, optional, tag = "30")]
                            pub normalize_path: ::core::option::Option<bool>,
                            #[prost(bool, tag = "33")]
                            pub merge_slashes: bool,
                            #[prost(
                                enumeration = "http_connection_manager::PathWithEscapedSlashesAction",
                                tag = "45"
                            )]
                            pub path_with_escaped_slashes_action: i32,
                            #[prost(bool, tag = "21")]
                            pub skip_xff_append: bool,
                            #[prost(string, tag = "22")]
                            pub via: ::prost::alloc::string::String,
                            #[prost(bool, tag = "39")]
                            pub strip_matching_host_port: bool,
                            #[prost(bool, tag = "47")]
                            pub strip_trailing_host_dot: bool,
                            #[prost(message, repeated, tag = "46")]
                            pub original_ip_detection_extensions: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::core::v3::TypedExtensionConfig,
                            >,
                            #[prost(message, repeated, tag = "52")]
                            pub early_header_mutation_extensions: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::core::v3::TypedExtensionConfig,
                            >,
                            #[prost(message, optional, tag = "60")]
                            pub forward_client_cert_matcher: ::core::option::Option<
                                super::super::super::super::super::super::xds::r#type::matcher::v3::Matcher,
                            >,
                            #[prost(message, optional, tag = "38")]
                            pub local_reply_config: ::core::option::Option<
                                LocalReplyConfig,
                            >,
                            #[prost(message, optional, tag = "25")]
                            pub internal_address_config: ::core::option::Option<
                                http_connection_manager::InternalAddressConfig,
                            >,
                            #[prost(message, optional, tag = "48")]
                            pub scheme_header_transformation: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::SchemeHeaderTransformation,
                            >,
                            #[prost(message, optional, tag = "43")]
                            pub path_normalization_options: ::core::option::Option<
                                http_connection_manager::PathNormalizationOptions,
                            >,
                            #[prost(message, optional, tag = "50")]
                            pub typed_header_validation_config: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::TypedExtensionConfig,
                            >,
                            #[prost(message, optional, tag = "49")]
                            pub proxy_status_config: ::core::option::Option<
                                http_connection_manager::ProxyStatusConfig,
                            >,
                            #[prost(message, optional, tag = "6")]
                            pub add_user_agent: ::core::option::Option<bool>,
                            #[prost(bool, tag = "51")]
                            pub append_x_forwarded_port: bool,
                            #[prost(
                                oneof = "http_connection_manager::RouteSpecifier",
                                tags = "3, 4, 31"
                            )]
                            pub route_specifier: ::core::option::Option<
                                http_connection_manager::RouteSpecifier,
                            >,
                            #[prost(
                                oneof = "http_connection_manager::StripPortMode",
                                tags = "42"
                            )]
                            pub strip_port_mode: ::core::option::Option<
                                http_connection_manager::StripPortMode,
                            >,
                        }
                        /// Nested message and enum types in `HttpConnectionManager`.
                        pub mod http_connection_manager {
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct HcmAccessLogOptions {
                                #[prost(message, optional, tag = "1")]
                                pub access_log_flush_interval: ::core::option::Option<
                                    super::super::super::super::super::super::super::google::protobuf::Duration,
                                >,
                                #[prost(bool, tag = "2")]
                                pub flush_access_log_on_new_request: bool,
                                #[prost(bool, tag = "3")]
                                pub flush_log_on_tunnel_successfully_established: bool,
                            }
                            impl ::prost::Name for HcmAccessLogOptions {
                                const NAME: &'static str = "HcmAccessLogOptions";
                                const PACKAGE: &'static str = "envoy.extensions.filters.network.http_connection_manager.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.HcmAccessLogOptions"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.HcmAccessLogOptions"
                                        .into()
                                }
                            }
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct ProxyStatusConfig {}
                            impl ::prost::Name for ProxyStatusConfig {
                                const NAME: &'static str = "ProxyStatusConfig";
                                const PACKAGE: &'static str = "envoy.extensions.filters.network.http_connection_manager.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ProxyStatusConfig"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ProxyStatusConfig"
                                        .into()
                                }
                            }
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct PathNormalizationOptions {}
                            impl ::prost::Name for PathNormalizationOptions {
                                const NAME: &'static str = "PathNormalizationOptions";
                                const PACKAGE: &'static str = "envoy.extensions.filters.network.http_connection_manager.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathNormalizationOptions"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathNormalizationOptions"
                                        .into()
                                }
                            }
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct InternalAddressConfig {}
                            impl ::prost::Name for InternalAddressConfig {
                                const NAME: &'static str = "InternalAddressConfig";
                                const PACKAGE: &'static str = "envoy.extensions.filters.network.http_connection_manager.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.InternalAddressConfig"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.InternalAddressConfig"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct Tracing {
                                #[prost(message, optional, tag = "3")]
                                pub client_sampling: ::core::option::Option<
                                    super::super::super::super::super::super::r#type::v3::Percent,
                                >,
                                #[prost(message, optional, tag = "4")]
                                pub random_sampling: ::core::option::Option<
                                    super::super::super::super::super::super::r#type::v3::Percent,
                                >,
                                #[prost(message, optional, tag = "5")]
                                pub overall_sampling: ::core::option::Option<
                                    super::super::super::super::super::super::r#type::v3::Percent,
                                >,
                                #[prost(bool, tag = "6")]
                                pub verbose: bool,
                                #[prost(message, optional, tag = "7")]
                                pub max_path_tag_length: ::core::option::Option<u32>,
                                #[prost(message, repeated, tag = "8")]
                                pub custom_tags: ::prost::alloc::vec::Vec<
                                    super::super::super::super::super::super::r#type::tracing::v3::CustomTag,
                                >,
                                #[prost(message, optional, tag = "9")]
                                pub provider: ::core::option::Option<
                                    super::super::super::super::super::super::config::trace::v3::tracing::Http,
                                >,
                                #[prost(message, optional, tag = "10")]
                                pub spawn_upstream_span: ::core::option::Option<bool>,
                            }
                            impl ::prost::Name for Tracing {
                                const NAME: &'static str = "Tracing";
                                const PACKAGE: &'static str = "envoy.extensions.filters.network.http_connection_manager.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing"
                                        .into()
                                }
                            }
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct SetCurrentClientCertDetails {
                                #[prost(message, optional, tag = "1")]
                                pub subject: ::core::option::Option<bool>,
                                #[prost(bool, tag = "3")]
                                pub cert: bool,
                                #[prost(bool, tag = "6")]
                                pub chain: bool,
                                #[prost(bool, tag = "4")]
                                pub dns: bool,
                                #[prost(bool, tag = "5")]
                                pub uri: bool,
                            }
                            impl ::prost::Name for SetCurrentClientCertDetails {
                                const NAME: &'static str = "SetCurrentClientCertDetails";
                                const PACKAGE: &'static str = "envoy.extensions.filters.network.http_connection_manager.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.SetCurrentClientCertDetails"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.SetCurrentClientCertDetails"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct UpgradeConfig {
                                #[prost(string, tag = "1")]
                                pub upgrade_type: ::prost::alloc::string::String,
                                #[prost(message, optional, tag = "3")]
                                pub enabled: ::core::option::Option<bool>,
                                #[prost(message, repeated, tag = "2")]
                                pub filters: ::prost::alloc::vec::Vec<super::HttpFilter>,
                            }
                            impl ::prost::Name for UpgradeConfig {
                                const NAME: &'static str = "UpgradeConfig";
                                const PACKAGE: &'static str = "envoy.extensions.filters.network.http_connection_manager.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig"
                                        .into()
                                }
                            }
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum CodecType {
                                Auto = 0,
                                Http1 = 1,
                                Http2 = 2,
                                Http3 = 3,
                            }
                            impl CodecType {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::Auto => "AUTO",
                                        Self::Http1 => "HTTP1",
                                        Self::Http2 => "HTTP2",
                                        Self::Http3 => "HTTP3",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "AUTO" => Some(Self::Auto),
                                        "HTTP1" => Some(Self::Http1),
                                        "HTTP2" => Some(Self::Http2),
                                        "HTTP3" => Some(Self::Http3),
                                        _ => None,
                                    }
                                }
                            }
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum ServerHeaderTransformation {
                                Overwrite = 0,
                                AppendIfAbsent = 1,
                                PassThrough = 2,
                            }
                            impl ServerHeaderTransformation {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::Overwrite => "OVERWRITE",
                                        Self::AppendIfAbsent => "APPEND_IF_ABSENT",
                                        Self::PassThrough => "PASS_THROUGH",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "OVERWRITE" => Some(Self::Overwrite),
                                        "APPEND_IF_ABSENT" => Some(Self::AppendIfAbsent),
                                        "PASS_THROUGH" => Some(Self::PassThrough),
                                        _ => None,
                                    }
                                }
                            }
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum ForwardClientCertDetails {
                                Sanitize = 0,
                                ForwardOnly = 1,
                                AppendForward = 2,
                                SanitizeSet = 3,
                                AlwaysForwardOnly = 4,
                            }
                            impl ForwardClientCertDetails {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::Sanitize => "SANITIZE",
                                        Self::ForwardOnly => "FORWARD_ONLY",
                                        Self::AppendForward => "APPEND_FORWARD",
                                        Self::SanitizeSet => "SANITIZE_SET",
                                        Self::AlwaysForwardOnly => "ALWAYS_FORWARD_ONLY",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "SANITIZE" => Some(Self::Sanitize),
                                        "FORWARD_ONLY" => Some(Self::ForwardOnly),
                                        "APPEND_FORWARD" => Some(Self::AppendForward),
                                        "SANITIZE_SET" => Some(Self::SanitizeSet),
                                        "ALWAYS_FORWARD_ONLY" => Some(Self::AlwaysForwardOnly),
                                        _ => None,
                                    }
                                }
                            }
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum PathWithEscapedSlashesAction {
                                ImplementationSpecificDefault = 0,
                                KeepUnchanged = 1,
                                RejectRequest = 2,
                                UnescapeAndRedirect = 3,
                                UnescapeAndForward = 4,
                            }
                            impl PathWithEscapedSlashesAction {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::ImplementationSpecificDefault => {
                                            "IMPLEMENTATION_SPECIFIC_DEFAULT"
                                        }
                                        Self::KeepUnchanged => "KEEP_UNCHANGED",
                                        Self::RejectRequest => "REJECT_REQUEST",
                                        Self::UnescapeAndRedirect => "UNESCAPE_AND_REDIRECT",
                                        Self::UnescapeAndForward => "UNESCAPE_AND_FORWARD",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "IMPLEMENTATION_SPECIFIC_DEFAULT" => {
                                            Some(Self::ImplementationSpecificDefault)
                                        }
                                        "KEEP_UNCHANGED" => Some(Self::KeepUnchanged),
                                        "REJECT_REQUEST" => Some(Self::RejectRequest),
                                        "UNESCAPE_AND_REDIRECT" => Some(Self::UnescapeAndRedirect),
                                        "UNESCAPE_AND_FORWARD" => Some(Self::UnescapeAndForward),
                                        _ => None,
                                    }
                                }
                            }
                            #[derive(Clone, PartialEq, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum RouteSpecifier {
                                #[prost(message, tag = "3")]
                                Rds(super::Rds),
                                #[prost(message, tag = "4")]
                                RouteConfig(
                                    super::super::super::super::super::super::config::route::v3::RouteConfiguration,
                                ),
                                #[prost(message, tag = "31")]
                                ScopedRoutes(super::ScopedRoutes),
                            }
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum StripPortMode {
                                #[prost(bool, tag = "42")]
                                StripAnyHostPort(bool),
                            }
                        }
                        impl ::prost::Name for HttpConnectionManager {
                            const NAME: &'static str = "HttpConnectionManager";
                            const PACKAGE: &'static str = "envoy.extensions.filters.network.http_connection_manager.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Rds {
                            #[prost(message, optional, tag = "1")]
                            pub config_source: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::ConfigSource,
                            >,
                            #[prost(string, tag = "2")]
                            pub route_config_name: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for Rds {
                            const NAME: &'static str = "Rds";
                            const PACKAGE: &'static str = "envoy.extensions.filters.network.http_connection_manager.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.network.http_connection_manager.v3.Rds"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.network.http_connection_manager.v3.Rds"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct HttpFilter {
                            #[prost(string, tag = "1")]
                            pub name: ::prost::alloc::string::String,
                            #[prost(bool, tag = "6")]
                            pub is_optional: bool,
                            #[prost(bool, tag = "7")]
                            pub disabled: bool,
                            #[prost(oneof = "http_filter::ConfigType", tags = "4, 5")]
                            pub config_type: ::core::option::Option<
                                http_filter::ConfigType,
                            >,
                        }
                        /// Nested message and enum types in `HttpFilter`.
                        pub mod http_filter {
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum ConfigType {
                                #[prost(message, tag = "4")]
                                TypedConfig(
                                    super::super::super::super::super::super::super::google::protobuf::Any,
                                ),
                                #[prost(message, tag = "5")]
                                ConfigDiscovery(
                                    super::super::super::super::super::super::config::core::v3::ExtensionConfigSource,
                                ),
                            }
                        }
                        impl ::prost::Name for HttpFilter {
                            const NAME: &'static str = "HttpFilter";
                            const PACKAGE: &'static str = "envoy.extensions.filters.network.http_connection_manager.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct LocalReplyConfig {
                            #[prost(message, repeated, tag = "1")]
                            pub mappers: ::prost::alloc::vec::Vec<ResponseMapper>,
                            #[prost(message, optional, tag = "2")]
                            pub body_format: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::SubstitutionFormatString,
                            >,
                        }
                        impl ::prost::Name for LocalReplyConfig {
                            const NAME: &'static str = "LocalReplyConfig";
                            const PACKAGE: &'static str = "envoy.extensions.filters.network.http_connection_manager.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.network.http_connection_manager.v3.LocalReplyConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.network.http_connection_manager.v3.LocalReplyConfig"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ResponseMapper {
                            #[prost(message, optional, tag = "1")]
                            pub filter: ::core::option::Option<
                                super::super::super::super::super::config::accesslog::v3::AccessLogFilter,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub status_code: ::core::option::Option<u32>,
                            #[prost(message, optional, tag = "3")]
                            pub body: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::DataSource,
                            >,
                            #[prost(message, optional, tag = "4")]
                            pub body_format_override: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::SubstitutionFormatString,
                            >,
                            #[prost(message, repeated, tag = "5")]
                            pub headers_to_add: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::core::v3::HeaderValueOption,
                            >,
                        }
                        impl ::prost::Name for ResponseMapper {
                            const NAME: &'static str = "ResponseMapper";
                            const PACKAGE: &'static str = "envoy.extensions.filters.network.http_connection_manager.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.network.http_connection_manager.v3.ResponseMapper"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.network.http_connection_manager.v3.ResponseMapper"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ScopedRoutes {}
                        impl ::prost::Name for ScopedRoutes {
                            const NAME: &'static str = "ScopedRoutes";
                            const PACKAGE: &'static str = "envoy.extensions.filters.network.http_connection_manager.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes"
                                    .into()
                            }
                        }
                    }
                }
                pub mod rbac {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Rbac {
                            #[prost(message, optional, tag = "1")]
                            pub rules: ::core::option::Option<
                                super::super::super::super::super::config::rbac::v3::Rbac,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub shadow_rules: ::core::option::Option<
                                super::super::super::super::super::config::rbac::v3::Rbac,
                            >,
                            #[prost(string, tag = "5")]
                            pub shadow_rules_stat_prefix: ::prost::alloc::string::String,
                            #[prost(string, tag = "3")]
                            pub stat_prefix: ::prost::alloc::string::String,
                            #[prost(enumeration = "rbac::EnforcementType", tag = "4")]
                            pub enforcement_type: i32,
                            #[prost(message, optional, tag = "6")]
                            pub matcher: ::core::option::Option<
                                super::super::super::super::super::super::xds::r#type::matcher::v3::Matcher,
                            >,
                            #[prost(message, optional, tag = "7")]
                            pub shadow_matcher: ::core::option::Option<
                                super::super::super::super::super::super::xds::r#type::matcher::v3::Matcher,
                            >,
                            #[prost(message, optional, tag = "8")]
                            pub delay_deny: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                        }
                        /// Nested message and enum types in `RBAC`.
                        pub mod rbac {
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum EnforcementType {
                                OneTimeOnFirstByte = 0,
                                Continuous = 1,
                            }
                            impl EnforcementType {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::OneTimeOnFirstByte => "ONE_TIME_ON_FIRST_BYTE",
                                        Self::Continuous => "CONTINUOUS",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "ONE_TIME_ON_FIRST_BYTE" => Some(Self::OneTimeOnFirstByte),
                                        "CONTINUOUS" => Some(Self::Continuous),
                                        _ => None,
                                    }
                                }
                            }
                        }
                        impl ::prost::Name for Rbac {
                            const NAME: &'static str = "RBAC";
                            const PACKAGE: &'static str = "envoy.extensions.filters.network.rbac.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.network.rbac.v3.RBAC".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.network.rbac.v3.RBAC".into()
                            }
                        }
                    }
                }
                pub mod tcp_proxy {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct TcpProxy {
                            #[prost(string, tag = "1")]
                            pub stat_prefix: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "8")]
                            pub idle_timeout: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(message, repeated, tag = "5")]
                            pub access_log: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::accesslog::v3::AccessLog,
                            >,
                            #[prost(message, optional, tag = "17")]
                            pub access_log_options: ::core::option::Option<
                                tcp_proxy::TcpAccessLogOptions,
                            >,
                            #[prost(message, optional, tag = "15")]
                            pub access_log_flush_interval: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(bool, tag = "16")]
                            pub flush_access_log_on_connected: bool,
                            #[prost(message, optional, tag = "7")]
                            pub max_connect_attempts: ::core::option::Option<u32>,
                            #[prost(message, optional, tag = "14")]
                            pub on_demand: ::core::option::Option<tcp_proxy::OnDemand>,
                            #[prost(message, optional, tag = "9")]
                            pub metadata_match: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::Metadata,
                            >,
                            #[prost(message, repeated, tag = "11")]
                            pub hash_policy: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::r#type::v3::HashPolicy,
                            >,
                            #[prost(message, optional, tag = "13")]
                            pub max_downstream_connection_duration: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(message, optional, tag = "12")]
                            pub tunneling_config: ::core::option::Option<
                                tcp_proxy::TunnelingConfig,
                            >,
                            #[prost(
                                oneof = "tcp_proxy::ClusterSpecifier",
                                tags = "2, 10"
                            )]
                            pub cluster_specifier: ::core::option::Option<
                                tcp_proxy::ClusterSpecifier,
                            >,
                        }
                        /// Nested message and enum types in `TcpProxy`.
                        pub mod tcp_proxy {
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct TcpAccessLogOptions {
                                #[prost(message, optional, tag = "1")]
                                pub access_log_flush_interval: ::core::option::Option<
                                    super::super::super::super::super::super::super::google::protobuf::Duration,
                                >,
                                #[prost(bool, tag = "2")]
                                pub flush_access_log_on_connected: bool,
                                #[prost(bool, tag = "3")]
                                pub flush_access_log_on_start: bool,
                            }
                            impl ::prost::Name for TcpAccessLogOptions {
                                const NAME: &'static str = "TcpAccessLogOptions";
                                const PACKAGE: &'static str = "envoy.extensions.filters.network.tcp_proxy.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.TcpAccessLogOptions"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.TcpAccessLogOptions"
                                        .into()
                                }
                            }
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct OnDemand {}
                            impl ::prost::Name for OnDemand {
                                const NAME: &'static str = "OnDemand";
                                const PACKAGE: &'static str = "envoy.extensions.filters.network.tcp_proxy.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.OnDemand"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.OnDemand"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct TunnelingConfig {
                                #[prost(string, tag = "1")]
                                pub hostname: ::prost::alloc::string::String,
                                #[prost(bool, tag = "2")]
                                pub use_post: bool,
                                #[prost(message, repeated, tag = "3")]
                                pub headers_to_add: ::prost::alloc::vec::Vec<
                                    super::super::super::super::super::super::config::core::v3::HeaderValueOption,
                                >,
                                #[prost(bool, tag = "4")]
                                pub propagate_response_headers: bool,
                                #[prost(string, tag = "5")]
                                pub post_path: ::prost::alloc::string::String,
                                #[prost(bool, tag = "6")]
                                pub propagate_response_trailers: bool,
                            }
                            impl ::prost::Name for TunnelingConfig {
                                const NAME: &'static str = "TunnelingConfig";
                                const PACKAGE: &'static str = "envoy.extensions.filters.network.tcp_proxy.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.TunnelingConfig"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.TunnelingConfig"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct WeightedCluster {
                                #[prost(message, repeated, tag = "1")]
                                pub clusters: ::prost::alloc::vec::Vec<
                                    weighted_cluster::ClusterWeight,
                                >,
                            }
                            /// Nested message and enum types in `WeightedCluster`.
                            pub mod weighted_cluster {
                                #[derive(Clone, PartialEq, ::prost::Message)]
                                #[prost(skip_debug)]
                                pub struct ClusterWeight {
                                    #[prost(string, tag = "1")]
                                    pub name: ::prost::alloc::string::String,
                                    #[prost(uint32, tag = "2")]
                                    pub weight: u32,
                                    #[prost(message, optional, tag = "3")]
                                    pub metadata_match: ::core::option::Option<
                                        super::super::super::super::super::super::super::config::core::v3::Metadata,
                                    >,
                                }
                                impl ::prost::Name for ClusterWeight {
                                    const NAME: &'static str = "ClusterWeight";
                                    const PACKAGE: &'static str = "envoy.extensions.filters.network.tcp_proxy.v3";
                                    fn full_name() -> ::prost::alloc::string::String {
                                        "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight"
                                            .into()
                                    }
                                    fn type_url() -> ::prost::alloc::string::String {
                                        "/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight"
                                            .into()
                                    }
                                }
                            }
                            impl ::prost::Name for WeightedCluster {
                                const NAME: &'static str = "WeightedCluster";
                                const PACKAGE: &'static str = "envoy.extensions.filters.network.tcp_proxy.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum ClusterSpecifier {
                                #[prost(string, tag = "2")]
                                Cluster(::prost::alloc::string::String),
                                #[prost(message, tag = "10")]
                                WeightedClusters(WeightedCluster),
                            }
                        }
                        impl ::prost::Name for TcpProxy {
                            const NAME: &'static str = "TcpProxy";
                            const PACKAGE: &'static str = "envoy.extensions.filters.network.tcp_proxy.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
                                    .into()
                            }
                        }
                    }
                }
            }
            pub mod udp {
                pub mod udp_proxy {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Route {
                            #[prost(string, tag = "1")]
                            pub cluster: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for Route {
                            const NAME: &'static str = "Route";
                            const PACKAGE: &'static str = "envoy.extensions.filters.udp.udp_proxy.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.udp.udp_proxy.v3.Route".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.udp.udp_proxy.v3.Route".into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct UdpProxyConfig {
                            #[prost(string, tag = "1")]
                            pub stat_prefix: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "3")]
                            pub idle_timeout: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(bool, tag = "4")]
                            pub use_original_src_ip: bool,
                            #[prost(message, repeated, tag = "5")]
                            pub hash_policies: ::prost::alloc::vec::Vec<
                                udp_proxy_config::HashPolicy,
                            >,
                            #[prost(message, optional, tag = "6")]
                            pub upstream_socket_config: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::UdpSocketConfig,
                            >,
                            #[prost(bool, tag = "7")]
                            pub use_per_packet_load_balancing: bool,
                            #[prost(message, repeated, tag = "8")]
                            pub access_log: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::accesslog::v3::AccessLog,
                            >,
                            #[prost(message, repeated, tag = "10")]
                            pub proxy_access_log: ::prost::alloc::vec::Vec<
                                super::super::super::super::super::config::accesslog::v3::AccessLog,
                            >,
                            #[prost(message, repeated, tag = "11")]
                            pub session_filters: ::prost::alloc::vec::Vec<
                                udp_proxy_config::SessionFilter,
                            >,
                            #[prost(message, optional, tag = "12")]
                            pub tunneling_config: ::core::option::Option<
                                udp_proxy_config::UdpTunnelingConfig,
                            >,
                            #[prost(message, optional, tag = "13")]
                            pub access_log_options: ::core::option::Option<
                                udp_proxy_config::UdpAccessLogOptions,
                            >,
                            #[prost(
                                oneof = "udp_proxy_config::RouteSpecifier",
                                tags = "2, 9"
                            )]
                            pub route_specifier: ::core::option::Option<
                                udp_proxy_config::RouteSpecifier,
                            >,
                        }
                        /// Nested message and enum types in `UdpProxyConfig`.
                        pub mod udp_proxy_config {
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct HashPolicy {
                                #[prost(
                                    oneof = "hash_policy::PolicySpecifier",
                                    tags = "1, 2"
                                )]
                                pub policy_specifier: ::core::option::Option<
                                    hash_policy::PolicySpecifier,
                                >,
                            }
                            /// Nested message and enum types in `HashPolicy`.
                            pub mod hash_policy {
                                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                                #[prost(skip_debug)]
                                pub enum PolicySpecifier {
                                    #[prost(bool, tag = "1")]
                                    SourceIp(bool),
                                    #[prost(string, tag = "2")]
                                    Key(::prost::alloc::string::String),
                                }
                            }
                            impl ::prost::Name for HashPolicy {
                                const NAME: &'static str = "HashPolicy";
                                const PACKAGE: &'static str = "envoy.extensions.filters.udp.udp_proxy.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.HashPolicy"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.HashPolicy"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct SessionFilter {
                                #[prost(string, tag = "1")]
                                pub name: ::prost::alloc::string::String,
                            }
                            impl ::prost::Name for SessionFilter {
                                const NAME: &'static str = "SessionFilter";
                                const PACKAGE: &'static str = "envoy.extensions.filters.udp.udp_proxy.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.SessionFilter"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.SessionFilter"
                                        .into()
                                }
                            }
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct UdpTunnelingConfig {}
                            impl ::prost::Name for UdpTunnelingConfig {
                                const NAME: &'static str = "UdpTunnelingConfig";
                                const PACKAGE: &'static str = "envoy.extensions.filters.udp.udp_proxy.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.UdpTunnelingConfig"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.UdpTunnelingConfig"
                                        .into()
                                }
                            }
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct UdpAccessLogOptions {}
                            impl ::prost::Name for UdpAccessLogOptions {
                                const NAME: &'static str = "UdpAccessLogOptions";
                                const PACKAGE: &'static str = "envoy.extensions.filters.udp.udp_proxy.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.UdpAccessLogOptions"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.UdpAccessLogOptions"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum RouteSpecifier {
                                #[prost(string, tag = "2")]
                                Cluster(::prost::alloc::string::String),
                                #[prost(message, tag = "9")]
                                Matcher(
                                    super::super::super::super::super::super::super::xds::r#type::matcher::v3::Matcher,
                                ),
                            }
                        }
                        impl ::prost::Name for UdpProxyConfig {
                            const NAME: &'static str = "UdpProxyConfig";
                            const PACKAGE: &'static str = "envoy.extensions.filters.udp.udp_proxy.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig"
                                    .into()
                            }
                        }
                    }
                }
            }
        }
        pub mod http {
            pub mod stateful_session {
                pub mod cookie {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct CookieBasedSessionState {
                            #[prost(message, optional, tag = "1")]
                            pub cookie: ::core::option::Option<
                                super::super::super::super::super::r#type::http::v3::Cookie,
                            >,
                        }
                        impl ::prost::Name for CookieBasedSessionState {
                            const NAME: &'static str = "CookieBasedSessionState";
                            const PACKAGE: &'static str = "envoy.extensions.http.stateful_session.cookie.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState"
                                    .into()
                            }
                        }
                    }
                }
                pub mod header {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct HeaderBasedSessionState {
                            #[prost(string, tag = "1")]
                            pub name: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for HeaderBasedSessionState {
                            const NAME: &'static str = "HeaderBasedSessionState";
                            const PACKAGE: &'static str = "envoy.extensions.http.stateful_session.header.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState"
                                    .into()
                            }
                        }
                    }
                }
            }
        }
        pub mod load_balancing_policies {
            pub mod common {
                pub mod v3 {
                    #[derive(Clone, Copy, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct LocalityLbConfig {
                        #[prost(
                            oneof = "locality_lb_config::LocalityConfigSpecifier",
                            tags = "1, 2"
                        )]
                        pub locality_config_specifier: ::core::option::Option<
                            locality_lb_config::LocalityConfigSpecifier,
                        >,
                    }
                    /// Nested message and enum types in `LocalityLbConfig`.
                    pub mod locality_lb_config {
                        #[derive(Clone, Copy, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ZoneAwareLbConfig {
                            #[prost(message, optional, tag = "1")]
                            pub routing_enabled: ::core::option::Option<
                                super::super::super::super::super::r#type::v3::Percent,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub min_cluster_size: ::core::option::Option<u64>,
                            #[prost(bool, tag = "3")]
                            pub fail_traffic_on_panic: bool,
                            #[prost(message, optional, tag = "5")]
                            pub force_local_zone: ::core::option::Option<
                                zone_aware_lb_config::ForceLocalZone,
                            >,
                        }
                        /// Nested message and enum types in `ZoneAwareLbConfig`.
                        pub mod zone_aware_lb_config {
                            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct ForceLocalZone {
                                #[prost(message, optional, tag = "1")]
                                pub min_size: ::core::option::Option<u32>,
                            }
                            impl ::prost::Name for ForceLocalZone {
                                const NAME: &'static str = "ForceLocalZone";
                                const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.common.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.ZoneAwareLbConfig.ForceLocalZone"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.ZoneAwareLbConfig.ForceLocalZone"
                                        .into()
                                }
                            }
                        }
                        impl ::prost::Name for ZoneAwareLbConfig {
                            const NAME: &'static str = "ZoneAwareLbConfig";
                            const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.common.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.ZoneAwareLbConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.ZoneAwareLbConfig"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct LocalityWeightedLbConfig {}
                        impl ::prost::Name for LocalityWeightedLbConfig {
                            const NAME: &'static str = "LocalityWeightedLbConfig";
                            const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.common.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.LocalityWeightedLbConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.LocalityWeightedLbConfig"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum LocalityConfigSpecifier {
                            #[prost(message, tag = "1")]
                            ZoneAwareLbConfig(ZoneAwareLbConfig),
                            #[prost(message, tag = "2")]
                            LocalityWeightedLbConfig(LocalityWeightedLbConfig),
                        }
                    }
                    impl ::prost::Name for LocalityLbConfig {
                        const NAME: &'static str = "LocalityLbConfig";
                        const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.common.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct SlowStartConfig {
                        #[prost(message, optional, tag = "1")]
                        pub slow_start_window: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Duration,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub aggression: ::core::option::Option<
                            super::super::super::super::config::core::v3::RuntimeDouble,
                        >,
                        #[prost(message, optional, tag = "3")]
                        pub min_weight_percent: ::core::option::Option<
                            super::super::super::super::r#type::v3::Percent,
                        >,
                    }
                    impl ::prost::Name for SlowStartConfig {
                        const NAME: &'static str = "SlowStartConfig";
                        const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.common.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.load_balancing_policies.common.v3.SlowStartConfig"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.load_balancing_policies.common.v3.SlowStartConfig"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct ConsistentHashingLbConfig {
                        #[prost(bool, tag = "1")]
                        pub use_hostname_for_hashing: bool,
                        #[prost(message, optional, tag = "2")]
                        pub hash_balance_factor: ::core::option::Option<u32>,
                    }
                    impl ::prost::Name for ConsistentHashingLbConfig {
                        const NAME: &'static str = "ConsistentHashingLbConfig";
                        const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.common.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.load_balancing_policies.common.v3.ConsistentHashingLbConfig"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.load_balancing_policies.common.v3.ConsistentHashingLbConfig"
                                .into()
                        }
                    }
                }
            }
            pub mod least_request {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct LeastRequest {
                        #[prost(message, optional, tag = "1")]
                        pub choice_count: ::core::option::Option<u32>,
                        #[prost(message, optional, tag = "2")]
                        pub active_request_bias: ::core::option::Option<
                            super::super::super::super::config::core::v3::RuntimeDouble,
                        >,
                        #[prost(message, optional, tag = "3")]
                        pub slow_start_config: ::core::option::Option<
                            super::super::common::v3::SlowStartConfig,
                        >,
                        #[prost(message, optional, tag = "4")]
                        pub locality_lb_config: ::core::option::Option<
                            super::super::common::v3::LocalityLbConfig,
                        >,
                    }
                    impl ::prost::Name for LeastRequest {
                        const NAME: &'static str = "LeastRequest";
                        const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.least_request.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest"
                                .into()
                        }
                    }
                }
            }
            pub mod maglev {
                pub mod v3 {
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Maglev {
                        #[prost(message, optional, tag = "1")]
                        pub table_size: ::core::option::Option<u64>,
                        #[prost(message, optional, tag = "2")]
                        pub consistent_hashing_lb_config: ::core::option::Option<
                            super::super::common::v3::ConsistentHashingLbConfig,
                        >,
                        #[prost(message, optional, tag = "3")]
                        pub locality_weighted_lb_config: ::core::option::Option<
                            super::super::common::v3::locality_lb_config::LocalityWeightedLbConfig,
                        >,
                    }
                    impl ::prost::Name for Maglev {
                        const NAME: &'static str = "Maglev";
                        const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.maglev.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.load_balancing_policies.maglev.v3.Maglev"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.load_balancing_policies.maglev.v3.Maglev"
                                .into()
                        }
                    }
                }
            }
            pub mod override_host {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct OverrideHost {
                        #[prost(message, repeated, tag = "1")]
                        pub override_host_sources: ::prost::alloc::vec::Vec<
                            override_host::OverrideHostSource,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub selected_host_key: ::core::option::Option<
                            super::super::super::super::r#type::metadata::v3::MetadataKey,
                        >,
                        #[prost(message, optional, tag = "3")]
                        pub fallback_policy: ::core::option::Option<
                            super::super::super::super::config::cluster::v3::LoadBalancingPolicy,
                        >,
                    }
                    /// Nested message and enum types in `OverrideHost`.
                    pub mod override_host {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct OverrideHostSource {
                            #[prost(string, tag = "1")]
                            pub header: ::prost::alloc::string::String,
                            #[prost(message, optional, tag = "2")]
                            pub metadata: ::core::option::Option<
                                super::super::super::super::super::r#type::metadata::v3::MetadataKey,
                            >,
                        }
                        impl ::prost::Name for OverrideHostSource {
                            const NAME: &'static str = "OverrideHostSource";
                            const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.override_host.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost.OverrideHostSource"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost.OverrideHostSource"
                                    .into()
                            }
                        }
                    }
                    impl ::prost::Name for OverrideHost {
                        const NAME: &'static str = "OverrideHost";
                        const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.override_host.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost"
                                .into()
                        }
                    }
                }
            }
            pub mod random {
                pub mod v3 {
                    #[derive(Clone, Copy, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Random {
                        #[prost(message, optional, tag = "1")]
                        pub locality_lb_config: ::core::option::Option<
                            super::super::common::v3::LocalityLbConfig,
                        >,
                    }
                    impl ::prost::Name for Random {
                        const NAME: &'static str = "Random";
                        const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.random.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.load_balancing_policies.random.v3.Random"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.load_balancing_policies.random.v3.Random"
                                .into()
                        }
                    }
                }
            }
            pub mod ring_hash {
                pub mod v3 {
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct RingHash {
                        #[prost(enumeration = "ring_hash::HashFunction", tag = "1")]
                        pub hash_function: i32,
                        #[prost(message, optional, tag = "2")]
                        pub minimum_ring_size: ::core::option::Option<u64>,
                        #[prost(message, optional, tag = "3")]
                        pub maximum_ring_size: ::core::option::Option<u64>,
                        #[prost(bool, tag = "4")]
                        pub use_hostname_for_hashing: bool,
                        #[prost(message, optional, tag = "5")]
                        pub hash_balance_factor: ::core::option::Option<u32>,
                        #[prost(message, optional, tag = "6")]
                        pub consistent_hashing_lb_config: ::core::option::Option<
                            super::super::common::v3::ConsistentHashingLbConfig,
                        >,
                        #[prost(message, optional, tag = "7")]
                        pub locality_weighted_lb_config: ::core::option::Option<
                            super::super::common::v3::locality_lb_config::LocalityWeightedLbConfig,
                        >,
                    }
                    /// Nested message and enum types in `RingHash`.
                    pub mod ring_hash {
                        #[derive(
                            Clone,
                            Copy,
                            PartialEq,
                            Eq,
                            Hash,
                            PartialOrd,
                            Ord,
                            ::prost::Enumeration
                        )]
                        #[repr(i32)]
                        pub enum HashFunction {
                            DefaultHash = 0,
                            XxHash = 1,
                            MurmurHash2 = 2,
                        }
                        impl HashFunction {
                            /// String value of the enum field names used in the ProtoBuf definition.
                            ///
                            /// The values are not transformed in any way and thus are considered stable
                            /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                            pub fn as_str_name(&self) -> &'static str {
                                match self {
                                    Self::DefaultHash => "DEFAULT_HASH",
                                    Self::XxHash => "XX_HASH",
                                    Self::MurmurHash2 => "MURMUR_HASH_2",
                                }
                            }
                            /// Creates an enum from field names used in the ProtoBuf definition.
                            pub fn from_str_name(
                                value: &str,
                            ) -> ::core::option::Option<Self> {
                                match value {
                                    "DEFAULT_HASH" => Some(Self::DefaultHash),
                                    "XX_HASH" => Some(Self::XxHash),
                                    "MURMUR_HASH_2" => Some(Self::MurmurHash2),
                                    _ => None,
                                }
                            }
                        }
                    }
                    impl ::prost::Name for RingHash {
                        const NAME: &'static str = "RingHash";
                        const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.ring_hash.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash"
                                .into()
                        }
                    }
                }
            }
            pub mod round_robin {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct RoundRobin {
                        #[prost(message, optional, tag = "1")]
                        pub slow_start_config: ::core::option::Option<
                            super::super::common::v3::SlowStartConfig,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub locality_lb_config: ::core::option::Option<
                            super::super::common::v3::LocalityLbConfig,
                        >,
                    }
                    impl ::prost::Name for RoundRobin {
                        const NAME: &'static str = "RoundRobin";
                        const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.round_robin.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin"
                                .into()
                        }
                    }
                }
            }
            pub mod subset {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Subset {
                        #[prost(
                            enumeration = "subset::LbSubsetFallbackPolicy",
                            tag = "1"
                        )]
                        pub fallback_policy: i32,
                        #[prost(message, optional, tag = "2")]
                        pub default_subset: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Struct,
                        >,
                        #[prost(message, repeated, tag = "3")]
                        pub subset_selectors: ::prost::alloc::vec::Vec<
                            subset::LbSubsetSelector,
                        >,
                        #[prost(bool, tag = "4")]
                        pub locality_weight_aware: bool,
                        #[prost(bool, tag = "5")]
                        pub scale_locality_weight: bool,
                        #[prost(bool, tag = "6")]
                        pub panic_mode_any: bool,
                        #[prost(bool, tag = "7")]
                        pub list_as_any: bool,
                        #[prost(
                            enumeration = "subset::LbSubsetMetadataFallbackPolicy",
                            tag = "8"
                        )]
                        pub metadata_fallback_policy: i32,
                        #[prost(message, optional, tag = "9")]
                        pub subset_lb_policy: ::core::option::Option<
                            super::super::super::super::config::cluster::v3::LoadBalancingPolicy,
                        >,
                    }
                    /// Nested message and enum types in `Subset`.
                    pub mod subset {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct LbSubsetSelector {
                            #[prost(string, repeated, tag = "1")]
                            pub keys: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(
                                enumeration = "lb_subset_selector::LbSubsetSelectorFallbackPolicy",
                                tag = "2"
                            )]
                            pub fallback_policy: i32,
                            #[prost(string, repeated, tag = "3")]
                            pub fallback_keys_subset: ::prost::alloc::vec::Vec<
                                ::prost::alloc::string::String,
                            >,
                            #[prost(bool, tag = "4")]
                            pub single_host_per_subset: bool,
                        }
                        /// Nested message and enum types in `LbSubsetSelector`.
                        pub mod lb_subset_selector {
                            #[derive(
                                Clone,
                                Copy,
                                PartialEq,
                                Eq,
                                Hash,
                                PartialOrd,
                                Ord,
                                ::prost::Enumeration
                            )]
                            #[repr(i32)]
                            pub enum LbSubsetSelectorFallbackPolicy {
                                NotDefined = 0,
                                NoFallback = 1,
                                AnyEndpoint = 2,
                                DefaultSubset = 3,
                                KeysSubset = 4,
                            }
                            impl LbSubsetSelectorFallbackPolicy {
                                /// String value of the enum field names used in the ProtoBuf definition.
                                ///
                                /// The values are not transformed in any way and thus are considered stable
                                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                                pub fn as_str_name(&self) -> &'static str {
                                    match self {
                                        Self::NotDefined => "NOT_DEFINED",
                                        Self::NoFallback => "NO_FALLBACK",
                                        Self::AnyEndpoint => "ANY_ENDPOINT",
                                        Self::DefaultSubset => "DEFAULT_SUBSET",
                                        Self::KeysSubset => "KEYS_SUBSET",
                                    }
                                }
                                /// Creates an enum from field names used in the ProtoBuf definition.
                                pub fn from_str_name(
                                    value: &str,
                                ) -> ::core::option::Option<Self> {
                                    match value {
                                        "NOT_DEFINED" => Some(Self::NotDefined),
                                        "NO_FALLBACK" => Some(Self::NoFallback),
                                        "ANY_ENDPOINT" => Some(Self::AnyEndpoint),
                                        "DEFAULT_SUBSET" => Some(Self::DefaultSubset),
                                        "KEYS_SUBSET" => Some(Self::KeysSubset),
                                        _ => None,
                                    }
                                }
                            }
                        }
                        impl ::prost::Name for LbSubsetSelector {
                            const NAME: &'static str = "LbSubsetSelector";
                            const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.subset.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.load_balancing_policies.subset.v3.Subset.LbSubsetSelector"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.load_balancing_policies.subset.v3.Subset.LbSubsetSelector"
                                    .into()
                            }
                        }
                        #[derive(
                            Clone,
                            Copy,
                            PartialEq,
                            Eq,
                            Hash,
                            PartialOrd,
                            Ord,
                            ::prost::Enumeration
                        )]
                        #[repr(i32)]
                        pub enum LbSubsetFallbackPolicy {
                            NoFallback = 0,
                            AnyEndpoint = 1,
                            DefaultSubset = 2,
                        }
                        impl LbSubsetFallbackPolicy {
                            /// String value of the enum field names used in the ProtoBuf definition.
                            ///
                            /// The values are not transformed in any way and thus are considered stable
                            /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                            pub fn as_str_name(&self) -> &'static str {
                                match self {
                                    Self::NoFallback => "NO_FALLBACK",
                                    Self::AnyEndpoint => "ANY_ENDPOINT",
                                    Self::DefaultSubset => "DEFAULT_SUBSET",
                                }
                            }
                            /// Creates an enum from field names used in the ProtoBuf definition.
                            pub fn from_str_name(
                                value: &str,
                            ) -> ::core::option::Option<Self> {
                                match value {
                                    "NO_FALLBACK" => Some(Self::NoFallback),
                                    "ANY_ENDPOINT" => Some(Self::AnyEndpoint),
                                    "DEFAULT_SUBSET" => Some(Self::DefaultSubset),
                                    _ => None,
                                }
                            }
                        }
                        #[derive(
                            Clone,
                            Copy,
                            PartialEq,
                            Eq,
                            Hash,
                            PartialOrd,
                            Ord,
                            ::prost::Enumeration
                        )]
                        #[repr(i32)]
                        pub enum LbSubsetMetadataFallbackPolicy {
                            MetadataNoFallback = 0,
                            FallbackList = 1,
                        }
                        impl LbSubsetMetadataFallbackPolicy {
                            /// String value of the enum field names used in the ProtoBuf definition.
                            ///
                            /// The values are not transformed in any way and thus are considered stable
                            /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                            pub fn as_str_name(&self) -> &'static str {
                                match self {
                                    Self::MetadataNoFallback => "METADATA_NO_FALLBACK",
                                    Self::FallbackList => "FALLBACK_LIST",
                                }
                            }
                            /// Creates an enum from field names used in the ProtoBuf definition.
                            pub fn from_str_name(
                                value: &str,
                            ) -> ::core::option::Option<Self> {
                                match value {
                                    "METADATA_NO_FALLBACK" => Some(Self::MetadataNoFallback),
                                    "FALLBACK_LIST" => Some(Self::FallbackList),
                                    _ => None,
                                }
                            }
                        }
                    }
                    impl ::prost::Name for Subset {
                        const NAME: &'static str = "Subset";
                        const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.subset.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.load_balancing_policies.subset.v3.Subset"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.load_balancing_policies.subset.v3.Subset"
                                .into()
                        }
                    }
                }
            }
            pub mod wrr_locality {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct WrrLocality {
                        #[prost(message, optional, tag = "1")]
                        pub endpoint_picking_policy: ::core::option::Option<
                            super::super::super::super::config::cluster::v3::LoadBalancingPolicy,
                        >,
                    }
                    impl ::prost::Name for WrrLocality {
                        const NAME: &'static str = "WrrLocality";
                        const PACKAGE: &'static str = "envoy.extensions.load_balancing_policies.wrr_locality.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality"
                                .into()
                        }
                    }
                }
            }
        }
        pub mod path {
            pub mod r#match {
                pub mod uri_template {
                    pub mod v3 {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct UriTemplateMatchConfig {
                            #[prost(string, tag = "1")]
                            pub path_template: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for UriTemplateMatchConfig {
                            const NAME: &'static str = "UriTemplateMatchConfig";
                            const PACKAGE: &'static str = "envoy.extensions.path.match.uri_template.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"
                                    .into()
                            }
                        }
                    }
                }
            }
        }
        pub mod transport_sockets {
            pub mod internal_upstream {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct InternalUpstreamTransport {
                        #[prost(message, repeated, tag = "1")]
                        pub passthrough_metadata: ::prost::alloc::vec::Vec<
                            internal_upstream_transport::MetadataValueSource,
                        >,
                        #[prost(message, optional, tag = "3")]
                        pub transport_socket: ::core::option::Option<
                            super::super::super::super::config::core::v3::TransportSocket,
                        >,
                    }
                    /// Nested message and enum types in `InternalUpstreamTransport`.
                    pub mod internal_upstream_transport {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct MetadataValueSource {
                            #[prost(message, optional, tag = "1")]
                            pub kind: ::core::option::Option<
                                super::super::super::super::super::r#type::metadata::v3::MetadataKind,
                            >,
                            #[prost(string, tag = "2")]
                            pub name: ::prost::alloc::string::String,
                        }
                        impl ::prost::Name for MetadataValueSource {
                            const NAME: &'static str = "MetadataValueSource";
                            const PACKAGE: &'static str = "envoy.extensions.transport_sockets.internal_upstream.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport.MetadataValueSource"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport.MetadataValueSource"
                                    .into()
                            }
                        }
                    }
                    impl ::prost::Name for InternalUpstreamTransport {
                        const NAME: &'static str = "InternalUpstreamTransport";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.internal_upstream.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport"
                                .into()
                        }
                    }
                }
            }
            pub mod proxy_protocol {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct ProxyProtocolUpstreamTransport {
                        #[prost(message, optional, tag = "1")]
                        pub config: ::core::option::Option<
                            super::super::super::super::config::core::v3::ProxyProtocolConfig,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub transport_socket: ::core::option::Option<
                            super::super::super::super::config::core::v3::TransportSocket,
                        >,
                    }
                    impl ::prost::Name for ProxyProtocolUpstreamTransport {
                        const NAME: &'static str = "ProxyProtocolUpstreamTransport";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.proxy_protocol.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport"
                                .into()
                        }
                    }
                }
            }
            pub mod raw_buffer {
                pub mod v3 {
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct RawBuffer {}
                    impl ::prost::Name for RawBuffer {
                        const NAME: &'static str = "RawBuffer";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.raw_buffer.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
                                .into()
                        }
                    }
                }
            }
            pub mod tls {
                pub mod v3 {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct TlsParameters {
                        #[prost(enumeration = "tls_parameters::TlsProtocol", tag = "1")]
                        pub tls_minimum_protocol_version: i32,
                        #[prost(enumeration = "tls_parameters::TlsProtocol", tag = "2")]
                        pub tls_maximum_protocol_version: i32,
                        #[prost(string, repeated, tag = "3")]
                        pub cipher_suites: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(string, repeated, tag = "4")]
                        pub ecdh_curves: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(string, repeated, tag = "5")]
                        pub signature_algorithms: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(
                            enumeration = "tls_parameters::CompliancePolicy",
                            repeated,
                            tag = "6"
                        )]
                        pub compliance_policies: ::prost::alloc::vec::Vec<i32>,
                    }
                    /// Nested message and enum types in `TlsParameters`.
                    pub mod tls_parameters {
                        #[derive(
                            Clone,
                            Copy,
                            PartialEq,
                            Eq,
                            Hash,
                            PartialOrd,
                            Ord,
                            ::prost::Enumeration
                        )]
                        #[repr(i32)]
                        pub enum CompliancePolicy {
                            Fips202205 = 0,
                            Cnsa2202603 = 1,
                            Cnsa1202603 = 2,
                        }
                        impl CompliancePolicy {
                            /// String value of the enum field names used in the ProtoBuf definition.
                            ///
                            /// The values are not transformed in any way and thus are considered stable
                            /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                            pub fn as_str_name(&self) -> &'static str {
                                match self {
                                    Self::Fips202205 => "FIPS_202205",
                                    Self::Cnsa2202603 => "CNSA2_202603",
                                    Self::Cnsa1202603 => "CNSA1_202603",
                                }
                            }
                            /// Creates an enum from field names used in the ProtoBuf definition.
                            pub fn from_str_name(
                                value: &str,
                            ) -> ::core::option::Option<Self> {
                                match value {
                                    "FIPS_202205" => Some(Self::Fips202205),
                                    "CNSA2_202603" => Some(Self::Cnsa2202603),
                                    "CNSA1_202603" => Some(Self::Cnsa1202603),
                                    _ => None,
                                }
                            }
                        }
                        #[derive(
                            Clone,
                            Copy,
                            PartialEq,
                            Eq,
                            Hash,
                            PartialOrd,
                            Ord,
                            ::prost::Enumeration
                        )]
                        #[repr(i32)]
                        pub enum TlsProtocol {
                            TlsAuto = 0,
                            TlSv10 = 1,
                            TlSv11 = 2,
                            TlSv12 = 3,
                            TlSv13 = 4,
                        }
                        impl TlsProtocol {
                            /// String value of the enum field names used in the ProtoBuf definition.
                            ///
                            /// The values are not transformed in any way and thus are considered stable
                            /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                            pub fn as_str_name(&self) -> &'static str {
                                match self {
                                    Self::TlsAuto => "TLS_AUTO",
                                    Self::TlSv10 => "TLSv1_0",
                                    Self::TlSv11 => "TLSv1_1",
                                    Self::TlSv12 => "TLSv1_2",
                                    Self::TlSv13 => "TLSv1_3",
                                }
                            }
                            /// Creates an enum from field names used in the ProtoBuf definition.
                            pub fn from_str_name(
                                value: &str,
                            ) -> ::core::option::Option<Self> {
                                match value {
                                    "TLS_AUTO" => Some(Self::TlsAuto),
                                    "TLSv1_0" => Some(Self::TlSv10),
                                    "TLSv1_1" => Some(Self::TlSv11),
                                    "TLSv1_2" => Some(Self::TlSv12),
                                    "TLSv1_3" => Some(Self::TlSv13),
                                    _ => None,
                                }
                            }
                        }
                    }
                    impl ::prost::Name for TlsParameters {
                        const NAME: &'static str = "TlsParameters";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.TlsParameters"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.TlsParameters"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct TlsCertificate {
                        #[prost(message, optional, tag = "1")]
                        pub certificate_chain: ::core::option::Option<
                            super::super::super::super::config::core::v3::DataSource,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub private_key: ::core::option::Option<
                            super::super::super::super::config::core::v3::DataSource,
                        >,
                        #[prost(message, optional, tag = "7")]
                        pub watched_directory: ::core::option::Option<
                            super::super::super::super::config::core::v3::WatchedDirectory,
                        >,
                        #[prost(message, optional, tag = "8")]
                        pub pkcs12: ::core::option::Option<
                            super::super::super::super::config::core::v3::DataSource,
                        >,
                        #[prost(message, optional, tag = "6")]
                        pub private_key_provider: ::core::option::Option<
                            PrivateKeyProvider,
                        >,
                        #[prost(message, optional, tag = "3")]
                        pub password: ::core::option::Option<
                            super::super::super::super::config::core::v3::DataSource,
                        >,
                    }
                    impl ::prost::Name for TlsCertificate {
                        const NAME: &'static str = "TlsCertificate";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.TlsCertificate"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.TlsCertificate"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct SubjectAltNameMatcher {
                        #[prost(
                            enumeration = "subject_alt_name_matcher::SanType",
                            tag = "1"
                        )]
                        pub san_type: i32,
                        #[prost(message, optional, tag = "2")]
                        pub matcher: ::core::option::Option<
                            super::super::super::super::r#type::matcher::v3::StringMatcher,
                        >,
                    }
                    /// Nested message and enum types in `SubjectAltNameMatcher`.
                    pub mod subject_alt_name_matcher {
                        #[derive(
                            Clone,
                            Copy,
                            PartialEq,
                            Eq,
                            Hash,
                            PartialOrd,
                            Ord,
                            ::prost::Enumeration
                        )]
                        #[repr(i32)]
                        pub enum SanType {
                            Unspecified = 0,
                            Email = 1,
                            Dns = 2,
                            Uri = 3,
                            IpAddress = 4,
                            OtherName = 5,
                        }
                        impl SanType {
                            /// String value of the enum field names used in the ProtoBuf definition.
                            ///
                            /// The values are not transformed in any way and thus are considered stable
                            /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                            pub fn as_str_name(&self) -> &'static str {
                                match self {
                                    Self::Unspecified => "SAN_TYPE_UNSPECIFIED",
                                    Self::Email => "EMAIL",
                                    Self::Dns => "DNS",
                                    Self::Uri => "URI",
                                    Self::IpAddress => "IP_ADDRESS",
                                    Self::OtherName => "OTHER_NAME",
                                }
                            }
                            /// Creates an enum from field names used in the ProtoBuf definition.
                            pub fn from_str_name(
                                value: &str,
                            ) -> ::core::option::Option<Self> {
                                match value {
                                    "SAN_TYPE_UNSPECIFIED" => Some(Self::Unspecified),
                                    "EMAIL" => Some(Self::Email),
                                    "DNS" => Some(Self::Dns),
                                    "URI" => Some(Self::Uri),
                                    "IP_ADDRESS" => Some(Self::IpAddress),
                                    "OTHER_NAME" => Some(Self::OtherName),
                                    _ => None,
                                }
                            }
                        }
                    }
                    impl ::prost::Name for SubjectAltNameMatcher {
                        const NAME: &'static str = "SubjectAltNameMatcher";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct CertificateValidationContext {
                        #[prost(message, optional, tag = "1")]
                        pub trusted_ca: ::core::option::Option<
                            super::super::super::super::config::core::v3::DataSource,
                        >,
                        #[prost(message, optional, tag = "11")]
                        pub watched_directory: ::core::option::Option<
                            super::super::super::super::config::core::v3::WatchedDirectory,
                        >,
                        #[prost(string, repeated, tag = "3")]
                        pub verify_certificate_spki: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(string, repeated, tag = "2")]
                        pub verify_certificate_hash: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(message, repeated, tag = "15")]
                        pub match_typed_subject_alt_names: ::prost::alloc::vec::Vec<
                            SubjectAltNameMatcher,
                        >,
                        #[prost(message, optional, tag = "7")]
                        pub crl: ::core::option::Option<
                            super::super::super::super::config::core::v3::DataSource,
                        >,
                        #[prost(bool, tag = "14")]
                        pub only_verify_leaf_cert_crl: bool,
                        #[prost(message, optional, tag = "16")]
                        pub max_verify_depth: ::core::option::Option<u32>,
                        #[prost(bool, tag = "8")]
                        pub allow_expired_certificate: bool,
                        #[prost(
                            enumeration = "certificate_validation_context::TrustChainVerification",
                            tag = "10"
                        )]
                        pub trust_chain_verification: i32,
                        #[prost(message, optional, tag = "13")]
                        pub ca_certificate_provider_instance: ::core::option::Option<
                            CertificateProviderPluginInstance,
                        >,
                        #[prost(message, optional, tag = "6")]
                        pub require_signed_certificate_timestamp: ::core::option::Option<
                            bool,
                        >,
                        #[prost(message, optional, tag = "12")]
                        pub custom_validator_config: ::core::option::Option<
                            super::super::super::super::config::core::v3::TypedExtensionConfig,
                        >,
                        #[prost(message, optional, tag = "17")]
                        pub system_root_certs: ::core::option::Option<
                            certificate_validation_context::SystemRootCerts,
                        >,
                        #[prost(message, repeated, tag = "9")]
                        pub match_subject_alt_names: ::prost::alloc::vec::Vec<
                            super::super::super::super::r#type::matcher::v3::StringMatcher,
                        >,
                    }
                    /// Nested message and enum types in `CertificateValidationContext`.
                    pub mod certificate_validation_context {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct SystemRootCerts {}
                        impl ::prost::Name for SystemRootCerts {
                            const NAME: &'static str = "SystemRootCerts";
                            const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.SystemRootCerts"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.SystemRootCerts"
                                    .into()
                            }
                        }
                        #[derive(
                            Clone,
                            Copy,
                            PartialEq,
                            Eq,
                            Hash,
                            PartialOrd,
                            Ord,
                            ::prost::Enumeration
                        )]
                        #[repr(i32)]
                        pub enum TrustChainVerification {
                            VerifyTrustChain = 0,
                            AcceptUntrusted = 1,
                        }
                        impl TrustChainVerification {
                            /// String value of the enum field names used in the ProtoBuf definition.
                            ///
                            /// The values are not transformed in any way and thus are considered stable
                            /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                            pub fn as_str_name(&self) -> &'static str {
                                match self {
                                    Self::VerifyTrustChain => "VERIFY_TRUST_CHAIN",
                                    Self::AcceptUntrusted => "ACCEPT_UNTRUSTED",
                                }
                            }
                            /// Creates an enum from field names used in the ProtoBuf definition.
                            pub fn from_str_name(
                                value: &str,
                            ) -> ::core::option::Option<Self> {
                                match value {
                                    "VERIFY_TRUST_CHAIN" => Some(Self::VerifyTrustChain),
                                    "ACCEPT_UNTRUSTED" => Some(Self::AcceptUntrusted),
                                    _ => None,
                                }
                            }
                        }
                    }
                    impl ::prost::Name for CertificateValidationContext {
                        const NAME: &'static str = "CertificateValidationContext";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct TlsSessionTicketKeys {}
                    impl ::prost::Name for TlsSessionTicketKeys {
                        const NAME: &'static str = "TlsSessionTicketKeys";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.TlsSessionTicketKeys"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.TlsSessionTicketKeys"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct PrivateKeyProvider {}
                    impl ::prost::Name for PrivateKeyProvider {
                        const NAME: &'static str = "PrivateKeyProvider";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.PrivateKeyProvider"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.PrivateKeyProvider"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct CertificateProviderPluginInstance {}
                    impl ::prost::Name for CertificateProviderPluginInstance {
                        const NAME: &'static str = "CertificateProviderPluginInstance";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.CertificateProviderPluginInstance"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.CertificateProviderPluginInstance"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct SdsSecretConfig {
                        #[prost(string, tag = "1")]
                        pub name: ::prost::alloc::string::String,
                        #[prost(message, optional, tag = "2")]
                        pub sds_config: ::core::option::Option<
                            super::super::super::super::config::core::v3::ConfigSource,
                        >,
                    }
                    impl ::prost::Name for SdsSecretConfig {
                        const NAME: &'static str = "SdsSecretConfig";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Secret {
                        #[prost(string, tag = "1")]
                        pub name: ::prost::alloc::string::String,
                        #[prost(oneof = "secret::Type", tags = "2, 4, 3, 5")]
                        pub r#type: ::core::option::Option<secret::Type>,
                    }
                    /// Nested message and enum types in `Secret`.
                    pub mod secret {
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum Type {
                            #[prost(message, tag = "2")]
                            TlsCertificate(super::TlsCertificate),
                            #[prost(message, tag = "4")]
                            ValidationContext(super::CertificateValidationContext),
                            #[prost(message, tag = "3")]
                            SessionTicketKeys(super::TlsSessionTicketKeys),
                            #[prost(message, tag = "5")]
                            GenericSecret(super::GenericSecret),
                        }
                    }
                    impl ::prost::Name for Secret {
                        const NAME: &'static str = "Secret";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.Secret".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.Secret".into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct GenericSecret {}
                    impl ::prost::Name for GenericSecret {
                        const NAME: &'static str = "GenericSecret";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.GenericSecret"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.GenericSecret"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct UpstreamTlsContext {
                        #[prost(message, optional, tag = "1")]
                        pub common_tls_context: ::core::option::Option<CommonTlsContext>,
                        #[prost(string, tag = "2")]
                        pub sni: ::prost::alloc::string::String,
                        #[prost(bool, tag = "6")]
                        pub auto_host_sni: bool,
                        #[prost(bool, tag = "7")]
                        pub auto_sni_san_validation: bool,
                        #[prost(bool, tag = "3")]
                        pub allow_renegotiation: bool,
                        #[prost(message, optional, tag = "4")]
                        pub max_session_keys: ::core::option::Option<u32>,
                        #[prost(message, optional, tag = "5")]
                        pub enforce_rsa_key_usage: ::core::option::Option<bool>,
                    }
                    impl ::prost::Name for UpstreamTlsContext {
                        const NAME: &'static str = "UpstreamTlsContext";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct DownstreamTlsContext {
                        #[prost(message, optional, tag = "1")]
                        pub common_tls_context: ::core::option::Option<CommonTlsContext>,
                        #[prost(message, optional, tag = "2")]
                        pub require_client_certificate: ::core::option::Option<bool>,
                        #[prost(message, optional, tag = "3")]
                        pub require_sni: ::core::option::Option<bool>,
                        #[prost(bool, tag = "10")]
                        pub disable_stateful_session_resumption: bool,
                        #[prost(message, optional, tag = "6")]
                        pub session_timeout: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Duration,
                        >,
                        #[prost(
                            enumeration = "downstream_tls_context::OcspStaplePolicy",
                            tag = "8"
                        )]
                        pub ocsp_staple_policy: i32,
                        #[prost(message, optional, tag = "9")]
                        pub full_scan_certs_on_sni_mismatch: ::core::option::Option<
                            bool,
                        >,
                        #[prost(bool, tag = "11")]
                        pub prefer_client_ciphers: bool,
                        #[prost(
                            oneof = "downstream_tls_context::SessionTicketKeysType",
                            tags = "4, 5, 7"
                        )]
                        pub session_ticket_keys_type: ::core::option::Option<
                            downstream_tls_context::SessionTicketKeysType,
                        >,
                    }
                    /// Nested message and enum types in `DownstreamTlsContext`.
                    pub mod downstream_tls_context {
                        #[derive(
                            Clone,
                            Copy,
                            PartialEq,
                            Eq,
                            Hash,
                            PartialOrd,
                            Ord,
                            ::prost::Enumeration
                        )]
                        #[repr(i32)]
                        pub enum OcspStaplePolicy {
                            LenientStapling = 0,
                            StrictStapling = 1,
                            MustStaple = 2,
                        }
                        impl OcspStaplePolicy {
                            /// String value of the enum field names used in the ProtoBuf definition.
                            ///
                            /// The values are not transformed in any way and thus are considered stable
                            /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                            pub fn as_str_name(&self) -> &'static str {
                                match self {
                                    Self::LenientStapling => "LENIENT_STAPLING",
                                    Self::StrictStapling => "STRICT_STAPLING",
                                    Self::MustStaple => "MUST_STAPLE",
                                }
                            }
                            /// Creates an enum from field names used in the ProtoBuf definition.
                            pub fn from_str_name(
                                value: &str,
                            ) -> ::core::option::Option<Self> {
                                match value {
                                    "LENIENT_STAPLING" => Some(Self::LenientStapling),
                                    "STRICT_STAPLING" => Some(Self::StrictStapling),
                                    "MUST_STAPLE" => Some(Self::MustStaple),
                                    _ => None,
                                }
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum SessionTicketKeysType {
                            #[prost(message, tag = "4")]
                            SessionTicketKeys(super::TlsSessionTicketKeys),
                            #[prost(message, tag = "5")]
                            SessionTicketKeysSdsSecretConfig(super::SdsSecretConfig),
                            #[prost(bool, tag = "7")]
                            DisableStatelessSessionResumption(bool),
                        }
                    }
                    impl ::prost::Name for DownstreamTlsContext {
                        const NAME: &'static str = "DownstreamTlsContext";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct CommonTlsContext {
                        #[prost(message, optional, tag = "1")]
                        pub tls_params: ::core::option::Option<TlsParameters>,
                        #[prost(message, repeated, tag = "2")]
                        pub tls_certificates: ::prost::alloc::vec::Vec<TlsCertificate>,
                        #[prost(message, repeated, tag = "6")]
                        pub tls_certificate_sds_secret_configs: ::prost::alloc::vec::Vec<
                            SdsSecretConfig,
                        >,
                        #[prost(string, repeated, tag = "4")]
                        pub alpn_protocols: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(message, optional, tag = "14")]
                        pub tls_certificate_provider_instance: ::core::option::Option<
                            CertificateProviderPluginInstance,
                        >,
                        #[prost(message, optional, tag = "16")]
                        pub custom_tls_certificate_selector: ::core::option::Option<
                            super::super::super::super::config::core::v3::TypedExtensionConfig,
                        >,
                        #[prost(message, optional, tag = "13")]
                        pub custom_handshaker: ::core::option::Option<
                            super::super::super::super::config::core::v3::TypedExtensionConfig,
                        >,
                        #[prost(message, optional, tag = "15")]
                        pub key_log: ::core::option::Option<TlsKeyLog>,
                        #[prost(
                            oneof = "common_tls_context::ValidationContextType",
                            tags = "3, 7, 8, 10, 12"
                        )]
                        pub validation_context_type: ::core::option::Option<
                            common_tls_context::ValidationContextType,
                        >,
                    }
                    /// Nested message and enum types in `CommonTlsContext`.
                    pub mod common_tls_context {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct CertificateProviderInstance {}
                        impl ::prost::Name for CertificateProviderInstance {
                            const NAME: &'static str = "CertificateProviderInstance";
                            const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CertificateProviderInstance"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CertificateProviderInstance"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct CertificateProvider {}
                        impl ::prost::Name for CertificateProvider {
                            const NAME: &'static str = "CertificateProvider";
                            const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CertificateProvider"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CertificateProvider"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct CombinedCertificateValidationContext {
                            #[prost(message, optional, tag = "1")]
                            pub default_validation_context: ::core::option::Option<
                                super::CertificateValidationContext,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub validation_context_sds_secret_config: ::core::option::Option<
                                super::SdsSecretConfig,
                            >,
                            #[prost(message, optional, tag = "3")]
                            pub validation_context_certificate_provider: ::core::option::Option<
                                CertificateProvider,
                            >,
                            #[prost(message, optional, tag = "4")]
                            pub validation_context_certificate_provider_instance: ::core::option::Option<
                                CertificateProviderInstance,
                            >,
                        }
                        impl ::prost::Name for CombinedCertificateValidationContext {
                            const NAME: &'static str = "CombinedCertificateValidationContext";
                            const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum ValidationContextType {
                            #[prost(message, tag = "3")]
                            ValidationContext(super::CertificateValidationContext),
                            #[prost(message, tag = "7")]
                            ValidationContextSdsSecretConfig(super::SdsSecretConfig),
                            #[prost(message, tag = "8")]
                            CombinedValidationContext(
                                CombinedCertificateValidationContext,
                            ),
                            #[prost(message, tag = "10")]
                            ValidationContextCertificateProvider(CertificateProvider),
                            #[prost(message, tag = "12")]
                            ValidationContextCertificateProviderInstance(
                                CertificateProviderInstance,
                            ),
                        }
                    }
                    impl ::prost::Name for CommonTlsContext {
                        const NAME: &'static str = "CommonTlsContext";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.CommonTlsContext"
                                .into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct TlsKeyLog {}
                    impl ::prost::Name for TlsKeyLog {
                        const NAME: &'static str = "TlsKeyLog";
                        const PACKAGE: &'static str = "envoy.extensions.transport_sockets.tls.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.transport_sockets.tls.v3.TlsKeyLog".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.transport_sockets.tls.v3.TlsKeyLog".into()
                        }
                    }
                }
            }
        }
        pub mod upstreams {
            pub mod http {
                pub mod v3 {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct HttpProtocolOptions {
                        #[prost(message, optional, tag = "1")]
                        pub common_http_protocol_options: ::core::option::Option<
                            super::super::super::super::config::core::v3::HttpProtocolOptions,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub upstream_http_protocol_options: ::core::option::Option<
                            super::super::super::super::config::core::v3::UpstreamHttpProtocolOptions,
                        >,
                        #[prost(message, repeated, tag = "6")]
                        pub http_filters: ::prost::alloc::vec::Vec<
                            super::super::super::filters::network::http_connection_manager::v3::HttpFilter,
                        >,
                        #[prost(message, optional, tag = "11")]
                        pub retry_policy: ::core::option::Option<
                            super::super::super::super::config::route::v3::RetryPolicy,
                        >,
                        #[prost(message, repeated, tag = "9")]
                        pub request_mirror_policies: ::prost::alloc::vec::Vec<
                            super::super::super::super::config::route::v3::route_action::RequestMirrorPolicy,
                        >,
                        #[prost(message, optional, tag = "7")]
                        pub header_validation_config: ::core::option::Option<
                            super::super::super::super::config::core::v3::TypedExtensionConfig,
                        >,
                        #[prost(
                            oneof = "http_protocol_options::UpstreamProtocolOptions",
                            tags = "3, 4, 5"
                        )]
                        pub upstream_protocol_options: ::core::option::Option<
                            http_protocol_options::UpstreamProtocolOptions,
                        >,
                    }
                    /// Nested message and enum types in `HttpProtocolOptions`.
                    pub mod http_protocol_options {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct AutoHttpConfig {
                            #[prost(message, optional, tag = "1")]
                            pub http_protocol_options: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::Http1ProtocolOptions,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub http2_protocol_options: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::Http2ProtocolOptions,
                            >,
                        }
                        impl ::prost::Name for AutoHttpConfig {
                            const NAME: &'static str = "AutoHttpConfig";
                            const PACKAGE: &'static str = "envoy.extensions.upstreams.http.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.AutoHttpConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.upstreams.http.v3.HttpProtocolOptions.AutoHttpConfig"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct ExplicitHttpConfig {
                            #[prost(
                                oneof = "explicit_http_config::ProtocolConfig",
                                tags = "1, 2, 3"
                            )]
                            pub protocol_config: ::core::option::Option<
                                explicit_http_config::ProtocolConfig,
                            >,
                        }
                        /// Nested message and enum types in `ExplicitHttpConfig`.
                        pub mod explicit_http_config {
                            #[derive(Clone, PartialEq, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum ProtocolConfig {
                                #[prost(message, tag = "1")]
                                HttpProtocolOptions(
                                    super::super::super::super::super::super::config::core::v3::Http1ProtocolOptions,
                                ),
                                #[prost(message, tag = "2")]
                                Http2ProtocolOptions(
                                    super::super::super::super::super::super::config::core::v3::Http2ProtocolOptions,
                                ),
                                #[prost(message, tag = "3")]
                                Http3ProtocolOptions(
                                    super::super::super::super::super::super::config::core::v3::Http3ProtocolOptions,
                                ),
                            }
                        }
                        impl ::prost::Name for ExplicitHttpConfig {
                            const NAME: &'static str = "ExplicitHttpConfig";
                            const PACKAGE: &'static str = "envoy.extensions.upstreams.http.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct UseDownstreamHttpConfig {
                            #[prost(message, optional, tag = "1")]
                            pub http_protocol_options: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::Http1ProtocolOptions,
                            >,
                            #[prost(message, optional, tag = "2")]
                            pub http2_protocol_options: ::core::option::Option<
                                super::super::super::super::super::config::core::v3::Http2ProtocolOptions,
                            >,
                        }
                        impl ::prost::Name for UseDownstreamHttpConfig {
                            const NAME: &'static str = "UseDownstreamHttpConfig";
                            const PACKAGE: &'static str = "envoy.extensions.upstreams.http.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig"
                                    .into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum UpstreamProtocolOptions {
                            #[prost(message, tag = "3")]
                            ExplicitHttpConfig(ExplicitHttpConfig),
                            #[prost(message, tag = "4")]
                            UseDownstreamProtocolConfig(UseDownstreamHttpConfig),
                            #[prost(message, tag = "5")]
                            AutoConfig(AutoHttpConfig),
                        }
                    }
                    impl ::prost::Name for HttpProtocolOptions {
                        const NAME: &'static str = "HttpProtocolOptions";
                        const PACKAGE: &'static str = "envoy.extensions.upstreams.http.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
                                .into()
                        }
                    }
                }
            }
        }
    }
    pub mod r#type {
        pub mod http {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Cookie {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "2")]
                    pub ttl: ::core::option::Option<
                        super::super::super::super::google::protobuf::Duration,
                    >,
                    #[prost(string, tag = "3")]
                    pub path: ::prost::alloc::string::String,
                    #[prost(message, repeated, tag = "4")]
                    pub attributes: ::prost::alloc::vec::Vec<CookieAttribute>,
                }
                impl ::prost::Name for Cookie {
                    const NAME: &'static str = "Cookie";
                    const PACKAGE: &'static str = "envoy.type.http.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.http.v3.Cookie".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.http.v3.Cookie".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct CookieAttribute {
                    #[prost(string, tag = "1")]
                    pub name: ::prost::alloc::string::String,
                    #[prost(string, tag = "2")]
                    pub value: ::prost::alloc::string::String,
                }
                impl ::prost::Name for CookieAttribute {
                    const NAME: &'static str = "CookieAttribute";
                    const PACKAGE: &'static str = "envoy.type.http.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.http.v3.CookieAttribute".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.http.v3.CookieAttribute".into()
                    }
                }
            }
        }
        pub mod matcher {
            pub mod v3 {
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RegexMatcher {
                    #[prost(string, tag = "2")]
                    pub regex: ::prost::alloc::string::String,
                }
                impl ::prost::Name for RegexMatcher {
                    const NAME: &'static str = "RegexMatcher";
                    const PACKAGE: &'static str = "envoy.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.matcher.v3.RegexMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.matcher.v3.RegexMatcher".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RegexMatchAndSubstitute {
                    #[prost(message, optional, tag = "1")]
                    pub pattern: ::core::option::Option<RegexMatcher>,
                    #[prost(string, tag = "2")]
                    pub substitution: ::prost::alloc::string::String,
                }
                impl ::prost::Name for RegexMatchAndSubstitute {
                    const NAME: &'static str = "RegexMatchAndSubstitute";
                    const PACKAGE: &'static str = "envoy.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.matcher.v3.RegexMatchAndSubstitute".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.matcher.v3.RegexMatchAndSubstitute".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct StringMatcher {
                    #[prost(bool, tag = "6")]
                    pub ignore_case: bool,
                    #[prost(
                        oneof = "string_matcher::MatchPattern",
                        tags = "1, 2, 3, 5, 7, 8"
                    )]
                    pub match_pattern: ::core::option::Option<
                        string_matcher::MatchPattern,
                    >,
                }
                /// Nested message and enum types in `StringMatcher`.
                pub mod string_matcher {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum MatchPattern {
                        #[prost(string, tag = "1")]
                        Exact(::prost::alloc::string::String),
                        #[prost(string, tag = "2")]
                        Prefix(::prost::alloc::string::String),
                        #[prost(string, tag = "3")]
                        Suffix(::prost::alloc::string::String),
                        #[prost(message, tag = "5")]
                        SafeRegex(super::RegexMatcher),
                        #[prost(string, tag = "7")]
                        Contains(::prost::alloc::string::String),
                        #[prost(message, tag = "8")]
                        Custom(
                            super::super::super::super::super::xds::core::v3::TypedExtensionConfig,
                        ),
                    }
                }
                impl ::prost::Name for StringMatcher {
                    const NAME: &'static str = "StringMatcher";
                    const PACKAGE: &'static str = "envoy.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.matcher.v3.StringMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.matcher.v3.StringMatcher".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ListStringMatcher {
                    #[prost(message, repeated, tag = "1")]
                    pub patterns: ::prost::alloc::vec::Vec<StringMatcher>,
                }
                impl ::prost::Name for ListStringMatcher {
                    const NAME: &'static str = "ListStringMatcher";
                    const PACKAGE: &'static str = "envoy.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.matcher.v3.ListStringMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.matcher.v3.ListStringMatcher".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct AddressMatcher {}
                impl ::prost::Name for AddressMatcher {
                    const NAME: &'static str = "AddressMatcher";
                    const PACKAGE: &'static str = "envoy.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.matcher.v3.AddressMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.matcher.v3.AddressMatcher".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct FilterStateMatcher {
                    #[prost(string, tag = "1")]
                    pub key: ::prost::alloc::string::String,
                    #[prost(oneof = "filter_state_matcher::Matcher", tags = "2, 3")]
                    pub matcher: ::core::option::Option<filter_state_matcher::Matcher>,
                }
                /// Nested message and enum types in `FilterStateMatcher`.
                pub mod filter_state_matcher {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Matcher {
                        #[prost(message, tag = "2")]
                        StringMatch(super::StringMatcher),
                        #[prost(message, tag = "3")]
                        AddressMatch(super::AddressMatcher),
                    }
                }
                impl ::prost::Name for FilterStateMatcher {
                    const NAME: &'static str = "FilterStateMatcher";
                    const PACKAGE: &'static str = "envoy.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.matcher.v3.FilterStateMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.matcher.v3.FilterStateMatcher".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct DoubleMatcher {
                    #[prost(oneof = "double_matcher::MatchPattern", tags = "1, 2")]
                    pub match_pattern: ::core::option::Option<
                        double_matcher::MatchPattern,
                    >,
                }
                /// Nested message and enum types in `DoubleMatcher`.
                pub mod double_matcher {
                    #[derive(Clone, Copy, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum MatchPattern {
                        #[prost(message, tag = "1")]
                        Range(super::super::super::v3::DoubleRange),
                        #[prost(double, tag = "2")]
                        Exact(f64),
                    }
                }
                impl ::prost::Name for DoubleMatcher {
                    const NAME: &'static str = "DoubleMatcher";
                    const PACKAGE: &'static str = "envoy.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.matcher.v3.DoubleMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.matcher.v3.DoubleMatcher".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ValueMatcher {
                    #[prost(
                        oneof = "value_matcher::MatchPattern",
                        tags = "1, 2, 3, 4, 5, 6, 7"
                    )]
                    pub match_pattern: ::core::option::Option<
                        value_matcher::MatchPattern,
                    >,
                }
                /// Nested message and enum types in `ValueMatcher`.
                pub mod value_matcher {
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct NullMatch {}
                    impl ::prost::Name for NullMatch {
                        const NAME: &'static str = "NullMatch";
                        const PACKAGE: &'static str = "envoy.type.matcher.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.type.matcher.v3.ValueMatcher.NullMatch".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.type.matcher.v3.ValueMatcher.NullMatch".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum MatchPattern {
                        #[prost(message, tag = "1")]
                        NullMatch(NullMatch),
                        #[prost(message, tag = "2")]
                        DoubleMatch(super::DoubleMatcher),
                        #[prost(message, tag = "3")]
                        StringMatch(super::StringMatcher),
                        #[prost(bool, tag = "4")]
                        BoolMatch(bool),
                        #[prost(bool, tag = "5")]
                        PresentMatch(bool),
                        #[prost(message, tag = "6")]
                        ListMatch(::prost::alloc::boxed::Box<super::ListMatcher>),
                        #[prost(message, tag = "7")]
                        OrMatch(super::OrMatcher),
                    }
                }
                impl ::prost::Name for ValueMatcher {
                    const NAME: &'static str = "ValueMatcher";
                    const PACKAGE: &'static str = "envoy.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.matcher.v3.ValueMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.matcher.v3.ValueMatcher".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ListMatcher {
                    #[prost(oneof = "list_matcher::MatchPattern", tags = "1")]
                    pub match_pattern: ::core::option::Option<
                        list_matcher::MatchPattern,
                    >,
                }
                /// Nested message and enum types in `ListMatcher`.
                pub mod list_matcher {
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum MatchPattern {
                        #[prost(message, tag = "1")]
                        OneOf(::prost::alloc::boxed::Box<super::ValueMatcher>),
                    }
                }
                impl ::prost::Name for ListMatcher {
                    const NAME: &'static str = "ListMatcher";
                    const PACKAGE: &'static str = "envoy.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.matcher.v3.ListMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.matcher.v3.ListMatcher".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct OrMatcher {
                    #[prost(message, repeated, tag = "1")]
                    pub value_matchers: ::prost::alloc::vec::Vec<ValueMatcher>,
                }
                impl ::prost::Name for OrMatcher {
                    const NAME: &'static str = "OrMatcher";
                    const PACKAGE: &'static str = "envoy.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.matcher.v3.OrMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.matcher.v3.OrMatcher".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct MetadataMatcher {
                    #[prost(string, tag = "1")]
                    pub filter: ::prost::alloc::string::String,
                    #[prost(message, repeated, tag = "2")]
                    pub path: ::prost::alloc::vec::Vec<metadata_matcher::PathSegment>,
                    #[prost(message, optional, tag = "3")]
                    pub value: ::core::option::Option<ValueMatcher>,
                    #[prost(bool, tag = "4")]
                    pub invert: bool,
                }
                /// Nested message and enum types in `MetadataMatcher`.
                pub mod metadata_matcher {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct PathSegment {
                        #[prost(oneof = "path_segment::Segment", tags = "1")]
                        pub segment: ::core::option::Option<path_segment::Segment>,
                    }
                    /// Nested message and enum types in `PathSegment`.
                    pub mod path_segment {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum Segment {
                            #[prost(string, tag = "1")]
                            Key(::prost::alloc::string::String),
                        }
                    }
                    impl ::prost::Name for PathSegment {
                        const NAME: &'static str = "PathSegment";
                        const PACKAGE: &'static str = "envoy.type.matcher.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.type.matcher.v3.MetadataMatcher.PathSegment".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.type.matcher.v3.MetadataMatcher.PathSegment".into()
                        }
                    }
                }
                impl ::prost::Name for MetadataMatcher {
                    const NAME: &'static str = "MetadataMatcher";
                    const PACKAGE: &'static str = "envoy.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.matcher.v3.MetadataMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.matcher.v3.MetadataMatcher".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct PathMatcher {
                    #[prost(oneof = "path_matcher::Rule", tags = "1")]
                    pub rule: ::core::option::Option<path_matcher::Rule>,
                }
                /// Nested message and enum types in `PathMatcher`.
                pub mod path_matcher {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Rule {
                        #[prost(message, tag = "1")]
                        Path(super::StringMatcher),
                    }
                }
                impl ::prost::Name for PathMatcher {
                    const NAME: &'static str = "PathMatcher";
                    const PACKAGE: &'static str = "envoy.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.matcher.v3.PathMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.matcher.v3.PathMatcher".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HttpRequestHeaderMatchInput {
                    #[prost(string, tag = "1")]
                    pub header_name: ::prost::alloc::string::String,
                }
                impl ::prost::Name for HttpRequestHeaderMatchInput {
                    const NAME: &'static str = "HttpRequestHeaderMatchInput";
                    const PACKAGE: &'static str = "envoy.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.matcher.v3.HttpRequestHeaderMatchInput".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.matcher.v3.HttpRequestHeaderMatchInput".into()
                    }
                }
            }
        }
        pub mod metadata {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct MetadataKey {
                    #[prost(string, tag = "1")]
                    pub key: ::prost::alloc::string::String,
                    #[prost(message, repeated, tag = "2")]
                    pub path: ::prost::alloc::vec::Vec<metadata_key::PathSegment>,
                }
                /// Nested message and enum types in `MetadataKey`.
                pub mod metadata_key {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct PathSegment {
                        #[prost(oneof = "path_segment::Segment", tags = "1")]
                        pub segment: ::core::option::Option<path_segment::Segment>,
                    }
                    /// Nested message and enum types in `PathSegment`.
                    pub mod path_segment {
                        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum Segment {
                            #[prost(string, tag = "1")]
                            Key(::prost::alloc::string::String),
                        }
                    }
                    impl ::prost::Name for PathSegment {
                        const NAME: &'static str = "PathSegment";
                        const PACKAGE: &'static str = "envoy.type.metadata.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.type.metadata.v3.MetadataKey.PathSegment".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.type.metadata.v3.MetadataKey.PathSegment".into()
                        }
                    }
                }
                impl ::prost::Name for MetadataKey {
                    const NAME: &'static str = "MetadataKey";
                    const PACKAGE: &'static str = "envoy.type.metadata.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.metadata.v3.MetadataKey".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.metadata.v3.MetadataKey".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct MetadataKind {
                    #[prost(oneof = "metadata_kind::Kind", tags = "1, 2, 3, 4")]
                    pub kind: ::core::option::Option<metadata_kind::Kind>,
                }
                /// Nested message and enum types in `MetadataKind`.
                pub mod metadata_kind {
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Request {}
                    impl ::prost::Name for Request {
                        const NAME: &'static str = "Request";
                        const PACKAGE: &'static str = "envoy.type.metadata.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.type.metadata.v3.MetadataKind.Request".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.type.metadata.v3.MetadataKind.Request".into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Route {}
                    impl ::prost::Name for Route {
                        const NAME: &'static str = "Route";
                        const PACKAGE: &'static str = "envoy.type.metadata.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.type.metadata.v3.MetadataKind.Route".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.type.metadata.v3.MetadataKind.Route".into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Cluster {}
                    impl ::prost::Name for Cluster {
                        const NAME: &'static str = "Cluster";
                        const PACKAGE: &'static str = "envoy.type.metadata.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.type.metadata.v3.MetadataKind.Cluster".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.type.metadata.v3.MetadataKind.Cluster".into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Host {}
                    impl ::prost::Name for Host {
                        const NAME: &'static str = "Host";
                        const PACKAGE: &'static str = "envoy.type.metadata.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.type.metadata.v3.MetadataKind.Host".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.type.metadata.v3.MetadataKind.Host".into()
                        }
                    }
                    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Kind {
                        #[prost(message, tag = "1")]
                        Request(Request),
                        #[prost(message, tag = "2")]
                        Route(Route),
                        #[prost(message, tag = "3")]
                        Cluster(Cluster),
                        #[prost(message, tag = "4")]
                        Host(Host),
                    }
                }
                impl ::prost::Name for MetadataKind {
                    const NAME: &'static str = "MetadataKind";
                    const PACKAGE: &'static str = "envoy.type.metadata.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.metadata.v3.MetadataKind".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.metadata.v3.MetadataKind".into()
                    }
                }
            }
        }
        pub mod tracing {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct CustomTag {
                    #[prost(string, tag = "1")]
                    pub tag: ::prost::alloc::string::String,
                    #[prost(oneof = "custom_tag::Type", tags = "2, 3, 4, 5, 6")]
                    pub r#type: ::core::option::Option<custom_tag::Type>,
                }
                /// Nested message and enum types in `CustomTag`.
                pub mod custom_tag {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Literal {
                        #[prost(string, tag = "1")]
                        pub value: ::prost::alloc::string::String,
                    }
                    impl ::prost::Name for Literal {
                        const NAME: &'static str = "Literal";
                        const PACKAGE: &'static str = "envoy.type.tracing.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.type.tracing.v3.CustomTag.Literal".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.type.tracing.v3.CustomTag.Literal".into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Environment {
                        #[prost(string, tag = "1")]
                        pub name: ::prost::alloc::string::String,
                        #[prost(string, tag = "2")]
                        pub default_value: ::prost::alloc::string::String,
                    }
                    impl ::prost::Name for Environment {
                        const NAME: &'static str = "Environment";
                        const PACKAGE: &'static str = "envoy.type.tracing.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.type.tracing.v3.CustomTag.Environment".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.type.tracing.v3.CustomTag.Environment".into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Header {
                        #[prost(string, tag = "1")]
                        pub name: ::prost::alloc::string::String,
                        #[prost(string, tag = "2")]
                        pub default_value: ::prost::alloc::string::String,
                    }
                    impl ::prost::Name for Header {
                        const NAME: &'static str = "Header";
                        const PACKAGE: &'static str = "envoy.type.tracing.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.type.tracing.v3.CustomTag.Header".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.type.tracing.v3.CustomTag.Header".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Metadata {
                        #[prost(message, optional, tag = "1")]
                        pub kind: ::core::option::Option<
                            super::super::super::metadata::v3::MetadataKind,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub metadata_key: ::core::option::Option<
                            super::super::super::metadata::v3::MetadataKey,
                        >,
                        #[prost(string, tag = "3")]
                        pub default_value: ::prost::alloc::string::String,
                    }
                    impl ::prost::Name for Metadata {
                        const NAME: &'static str = "Metadata";
                        const PACKAGE: &'static str = "envoy.type.tracing.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.type.tracing.v3.CustomTag.Metadata".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.type.tracing.v3.CustomTag.Metadata".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Type {
                        #[prost(message, tag = "2")]
                        Literal(Literal),
                        #[prost(message, tag = "3")]
                        Environment(Environment),
                        #[prost(message, tag = "4")]
                        RequestHeader(Header),
                        #[prost(message, tag = "5")]
                        Metadata(Metadata),
                        #[prost(string, tag = "6")]
                        Value(::prost::alloc::string::String),
                    }
                }
                impl ::prost::Name for CustomTag {
                    const NAME: &'static str = "CustomTag";
                    const PACKAGE: &'static str = "envoy.type.tracing.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.tracing.v3.CustomTag".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.tracing.v3.CustomTag".into()
                    }
                }
            }
        }
        pub mod v3 {
            #[derive(Clone, Copy, PartialEq, ::prost::Message)]
            #[prost(skip_debug)]
            pub struct Percent {
                #[prost(double, tag = "1")]
                pub value: f64,
            }
            impl ::prost::Name for Percent {
                const NAME: &'static str = "Percent";
                const PACKAGE: &'static str = "envoy.type.v3";
                fn full_name() -> ::prost::alloc::string::String {
                    "envoy.type.v3.Percent".into()
                }
                fn type_url() -> ::prost::alloc::string::String {
                    "/envoy.type.v3.Percent".into()
                }
            }
            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
            #[prost(skip_debug)]
            pub struct FractionalPercent {
                #[prost(uint32, tag = "1")]
                pub numerator: u32,
                #[prost(enumeration = "fractional_percent::DenominatorType", tag = "2")]
                pub denominator: i32,
            }
            /// Nested message and enum types in `FractionalPercent`.
            pub mod fractional_percent {
                #[derive(
                    Clone,
                    Copy,
                    PartialEq,
                    Eq,
                    Hash,
                    PartialOrd,
                    Ord,
                    ::prost::Enumeration
                )]
                #[repr(i32)]
                pub enum DenominatorType {
                    Hundred = 0,
                    TenThousand = 1,
                    Million = 2,
                }
                impl DenominatorType {
                    /// String value of the enum field names used in the ProtoBuf definition.
                    ///
                    /// The values are not transformed in any way and thus are considered stable
                    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                    pub fn as_str_name(&self) -> &'static str {
                        match self {
                            Self::Hundred => "HUNDRED",
                            Self::TenThousand => "TEN_THOUSAND",
                            Self::Million => "MILLION",
                        }
                    }
                    /// Creates an enum from field names used in the ProtoBuf definition.
                    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
                        match value {
                            "HUNDRED" => Some(Self::Hundred),
                            "TEN_THOUSAND" => Some(Self::TenThousand),
                            "MILLION" => Some(Self::Million),
                            _ => None,
                        }
                    }
                }
            }
            impl ::prost::Name for FractionalPercent {
                const NAME: &'static str = "FractionalPercent";
                const PACKAGE: &'static str = "envoy.type.v3";
                fn full_name() -> ::prost::alloc::string::String {
                    "envoy.type.v3.FractionalPercent".into()
                }
                fn type_url() -> ::prost::alloc::string::String {
                    "/envoy.type.v3.FractionalPercent".into()
                }
            }
            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
            #[prost(skip_debug)]
            pub struct SemanticVersion {
                #[prost(uint32, tag = "1")]
                pub major_number: u32,
                #[prost(uint32, tag = "2")]
                pub minor_number: u32,
                #[prost(uint32, tag = "3")]
                pub patch: u32,
            }
            impl ::prost::Name for SemanticVersion {
                const NAME: &'static str = "SemanticVersion";
                const PACKAGE: &'static str = "envoy.type.v3";
                fn full_name() -> ::prost::alloc::string::String {
                    "envoy.type.v3.SemanticVersion".into()
                }
                fn type_url() -> ::prost::alloc::string::String {
                    "/envoy.type.v3.SemanticVersion".into()
                }
            }
            #[derive(
                Clone,
                Copy,
                PartialEq,
                Eq,
                Hash,
                PartialOrd,
                Ord,
                ::prost::Enumeration
            )]
            #[repr(i32)]
            pub enum CodecClientType {
                Http1 = 0,
                Http2 = 1,
                Http3 = 2,
            }
            impl CodecClientType {
                /// String value of the enum field names used in the ProtoBuf definition.
                ///
                /// The values are not transformed in any way and thus are considered stable
                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                pub fn as_str_name(&self) -> &'static str {
                    match self {
                        Self::Http1 => "HTTP1",
                        Self::Http2 => "HTTP2",
                        Self::Http3 => "HTTP3",
                    }
                }
                /// Creates an enum from field names used in the ProtoBuf definition.
                pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
                    match value {
                        "HTTP1" => Some(Self::Http1),
                        "HTTP2" => Some(Self::Http2),
                        "HTTP3" => Some(Self::Http3),
                        _ => None,
                    }
                }
            }
            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
            #[prost(skip_debug)]
            pub struct Int64Range {
                #[prost(int64, tag = "1")]
                pub start: i64,
                #[prost(int64, tag = "2")]
                pub end: i64,
            }
            impl ::prost::Name for Int64Range {
                const NAME: &'static str = "Int64Range";
                const PACKAGE: &'static str = "envoy.type.v3";
                fn full_name() -> ::prost::alloc::string::String {
                    "envoy.type.v3.Int64Range".into()
                }
                fn type_url() -> ::prost::alloc::string::String {
                    "/envoy.type.v3.Int64Range".into()
                }
            }
            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
            #[prost(skip_debug)]
            pub struct Int32Range {
                #[prost(int32, tag = "1")]
                pub start: i32,
                #[prost(int32, tag = "2")]
                pub end: i32,
            }
            impl ::prost::Name for Int32Range {
                const NAME: &'static str = "Int32Range";
                const PACKAGE: &'static str = "envoy.type.v3";
                fn full_name() -> ::prost::alloc::string::String {
                    "envoy.type.v3.Int32Range".into()
                }
                fn type_url() -> ::prost::alloc::string::String {
                    "/envoy.type.v3.Int32Range".into()
                }
            }
            #[derive(Clone, Copy, PartialEq, ::prost::Message)]
            #[prost(skip_debug)]
            pub struct DoubleRange {
                #[prost(double, tag = "1")]
                pub start: f64,
                #[prost(double, tag = "2")]
                pub end: f64,
            }
            impl ::prost::Name for DoubleRange {
                const NAME: &'static str = "DoubleRange";
                const PACKAGE: &'static str = "envoy.type.v3";
                fn full_name() -> ::prost::alloc::string::String {
                    "envoy.type.v3.DoubleRange".into()
                }
                fn type_url() -> ::prost::alloc::string::String {
                    "/envoy.type.v3.DoubleRange".into()
                }
            }
            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
            #[prost(skip_debug)]
            pub struct HttpStatus {
                #[prost(enumeration = "StatusCode", tag = "1")]
                pub code: i32,
            }
            impl ::prost::Name for HttpStatus {
                const NAME: &'static str = "HttpStatus";
                const PACKAGE: &'static str = "envoy.type.v3";
                fn full_name() -> ::prost::alloc::string::String {
                    "envoy.type.v3.HttpStatus".into()
                }
                fn type_url() -> ::prost::alloc::string::String {
                    "/envoy.type.v3.HttpStatus".into()
                }
            }
            #[derive(
                Clone,
                Copy,
                PartialEq,
                Eq,
                Hash,
                PartialOrd,
                Ord,
                ::prost::Enumeration
            )]
            #[repr(i32)]
            pub enum StatusCode {
                Empty = 0,
                Continue = 100,
                Ok = 200,
                Forbidden = 403,
                TooManyRequests = 429,
                ServiceUnavailable = 503,
            }
            impl StatusCode {
                /// String value of the enum field names used in the ProtoBuf definition.
                ///
                /// The values are not transformed in any way and thus are considered stable
                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                pub fn as_str_name(&self) -> &'static str {
                    match self {
                        Self::Empty => "Empty",
                        Self::Continue => "Continue",
                        Self::Ok => "OK",
                        Self::Forbidden => "Forbidden",
                        Self::TooManyRequests => "TooManyRequests",
                        Self::ServiceUnavailable => "ServiceUnavailable",
                    }
                }
                /// Creates an enum from field names used in the ProtoBuf definition.
                pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
                    match value {
                        "Empty" => Some(Self::Empty),
                        "Continue" => Some(Self::Continue),
                        "OK" => Some(Self::Ok),
                        "Forbidden" => Some(Self::Forbidden),
                        "TooManyRequests" => Some(Self::TooManyRequests),
                        "ServiceUnavailable" => Some(Self::ServiceUnavailable),
                        _ => None,
                    }
                }
            }
            #[derive(
                Clone,
                Copy,
                PartialEq,
                Eq,
                Hash,
                PartialOrd,
                Ord,
                ::prost::Enumeration
            )]
            #[repr(i32)]
            pub enum RateLimitUnit {
                Unknown = 0,
                Second = 1,
                Minute = 2,
                Hour = 3,
                Day = 4,
                Month = 5,
                Year = 6,
            }
            impl RateLimitUnit {
                /// String value of the enum field names used in the ProtoBuf definition.
                ///
                /// The values are not transformed in any way and thus are considered stable
                /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                pub fn as_str_name(&self) -> &'static str {
                    match self {
                        Self::Unknown => "UNKNOWN",
                        Self::Second => "SECOND",
                        Self::Minute => "MINUTE",
                        Self::Hour => "HOUR",
                        Self::Day => "DAY",
                        Self::Month => "MONTH",
                        Self::Year => "YEAR",
                    }
                }
                /// Creates an enum from field names used in the ProtoBuf definition.
                pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
                    match value {
                        "UNKNOWN" => Some(Self::Unknown),
                        "SECOND" => Some(Self::Second),
                        "MINUTE" => Some(Self::Minute),
                        "HOUR" => Some(Self::Hour),
                        "DAY" => Some(Self::Day),
                        "MONTH" => Some(Self::Month),
                        "YEAR" => Some(Self::Year),
                        _ => None,
                    }
                }
            }
            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
            #[prost(skip_debug)]
            pub struct TokenBucket {
                #[prost(uint32, tag = "1")]
                pub max_tokens: u32,
                #[prost(message, optional, tag = "2")]
                pub tokens_per_fill: ::core::option::Option<u32>,
                #[prost(message, optional, tag = "3")]
                pub fill_interval: ::core::option::Option<
                    super::super::super::google::protobuf::Duration,
                >,
            }
            impl ::prost::Name for TokenBucket {
                const NAME: &'static str = "TokenBucket";
                const PACKAGE: &'static str = "envoy.type.v3";
                fn full_name() -> ::prost::alloc::string::String {
                    "envoy.type.v3.TokenBucket".into()
                }
                fn type_url() -> ::prost::alloc::string::String {
                    "/envoy.type.v3.TokenBucket".into()
                }
            }
            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
            #[prost(skip_debug)]
            pub struct RateLimitStrategy {
                #[prost(oneof = "rate_limit_strategy::Strategy", tags = "1, 2, 3")]
                pub strategy: ::core::option::Option<rate_limit_strategy::Strategy>,
            }
            /// Nested message and enum types in `RateLimitStrategy`.
            pub mod rate_limit_strategy {
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RequestsPerTimeUnit {
                    #[prost(uint64, tag = "1")]
                    pub requests_per_time_unit: u64,
                    #[prost(enumeration = "super::RateLimitUnit", tag = "2")]
                    pub time_unit: i32,
                }
                impl ::prost::Name for RequestsPerTimeUnit {
                    const NAME: &'static str = "RequestsPerTimeUnit";
                    const PACKAGE: &'static str = "envoy.type.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.v3.RateLimitStrategy.RequestsPerTimeUnit".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.v3.RateLimitStrategy.RequestsPerTimeUnit".into()
                    }
                }
                #[derive(
                    Clone,
                    Copy,
                    PartialEq,
                    Eq,
                    Hash,
                    PartialOrd,
                    Ord,
                    ::prost::Enumeration
                )]
                #[repr(i32)]
                pub enum BlanketRule {
                    AllowAll = 0,
                    DenyAll = 1,
                }
                impl BlanketRule {
                    /// String value of the enum field names used in the ProtoBuf definition.
                    ///
                    /// The values are not transformed in any way and thus are considered stable
                    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                    pub fn as_str_name(&self) -> &'static str {
                        match self {
                            Self::AllowAll => "ALLOW_ALL",
                            Self::DenyAll => "DENY_ALL",
                        }
                    }
                    /// Creates an enum from field names used in the ProtoBuf definition.
                    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
                        match value {
                            "ALLOW_ALL" => Some(Self::AllowAll),
                            "DENY_ALL" => Some(Self::DenyAll),
                            _ => None,
                        }
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Oneof)]
                #[prost(skip_debug)]
                pub enum Strategy {
                    #[prost(enumeration = "BlanketRule", tag = "1")]
                    BlanketRule(i32),
                    #[prost(message, tag = "2")]
                    RequestsPerTimeUnit(RequestsPerTimeUnit),
                    #[prost(message, tag = "3")]
                    TokenBucket(super::TokenBucket),
                }
            }
            impl ::prost::Name for RateLimitStrategy {
                const NAME: &'static str = "RateLimitStrategy";
                const PACKAGE: &'static str = "envoy.type.v3";
                fn full_name() -> ::prost::alloc::string::String {
                    "envoy.type.v3.RateLimitStrategy".into()
                }
                fn type_url() -> ::prost::alloc::string::String {
                    "/envoy.type.v3.RateLimitStrategy".into()
                }
            }
            #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
            #[prost(skip_debug)]
            pub struct HashPolicy {
                #[prost(oneof = "hash_policy::PolicySpecifier", tags = "1, 2")]
                pub policy_specifier: ::core::option::Option<
                    hash_policy::PolicySpecifier,
                >,
            }
            /// Nested message and enum types in `HashPolicy`.
            pub mod hash_policy {
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct SourceIp {}
                impl ::prost::Name for SourceIp {
                    const NAME: &'static str = "SourceIp";
                    const PACKAGE: &'static str = "envoy.type.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.v3.HashPolicy.SourceIp".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.v3.HashPolicy.SourceIp".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct FilterState {}
                impl ::prost::Name for FilterState {
                    const NAME: &'static str = "FilterState";
                    const PACKAGE: &'static str = "envoy.type.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.type.v3.HashPolicy.FilterState".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.type.v3.HashPolicy.FilterState".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Oneof)]
                #[prost(skip_debug)]
                pub enum PolicySpecifier {
                    #[prost(message, tag = "1")]
                    SourceIp(SourceIp),
                    #[prost(message, tag = "2")]
                    FilterState(FilterState),
                }
            }
            impl ::prost::Name for HashPolicy {
                const NAME: &'static str = "HashPolicy";
                const PACKAGE: &'static str = "envoy.type.v3";
                fn full_name() -> ::prost::alloc::string::String {
                    "envoy.type.v3.HashPolicy".into()
                }
                fn type_url() -> ::prost::alloc::string::String {
                    "/envoy.type.v3.HashPolicy".into()
                }
            }
        }
    }
    pub mod service {
        pub mod auth {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct AttributeContext {
                    #[prost(message, optional, tag = "1")]
                    pub source: ::core::option::Option<attribute_context::Peer>,
                    #[prost(message, optional, tag = "2")]
                    pub destination: ::core::option::Option<attribute_context::Peer>,
                    #[prost(message, optional, tag = "4")]
                    pub request: ::core::option::Option<attribute_context::Request>,
                    #[prost(map = "string, string", tag = "10")]
                    pub context_extensions: ::std::collections::HashMap<
                        ::prost::alloc::string::String,
                        ::prost::alloc::string::String,
                    >,
                    #[prost(message, optional, tag = "11")]
                    pub metadata_context: ::core::option::Option<
                        super::super::super::config::core::v3::Metadata,
                    >,
                    #[prost(message, optional, tag = "13")]
                    pub route_metadata_context: ::core::option::Option<
                        super::super::super::config::core::v3::Metadata,
                    >,
                    #[prost(message, optional, tag = "12")]
                    pub tls_session: ::core::option::Option<
                        attribute_context::TlsSession,
                    >,
                }
                /// Nested message and enum types in `AttributeContext`.
                pub mod attribute_context {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Peer {
                        #[prost(message, optional, tag = "1")]
                        pub address: ::core::option::Option<
                            super::super::super::super::config::core::v3::Address,
                        >,
                        #[prost(string, tag = "2")]
                        pub service: ::prost::alloc::string::String,
                        #[prost(map = "string, string", tag = "3")]
                        pub labels: ::std::collections::HashMap<
                            ::prost::alloc::string::String,
                            ::prost::alloc::string::String,
                        >,
                        #[prost(string, tag = "4")]
                        pub principal: ::prost::alloc::string::String,
                        #[prost(string, tag = "5")]
                        pub certificate: ::prost::alloc::string::String,
                    }
                    impl ::prost::Name for Peer {
                        const NAME: &'static str = "Peer";
                        const PACKAGE: &'static str = "envoy.service.auth.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.service.auth.v3.AttributeContext.Peer".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.service.auth.v3.AttributeContext.Peer".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct Request {
                        #[prost(message, optional, tag = "1")]
                        pub time: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Timestamp,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub http: ::core::option::Option<HttpRequest>,
                    }
                    impl ::prost::Name for Request {
                        const NAME: &'static str = "Request";
                        const PACKAGE: &'static str = "envoy.service.auth.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.service.auth.v3.AttributeContext.Request".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.service.auth.v3.AttributeContext.Request".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct HttpRequest {
                        #[prost(string, tag = "1")]
                        pub id: ::prost::alloc::string::String,
                        #[prost(string, tag = "2")]
                        pub method: ::prost::alloc::string::String,
                        #[prost(map = "string, string", tag = "3")]
                        pub headers: ::std::collections::HashMap<
                            ::prost::alloc::string::String,
                            ::prost::alloc::string::String,
                        >,
                        #[prost(message, optional, tag = "13")]
                        pub header_map: ::core::option::Option<
                            super::super::super::super::config::core::v3::HeaderMap,
                        >,
                        #[prost(string, tag = "4")]
                        pub path: ::prost::alloc::string::String,
                        #[prost(string, tag = "5")]
                        pub host: ::prost::alloc::string::String,
                        #[prost(string, tag = "6")]
                        pub scheme: ::prost::alloc::string::String,
                        #[prost(string, tag = "7")]
                        pub query: ::prost::alloc::string::String,
                        #[prost(string, tag = "8")]
                        pub fragment: ::prost::alloc::string::String,
                        #[prost(int64, tag = "9")]
                        pub size: i64,
                        #[prost(string, tag = "10")]
                        pub protocol: ::prost::alloc::string::String,
                        #[prost(string, tag = "11")]
                        pub body: ::prost::alloc::string::String,
                        #[prost(bytes = "vec", tag = "12")]
                        pub raw_body: ::prost::alloc::vec::Vec<u8>,
                    }
                    impl ::prost::Name for HttpRequest {
                        const NAME: &'static str = "HttpRequest";
                        const PACKAGE: &'static str = "envoy.service.auth.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.service.auth.v3.AttributeContext.HttpRequest".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.service.auth.v3.AttributeContext.HttpRequest".into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct TlsSession {
                        #[prost(string, tag = "1")]
                        pub sni: ::prost::alloc::string::String,
                    }
                    impl ::prost::Name for TlsSession {
                        const NAME: &'static str = "TLSSession";
                        const PACKAGE: &'static str = "envoy.service.auth.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.service.auth.v3.AttributeContext.TLSSession".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.service.auth.v3.AttributeContext.TLSSession".into()
                        }
                    }
                }
                impl ::prost::Name for AttributeContext {
                    const NAME: &'static str = "AttributeContext";
                    const PACKAGE: &'static str = "envoy.service.auth.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.auth.v3.AttributeContext".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.auth.v3.AttributeContext".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct CheckRequest {
                    #[prost(message, optional, tag = "1")]
                    pub attributes: ::core::option::Option<AttributeContext>,
                }
                impl ::prost::Name for CheckRequest {
                    const NAME: &'static str = "CheckRequest";
                    const PACKAGE: &'static str = "envoy.service.auth.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.auth.v3.CheckRequest".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.auth.v3.CheckRequest".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct DeniedHttpResponse {
                    #[prost(message, optional, tag = "1")]
                    pub status: ::core::option::Option<
                        super::super::super::r#type::v3::HttpStatus,
                    >,
                    #[prost(message, repeated, tag = "2")]
                    pub headers: ::prost::alloc::vec::Vec<
                        super::super::super::config::core::v3::HeaderValueOption,
                    >,
                    #[prost(string, tag = "3")]
                    pub body: ::prost::alloc::string::String,
                }
                impl ::prost::Name for DeniedHttpResponse {
                    const NAME: &'static str = "DeniedHttpResponse";
                    const PACKAGE: &'static str = "envoy.service.auth.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.auth.v3.DeniedHttpResponse".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.auth.v3.DeniedHttpResponse".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct OkHttpResponse {
                    #[prost(message, repeated, tag = "2")]
                    pub headers: ::prost::alloc::vec::Vec<
                        super::super::super::config::core::v3::HeaderValueOption,
                    >,
                    #[prost(string, repeated, tag = "5")]
                    pub headers_to_remove: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                    #[prost(message, optional, tag = "3")]
                    pub dynamic_metadata: ::core::option::Option<
                        super::super::super::super::google::protobuf::Struct,
                    >,
                    #[prost(message, repeated, tag = "6")]
                    pub response_headers_to_add: ::prost::alloc::vec::Vec<
                        super::super::super::config::core::v3::HeaderValueOption,
                    >,
                    #[prost(message, repeated, tag = "7")]
                    pub query_parameters_to_set: ::prost::alloc::vec::Vec<
                        super::super::super::config::core::v3::QueryParameter,
                    >,
                    #[prost(string, repeated, tag = "8")]
                    pub query_parameters_to_remove: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                }
                impl ::prost::Name for OkHttpResponse {
                    const NAME: &'static str = "OkHttpResponse";
                    const PACKAGE: &'static str = "envoy.service.auth.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.auth.v3.OkHttpResponse".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.auth.v3.OkHttpResponse".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct CheckResponse {
                    #[prost(message, optional, tag = "1")]
                    pub status: ::core::option::Option<
                        super::super::super::super::google::rpc::Status,
                    >,
                    #[prost(message, optional, tag = "4")]
                    pub dynamic_metadata: ::core::option::Option<
                        super::super::super::super::google::protobuf::Struct,
                    >,
                    #[prost(oneof = "check_response::HttpResponse", tags = "2, 3")]
                    pub http_response: ::core::option::Option<
                        check_response::HttpResponse,
                    >,
                }
                /// Nested message and enum types in `CheckResponse`.
                pub mod check_response {
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum HttpResponse {
                        #[prost(message, tag = "2")]
                        DeniedResponse(super::DeniedHttpResponse),
                        #[prost(message, tag = "3")]
                        OkResponse(super::OkHttpResponse),
                    }
                }
                impl ::prost::Name for CheckResponse {
                    const NAME: &'static str = "CheckResponse";
                    const PACKAGE: &'static str = "envoy.service.auth.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.auth.v3.CheckResponse".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.auth.v3.CheckResponse".into()
                    }
                }
            }
        }
        pub mod ext_proc {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ProcessingRequest {
                    #[prost(message, optional, tag = "8")]
                    pub metadata_context: ::core::option::Option<
                        super::super::super::config::core::v3::Metadata,
                    >,
                    #[prost(bool, tag = "10")]
                    pub observability_mode: bool,
                    #[prost(message, optional, tag = "11")]
                    pub protocol_config: ::core::option::Option<ProtocolConfiguration>,
                    #[prost(
                        oneof = "processing_request::Request",
                        tags = "2, 3, 4, 5, 6, 7"
                    )]
                    pub request: ::core::option::Option<processing_request::Request>,
                }
                /// Nested message and enum types in `ProcessingRequest`.
                pub mod processing_request {
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Request {
                        #[prost(message, tag = "2")]
                        RequestHeaders(super::HttpHeaders),
                        #[prost(message, tag = "3")]
                        ResponseHeaders(super::HttpHeaders),
                        #[prost(message, tag = "4")]
                        RequestBody(super::HttpBody),
                        #[prost(message, tag = "5")]
                        ResponseBody(super::HttpBody),
                        #[prost(message, tag = "6")]
                        RequestTrailers(super::HttpTrailers),
                        #[prost(message, tag = "7")]
                        ResponseTrailers(super::HttpTrailers),
                    }
                }
                impl ::prost::Name for ProcessingRequest {
                    const NAME: &'static str = "ProcessingRequest";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.ProcessingRequest".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.ProcessingRequest".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ProtocolConfiguration {
                    #[prost(
                        enumeration = "super::super::super::extensions::filters::http::ext_proc::v3::processing_mode::BodySendMode",
                        tag = "1"
                    )]
                    pub request_body_mode: i32,
                    #[prost(
                        enumeration = "super::super::super::extensions::filters::http::ext_proc::v3::processing_mode::BodySendMode",
                        tag = "2"
                    )]
                    pub response_body_mode: i32,
                }
                impl ::prost::Name for ProtocolConfiguration {
                    const NAME: &'static str = "ProtocolConfiguration";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.ProtocolConfiguration".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.ProtocolConfiguration".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ProcessingResponse {
                    #[prost(message, optional, tag = "8")]
                    pub dynamic_metadata: ::core::option::Option<
                        super::super::super::super::google::protobuf::Struct,
                    >,
                    #[prost(message, optional, tag = "9")]
                    pub mode_override: ::core::option::Option<
                        super::super::super::extensions::filters::http::ext_proc::v3::ProcessingMode,
                    >,
                    #[prost(
                        oneof = "processing_response::Response",
                        tags = "1, 2, 3, 4, 5, 6, 7"
                    )]
                    pub response: ::core::option::Option<processing_response::Response>,
                }
                /// Nested message and enum types in `ProcessingResponse`.
                pub mod processing_response {
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Response {
                        #[prost(message, tag = "1")]
                        RequestHeaders(super::HeadersResponse),
                        #[prost(message, tag = "2")]
                        ResponseHeaders(super::HeadersResponse),
                        #[prost(message, tag = "3")]
                        RequestBody(super::BodyResponse),
                        #[prost(message, tag = "4")]
                        ResponseBody(super::BodyResponse),
                        #[prost(message, tag = "5")]
                        RequestTrailers(super::TrailersResponse),
                        #[prost(message, tag = "6")]
                        ResponseTrailers(super::TrailersResponse),
                        #[prost(message, tag = "7")]
                        ImmediateResponse(super::ImmediateResponse),
                    }
                }
                impl ::prost::Name for ProcessingResponse {
                    const NAME: &'static str = "ProcessingResponse";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.ProcessingResponse".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.ProcessingResponse".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HttpHeaders {
                    #[prost(message, optional, tag = "1")]
                    pub headers: ::core::option::Option<
                        super::super::super::config::core::v3::HeaderMap,
                    >,
                    #[prost(bool, tag = "3")]
                    pub end_of_stream: bool,
                }
                impl ::prost::Name for HttpHeaders {
                    const NAME: &'static str = "HttpHeaders";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.HttpHeaders".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.HttpHeaders".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HttpBody {
                    #[prost(bytes = "vec", tag = "1")]
                    pub body: ::prost::alloc::vec::Vec<u8>,
                    #[prost(bool, tag = "2")]
                    pub end_of_stream: bool,
                }
                impl ::prost::Name for HttpBody {
                    const NAME: &'static str = "HttpBody";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.HttpBody".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.HttpBody".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HttpTrailers {
                    #[prost(message, optional, tag = "1")]
                    pub trailers: ::core::option::Option<
                        super::super::super::config::core::v3::HeaderMap,
                    >,
                }
                impl ::prost::Name for HttpTrailers {
                    const NAME: &'static str = "HttpTrailers";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.HttpTrailers".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.HttpTrailers".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HeadersResponse {
                    #[prost(message, optional, tag = "1")]
                    pub response: ::core::option::Option<CommonResponse>,
                }
                impl ::prost::Name for HeadersResponse {
                    const NAME: &'static str = "HeadersResponse";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.HeadersResponse".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.HeadersResponse".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct BodyResponse {
                    #[prost(message, optional, tag = "1")]
                    pub response: ::core::option::Option<CommonResponse>,
                }
                impl ::prost::Name for BodyResponse {
                    const NAME: &'static str = "BodyResponse";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.BodyResponse".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.BodyResponse".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct TrailersResponse {
                    #[prost(message, optional, tag = "1")]
                    pub header_mutation: ::core::option::Option<HeaderMutation>,
                }
                impl ::prost::Name for TrailersResponse {
                    const NAME: &'static str = "TrailersResponse";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.TrailersResponse".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.TrailersResponse".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct CommonResponse {
                    #[prost(enumeration = "common_response::ResponseStatus", tag = "1")]
                    pub status: i32,
                    #[prost(message, optional, tag = "2")]
                    pub header_mutation: ::core::option::Option<HeaderMutation>,
                    #[prost(message, optional, tag = "3")]
                    pub body_mutation: ::core::option::Option<BodyMutation>,
                    #[prost(bool, tag = "5")]
                    pub clear_route_cache: bool,
                }
                /// Nested message and enum types in `CommonResponse`.
                pub mod common_response {
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum ResponseStatus {
                        Continue = 0,
                        ContinueAndReplace = 1,
                    }
                    impl ResponseStatus {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::Continue => "CONTINUE",
                                Self::ContinueAndReplace => "CONTINUE_AND_REPLACE",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "CONTINUE" => Some(Self::Continue),
                                "CONTINUE_AND_REPLACE" => Some(Self::ContinueAndReplace),
                                _ => None,
                            }
                        }
                    }
                }
                impl ::prost::Name for CommonResponse {
                    const NAME: &'static str = "CommonResponse";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.CommonResponse".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.CommonResponse".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ImmediateResponse {
                    #[prost(message, optional, tag = "1")]
                    pub status: ::core::option::Option<
                        super::super::super::r#type::v3::HttpStatus,
                    >,
                    #[prost(message, optional, tag = "2")]
                    pub headers: ::core::option::Option<HeaderMutation>,
                    #[prost(bytes = "vec", tag = "3")]
                    pub body: ::prost::alloc::vec::Vec<u8>,
                    #[prost(message, optional, tag = "4")]
                    pub grpc_status: ::core::option::Option<GrpcStatus>,
                    #[prost(string, tag = "5")]
                    pub details: ::prost::alloc::string::String,
                }
                impl ::prost::Name for ImmediateResponse {
                    const NAME: &'static str = "ImmediateResponse";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.ImmediateResponse".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.ImmediateResponse".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct GrpcStatus {
                    #[prost(uint32, tag = "1")]
                    pub status: u32,
                }
                impl ::prost::Name for GrpcStatus {
                    const NAME: &'static str = "GrpcStatus";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.GrpcStatus".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.GrpcStatus".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct HeaderMutation {
                    #[prost(message, repeated, tag = "1")]
                    pub set_headers: ::prost::alloc::vec::Vec<
                        super::super::super::config::core::v3::HeaderValueOption,
                    >,
                    #[prost(string, repeated, tag = "2")]
                    pub remove_headers: ::prost::alloc::vec::Vec<
                        ::prost::alloc::string::String,
                    >,
                }
                impl ::prost::Name for HeaderMutation {
                    const NAME: &'static str = "HeaderMutation";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.HeaderMutation".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.HeaderMutation".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct BodyMutation {
                    #[prost(oneof = "body_mutation::Mutation", tags = "1, 2, 3")]
                    pub mutation: ::core::option::Option<body_mutation::Mutation>,
                }
                /// Nested message and enum types in `BodyMutation`.
                pub mod body_mutation {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Mutation {
                        #[prost(bytes, tag = "1")]
                        Body(::prost::alloc::vec::Vec<u8>),
                        #[prost(bool, tag = "2")]
                        ClearBody(bool),
                        #[prost(message, tag = "3")]
                        StreamedResponse(super::StreamedBodyResponse),
                    }
                }
                impl ::prost::Name for BodyMutation {
                    const NAME: &'static str = "BodyMutation";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.BodyMutation".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.BodyMutation".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct StreamedBodyResponse {
                    #[prost(bytes = "vec", tag = "1")]
                    pub body: ::prost::alloc::vec::Vec<u8>,
                    #[prost(bool, tag = "2")]
                    pub end_of_stream: bool,
                }
                impl ::prost::Name for StreamedBodyResponse {
                    const NAME: &'static str = "StreamedBodyResponse";
                    const PACKAGE: &'static str = "envoy.service.ext_proc.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ext_proc.v3.StreamedBodyResponse".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ext_proc.v3.StreamedBodyResponse".into()
                    }
                }
            }
        }
        pub mod rate_limit_quota {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RateLimitQuotaUsageReports {
                    #[prost(string, tag = "1")]
                    pub domain: ::prost::alloc::string::String,
                    #[prost(message, repeated, tag = "2")]
                    pub bucket_quota_usages: ::prost::alloc::vec::Vec<
                        rate_limit_quota_usage_reports::BucketQuotaUsage,
                    >,
                }
                /// Nested message and enum types in `RateLimitQuotaUsageReports`.
                pub mod rate_limit_quota_usage_reports {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct BucketQuotaUsage {
                        #[prost(message, optional, tag = "1")]
                        pub bucket_id: ::core::option::Option<super::BucketId>,
                        #[prost(message, optional, tag = "2")]
                        pub time_elapsed: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Duration,
                        >,
                        #[prost(uint64, tag = "3")]
                        pub num_requests_allowed: u64,
                        #[prost(uint64, tag = "4")]
                        pub num_requests_denied: u64,
                    }
                    impl ::prost::Name for BucketQuotaUsage {
                        const NAME: &'static str = "BucketQuotaUsage";
                        const PACKAGE: &'static str = "envoy.service.rate_limit_quota.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.service.rate_limit_quota.v3.RateLimitQuotaUsageReports.BucketQuotaUsage"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.service.rate_limit_quota.v3.RateLimitQuotaUsageReports.BucketQuotaUsage"
                                .into()
                        }
                    }
                }
                impl ::prost::Name for RateLimitQuotaUsageReports {
                    const NAME: &'static str = "RateLimitQuotaUsageReports";
                    const PACKAGE: &'static str = "envoy.service.rate_limit_quota.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.rate_limit_quota.v3.RateLimitQuotaUsageReports"
                            .into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.rate_limit_quota.v3.RateLimitQuotaUsageReports"
                            .into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RateLimitQuotaResponse {
                    #[prost(message, repeated, tag = "1")]
                    pub bucket_action: ::prost::alloc::vec::Vec<
                        rate_limit_quota_response::BucketAction,
                    >,
                }
                /// Nested message and enum types in `RateLimitQuotaResponse`.
                pub mod rate_limit_quota_response {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct BucketAction {
                        #[prost(message, optional, tag = "1")]
                        pub bucket_id: ::core::option::Option<super::BucketId>,
                        #[prost(oneof = "bucket_action::BucketAction", tags = "2, 3")]
                        pub bucket_action: ::core::option::Option<
                            bucket_action::BucketAction,
                        >,
                    }
                    /// Nested message and enum types in `BucketAction`.
                    pub mod bucket_action {
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct QuotaAssignmentAction {
                            #[prost(message, optional, tag = "2")]
                            pub assignment_time_to_live: ::core::option::Option<
                                super::super::super::super::super::super::google::protobuf::Duration,
                            >,
                            #[prost(message, optional, tag = "3")]
                            pub rate_limit_strategy: ::core::option::Option<
                                super::super::super::super::super::r#type::v3::RateLimitStrategy,
                            >,
                        }
                        impl ::prost::Name for QuotaAssignmentAction {
                            const NAME: &'static str = "QuotaAssignmentAction";
                            const PACKAGE: &'static str = "envoy.service.rate_limit_quota.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.service.rate_limit_quota.v3.RateLimitQuotaResponse.BucketAction.QuotaAssignmentAction"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.service.rate_limit_quota.v3.RateLimitQuotaResponse.BucketAction.QuotaAssignmentAction"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct AbandonAction {}
                        impl ::prost::Name for AbandonAction {
                            const NAME: &'static str = "AbandonAction";
                            const PACKAGE: &'static str = "envoy.service.rate_limit_quota.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "envoy.service.rate_limit_quota.v3.RateLimitQuotaResponse.BucketAction.AbandonAction"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/envoy.service.rate_limit_quota.v3.RateLimitQuotaResponse.BucketAction.AbandonAction"
                                    .into()
                            }
                        }
                        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum BucketAction {
                            #[prost(message, tag = "2")]
                            QuotaAssignmentAction(QuotaAssignmentAction),
                            #[prost(message, tag = "3")]
                            AbandonAction(AbandonAction),
                        }
                    }
                    impl ::prost::Name for BucketAction {
                        const NAME: &'static str = "BucketAction";
                        const PACKAGE: &'static str = "envoy.service.rate_limit_quota.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.service.rate_limit_quota.v3.RateLimitQuotaResponse.BucketAction"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.service.rate_limit_quota.v3.RateLimitQuotaResponse.BucketAction"
                                .into()
                        }
                    }
                }
                impl ::prost::Name for RateLimitQuotaResponse {
                    const NAME: &'static str = "RateLimitQuotaResponse";
                    const PACKAGE: &'static str = "envoy.service.rate_limit_quota.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.rate_limit_quota.v3.RateLimitQuotaResponse".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.rate_limit_quota.v3.RateLimitQuotaResponse"
                            .into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct BucketId {
                    #[prost(map = "string, string", tag = "1")]
                    pub bucket: ::std::collections::HashMap<
                        ::prost::alloc::string::String,
                        ::prost::alloc::string::String,
                    >,
                }
                impl ::prost::Name for BucketId {
                    const NAME: &'static str = "BucketId";
                    const PACKAGE: &'static str = "envoy.service.rate_limit_quota.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.rate_limit_quota.v3.BucketId".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.rate_limit_quota.v3.BucketId".into()
                    }
                }
            }
        }
        pub mod ratelimit {
            pub mod v3 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RateLimitRequest {
                    #[prost(string, tag = "1")]
                    pub domain: ::prost::alloc::string::String,
                    #[prost(message, repeated, tag = "2")]
                    pub descriptors: ::prost::alloc::vec::Vec<
                        super::super::super::extensions::common::ratelimit::v3::RateLimitDescriptor,
                    >,
                    #[prost(uint32, tag = "3")]
                    pub hits_addend: u32,
                }
                impl ::prost::Name for RateLimitRequest {
                    const NAME: &'static str = "RateLimitRequest";
                    const PACKAGE: &'static str = "envoy.service.ratelimit.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ratelimit.v3.RateLimitRequest".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ratelimit.v3.RateLimitRequest".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RateLimitResponse {
                    #[prost(enumeration = "rate_limit_response::Code", tag = "1")]
                    pub overall_code: i32,
                    #[prost(message, repeated, tag = "2")]
                    pub statuses: ::prost::alloc::vec::Vec<
                        rate_limit_response::DescriptorStatus,
                    >,
                    #[prost(message, repeated, tag = "3")]
                    pub response_headers_to_add: ::prost::alloc::vec::Vec<
                        super::super::super::config::core::v3::HeaderValue,
                    >,
                    #[prost(message, repeated, tag = "4")]
                    pub request_headers_to_add: ::prost::alloc::vec::Vec<
                        super::super::super::config::core::v3::HeaderValue,
                    >,
                    #[prost(bytes = "vec", tag = "5")]
                    pub raw_body: ::prost::alloc::vec::Vec<u8>,
                    #[prost(message, optional, tag = "6")]
                    pub dynamic_metadata: ::core::option::Option<
                        super::super::super::super::google::protobuf::Struct,
                    >,
                }
                /// Nested message and enum types in `RateLimitResponse`.
                pub mod rate_limit_response {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct RateLimit {
                        #[prost(string, tag = "3")]
                        pub name: ::prost::alloc::string::String,
                        #[prost(uint32, tag = "1")]
                        pub requests_per_unit: u32,
                        #[prost(enumeration = "rate_limit::Unit", tag = "2")]
                        pub unit: i32,
                    }
                    /// Nested message and enum types in `RateLimit`.
                    pub mod rate_limit {
                        #[derive(
                            Clone,
                            Copy,
                            PartialEq,
                            Eq,
                            Hash,
                            PartialOrd,
                            Ord,
                            ::prost::Enumeration
                        )]
                        #[repr(i32)]
                        pub enum Unit {
                            Unknown = 0,
                            Second = 1,
                            Minute = 2,
                            Hour = 3,
                            Day = 4,
                            Month = 5,
                            Year = 6,
                            Week = 7,
                        }
                        impl Unit {
                            /// String value of the enum field names used in the ProtoBuf definition.
                            ///
                            /// The values are not transformed in any way and thus are considered stable
                            /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                            pub fn as_str_name(&self) -> &'static str {
                                match self {
                                    Self::Unknown => "UNKNOWN",
                                    Self::Second => "SECOND",
                                    Self::Minute => "MINUTE",
                                    Self::Hour => "HOUR",
                                    Self::Day => "DAY",
                                    Self::Month => "MONTH",
                                    Self::Year => "YEAR",
                                    Self::Week => "WEEK",
                                }
                            }
                            /// Creates an enum from field names used in the ProtoBuf definition.
                            pub fn from_str_name(
                                value: &str,
                            ) -> ::core::option::Option<Self> {
                                match value {
                                    "UNKNOWN" => Some(Self::Unknown),
                                    "SECOND" => Some(Self::Second),
                                    "MINUTE" => Some(Self::Minute),
                                    "HOUR" => Some(Self::Hour),
                                    "DAY" => Some(Self::Day),
                                    "MONTH" => Some(Self::Month),
                                    "YEAR" => Some(Self::Year),
                                    "WEEK" => Some(Self::Week),
                                    _ => None,
                                }
                            }
                        }
                    }
                    impl ::prost::Name for RateLimit {
                        const NAME: &'static str = "RateLimit";
                        const PACKAGE: &'static str = "envoy.service.ratelimit.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.service.ratelimit.v3.RateLimitResponse.RateLimit"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.service.ratelimit.v3.RateLimitResponse.RateLimit"
                                .into()
                        }
                    }
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct DescriptorStatus {
                        #[prost(enumeration = "Code", tag = "1")]
                        pub code: i32,
                        #[prost(message, optional, tag = "2")]
                        pub current_limit: ::core::option::Option<RateLimit>,
                        #[prost(uint32, tag = "3")]
                        pub limit_remaining: u32,
                        #[prost(message, optional, tag = "4")]
                        pub duration_until_reset: ::core::option::Option<
                            super::super::super::super::super::google::protobuf::Duration,
                        >,
                    }
                    impl ::prost::Name for DescriptorStatus {
                        const NAME: &'static str = "DescriptorStatus";
                        const PACKAGE: &'static str = "envoy.service.ratelimit.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "envoy.service.ratelimit.v3.RateLimitResponse.DescriptorStatus"
                                .into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/envoy.service.ratelimit.v3.RateLimitResponse.DescriptorStatus"
                                .into()
                        }
                    }
                    #[derive(
                        Clone,
                        Copy,
                        PartialEq,
                        Eq,
                        Hash,
                        PartialOrd,
                        Ord,
                        ::prost::Enumeration
                    )]
                    #[repr(i32)]
                    pub enum Code {
                        Unknown = 0,
                        Ok = 1,
                        OverLimit = 2,
                    }
                    impl Code {
                        /// String value of the enum field names used in the ProtoBuf definition.
                        ///
                        /// The values are not transformed in any way and thus are considered stable
                        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
                        pub fn as_str_name(&self) -> &'static str {
                            match self {
                                Self::Unknown => "UNKNOWN",
                                Self::Ok => "OK",
                                Self::OverLimit => "OVER_LIMIT",
                            }
                        }
                        /// Creates an enum from field names used in the ProtoBuf definition.
                        pub fn from_str_name(
                            value: &str,
                        ) -> ::core::option::Option<Self> {
                            match value {
                                "UNKNOWN" => Some(Self::Unknown),
                                "OK" => Some(Self::Ok),
                                "OVER_LIMIT" => Some(Self::OverLimit),
                                _ => None,
                            }
                        }
                    }
                }
                impl ::prost::Name for RateLimitResponse {
                    const NAME: &'static str = "RateLimitResponse";
                    const PACKAGE: &'static str = "envoy.service.ratelimit.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "envoy.service.ratelimit.v3.RateLimitResponse".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/envoy.service.ratelimit.v3.RateLimitResponse".into()
                    }
                }
            }
        }
    }
}
pub mod fairlead {
    pub mod dataplane {
        pub mod v1 {
            #[derive(Clone, PartialEq, ::prost::Message)]
            #[prost(skip_debug)]
            pub struct FilterModule {
                #[prost(string, tag = "1")]
                pub module: ::prost::alloc::string::String,
                #[prost(message, optional, tag = "2")]
                pub config: ::core::option::Option<
                    super::super::super::google::protobuf::Struct,
                >,
                #[prost(message, optional, tag = "3")]
                pub timeout: ::core::option::Option<
                    super::super::super::google::protobuf::Duration,
                >,
                #[prost(bool, tag = "4")]
                pub failure_mode_allow: bool,
                #[prost(uint32, tag = "5")]
                pub status_on_error: u32,
                #[prost(string, tag = "6")]
                pub version: ::prost::alloc::string::String,
            }
            impl ::prost::Name for FilterModule {
                const NAME: &'static str = "FilterModule";
                const PACKAGE: &'static str = "fairlead.dataplane.v1";
                fn full_name() -> ::prost::alloc::string::String {
                    "fairlead.dataplane.v1.FilterModule".into()
                }
                fn type_url() -> ::prost::alloc::string::String {
                    "/fairlead.dataplane.v1.FilterModule".into()
                }
            }
        }
    }
}
pub mod google {
    pub mod api {
        pub mod expr {
            pub mod v1alpha1 {
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct CheckedExpr {}
                impl ::prost::Name for CheckedExpr {
                    const NAME: &'static str = "CheckedExpr";
                    const PACKAGE: &'static str = "google.api.expr.v1alpha1";
                    fn full_name() -> ::prost::alloc::string::String {
                        "google.api.expr.v1alpha1.CheckedExpr".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/google.api.expr.v1alpha1.CheckedExpr".into()
                    }
                }
                #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Expr {}
                impl ::prost::Name for Expr {
                    const NAME: &'static str = "Expr";
                    const PACKAGE: &'static str = "google.api.expr.v1alpha1";
                    fn full_name() -> ::prost::alloc::string::String {
                        "google.api.expr.v1alpha1.Expr".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/google.api.expr.v1alpha1.Expr".into()
                    }
                }
            }
        }
    }
    pub mod protobuf {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
        #[prost(skip_debug)]
        pub struct Duration {
            #[prost(int64, tag = "1")]
            pub seconds: i64,
            #[prost(int32, tag = "2")]
            pub nanos: i32,
        }
        impl ::prost::Name for Duration {
            const NAME: &'static str = "Duration";
            const PACKAGE: &'static str = "google.protobuf";
            fn full_name() -> ::prost::alloc::string::String {
                "google.protobuf.Duration".into()
            }
            fn type_url() -> ::prost::alloc::string::String {
                "/google.protobuf.Duration".into()
            }
        }
        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
        #[prost(skip_debug)]
        pub struct Any {
            #[prost(string, tag = "1")]
            pub type_url: ::prost::alloc::string::String,
            #[prost(bytes = "vec", tag = "2")]
            pub value: ::prost::alloc::vec::Vec<u8>,
        }
        impl ::prost::Name for Any {
            const NAME: &'static str = "Any";
            const PACKAGE: &'static str = "google.protobuf";
            fn full_name() -> ::prost::alloc::string::String {
                "google.protobuf.Any".into()
            }
            fn type_url() -> ::prost::alloc::string::String {
                "/google.protobuf.Any".into()
            }
        }
        #[derive(Clone, PartialEq, ::prost::Message)]
        #[prost(skip_debug)]
        pub struct Struct {
            #[prost(map = "string, message", tag = "1")]
            pub fields: ::std::collections::HashMap<
                ::prost::alloc::string::String,
                Value,
            >,
        }
        impl ::prost::Name for Struct {
            const NAME: &'static str = "Struct";
            const PACKAGE: &'static str = "google.protobuf";
            fn full_name() -> ::prost::alloc::string::String {
                "google.protobuf.Struct".into()
            }
            fn type_url() -> ::prost::alloc::string::String {
                "/google.protobuf.Struct".into()
            }
        }
        #[derive(Clone, PartialEq, ::prost::Message)]
        #[prost(skip_debug)]
        pub struct Value {
            #[prost(oneof = "value::Kind", tags = "1, 2, 3, 4, 5, 6")]
            pub kind: ::core::option::Option<value::Kind>,
        }
        /// Nested message and enum types in `Value`.
        pub mod value {
            #[derive(Clone, PartialEq, ::prost::Oneof)]
            #[prost(skip_debug)]
            pub enum Kind {
                #[prost(enumeration = "super::NullValue", tag = "1")]
                NullValue(i32),
                #[prost(double, tag = "2")]
                NumberValue(f64),
                #[prost(string, tag = "3")]
                StringValue(::prost::alloc::string::String),
                #[prost(bool, tag = "4")]
                BoolValue(bool),
                #[prost(message, tag = "5")]
                StructValue(super::Struct),
                #[prost(message, tag = "6")]
                ListValue(super::ListValue),
            }
        }
        impl ::prost::Name for Value {
            const NAME: &'static str = "Value";
            const PACKAGE: &'static str = "google.protobuf";
            fn full_name() -> ::prost::alloc::string::String {
                "google.protobuf.Value".into()
            }
            fn type_url() -> ::prost::alloc::string::String {
                "/google.protobuf.Value".into()
            }
        }
        #[derive(Clone, PartialEq, ::prost::Message)]
        #[prost(skip_debug)]
        pub struct ListValue {
            #[prost(message, repeated, tag = "1")]
            pub values: ::prost::alloc::vec::Vec<Value>,
        }
        impl ::prost::Name for ListValue {
            const NAME: &'static str = "ListValue";
            const PACKAGE: &'static str = "google.protobuf";
            fn full_name() -> ::prost::alloc::string::String {
                "google.protobuf.ListValue".into()
            }
            fn type_url() -> ::prost::alloc::string::String {
                "/google.protobuf.ListValue".into()
            }
        }
        #[derive(
            Clone,
            Copy,
            PartialEq,
            Eq,
            Hash,
            PartialOrd,
            Ord,
            ::prost::Enumeration
        )]
        #[repr(i32)]
        pub enum NullValue {
            NullValue = 0,
        }
        impl NullValue {
            /// String value of the enum field names used in the ProtoBuf definition.
            ///
            /// The values are not transformed in any way and thus are considered stable
            /// (if the ProtoBuf definition does not change) and safe for programmatic use.
            pub fn as_str_name(&self) -> &'static str {
                match self {
                    Self::NullValue => "NULL_VALUE",
                }
            }
            /// Creates an enum from field names used in the ProtoBuf definition.
            pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
                match value {
                    "NULL_VALUE" => Some(Self::NullValue),
                    _ => None,
                }
            }
        }
        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
        #[prost(skip_debug)]
        pub struct Empty {}
        impl ::prost::Name for Empty {
            const NAME: &'static str = "Empty";
            const PACKAGE: &'static str = "google.protobuf";
            fn full_name() -> ::prost::alloc::string::String {
                "google.protobuf.Empty".into()
            }
            fn type_url() -> ::prost::alloc::string::String {
                "/google.protobuf.Empty".into()
            }
        }
        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
        #[prost(skip_debug)]
        pub struct Timestamp {
            #[prost(int64, tag = "1")]
            pub seconds: i64,
            #[prost(int32, tag = "2")]
            pub nanos: i32,
        }
        impl ::prost::Name for Timestamp {
            const NAME: &'static str = "Timestamp";
            const PACKAGE: &'static str = "google.protobuf";
            fn full_name() -> ::prost::alloc::string::String {
                "google.protobuf.Timestamp".into()
            }
            fn type_url() -> ::prost::alloc::string::String {
                "/google.protobuf.Timestamp".into()
            }
        }
    }
    pub mod rpc {
        #[derive(Clone, PartialEq, ::prost::Message)]
        #[prost(skip_debug)]
        pub struct Status {
            #[prost(int32, tag = "1")]
            pub code: i32,
            #[prost(string, tag = "2")]
            pub message: ::prost::alloc::string::String,
            #[prost(message, repeated, tag = "3")]
            pub details: ::prost::alloc::vec::Vec<super::protobuf::Any>,
        }
        impl ::prost::Name for Status {
            const NAME: &'static str = "Status";
            const PACKAGE: &'static str = "google.rpc";
            fn full_name() -> ::prost::alloc::string::String {
                "google.rpc.Status".into()
            }
            fn type_url() -> ::prost::alloc::string::String {
                "/google.rpc.Status".into()
            }
        }
    }
}
pub mod istio {
    pub mod networking {
        pub mod nds {
            pub mod v1 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct NameTable {
                    #[prost(map = "string, message", tag = "1")]
                    pub table: ::std::collections::HashMap<
                        ::prost::alloc::string::String,
                        name_table::NameInfo,
                    >,
                    #[prost(message, optional, tag = "2")]
                    pub name_info: ::core::option::Option<name_table::NameInfo>,
                }
                /// Nested message and enum types in `NameTable`.
                pub mod name_table {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct NameInfo {
                        #[prost(string, repeated, tag = "1")]
                        pub ips: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                        #[prost(string, tag = "2")]
                        pub registry: ::prost::alloc::string::String,
                        #[prost(string, tag = "3")]
                        pub shortname: ::prost::alloc::string::String,
                        #[prost(string, tag = "4")]
                        pub namespace: ::prost::alloc::string::String,
                        #[deprecated]
                        #[prost(string, repeated, tag = "5")]
                        pub alt_hosts: ::prost::alloc::vec::Vec<
                            ::prost::alloc::string::String,
                        >,
                    }
                    impl ::prost::Name for NameInfo {
                        const NAME: &'static str = "NameInfo";
                        const PACKAGE: &'static str = "istio.networking.nds.v1";
                        fn full_name() -> ::prost::alloc::string::String {
                            "istio.networking.nds.v1.NameTable.NameInfo".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/istio.networking.nds.v1.NameTable.NameInfo".into()
                        }
                    }
                }
                impl ::prost::Name for NameTable {
                    const NAME: &'static str = "NameTable";
                    const PACKAGE: &'static str = "istio.networking.nds.v1";
                    fn full_name() -> ::prost::alloc::string::String {
                        "istio.networking.nds.v1.NameTable".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/istio.networking.nds.v1.NameTable".into()
                    }
                }
            }
        }
    }
}
pub mod opentelemetry {
    pub mod proto {
        pub mod common {
            pub mod v1 {
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct AnyValue {
                    #[prost(oneof = "any_value::Value", tags = "1, 2, 3, 4, 5, 6, 7")]
                    pub value: ::core::option::Option<any_value::Value>,
                }
                /// Nested message and enum types in `AnyValue`.
                pub mod any_value {
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum Value {
                        #[prost(string, tag = "1")]
                        StringValue(::prost::alloc::string::String),
                        #[prost(bool, tag = "2")]
                        BoolValue(bool),
                        #[prost(int64, tag = "3")]
                        IntValue(i64),
                        #[prost(double, tag = "4")]
                        DoubleValue(f64),
                        #[prost(message, tag = "5")]
                        ArrayValue(super::ArrayValue),
                        #[prost(message, tag = "6")]
                        KvlistValue(super::KeyValueList),
                        #[prost(bytes, tag = "7")]
                        BytesValue(::prost::alloc::vec::Vec<u8>),
                    }
                }
                impl ::prost::Name for AnyValue {
                    const NAME: &'static str = "AnyValue";
                    const PACKAGE: &'static str = "opentelemetry.proto.common.v1";
                    fn full_name() -> ::prost::alloc::string::String {
                        "opentelemetry.proto.common.v1.AnyValue".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/opentelemetry.proto.common.v1.AnyValue".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct ArrayValue {
                    #[prost(message, repeated, tag = "1")]
                    pub values: ::prost::alloc::vec::Vec<AnyValue>,
                }
                impl ::prost::Name for ArrayValue {
                    const NAME: &'static str = "ArrayValue";
                    const PACKAGE: &'static str = "opentelemetry.proto.common.v1";
                    fn full_name() -> ::prost::alloc::string::String {
                        "opentelemetry.proto.common.v1.ArrayValue".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/opentelemetry.proto.common.v1.ArrayValue".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct KeyValueList {
                    #[prost(message, repeated, tag = "1")]
                    pub values: ::prost::alloc::vec::Vec<KeyValue>,
                }
                impl ::prost::Name for KeyValueList {
                    const NAME: &'static str = "KeyValueList";
                    const PACKAGE: &'static str = "opentelemetry.proto.common.v1";
                    fn full_name() -> ::prost::alloc::string::String {
                        "opentelemetry.proto.common.v1.KeyValueList".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/opentelemetry.proto.common.v1.KeyValueList".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct KeyValue {
                    #[prost(string, tag = "1")]
                    pub key: ::prost::alloc::string::String,
                    #[prost(message, optional, tag = "2")]
                    pub value: ::core::option::Option<AnyValue>,
                }
                impl ::prost::Name for KeyValue {
                    const NAME: &'static str = "KeyValue";
                    const PACKAGE: &'static str = "opentelemetry.proto.common.v1";
                    fn full_name() -> ::prost::alloc::string::String {
                        "opentelemetry.proto.common.v1.KeyValue".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/opentelemetry.proto.common.v1.KeyValue".into()
                    }
                }
            }
        }
    }
}
pub mod xds {
    pub mod core {
        pub mod v3 {
            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
            #[prost(skip_debug)]
            pub struct TypedExtensionConfig {
                #[prost(string, tag = "1")]
                pub name: ::prost::alloc::string::String,
                #[prost(message, optional, tag = "2")]
                pub typed_config: ::core::option::Option<
                    super::super::super::google::protobuf::Any,
                >,
            }
            impl ::prost::Name for TypedExtensionConfig {
                const NAME: &'static str = "TypedExtensionConfig";
                const PACKAGE: &'static str = "xds.core.v3";
                fn full_name() -> ::prost::alloc::string::String {
                    "xds.core.v3.TypedExtensionConfig".into()
                }
                fn type_url() -> ::prost::alloc::string::String {
                    "/xds.core.v3.TypedExtensionConfig".into()
                }
            }
            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
            #[prost(skip_debug)]
            pub struct CidrRange {
                #[prost(string, tag = "1")]
                pub address_prefix: ::prost::alloc::string::String,
                #[prost(message, optional, tag = "2")]
                pub prefix_len: ::core::option::Option<u32>,
            }
            impl ::prost::Name for CidrRange {
                const NAME: &'static str = "CidrRange";
                const PACKAGE: &'static str = "xds.core.v3";
                fn full_name() -> ::prost::alloc::string::String {
                    "xds.core.v3.CidrRange".into()
                }
                fn type_url() -> ::prost::alloc::string::String {
                    "/xds.core.v3.CidrRange".into()
                }
            }
        }
    }
    pub mod r#type {
        pub mod matcher {
            pub mod v3 {
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct StringMatcher {
                    #[prost(bool, tag = "6")]
                    pub ignore_case: bool,
                    #[prost(
                        oneof = "string_matcher::MatchPattern",
                        tags = "1, 2, 3, 5, 7"
                    )]
                    pub match_pattern: ::core::option::Option<
                        string_matcher::MatchPattern,
                    >,
                }
                /// Nested message and enum types in `StringMatcher`.
                pub mod string_matcher {
                    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum MatchPattern {
                        #[prost(string, tag = "1")]
                        Exact(::prost::alloc::string::String),
                        #[prost(string, tag = "2")]
                        Prefix(::prost::alloc::string::String),
                        #[prost(string, tag = "3")]
                        Suffix(::prost::alloc::string::String),
                        #[prost(message, tag = "5")]
                        SafeRegex(super::RegexMatcher),
                        #[prost(string, tag = "7")]
                        Contains(::prost::alloc::string::String),
                    }
                }
                impl ::prost::Name for StringMatcher {
                    const NAME: &'static str = "StringMatcher";
                    const PACKAGE: &'static str = "xds.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "xds.type.matcher.v3.StringMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/xds.type.matcher.v3.StringMatcher".into()
                    }
                }
                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct RegexMatcher {
                    #[prost(string, tag = "2")]
                    pub regex: ::prost::alloc::string::String,
                }
                impl ::prost::Name for RegexMatcher {
                    const NAME: &'static str = "RegexMatcher";
                    const PACKAGE: &'static str = "xds.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "xds.type.matcher.v3.RegexMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/xds.type.matcher.v3.RegexMatcher".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct Matcher {
                    #[prost(message, optional, boxed, tag = "3")]
                    pub on_no_match: ::core::option::Option<
                        ::prost::alloc::boxed::Box<matcher::OnMatch>,
                    >,
                    #[prost(oneof = "matcher::MatcherType", tags = "1, 2")]
                    pub matcher_type: ::core::option::Option<matcher::MatcherType>,
                }
                /// Nested message and enum types in `Matcher`.
                pub mod matcher {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct OnMatch {
                        #[prost(bool, tag = "3")]
                        pub keep_matching: bool,
                        #[prost(oneof = "on_match::OnMatch", tags = "1, 2")]
                        pub on_match: ::core::option::Option<on_match::OnMatch>,
                    }
                    /// Nested message and enum types in `OnMatch`.
                    pub mod on_match {
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum OnMatch {
                            #[prost(message, tag = "1")]
                            Matcher(::prost::alloc::boxed::Box<super::super::Matcher>),
                            #[prost(message, tag = "2")]
                            Action(
                                super::super::super::super::super::core::v3::TypedExtensionConfig,
                            ),
                        }
                    }
                    impl ::prost::Name for OnMatch {
                        const NAME: &'static str = "OnMatch";
                        const PACKAGE: &'static str = "xds.type.matcher.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "xds.type.matcher.v3.Matcher.OnMatch".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/xds.type.matcher.v3.Matcher.OnMatch".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct MatcherList {
                        #[prost(message, repeated, tag = "1")]
                        pub matchers: ::prost::alloc::vec::Vec<
                            matcher_list::FieldMatcher,
                        >,
                    }
                    /// Nested message and enum types in `MatcherList`.
                    pub mod matcher_list {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct Predicate {
                            #[prost(oneof = "predicate::MatchType", tags = "1, 2, 3, 4")]
                            pub match_type: ::core::option::Option<predicate::MatchType>,
                        }
                        /// Nested message and enum types in `Predicate`.
                        pub mod predicate {
                            #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct SinglePredicate {
                                #[prost(message, optional, tag = "1")]
                                pub input: ::core::option::Option<
                                    super::super::super::super::super::super::core::v3::TypedExtensionConfig,
                                >,
                                #[prost(oneof = "single_predicate::Matcher", tags = "2, 3")]
                                pub matcher: ::core::option::Option<
                                    single_predicate::Matcher,
                                >,
                            }
                            /// Nested message and enum types in `SinglePredicate`.
                            pub mod single_predicate {
                                #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
                                #[prost(skip_debug)]
                                pub enum Matcher {
                                    #[prost(message, tag = "2")]
                                    ValueMatch(super::super::super::super::StringMatcher),
                                    #[prost(message, tag = "3")]
                                    CustomMatch(
                                        super::super::super::super::super::super::super::core::v3::TypedExtensionConfig,
                                    ),
                                }
                            }
                            impl ::prost::Name for SinglePredicate {
                                const NAME: &'static str = "SinglePredicate";
                                const PACKAGE: &'static str = "xds.type.matcher.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "xds.type.matcher.v3.Matcher.MatcherList.Predicate.SinglePredicate"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/xds.type.matcher.v3.Matcher.MatcherList.Predicate.SinglePredicate"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, ::prost::Message)]
                            #[prost(skip_debug)]
                            pub struct PredicateList {
                                #[prost(message, repeated, tag = "1")]
                                pub predicate: ::prost::alloc::vec::Vec<super::Predicate>,
                            }
                            impl ::prost::Name for PredicateList {
                                const NAME: &'static str = "PredicateList";
                                const PACKAGE: &'static str = "xds.type.matcher.v3";
                                fn full_name() -> ::prost::alloc::string::String {
                                    "xds.type.matcher.v3.Matcher.MatcherList.Predicate.PredicateList"
                                        .into()
                                }
                                fn type_url() -> ::prost::alloc::string::String {
                                    "/xds.type.matcher.v3.Matcher.MatcherList.Predicate.PredicateList"
                                        .into()
                                }
                            }
                            #[derive(Clone, PartialEq, ::prost::Oneof)]
                            #[prost(skip_debug)]
                            pub enum MatchType {
                                #[prost(message, tag = "1")]
                                SinglePredicate(SinglePredicate),
                                #[prost(message, tag = "2")]
                                OrMatcher(PredicateList),
                                #[prost(message, tag = "3")]
                                AndMatcher(PredicateList),
                                #[prost(message, tag = "4")]
                                NotMatcher(::prost::alloc::boxed::Box<super::Predicate>),
                            }
                        }
                        impl ::prost::Name for Predicate {
                            const NAME: &'static str = "Predicate";
                            const PACKAGE: &'static str = "xds.type.matcher.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "xds.type.matcher.v3.Matcher.MatcherList.Predicate".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/xds.type.matcher.v3.Matcher.MatcherList.Predicate".into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct FieldMatcher {
                            #[prost(message, optional, tag = "1")]
                            pub predicate: ::core::option::Option<Predicate>,
                            #[prost(message, optional, tag = "2")]
                            pub on_match: ::core::option::Option<super::OnMatch>,
                        }
                        impl ::prost::Name for FieldMatcher {
                            const NAME: &'static str = "FieldMatcher";
                            const PACKAGE: &'static str = "xds.type.matcher.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "xds.type.matcher.v3.Matcher.MatcherList.FieldMatcher"
                                    .into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/xds.type.matcher.v3.Matcher.MatcherList.FieldMatcher"
                                    .into()
                            }
                        }
                    }
                    impl ::prost::Name for MatcherList {
                        const NAME: &'static str = "MatcherList";
                        const PACKAGE: &'static str = "xds.type.matcher.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "xds.type.matcher.v3.Matcher.MatcherList".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/xds.type.matcher.v3.Matcher.MatcherList".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct MatcherTree {
                        #[prost(message, optional, tag = "1")]
                        pub input: ::core::option::Option<
                            super::super::super::super::core::v3::TypedExtensionConfig,
                        >,
                        #[prost(oneof = "matcher_tree::TreeType", tags = "2, 3, 4")]
                        pub tree_type: ::core::option::Option<matcher_tree::TreeType>,
                    }
                    /// Nested message and enum types in `MatcherTree`.
                    pub mod matcher_tree {
                        #[derive(Clone, PartialEq, ::prost::Message)]
                        #[prost(skip_debug)]
                        pub struct MatchMap {
                            #[prost(map = "string, message", tag = "1")]
                            pub map: ::std::collections::HashMap<
                                ::prost::alloc::string::String,
                                super::OnMatch,
                            >,
                        }
                        impl ::prost::Name for MatchMap {
                            const NAME: &'static str = "MatchMap";
                            const PACKAGE: &'static str = "xds.type.matcher.v3";
                            fn full_name() -> ::prost::alloc::string::String {
                                "xds.type.matcher.v3.Matcher.MatcherTree.MatchMap".into()
                            }
                            fn type_url() -> ::prost::alloc::string::String {
                                "/xds.type.matcher.v3.Matcher.MatcherTree.MatchMap".into()
                            }
                        }
                        #[derive(Clone, PartialEq, ::prost::Oneof)]
                        #[prost(skip_debug)]
                        pub enum TreeType {
                            #[prost(message, tag = "2")]
                            ExactMatchMap(MatchMap),
                            #[prost(message, tag = "3")]
                            PrefixMatchMap(MatchMap),
                            #[prost(message, tag = "4")]
                            CustomMatch(
                                super::super::super::super::super::core::v3::TypedExtensionConfig,
                            ),
                        }
                    }
                    impl ::prost::Name for MatcherTree {
                        const NAME: &'static str = "MatcherTree";
                        const PACKAGE: &'static str = "xds.type.matcher.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "xds.type.matcher.v3.Matcher.MatcherTree".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/xds.type.matcher.v3.Matcher.MatcherTree".into()
                        }
                    }
                    #[derive(Clone, PartialEq, ::prost::Oneof)]
                    #[prost(skip_debug)]
                    pub enum MatcherType {
                        #[prost(message, tag = "1")]
                        MatcherList(MatcherList),
                        #[prost(message, tag = "2")]
                        MatcherTree(MatcherTree),
                    }
                }
                impl ::prost::Name for Matcher {
                    const NAME: &'static str = "Matcher";
                    const PACKAGE: &'static str = "xds.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "xds.type.matcher.v3.Matcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/xds.type.matcher.v3.Matcher".into()
                    }
                }
                #[derive(Clone, PartialEq, ::prost::Message)]
                #[prost(skip_debug)]
                pub struct IpMatcher {
                    #[prost(message, repeated, tag = "1")]
                    pub range_matchers: ::prost::alloc::vec::Vec<
                        ip_matcher::IpRangeMatcher,
                    >,
                }
                /// Nested message and enum types in `IPMatcher`.
                pub mod ip_matcher {
                    #[derive(Clone, PartialEq, ::prost::Message)]
                    #[prost(skip_debug)]
                    pub struct IpRangeMatcher {
                        #[prost(message, repeated, tag = "1")]
                        pub ranges: ::prost::alloc::vec::Vec<
                            super::super::super::super::core::v3::CidrRange,
                        >,
                        #[prost(message, optional, tag = "2")]
                        pub on_match: ::core::option::Option<super::matcher::OnMatch>,
                        #[prost(bool, tag = "3")]
                        pub exclusive: bool,
                    }
                    impl ::prost::Name for IpRangeMatcher {
                        const NAME: &'static str = "IPRangeMatcher";
                        const PACKAGE: &'static str = "xds.type.matcher.v3";
                        fn full_name() -> ::prost::alloc::string::String {
                            "xds.type.matcher.v3.IPMatcher.IPRangeMatcher".into()
                        }
                        fn type_url() -> ::prost::alloc::string::String {
                            "/xds.type.matcher.v3.IPMatcher.IPRangeMatcher".into()
                        }
                    }
                }
                impl ::prost::Name for IpMatcher {
                    const NAME: &'static str = "IPMatcher";
                    const PACKAGE: &'static str = "xds.type.matcher.v3";
                    fn full_name() -> ::prost::alloc::string::String {
                        "xds.type.matcher.v3.IPMatcher".into()
                    }
                    fn type_url() -> ::prost::alloc::string::String {
                        "/xds.type.matcher.v3.IPMatcher".into()
                    }
                }
            }
        }
    }
}
