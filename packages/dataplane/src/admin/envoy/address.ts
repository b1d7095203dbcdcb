import { create } from "@bufbuild/protobuf";
import { type Address, AddressSchema } from "@fairlead/api/gen/envoy/config/core/v3/address_pb";
import { splitAddress } from "@fairlead/kit";

/** An address as the engine writes it (`ip:port`, `unix:<path>`, `internal:<listener>`) in Envoy's shape. */
export function toAddress(text: string): Address {
  if (text.startsWith("unix:")) return create(AddressSchema, { address: { case: "pipe", value: { path: text.slice("unix:".length) } } });
  if (text.startsWith("internal:")) {
    const serverListenerName = text.slice("internal:".length);
    const value = { addressNameSpecifier: { case: "serverListenerName" as const, value: serverListenerName } };
    return create(AddressSchema, { address: { case: "envoyInternalAddress", value } });
  }
  const { host, port } = splitAddress(text);
  const value = { address: host, portSpecifier: { case: "portValue" as const, value: port } };
  return create(AddressSchema, { address: { case: "socketAddress", value } });
}

/** The other way round; undefined where nothing is said. */
export function toText({ address }: Address): string | undefined {
  switch (address.case) {
    case "pipe":
      return `unix:${address.value.path}`;
    case "envoyInternalAddress":
      return `internal:${address.value.addressNameSpecifier.value ?? ""}`;
    case "socketAddress": {
      const { address: host, portSpecifier } = address.value;
      return portSpecifier.case === "portValue" ? `${host.includes(":") ? `[${host}]` : host}:${portSpecifier.value}` : undefined;
    }
    case undefined:
      return undefined;
  }
}

/** As Envoy writes it in lines of text. */
export function toLabel(text: string): string {
  if (text.startsWith("unix:")) return text.slice("unix:".length);
  return text.startsWith("internal:") ? `envoy://${text.slice("internal:".length)}/` : text;
}
