/** Bodies that are too large, told or in pieces, sent for as long as anybody takes them. */
import { answerOn, connectTo, write } from "./raw_socket.ts";
import type { Started } from "./started.ts";

const MB = 1024 * 1024;

/** Sends `megabytes` for as long as the other end takes them, and reads its answer. */
export async function pour(
  server: Started,
  path: string,
  { head, megabytes, chunked }: { head: string[]; megabytes: number; chunked: boolean },
): Promise<{ status: number; sent: number }> {
  using connection = await connectTo(server.url);
  const lines = [`POST ${path} HTTP/1.1`, `host: ${new URL(server.url).host}`, ...head];
  if (chunked) lines.push("transfer-encoding: chunked");
  else lines.push(`content-length: ${megabytes * MB}`);
  await write(connection, `${lines.join("\r\n")}\r\n\r\n`);
  const piece = new Uint8Array(64 * 1024).fill(0x20);
  let sent = 0;
  const answer = answerOn(connection).then((found) => found.status, () => 0);
  try {
    while (sent < megabytes * MB) {
      if (chunked) await write(connection, `${piece.length.toString(16)}\r\n`);
      await write(connection, piece);
      if (chunked) await write(connection, "\r\n");
      sent += piece.length;
    }
    if (chunked) await write(connection, "0\r\n\r\n");
  } catch { /* it has heard enough */ }
  return { status: await answer, sent: sent / MB };
}
