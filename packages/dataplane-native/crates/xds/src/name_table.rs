//! Names that the proxy answers by itself.

use std::net::IpAddr;

use config::{HostNames, NameTable, ServiceName};
use messages::istio::networking::nds::v1::{self as pb, name_table::NameInfo};

use crate::context::Context;

/// What services of Kubernetes come from, and nothing else has short names.
const KUBERNETES: &str = "Kubernetes";

/// `name` is that of the resource: the message has none. One that has a single host is named by it.
pub(crate) fn name_table(cx: &mut Context, name: &str, pb: pb::NameTable) -> NameTable {
    let mut table = NameTable {
        name: name.into(),
        ..NameTable::default()
    };
    cx.within("table", |cx| {
        for (host, info) in pb.table {
            let names = cx.within(&format!("[{host:?}]"), |cx| host_names(cx, info));
            table.hosts.insert(host.to_ascii_lowercase().into(), names);
        }
    });
    if let Some(info) = pb.name_info {
        cx.within("nameInfo", |cx| {
            if name.is_empty() {
                cx.error("is of no host: the resource has no name");
            }
            let names = host_names(cx, info);
            table.hosts.insert(name.to_ascii_lowercase().into(), names);
        });
    }
    table
}

#[allow(deprecated, reason = "older control planes send further names")]
fn host_names(cx: &mut Context, pb: NameInfo) -> HostNames {
    let addresses = cx.list("ips", pb.ips, |cx, text| {
        let address = text.parse::<IpAddr>().ok();
        if address.is_none() {
            cx.warn(format!("is {text:?}, which is no IP address; it is not answered"));
        }
        address
    });
    let is_service = pb.registry == KUBERNETES && !pb.shortname.is_empty() && !pb.namespace.is_empty();
    HostNames {
        addresses: addresses.into_iter().flatten().collect(),
        kubernetes: is_service.then(|| ServiceName {
            shortname: pb.shortname.into(),
            namespace: pb.namespace.into(),
        }),
        other_names: pb.alt_hosts.into_iter().map(Into::into).collect(),
    }
}
