import { startTestLab, redisPod } from "/work/main/test/lab/api/support/lab.ts";
import { symlinkSync, rmSync } from "node:fs";
const lab = await startTestLab();
for (const [i, role] of ["master","replica","replica"].entries()) lab.store.create(redisPod(`redis-${i}`, `10.77.0.${10+i}`, {app:"redis", role}));
lab.store.create({apiVersion:"v1",kind:"Node",metadata:{name:"node-1"},spec:{},status:{conditions:[{type:"Ready",status:"True"}],nodeInfo:{kubeletVersion:"v1.32.0"},addresses:[]}});
rmSync("/tmp/a/kc",{force:true}); symlinkSync(lab.server.kubeconfigPath,"/tmp/a/kc");
console.log("up", lab.server.url);
process.on("SIGTERM", ()=>void lab.close().then(()=>process.exit(0)));
