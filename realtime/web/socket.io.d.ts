/** What the page needs of socket.io-client, which the server serves under `/assets/`. */
declare module "*/assets/socket.io.esm.min.js" {
  export interface Socket {
    connected: boolean;
    active: boolean;
    on(name: string, listener: (...values: any[]) => void): this;
    off(name: string, listener: (...values: any[]) => void): this;
    emit(name: string, ...values: any[]): unknown;
    connect(): this;
    timeout(ms: number): { emit(name: string, ...values: any[]): unknown };
  }
  export function io(options?: object): Socket;
}
