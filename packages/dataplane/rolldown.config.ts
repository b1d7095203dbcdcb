import { defineConfig } from "rolldown";

/**
 * Makes one file of the proxy's process (`dist/main.js`, in the place of what the compiler wrote): hundreds of modules cost as much memory as the rest of
 * its JavaScript, and time at every start. The library stays as it is.
 */
export default defineConfig({
  input: "dist/main.js",
  platform: "node",
  // Found at its place, and only where it is needed.
  external: ["@fairlead/dataplane-native", /\/admin\/envoy\/views\.js$/, /\/filters\/host\.js$/],
  output: {
    file: "dist/main.js",
    format: "esm",
    codeSplitting: false,
    // Only what a stack trace does not need goes.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  },
});
