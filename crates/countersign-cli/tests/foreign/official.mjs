// The three official clients of Powerdrill, by how each cuts a file: part of `powerdrill.py --node`.
//
//     node official.mjs ORIGIN KEY USER FILE
//
// Prints the link to what each of them has uploaded, under the name that says which it was; and one to
// what came by the first generation. What is not as the documents have it ends it.

import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import http from "node:http";

const [origin, key, user, file] = process.argv.slice(2);
const bytes = readFileSync(file);
const CHUNK = 5 * 1024 * 1024;

const byFetch = async (method, url, headers, body) => {
  const response = await fetch(url, { method, headers, body });
  return { status: response.status, etag: response.headers.get("ETag"), text: await response.text() };
};

const byAxios = (method, url, headers, body) =>
  new Promise((resolve, reject) => {
    const axios = { Accept: "application/json, text/plain, */*", "User-Agent": "axios/1.7",
      "Accept-Encoding": "gzip, compress, deflate, br", Connection: "close" };
    const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
    const request = http.request(url, { method, headers: { ...axios, ...headers, ...length } }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode, etag: response.headers.etag,
        text: Buffer.concat(chunks).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });

const OCTETS = { "Content-Type": "application/octet-stream" };
const CLIENTS = [
  // `powerdrill-flow`, lib/multipart-upload.ts: all parts at once.
  { name: "flow – ü.csv", send: byFetch, headers: OCTETS, isParallel: true,
    cut: (part) => [(part.number - 1) * part.size, (part.number - 1) * part.size + part.size] },
  // `powerdrill-flow`, hooks/useMultipartUpload.ts: chunks of its own size, and no type.
  { name: "hook.csv", send: byFetch, headers: {}, isParallel: true,
    cut: (part) => [(part.number - 1) * CHUNK, part.number * CHUNK] },
  // `powerdrill-mcp`, src/index.ts: axios, one after the other.
  { name: "mcp.csv", send: byAxios, headers: OCTETS, isParallel: false,
    cut: (part) => [(part.number - 1) * CHUNK, (part.number - 1) * CHUNK + part.size] },
];

const same = (found, wanted, what) => {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(found)}`);
};

// A call as the generators of clients write it, out of the OpenAPI documents of both generations.
const caller = (send, base) => async (method, path, body) => {
  const fields = { "x-pd-api-key": key, ...(body && { "Content-Type": "application/json" }) };
  const { status, text } = await send(method, `${origin}${base}${path}`, fields, body && JSON.stringify(body));
  const { code, data } = JSON.parse(text);
  if (code !== 0) throw new Error(`${method} ${base}${path}: ${status} ${text}`);
  return data;
};

// What the clients above have no call for: a dataset is changed, counted, looked at and deleted.
async function datasets(send) {
  const call = caller(send, "/v2/team");
  const { id } = await call("POST", "/datasets", { name: "node", description: "d", user_id: user });
  same(await call("POST", `/datasets/${id}`, { name: "changed", user_id: user }), {}, "modify");
  const counts = { synched_count: 0, invalid_count: 0, synching_count: 0 };
  same(await call("GET", `/datasets/${id}/status?user_id=${user}`), counts, "status");
  const overview = { id, name: "changed", description: "d", summary: "", exploration_questions: [], keywords: [] };
  same(await call("GET", `/datasets/${id}/overview?user_id=${user}`), overview, "overview");
  same(await call("DELETE", `/datasets/${id}`, { user_id: user }), {}, "delete");
}

// The first generation, with a form as browsers send it.
async function first(send) {
  const call = caller(send, "/api/v1/team");
  const { id: dataset } = await call("POST", "/datasets", { name: "node", userId: user });
  const form = new FormData();
  form.append("file", new Blob([bytes], { type: "text/csv" }), "upload – ü.csv");
  const response = await fetch(`${origin}/api/v1/team/file/upload-datasource?userId=${user}`,
    { method: "POST", headers: { "x-pd-api-key": key }, body: form });
  const { code, data: { fileKey } = {} } = await response.json();
  if (code !== 0) throw new Error(`upload: ${response.status} ${code}`);
  const names = { name: "Node", fileName: "node – ü.csv" };
  const place = `/datasets/${dataset}/datasources`;
  const made = await call("POST", `${place}?userId=${user}`, { ...names, type: "FILE", fileKey, userId: user });
  same({ name: made.name, fileName: made.fileName, status: made.status }, { ...names, status: "synched" }, "create");
  same(await call("GET", `${place}/${made.id}`), made, "read");
  same((await call("GET", `${place}?pageNumber=1&pageSize=10&status=synched`)).records, [made], "list");
  const { id: other } = await call("POST", "/datasets", { name: "other", userId: user });
  same(await call("POST", `/datasets/${other}?userId=${user}`, { description: "d" }), null, "modify");
  same(await call("DELETE", `/datasets/${other}?userId=${user}`), null, "delete");
  return (await call("POST", `${place}/${made.id}/presign`, { expireIn: 600 })).presignedUrl;
}

async function upload({ name, send, headers, isParallel, cut }) {
  const call = async (method, path, body) => {
    const fields = { "x-pd-api-key": key, "Content-Type": "application/json" };
    const { status, text } = await send(method, `${origin}/api/v2/team${path}`, fields, body && JSON.stringify(body));
    const { code, data } = JSON.parse(text);
    if (code !== 0) throw new Error(`${name}: ${method} ${path}: ${status} ${text}`);
    return data;
  };
  const put = async (part) => {
    const [start, end] = cut(part);
    const chunk = bytes.subarray(start, Math.min(end, bytes.length));
    const { status, etag, text } = await send("PUT", part.upload_url, headers, chunk);
    if (status !== 200) throw new Error(`${name}: part ${part.number}: ${status} ${text}`);
    return { number: part.number, etag: etag.replace(/"/g, "") };
  };
  const { id: dataset } = await call("POST", "/datasets", { name, description: "", user_id: user });
  const { upload_id, file_object_key, part_items } = await call("POST", "/file/init-multipart-upload",
    { file_name: name, file_size: bytes.length, user_id: user });
  const part_etags = isParallel ? await Promise.all(part_items.map(put)) : [];
  if (!isParallel) for (const part of part_items) part_etags.push(await put(part));
  const completed = await call("POST", "/file/complete-multipart-upload",
    { file_object_key, upload_id, part_etags, user_id: user });
  const { id } = await call("POST", `/datasets/${dataset}/datasources`,
    { name, type: "FILE", file_object_key: completed.file_object_key, user_id: user });
  const place = `/datasets/${dataset}/datasources/${id}`;
  for (let attempt = 0; ; attempt += 1) {
    const { status } = await call("GET", `${place}?user_id=${user}`);
    if (status === "synched") break;
    if (status === "invalid" || attempt === 20) throw new Error(`${name}: ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return (await call("POST", `${place}/presign`, { expires_in: 600, user_id: user })).presigned_url;
}

const links = {};
for (const client of CLIENTS) links[client.name] = await upload(client);
for (const [name, send] of [["fetch", byFetch], ["axios", byAxios]]) {
  await datasets(send);
  links[`first generation, ${name}`] = await first(send);
}
console.log(JSON.stringify(links));
