import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/**
 * Names that an encoded resource refers to, read without decoding the rest of it: loading the descriptors of a listener's filters
 * would cost a sidecar more memory than everything else it does in JavaScript.
 */

/** envoy.config.cluster.v3.Cluster.DiscoveryType.EDS */
const DISCOVERY_TYPE_EDS = 3;
const HTTP_CONNECTION_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

/** Name of the ClusterLoadAssignment that a Cluster takes its endpoints from; undefined where it brings its own. */
export function endpointsOfCluster(cluster: Uint8Array): string | undefined {
  let name = "";
  let isEds = false;
  let serviceName = "";
  readFields(cluster, {
    [message(1)]: (reader) => void (name = reader.string()),
    [varint(2)]: (reader) => void (isEds = reader.int32() === DISCOVERY_TYPE_EDS),
    [message(3)]: (reader) => readFields(reader.bytes(), { [message(2)]: (inner) => void (serviceName = inner.string()) }),
  });
  if (!isEds) return undefined;
  return serviceName === "" ? name : serviceName;
}

/** Names of the RouteConfigurations that a Listener's HTTP connection managers subscribe to. */
export function routesOfListener(listener: Uint8Array): readonly string[] {
  const names: string[] = [];
  const readChain = (reader: BinaryReader): void =>
    readFields(reader.bytes(), { [message(3)]: (filter) => readFilter(filter.bytes(), names) });
  readFields(listener, { [message(FILTER_CHAINS)]: readChain, [message(DEFAULT_FILTER_CHAIN)]: readChain });
  return names;
}

/** The first field of a cluster, listener, route configuration, load assignment or secret is its name. */
export function nameOfResource(resource: Uint8Array): string {
  let name = "";
  readFields(resource, { [message(1)]: (reader) => void (name = reader.string()) });
  return name;
}

const FILTER_CHAINS = 3;
const DEFAULT_FILTER_CHAIN = 25;

function readFilter(filter: Uint8Array, names: string[]): void {
  readFields(filter, {
    [message(4)]: (reader) => {
      let typeUrl = "";
      let value: Uint8Array = new Uint8Array();
      readFields(reader.bytes(), {
        [message(1)]: (any) => void (typeUrl = any.string()),
        [message(2)]: (any) => void (value = any.bytes()),
      });
      if (typeUrl.endsWith(`/${HTTP_CONNECTION_MANAGER}`)) readRds(value, names);
    },
  });
}

function readRds(manager: Uint8Array, names: string[]): void {
  readFields(manager, { [message(3)]: (rds) => readFields(rds.bytes(), { [message(2)]: (reader) => void names.push(reader.string()) }) });
}

/** Readers by tag, so that a field of another wire type than expected is skipped like an unknown one. */
type FieldReaders = { readonly [tag: number]: (reader: BinaryReader) => void };

function message(field: number): number {
  return (field << 3) | WireType.LengthDelimited;
}

function varint(field: number): number {
  return (field << 3) | WireType.Varint;
}

/** Calls the reader of every field that has one and skips the others. Throws where the bytes are no message. */
function readFields(bytes: Uint8Array, readers: FieldReaders): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const read = readers[(field << 3) | wireType];
    if (read === undefined) reader.skip(wireType, field);
    else read(reader);
  }
}
