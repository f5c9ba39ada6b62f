// The three official clients of Powerdrill, by how each cuts a file: part of `powerdrill.py --node`.
//
//     node official.mjs ORIGIN KEY USER FILE
//
// Prints the link to what each of them has uploaded, under the name that says which it was.

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
console.log(JSON.stringify(links));
