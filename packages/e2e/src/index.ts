export { echoService } from "./echo-service.ts";
export { GRPC_AUTHORITY, GRPC_WORKLOAD, grpcService } from "./grpc-service.ts";
export { startBookinfo, type TestMesh, type TestMeshOptions } from "./test-mesh.ts";
