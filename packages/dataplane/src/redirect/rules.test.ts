import { describe, expect, test } from "vitest";
import { parseSettings } from "@fairlead/kit";
import { buildMangleRules, buildRawRules, buildRules, CHAINS, type IpFamily, toApplyInput, toCleanInput } from "./rules.ts";
import { redirectSettingsSchema } from "./settings.ts";

function rules(settings: object = {}, family: IpFamily = "ipv4"): readonly string[] {
  return buildRules(parseSettings(redirectSettingsSchema, settings, "the test"), family);
}

/** The rules of one chain, without its name. */
function chain(name: string, settings: object = {}, family: IpFamily = "ipv4"): readonly string[] {
  return rules(settings, family)
    .filter((rule) => rule.startsWith(`-A ${name} `))
    .map((rule) => rule.slice(`-A ${name} `.length));
}

describe("what comes in", () => {
  test("goes to port 15006, but for the proxy's own ports", () => {
    expect(chain("ISTIO_INBOUND")).toEqual([
      "-p tcp --dport 15000 -j RETURN",
      "-p tcp --dport 15020 -j RETURN",
      "-p tcp --dport 15021 -j RETURN",
      "-p tcp --dport 15090 -j RETURN",
      "-p tcp -j ISTIO_IN_REDIRECT",
    ]);
    expect(chain("ISTIO_IN_REDIRECT")).toEqual(["-p tcp -j REDIRECT --to-ports 15006"]);
  });

  test("goes to another port where the proxy listens there", () => {
    expect(chain("ISTIO_IN_REDIRECT", { inboundPort: 16006 })).toEqual(["-p tcp -j REDIRECT --to-ports 16006"]);
  });

  test("is left alone at excluded ports, each of them once", () => {
    const returns = chain("ISTIO_INBOUND", { excludeInboundPorts: [22, 22, 15021] }).filter((rule) => rule.endsWith("RETURN"));
    expect(returns).toContain("-p tcp --dport 22 -j RETURN");
    expect(new Set(returns).size).toBe(returns.length);
  });

  test("goes to the proxy at included ports only, where there are such; an excluded one among them is left alone", () => {
    expect(chain("ISTIO_INBOUND", { includeInboundPorts: [8080, 8443, 22], excludeInboundPorts: [22] })).toEqual([
      "-p tcp --dport 8080 -j ISTIO_IN_REDIRECT",
      "-p tcp --dport 8443 -j ISTIO_IN_REDIRECT",
    ]);
    expect(chain("ISTIO_INBOUND", { includeInboundPorts: [] })).toEqual([]);
  });
});

describe("what goes out", () => {
  test("goes to port 15001, but for what the proxy does and what stays in the pod", () => {
    expect(chain("ISTIO_OUTPUT")).toEqual([
      "-s 127.0.0.6/32 -o lo -j RETURN",
      "! -d 127.0.0.1/32 -o lo -p tcp -m owner --uid-owner 1337 -j ISTIO_IN_REDIRECT",
      "-o lo -m owner ! --uid-owner 1337 -j RETURN",
      "-m owner --uid-owner 1337 -j RETURN",
      "! -d 127.0.0.1/32 -o lo -p tcp -m owner --gid-owner 1337 -j ISTIO_IN_REDIRECT",
      "-m owner --gid-owner 1337 -j RETURN",
      "-d 127.0.0.1/32 -j RETURN",
      "-j ISTIO_REDIRECT",
    ]);
    expect(chain("ISTIO_REDIRECT")).toEqual(["-p tcp -j REDIRECT --to-ports 15001"]);
  });

  test("knows the proxy by the user and group that it is told", () => {
    const text = chain("ISTIO_OUTPUT", { proxyUid: 2000, proxyGid: 3000 }).join("\n");
    expect(text).not.toContain("1337");
    expect(text).toContain("--uid-owner 2000 -j RETURN");
    expect(text).toContain("--gid-owner 3000 -j RETURN");
  });

  test("is left alone at excluded ports and ranges, before anything is included", () => {
    const output = chain("ISTIO_OUTPUT", {
      excludeOutboundPorts: [5432],
      excludeOutboundCidrs: ["10.1.0.0/16"],
      includeOutboundPorts: [443],
      includeOutboundCidrs: ["10.0.0.0/8", "192.168.0.1"],
    });
    expect(output.slice(output.indexOf("-d 127.0.0.1/32 -j RETURN") + 1)).toEqual([
      "-p tcp --dport 5432 -j RETURN",
      "-d 10.1.0.0/16 -j RETURN",
      "-p tcp --dport 443 -j ISTIO_REDIRECT",
      "-d 10.0.0.0/8 -j ISTIO_REDIRECT",
      "-d 192.168.0.1 -j ISTIO_REDIRECT",
    ]);
  });

  test("is left alone altogether where no range is included", () => {
    expect(chain("ISTIO_OUTPUT", { includeOutboundCidrs: [] })).not.toContain("-j ISTIO_REDIRECT");
  });
});

describe("IPv6", () => {
  test("has the same rules with its own loopback addresses", () => {
    const output = chain("ISTIO_OUTPUT", {}, "ipv6");
    expect(output[0]).toBe("-s ::6/128 -o lo -j RETURN");
    expect(output).toContain("-d ::1/128 -j RETURN");
    expect(output.join("\n")).not.toContain("127.");
    expect(output).toHaveLength(chain("ISTIO_OUTPUT").length);
  });

  test("a range is of one family only", () => {
    const settings = { includeOutboundCidrs: ["10.0.0.0/8", "2001:db8::/32"], excludeOutboundCidrs: ["fd00::1"] };
    expect(chain("ISTIO_OUTPUT", settings, "ipv6").slice(-2)).toEqual(["-d fd00::1 -j RETURN", "-d 2001:db8::/32 -j ISTIO_REDIRECT"]);
    expect(chain("ISTIO_OUTPUT", settings).slice(-1)).toEqual(["-d 10.0.0.0/8 -j ISTIO_REDIRECT"]);
  });
});

describe("the input of iptables-restore", () => {
  const saved = [
    "*nat",
    ":PREROUTING ACCEPT [0:0]",
    ":ISTIO_INBOUND - [0:0]",
    ":ISTIO_OUTPUT - [0:0]",
    ":KUBE-SERVICES - [0:0]",
    "-A PREROUTING -j KUBE-SERVICES",
    "-A PREROUTING -p tcp -j ISTIO_INBOUND",
    "-A OUTPUT -p tcp -m tcp -j ISTIO_OUTPUT",
    "-A ISTIO_INBOUND -p tcp -j RETURN",
    "COMMIT",
    "",
  ].join("\n");

  test("makes the chains, fills them, and leads into them last", () => {
    const lines = toApplyInput(rules(), "").split("\n");
    expect(lines.slice(0, 6)).toEqual(["*nat", ...CHAINS.nat.map((name) => `:${name} - [0:0]`)]);
    expect(lines.slice(-5)).toEqual([
      "-A PREROUTING -p tcp -j ISTIO_INBOUND",
      "-A OUTPUT -p tcp -j ISTIO_OUTPUT",
      "-A OUTPUT -p udp -j ISTIO_OUTPUT_DNS",
      "COMMIT",
      "",
    ]);
  });

  test("takes away the jumps that are there, so that each is there once", () => {
    const lines = toApplyInput(rules(), saved).split("\n");
    expect(lines).toContain("-D PREROUTING -p tcp -j ISTIO_INBOUND");
    expect(lines).toContain("-D OUTPUT -p tcp -m tcp -j ISTIO_OUTPUT");
  });

  test("cleans up what is there and ours, and nothing of others", () => {
    expect(toCleanInput(saved)?.split("\n")).toEqual([
      "*nat",
      "-D PREROUTING -p tcp -j ISTIO_INBOUND",
      "-D OUTPUT -p tcp -m tcp -j ISTIO_OUTPUT",
      "-F ISTIO_INBOUND",
      "-F ISTIO_OUTPUT",
      "-X ISTIO_INBOUND",
      "-X ISTIO_OUTPUT",
      "COMMIT",
      "",
    ]);
  });

  test("has nothing to clean where nothing of ours is left", () => {
    expect(toCleanInput("*nat\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j KUBE-SERVICES\nCOMMIT\n")).toBeUndefined();
  });
});

const raw = (settings: object = {}, family: IpFamily = "ipv4"): readonly string[] =>
  buildRawRules(parseSettings(redirectSettingsSchema, { dnsCapture: true, ...settings }, "the test"), family);

describe("questions of DNS", () => {
  const resolver = { dnsCapture: true, dnsServers: ["10.96.0.10", "fd00::a"] };

  test("go where they would go, unless the settings say otherwise", () => {
    expect(rules({ dnsServers: ["10.96.0.10"] }).join("\n")).not.toMatch(/--dport 53|15053/);
    expect(chain("ISTIO_OUTPUT_DNS")).toEqual([]);
  });

  test("for the pod's resolver go to the proxy, but for the proxy's own", () => {
    expect(chain("ISTIO_OUTPUT_DNS", resolver)).toEqual([
      "-p udp --dport 53 -m owner --uid-owner 1337 -j RETURN",
      "-p udp --dport 53 -m owner --gid-owner 1337 -j RETURN",
      "-p udp --dport 53 -d 10.96.0.10 -j REDIRECT --to-ports 15053",
    ]);
    expect(chain("ISTIO_OUTPUT_DNS", resolver, "ipv6").at(-1)).toBe("-p udp --dport 53 -d fd00::a -j REDIRECT --to-ports 15053");
  });

  test("over TCP go to the proxy too, also those for a resolver in the pod, and before anything is left alone", () => {
    const output = chain("ISTIO_OUTPUT", { ...resolver, excludeOutboundPorts: [53] });
    const redirect = output.indexOf("-p tcp --dport 53 -d 10.96.0.10 -j REDIRECT --to-ports 15053");
    expect(output).toContain("-o lo -p tcp ! --dport 53 -m owner ! --uid-owner 1337 -j RETURN");
    expect(redirect).toBeGreaterThan(output.indexOf("-m owner --gid-owner 1337 -j RETURN"));
    expect(redirect).toBeLessThan(output.indexOf("-d 127.0.0.1/32 -j RETURN"));
    expect(redirect).toBeLessThan(output.indexOf("-p tcp --dport 53 -j RETURN"));
  });

  test("for every resolver go to the proxy where that is said, to whatever port it listens at", () => {
    const settings = { ...resolver, captureAllDns: true, dnsPort: 5353 };
    expect(chain("ISTIO_OUTPUT_DNS", settings).at(-1)).toBe("-p udp --dport 53 -j REDIRECT --to-ports 5353");
    expect(chain("ISTIO_OUTPUT", settings)).toContain("-p tcp --dport 53 -j REDIRECT --to-ports 5353");
  });

  test("of the application and of the proxy are tracked apart", () => {
    expect(raw({ dnsServers: ["10.96.0.10"] })).toEqual([
      "-A ISTIO_OUTPUT_DNS -p udp --dport 53 -m owner --uid-owner 1337 -j CT --zone 1",
      "-A ISTIO_OUTPUT_DNS -p udp --sport 15053 -m owner --uid-owner 1337 -j CT --zone 2",
      "-A ISTIO_OUTPUT_DNS -p udp --dport 53 -m owner --gid-owner 1337 -j CT --zone 1",
      "-A ISTIO_OUTPUT_DNS -p udp --sport 15053 -m owner --gid-owner 1337 -j CT --zone 2",
      "-A ISTIO_OUTPUT_DNS -p udp --dport 53 -d 10.96.0.10 -j CT --zone 2",
      "-A ISTIO_INBOUND -p udp --sport 53 -s 10.96.0.10 -j CT --zone 1",
    ]);
    expect(raw({ captureAllDns: true }).slice(-2)).toEqual([
      "-A ISTIO_OUTPUT_DNS -p udp --dport 53 -j CT --zone 2",
      "-A ISTIO_INBOUND -p udp --sport 53 -j CT --zone 1",
    ]);
  });

  test("have a table that is cleaned as the others are", () => {
    const saved = "*raw\n:ISTIO_OUTPUT_DNS - [0:0]\n-A OUTPUT -p udp -j ISTIO_OUTPUT_DNS\nCOMMIT\n";
    expect(toCleanInput(saved, "raw")?.split("\n")).toEqual([
      "*raw",
      "-D OUTPUT -p udp -j ISTIO_OUTPUT_DNS",
      "-F ISTIO_OUTPUT_DNS",
      "-X ISTIO_OUTPUT_DNS",
      "COMMIT",
      "",
    ]);
  });
});

const mangle = (settings: object = {}, family: IpFamily = "ipv4"): readonly string[] =>
  buildMangleRules(parseSettings(redirectSettingsSchema, { interceptionMode: "TPROXY", ...settings }, "the test"), family);

describe("TPROXY", () => {
  test("gives what comes in to the proxy's socket, but for its own ports and its own connections", () => {
    expect(mangle().filter((rule) => rule.startsWith("-A ISTIO_INBOUND "))).toEqual([
      "-A ISTIO_INBOUND -p tcp -m mark --mark 1337 -j CONNMARK --save-mark",
      "-A ISTIO_INBOUND -p tcp -m mark --mark 1337 -j RETURN",
      "-A ISTIO_INBOUND -s 127.0.0.6/32 -i lo -j RETURN",
      "-A ISTIO_INBOUND -p tcp -i lo -j RETURN",
      "-A ISTIO_INBOUND -p tcp --dport 15000 -j RETURN",
      "-A ISTIO_INBOUND -p tcp --dport 15020 -j RETURN",
      "-A ISTIO_INBOUND -p tcp --dport 15021 -j RETURN",
      "-A ISTIO_INBOUND -p tcp --dport 15090 -j RETURN",
      "-A ISTIO_INBOUND -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j ISTIO_DIVERT",
      "-A ISTIO_INBOUND -p tcp -j ISTIO_TPROXY",
    ]);
    expect(mangle({}, "ipv6")).toContain("-A ISTIO_TPROXY ! -d ::1/128 -p tcp -j TPROXY --on-port 15006 --tproxy-mark 1337/0xffffffff");
  });

  test("gives it included ports only, where there are such", () => {
    expect(mangle({ includeInboundPorts: [80] }).filter((rule) => rule.includes("--dport"))).toEqual([
      "-A ISTIO_INBOUND -p tcp --dport 80 -m conntrack --ctstate RELATED,ESTABLISHED -j ISTIO_DIVERT",
      "-A ISTIO_INBOUND -p tcp --dport 80 -j ISTIO_TPROXY",
    ]);
  });

  test("what comes in is not redirected by NAT as well; what goes out is, as ever", () => {
    expect(chain("ISTIO_INBOUND", { interceptionMode: "TPROXY" })).toEqual([]);
    expect(chain("ISTIO_OUTPUT", { interceptionMode: "TPROXY" })).toEqual(chain("ISTIO_OUTPUT"));
  });

  test("has a table of its own, which is cleaned as the other is", () => {
    expect(toApplyInput(mangle(), "", "mangle").split("\n").slice(0, 2)).toEqual(["*mangle", ":ISTIO_INBOUND - [0:0]"]);
    const saved = "*mangle\n:ISTIO_TPROXY - [0:0]\n-A OUTPUT -p tcp -j ISTIO_OUTPUT\nCOMMIT\n";
    expect(toCleanInput(saved, "mangle")?.split("\n")).toEqual([
      "*mangle",
      "-D OUTPUT -p tcp -j ISTIO_OUTPUT",
      "-F ISTIO_TPROXY",
      "-X ISTIO_TPROXY",
      "COMMIT",
      "",
    ]);
  });
});

describe("settings", () => {
  test.each([
    [{ includeOutboundCidrs: ["10.0.0.0/33"] }, /includeOutboundCidrs\.0: must be an address range/],
    [{ excludeOutboundCidrs: ["10.0.0.0/8 -j ACCEPT"] }, /excludeOutboundCidrs\.0: must be an address range/],
    [{ excludeInboundPorts: [0] }, /excludeInboundPorts\.0/],
    [{ interceptionMode: "NONE" }, /interceptionMode/],
    [{ proxyUid: 0 }, /proxyUid/],
    [{ inboundPorts: [80] }, /inboundPorts/],
  ])("%j is refused", (settings, message) => {
    expect(() => rules(settings)).toThrow(message);
  });
});
