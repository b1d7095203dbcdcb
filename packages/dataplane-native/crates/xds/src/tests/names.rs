//! Names that the proxy answers by itself.

use messages::istio::networking::nds::v1::{self as pb, name_table::NameInfo};
use prost::Message;

use crate::{Resource, ResourceType, decode};

fn table(name: &str, pb: &pb::NameTable) -> Result<(config::NameTable, Vec<String>), Vec<String>> {
    let words = |invalids: Vec<config::Invalid>| invalids.iter().map(ToString::to_string).collect();
    match decode(ResourceType::NameTable, name, &pb.encode_to_vec()) {
        Ok(decode) => {
            let Resource::NameTable(table) = decode.resource else {
                panic!("not a name table")
            };
            Ok((*table, words(decode.warnings)))
        }
        Err(errors) => Err(words(errors)),
    }
}

fn info(ips: &[&str], registry: &str) -> NameInfo {
    NameInfo {
        ips: ips.iter().map(|&ip| ip.to_owned()).collect(),
        registry: registry.to_owned(),
        shortname: "reviews".to_owned(),
        namespace: "default".to_owned(),
        ..NameInfo::default()
    }
}

#[test]
fn a_table_names_hosts_in_lower_case_with_their_addresses() {
    let hosts = [
        (
            "reviews.default.svc.cluster.local".to_owned(),
            info(&["10.0.0.1", "fd00::1"], "Kubernetes"),
        ),
        ("*.Example.com".to_owned(), info(&["240.240.0.1"], "External")),
    ];
    let (table, warnings) = table(
        "",
        &pb::NameTable {
            table: hosts.into(),
            name_info: None,
        },
    )
    .unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    let service = &table.hosts["reviews.default.svc.cluster.local"];
    assert_eq!(service.addresses.len(), 2);
    assert_eq!(&*service.kubernetes.as_ref().unwrap().shortname, "reviews");
    assert_eq!(table.hosts["*.example.com"].kubernetes, None);
}

#[test]
fn what_is_no_address_is_left_out_and_said() {
    let hosts = [("a.test".to_owned(), info(&["10.0.0.0/8", "10.0.0.1"], "External"))];
    let (table, warnings) = table(
        "",
        &pb::NameTable {
            table: hosts.into(),
            name_info: None,
        },
    )
    .unwrap();
    assert_eq!(table.hosts["a.test"].addresses.len(), 1);
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("\"10.0.0.0/8\", which is no IP address"),
        "{}",
        warnings[0]
    );
}

#[test]
fn a_resource_may_be_one_host_by_its_name() {
    let pb = pb::NameTable {
        name_info: Some(info(&["10.0.0.1"], "External")),
        ..pb::NameTable::default()
    };
    let (named, _) = table("a.test", &pb).unwrap();
    assert_eq!(named.hosts["a.test"].addresses.len(), 1);
    assert!(table("", &pb).unwrap_err()[0].contains("the resource has no name"));
}
