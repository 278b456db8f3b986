import { testSite } from "/work/main/tests/helpers.ts";
import { ask } from "/work/main/tests/talk.ts";
for (let i=0;i<6;i++) {
const site = await testSite();
const r=await ask(site, "/api/user/register", { json: { name:"a",email:"a@b.example",password:"12345678" } });
const r2=await ask(site, "/api/user/register", { json: { name:"a",email:"a@b.example",password:"12345678" } });
const t=performance.now();
await site[Symbol.asyncDispose]();
console.log(r.status, r2.status, performance.now()-t);
}
