/** A server for the real socket.io-client, without a network: it answers the handshakes, and ends them when told. */

import { Transport } from "engine.io-client";
import { io } from "socket.io-client";

const HANDSHAKE = JSON.stringify({ sid: "e", upgrades: [], pingInterval: 1e9, pingTimeout: 1e9, maxPayload: 1e6 });

export class EngineServer {
  /** Whether it can be reached. */
  up = true;
  /** How many tried to connect. */
  attempts = 0;
  #transport;

  /** A socket.io-client socket of its own, with the library's own settings. */
  client(options = {}) {
    const server = this;
    class Scripted extends Transport {
      get name() {
        return "scripted";
      }

      doOpen() {
        server.attempts++;
        queueMicrotask(() => server.#open(this));
      }

      doClose() {}

      write(packets) {
        this.writable = false;
        const connects = packets.some(({ data }) => data === "0");
        queueMicrotask(() => {
          this.writable = true;
          this.emitReserved("drain");
          if (connects) this.onPacket({ type: "message", data: '0{"sid":"s"}' });
        });
      }
    }
    return io("http://scripted", { transports: [Scripted], forceNew: true, ...options });
  }

  send(name, payload) {
    this.#transport.onPacket({ type: "message", data: `2${JSON.stringify([name, payload])}` });
  }

  /** Ends the transport; in good order, with Socket.IO's DISCONNECT. */
  end({ inGoodOrder = false } = {}) {
    if (inGoodOrder) this.#transport.onPacket({ type: "message", data: "1" });
    else this.#transport.onClose();
  }

  #open(transport) {
    if (!this.up) return transport.onError("refused");
    this.#transport = transport;
    transport.writable = true;
    transport.onOpen();
    transport.onPacket({ type: "open", data: HANDSHAKE });
  }
}
