export { echoService } from "./echo-service.ts";
export { startBookinfo, type TestMesh, type TestMeshOptions } from "./test-mesh.ts";
