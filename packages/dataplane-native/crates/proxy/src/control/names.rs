//! The proxy's DNS server: names of the mesh are answered from the name table.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use config::NameTable;
use dns::{Client, Host, KubernetesName, Options, Server, Stats, Table};
use serde::{Deserialize, Serialize};

/// How a proxy answers questions of DNS.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DnsSettings {
    /// Where it listens, over UDP and TCP alike; an address of a family that the machine does not have is left out.
    pub addresses: Vec<SocketAddr>,
    /// The application's namespace, whose services have the shortest names.
    pub namespace: String,
    /// The domain of services; hosts outside of it have no short names.
    pub domain: String,
    /// Names the resolvers that are asked for what the mesh does not know.
    pub resolv_conf: PathBuf,
    /// Their port.
    pub resolver_port: u16,
}

impl Default for DnsSettings {
    fn default() -> Self {
        Self {
            addresses: vec![([127, 0, 0, 1], 15053).into()],
            namespace: String::new(),
            domain: "svc.cluster.local".to_owned(),
            resolv_conf: "/etc/resolv.conf".into(),
            resolver_port: 53,
        }
    }
}

/// The server and what it answers by.
pub(super) struct Names {
    settings: DnsSettings,
    /// Another process may listen at the same addresses, before or after this one.
    is_shared: bool,
    server: Option<Server>,
    table: Option<Arc<Table>>,
    stats: Arc<Stats>,
    is_closed: bool,
}

impl Names {
    /// Listens at once, so that a port that is taken is found out early; `is_successor` waits for the first table, as questions would
    /// come here that the process before could answer.
    pub(super) fn start(settings: DnsSettings, is_shared: bool, is_successor: bool) -> Result<Self, String> {
        let mut names = Self {
            settings,
            is_shared,
            server: None,
            table: None,
            stats: Arc::default(),
            is_closed: false,
        };
        if !is_successor {
            names.listen()?;
        }
        Ok(names)
    }

    fn listen(&mut self) -> Result<(), String> {
        let options = Options {
            addresses: self.settings.addresses.clone(),
            resolv_conf: self.settings.resolv_conf.clone(),
            resolver_port: self.settings.resolver_port,
            shares_addresses: self.is_shared,
        };
        let server = Server::start(options, Arc::clone(&self.stats))
            .map_err(|error| format!("cannot listen for questions of DNS: {error}"))?;
        if let Some(table) = &self.table {
            server.set_table(Arc::clone(table));
        }
        self.server = Some(server);
        Ok(())
    }

    /// Answers by these tables from now on; several are one.
    pub(super) fn set<'t>(&mut self, tables: impl Iterator<Item = &'t Arc<NameTable>>) -> Result<(), String> {
        let client = Client {
            namespace: self.settings.namespace.clone(),
            domain: self.settings.domain.clone(),
        };
        let hosts = tables.flat_map(|table| &table.hosts).map(|(name, host)| Host {
            name,
            addresses: &host.addresses,
            kubernetes: host.kubernetes.as_ref().map(|service| KubernetesName {
                shortname: &service.shortname,
                namespace: &service.namespace,
            }),
            other_names: &host.other_names,
        });
        let table = Arc::new(Table::build(&client, hosts));
        self.table = Some(Arc::clone(&table));
        match &self.server {
            Some(server) => server.set_table(table),
            None => self.try_again()?,
        }
        Ok(())
    }

    /// A port that was taken may be free by now.
    pub(super) fn try_again(&mut self) -> Result<(), String> {
        if self.server.is_none() && self.table.is_some() && !self.is_closed {
            self.listen()?;
        }
        Ok(())
    }

    /// Whether questions are answered.
    pub(super) fn is_ready(&self) -> bool {
        self.is_closed || self.server.is_some() && self.table.is_some()
    }

    /// Takes no more questions: another process does.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        if let Some(server) = &self.server {
            server.close();
        }
    }

    /// Where it listens.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        self.server.as_ref().map_or(&[], Server::addresses)
    }

    /// What was asked, in Prometheus' text format.
    pub(super) fn gauges(&self, out: &mut String) {
        self.stats.write(out);
    }
}
