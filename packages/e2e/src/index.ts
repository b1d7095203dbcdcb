export { startBookinfo, type TestMesh, type TestMeshOptions } from "./test-mesh.ts";
