/** The one place that knows the transport of sockets; everything else speaks to `LiveSocket`. */
export interface LiveSocket {
  send(frame: string): void;
  close(code: number, reason: string): void;
  /** Bytes that the other end has not taken yet. */
  readonly buffered: number;
  onOpen: () => void;
  onFrame: (frame: string | ArrayBuffer) => void;
  /** Called once. */
  onClose: () => void;
}

/** Takes the request over. The caller has checked who it is, from where, and how many there are. */
export function upgrade(request: Request): { socket: LiveSocket; response: Response } {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 60 });
  socket.binaryType = "arraybuffer";
  const live: LiveSocket = {
    send: (frame) => socket.readyState === WebSocket.OPEN && socket.send(frame),
    close: (code, reason) => socket.readyState <= WebSocket.OPEN && socket.close(code, reason),
    get buffered() {
      return socket.bufferedAmount;
    },
    onOpen: () => {},
    onFrame: () => {},
    onClose: () => {},
  };
  let closed = false;
  const closeOnce = () => {
    if (closed) return;
    closed = true;
    live.onClose();
  };
  socket.onopen = () => live.onOpen();
  socket.onmessage = ({ data }) => live.onFrame(data);
  socket.onclose = closeOnce; // may fire twice
  socket.onerror = closeOnce;
  return { socket: live, response };
}
